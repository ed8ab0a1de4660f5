"""Input: turns SDL's events into keys and touches, and finds the target they mean."""
