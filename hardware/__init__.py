"""Drivers of the badge reader, the door and the indicator, and a simulator of each. Knows nothing of members."""
