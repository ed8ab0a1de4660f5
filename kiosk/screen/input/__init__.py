"""Fingers, mouse and keyboard: SDL's events as keys and touches, and which target they mean."""
