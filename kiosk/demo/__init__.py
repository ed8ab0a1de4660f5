"""`kiosk demo`: the kiosk with simulated hardware, in a window, a browser or a terminal."""

from kiosk.demo.start import run as main

__all__ = ["main"]
