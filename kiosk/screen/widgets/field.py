"""A text field of one line."""

from __future__ import annotations

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, CARD, DETAIL, INK, QUIET, RADIUS
from kiosk.screen.input.keys import Key
from kiosk.screen.sdl import pygame


class TextField:
    """A line of text, edited at its end."""

    def __init__(self, text: str = "", *, hint: str = "", longest: int = 200) -> None:
        """`hint` is shown while there is no text."""
        self.text, self.hint, self.longest = text, hint, longest

    def typed(self, key: Key) -> bool:
        """Add a letter, or erase one; tell whether the key was for the field."""
        if key.name == "text":
            self.text = (self.text + key.text)[: self.longest]
        elif key.name == "backspace":
            self.text = self.text[:-1]
        else:
            return False
        return True

    def draw(
        self, canvas: Canvas, rect: pygame.Rect, *, label: str = "", target: str = "", active: bool = True
    ) -> None:
        """Draw the field; with a `target` it can be touched, to select it."""
        canvas.outlined(rect, CARD, INK, radius=RADIUS - 6, thick=3 if active else 1)
        inner = rect.inflate(-2 * canvas.px(12), -2 * canvas.px(4))
        if label:
            above, inner = canvas.split(inner, DETAIL + 2, side="top")
            canvas.column(above, [canvas.line(label, DETAIL - 2, QUIET)], valign="middle")
        shown = self.text or self.hint
        canvas.column(inner, [canvas.line(shown, BODY, INK if self.text else QUIET)], valign="middle")
        if active:
            last = canvas.written[-1].rect
            end, middle = (
                (last.right + canvas.px(3), last.centery) if self.text else (inner.left - canvas.px(4), inner.centery)
            )
            high = min(canvas.px(BODY), inner.height)
            canvas.fill(pygame.Rect(end, middle - high // 2, canvas.px(2), high), INK)
        if target:
            canvas.targets.append((rect, target))
