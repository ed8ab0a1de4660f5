"""Simulated hardware for the demo and the tests: cards, a reader chip on a pseudo-terminal, a board of GPIO pins."""
