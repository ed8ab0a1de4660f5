"""The panel: a strip of the window below the kiosk's picture, which the demo draws."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from kiosk.screen.drawing.canvas import Canvas


class Panel(Protocol):
    """Draws the strip below the kiosk's picture."""

    share: float
    """Of the window's height, 0 to 1."""
    base: tuple[int, int]
    """Size of the strip in points."""

    @property
    def view(self) -> object:
        """What it shows now, None for nothing yet; it is redrawn when this changes."""

    def draw(self, canvas: Canvas) -> None:
        """Draw it over the whole canvas, and register its touch targets."""


class PanelTouch(NamedTuple):
    """A target of the panel was touched."""

    target: str
