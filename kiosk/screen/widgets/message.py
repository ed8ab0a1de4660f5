"""The message line: the result of the last action."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import DANGER, GAP, OPEN, RADIUS, SMALL
from kiosk.screen.sdl import pygame


@dataclass(frozen=True)
class Message:
    """A message: a sentence, and whether it reports success."""

    text: str
    is_good: bool = True


def draw_message(canvas: Canvas, rect: pygame.Rect, message: Message) -> None:
    """Draw a message; success and failure differ in picture as well as in colour."""
    tone = OPEN if message.is_good else DANGER
    canvas.rounded(rect, tone.band, radius=RADIUS - 4)
    inner = rect.inflate(-2 * canvas.px(GAP), -2 * canvas.px(4))
    icon, rest = canvas.split(inner, 30, side="left")
    canvas.picture("tick" if message.is_good else "alert", icon, tone.on_band)
    text = canvas.line(message.text, SMALL, tone.on_band, bold=True)
    canvas.column(canvas.split(rest, GAP, side="left")[1], [text], valign="middle")
