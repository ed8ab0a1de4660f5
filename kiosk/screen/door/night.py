"""Draws the dim and the dark screen of the night; the small clock moves every minute against burn-in."""

from __future__ import annotations

from kiosk.model import Signal
from kiosk.notices import Idle
from kiosk.screen.door.idle import draw_idle
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import NIGHT, NIGHT_INK, NIGHT_VEIL, SMALL, TONES
from kiosk.screen.sdl import pygame

CLOCK = 72
BOX = (300, 132)
"""Points that the clock and the words under it take."""
ACROSS, DOWN = 47, 31
"""Minutes from one edge to the other: their paths meet again after a day only."""


def draw_dim(canvas: Canvas, view: Idle) -> None:
    """Draw the idle screen with little light."""
    draw_idle(canvas, view)
    veil = pygame.Surface(canvas.rect.size, pygame.SRCALPHA)
    veil.fill((*NIGHT, NIGHT_VEIL))
    canvas.surface.blit(veil, (0, 0))


def draw_night(canvas: Canvas, view: Idle) -> None:
    """Draw the dark screen: the time and the next opening, at another place every minute."""
    canvas.fill(canvas.rect, NIGHT)
    wide, high = canvas.px(BOX[0]), canvas.px(BOX[1])
    left = round((canvas.rect.width - wide) * position_at(view.minute, ACROSS))
    top = round((canvas.rect.height - high) * position_at(view.minute, DOWN))
    box = pygame.Rect(canvas.rect.left + left, canvas.rect.top + top, wide, high)
    column = [
        canvas.line(view.time, CLOCK, NIGHT_INK, bold=True),
        canvas.line(view.change, SMALL, NIGHT_INK),
    ]
    if view.trouble:
        icon, box = canvas.split(box, 40, side="left")
        canvas.picture("alert", icon, TONES[Signal.ATTENTION].band)
        box = canvas.split(box, 10, side="left")[1]
    canvas.column(box, column, align="left" if view.trouble else "center", valign="middle")


def position_at(minute: int, edge: int) -> float:
    """Return the position, 0 to 1, of something that moves between two edges in `edge` minutes, and back."""
    way = minute % (2 * edge) / edge
    return way if way <= 1 else 2 - way
