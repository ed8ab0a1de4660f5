"""An on-screen number pad for PINs, codes and amounts."""

from __future__ import annotations

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import CARD, INK, LEAD, LINE, RADIUS
from kiosk.screen.input.keys import Key
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "<", "0", "ok")
OK = "pad:ok"
COMMA, DIGITS = ",", "0123456789"
SHORTEST_PIN = 4
"""Circles shown for a hidden number before it is longer."""


class NumberPad:
    """A number pad with the digits typed so far."""

    def __init__(self, *, longest: int = 8, hidden: bool = False, decimals: int = 0) -> None:
        """`longest`: digits before the comma; `hidden`: show dots instead of digits; `decimals`: digits after a comma.

        With decimals, a comma key takes the place of the last key.
        """
        self.digits = ""
        self._longest, self._hidden, self._decimals = longest, hidden, decimals

    @property
    def hundredths(self) -> int:
        """The number typed, in hundredths; 0 for none."""
        whole, _, part = self.digits.partition(COMMA)
        return int(whole or 0) * 100 + int(part.ljust(2, "0") or 0)

    def touched(self, target: str) -> bool:
        """Add or erase a digit; False when the target was no key of the pad, or was `OK`."""
        name, _, key = target.partition(":")
        if name != "pad" or key == "ok":
            return False
        self._take(key)
        return True

    def typed(self, key: Key) -> bool:
        """Handle a digit of a keyboard; tell whether it was one."""
        if key.name == "backspace":
            self._take("<")
            return True
        if key.name == "text" and key.text in DIGITS:
            self._take(key.text)
            return True
        if key.name == "text" and self._decimals and key.text in (COMMA, "."):
            self._take(COMMA)
            return True
        return False

    def _take(self, key: str) -> None:
        whole, comma, part = self.digits.partition(COMMA)
        if key == "<":
            self.digits = self.digits[:-1]
        elif key == COMMA:
            self.digits = self.digits if comma else f"{whole or 0}{COMMA}"
        elif len(part) < self._decimals if comma else len(whole) < self._longest:
            self.digits += key

    def draw_digits(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw what was typed."""
        canvas.outlined(rect, CARD, INK, radius=RADIUS - 6, thick=2)
        shown = "●" * len(self.digits) if self._hidden else self.digits
        if not self._hidden:
            canvas.column(rect, [canvas.line(shown, LEAD, INK, bold=True)], align="center", valign="middle")
            return
        side, gap = canvas.px(20), canvas.px(12)
        places = max(SHORTEST_PIN, len(self.digits))
        left = rect.centerx - (places * (side + gap) - gap) // 2
        for number in range(places):
            dot = pygame.Rect(left + number * (side + gap), rect.centery - side // 2, side, side)
            is_typed = number < len(self.digits)
            canvas.picture("disc" if is_typed else "ring", dot, INK if is_typed else LINE)

    def draw(self, canvas: Canvas, rect: pygame.Rect, *, ok: str, ready: bool = True) -> None:
        """Draw the keys; `ok` is the word on the last one, unless that is a comma. It works once `ready`."""
        gap = canvas.px(8)
        wide, high = (rect.width - 2 * gap) // 3, (rect.height - 3 * gap) // 4
        for number, key in enumerate(KEYS):
            line, column = divmod(number, 3)
            place = pygame.Rect(rect.left + column * (wide + gap), rect.top + line * (high + gap), wide, high)
            if key == "ok" and self._decimals:
                button(canvas, place, COMMA, f"pad:{COMMA}", size=LEAD - 8)
            elif key == "ok":
                button(canvas, place, ok, OK, look="main", enabled=ready)
            elif key == "<":
                button(canvas, place, "", "pad:<", look="quiet", picture="erase")
            else:
                button(canvas, place, key, f"pad:{key}", look="plain", size=LEAD - 8)
