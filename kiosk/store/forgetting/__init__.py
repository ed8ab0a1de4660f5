"""Erasing passages and persons: the sums that replace passages, and the erasing of bodies."""
