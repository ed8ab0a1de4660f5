"""Turns touchscreen and mouse events into those of one finger, in pixels of the window.

Without a desktop SDL reports touches only as finger events. With one it adds mouse events for them, which are ignored
here. What a touch means is decided in the window and the stage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from kiosk.screen.sdl import pygame

LOST_SECONDS = 10.0
"""After so long without an event of the present finger another one counts: the event of lifting may be lost."""
MOUSE: Literal["mouse"] = "mouse"

How = Literal["down", "move", "up"]
Who = tuple[int, int] | Literal["mouse"]
"""A finger of a touchscreen, by SDL's two numbers, or the mouse."""

_FINGER: dict[int, How] = {pygame.FINGERDOWN: "down", pygame.FINGERMOTION: "move", pygame.FINGERUP: "up"}
_BUTTON: dict[int, How] = {pygame.MOUSEBUTTONDOWN: "down", pygame.MOUSEBUTTONUP: "up"}


class PointerEvent(NamedTuple):
    """An action of the finger, and where."""

    how: How
    at: tuple[int, int]


class Pointer:
    """Follows one finger at a time: others are ignored until it is lifted."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._who: Who | None = None
        self._heard_at = 0.0

    def read(self, event: pygame.event.Event, size: tuple[int, int]) -> PointerEvent | None:
        """Return the meaning of an event in a window of this size; None for an event of another finger."""
        if event.type in _FINGER:
            at = _inside(event.x, size[0]), _inside(event.y, size[1])
            return self._heard((event.touch_id, event.finger_id), PointerEvent(_FINGER[event.type], at))
        if getattr(event, "touch", False):  # a mouse event that SDL made of a finger's
            return None
        if event.type in _BUTTON and event.button == 1:
            return self._heard(MOUSE, PointerEvent(_BUTTON[event.type], event.pos))
        if event.type == pygame.MOUSEMOTION and event.buttons[0]:
            return self._heard(MOUSE, PointerEvent("move", event.pos))
        return None

    def _heard(self, who: Who, pointed: PointerEvent) -> PointerEvent | None:
        now = self._monotonic()
        if pointed.how == "down" and (self._who is None or now - self._heard_at >= LOST_SECONDS):
            self._who = who
        if who != self._who:
            return None
        self._heard_at = now
        if pointed.how == "up":
            self._who = None
        return pointed


def _inside(share: float, length: int) -> int:
    """Return the pixel at a fraction of a length; values beyond the edge are at the edge."""
    return max(0, min(int(share * length), length - 1))
