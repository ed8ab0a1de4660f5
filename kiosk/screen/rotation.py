"""Turns the picture for a display mounted on its side or upside down, and turns touches back."""

from __future__ import annotations

from typing import Literal

from kiosk.screen.sdl import pygame

Rotation = Literal[0, 90, 180, 270]
"""Degrees by which the picture is turned clockwise."""


class Frame:
    """A window, and the surface to draw on: the window itself, or one that is rotated into it."""

    def __init__(self, window: pygame.Surface, rotation: Rotation) -> None:
        self.window, self._rotation = window, rotation
        wide, high = window.get_size()
        size = (high, wide) if rotation in (90, 270) else (wide, high)
        self.surface = pygame.Surface(size) if rotation else window
        """Upright, as people see it."""

    def present(self) -> None:
        """Copy what was drawn into the window."""
        if self._rotation:
            self.window.blit(pygame.transform.rotate(self.surface, -self._rotation), (0, 0))

    def inside(self, at: tuple[int, int]) -> tuple[int, int]:
        """Return the pixel of the surface that shows at a pixel of the window."""
        (x, y), (wide, high) = at, self.window.get_size()
        return {
            0: (x, y),
            90: (y, wide - 1 - x),
            180: (wide - 1 - x, high - 1 - y),
            270: (high - 1 - y, x),
        }[self._rotation]
