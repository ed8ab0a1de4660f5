"""The screen for a web page: frames as PNG, touches and keys as events.

Frames are handed over by the thread that draws; everything else may be called from any thread.
"""

from __future__ import annotations

import io
import threading

from kiosk.screen.sdl import pygame

KEYS = {
    "Enter": pygame.K_RETURN,
    "Backspace": pygame.K_BACKSPACE,
    "Escape": pygame.K_ESCAPE,
    "Tab": pygame.K_TAB,
    "ArrowUp": pygame.K_UP,
    "ArrowDown": pygame.K_DOWN,
    "ArrowLeft": pygame.K_LEFT,
    "ArrowRight": pygame.K_RIGHT,
    "PageUp": pygame.K_PAGEUP,
    "PageDown": pygame.K_PAGEDOWN,
}
"""Keys that are no letters, by the names that browsers give them."""


class Remote:
    """The last frame, its number, and a way to wait for the next."""

    def __init__(self) -> None:
        self.number = 0
        """Number of the last frame; 0: there is none yet."""
        self._frame = pygame.Surface((1, 1))
        self._encoded = (0, b"")
        self._changed = threading.Condition()

    def framed(self, surface: pygame.Surface) -> None:
        """Store a frame that was just drawn; it is encoded as PNG only on request."""
        with self._changed:
            self._frame = surface.copy()
            self.number += 1
            self._changed.notify_all()

    def wait(self, after: int, seconds: float) -> int:
        """Return the number of the last frame once it differs from `after`, at the latest after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.number != after, seconds)
            return self.number

    def png(self) -> bytes:
        """The last frame as PNG."""
        with self._changed:
            frame, number = self._frame, self.number
            if self._encoded[0] == number:
                return self._encoded[1]
        file = io.BytesIO()
        pygame.image.save(frame, file, "frame.png")
        with self._changed:
            self._encoded = (number, file.getvalue())
        return file.getvalue()

    def touch(self, at: tuple[int, int]) -> None:
        """Touch a point of the frame, in its pixels, and lift the finger at once."""
        if self.lay(at):
            self.lift(at)

    def lay(self, at: tuple[int, int]) -> bool:
        """Lay a finger on a point of the frame; tell whether the point is inside."""
        if not self._frame.get_rect().collidepoint(at):
            return False
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=at, button=1, touch=False))
        return True

    def slide(self, at: tuple[int, int]) -> bool:
        """Move the finger that lies on the screen; outside of the frame it counts as at its edge."""
        told = {"pos": self._inside(at), "rel": (0, 0), "buttons": (1, 0, 0), "touch": False}
        return bool(pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, told)))

    def lift(self, at: tuple[int, int]) -> bool:
        """Lift the finger, wherever it is."""
        told = {"pos": self._inside(at), "button": 1, "touch": False}
        return bool(pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, told)))

    def _inside(self, at: tuple[int, int]) -> tuple[int, int]:
        frame = self._frame.get_rect()
        return max(0, min(at[0], frame.right - 1)), max(0, min(at[1], frame.bottom - 1))

    def press(self, key: str, *, shift: bool = False) -> bool:
        """Press a key of KEYS, or type a letter; tell whether it was one."""
        if key in KEYS:
            mod = pygame.KMOD_SHIFT if shift else pygame.KMOD_NONE
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=KEYS[key], mod=mod, unicode="", scancode=0))
        elif len(key) == 1 and key.isprintable():
            pygame.event.post(pygame.event.Event(pygame.TEXTINPUT, text=key))
        else:
            return False
        return True
