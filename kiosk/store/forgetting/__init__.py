"""Forgetting passages and persons: the sums that outlive passages, and the erasing of bodies."""
