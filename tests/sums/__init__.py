"""The sums of a month, compared with a second computation from the raw taps."""
