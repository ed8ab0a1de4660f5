"""The product on a simulated bench: `kiosk demo`, with a window or in a terminal."""

from kiosk.demo.show import run as main

__all__ = ["main"]
