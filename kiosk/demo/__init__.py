"""`kiosk demo`: the kiosk with simulated hardware, in a window, a browser or a terminal."""

from kiosk.demo.show import run as main

__all__ = ["main"]
