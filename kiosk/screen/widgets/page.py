"""The frame of every scene: its title with Back and Quit; and a question drawn over it."""

from __future__ import annotations

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, CARD, CLOSED, GAP, INK, LEAD, PAPER, RADIUS, SHADE, TOUCH
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, row

BACK, LEAVE, YES, NO = "back", "leave", "yes", "no"
"""Targets that the stage itself answers."""
BAR = TOUCH + 12
SIDE = 14
"""Points between the edge of the screen and what a scene shows."""


def draw_page(canvas: Canvas, title: str, *, back: str, leave: str) -> pygame.Rect:
    """Draw the background and the title bar; return the rest of the canvas."""
    canvas.fill(canvas.rect, PAPER)
    bar, rest = canvas.split(canvas.rect, BAR, side="top")
    canvas.fill(bar, CLOSED.band)
    inner = bar.inflate(-2 * canvas.px(6), -2 * canvas.px(6))
    wide = 116 if canvas.is_portrait else 150
    left, middle = canvas.split(inner, wide, side="left")
    right, middle = canvas.split(middle, wide, side="right")
    _way(canvas, left, back, BACK, picture="chevron")
    words = canvas.line(title, BODY, CLOSED.on_band, bold=True)
    canvas.column(middle.inflate(-2 * canvas.px(6), 0), [words], align="center", valign="middle")
    _way(canvas, right, leave, LEAVE, picture="cross")
    return rest.inflate(-2 * canvas.px(SIDE), -2 * canvas.px(SIDE - 2))


def _way(canvas: Canvas, rect: pygame.Rect, label: str, target: str, *, picture: str) -> None:
    canvas.outlined(rect, CLOSED.band, CLOSED.on_band, radius=RADIUS - 4, thick=2)
    icon, words = canvas.split(rect.inflate(-2 * canvas.px(8), -2 * canvas.px(8)), 24, side="left")
    canvas.picture(picture, icon, CLOSED.on_band)
    canvas.column(words, [canvas.line(label, 22, CLOSED.on_band, bold=True)], align="center", valign="middle")
    canvas.targets.append((rect, target))


def draw_question(canvas: Canvas, title: str, lines: tuple[str, ...], *, yes: str, no: str, danger: bool) -> None:
    """Draw a question over the scene, whose targets no longer respond."""
    canvas.targets.clear()
    canvas.dim(canvas.rect)
    wide, high = (0.94, 0.6) if canvas.is_portrait else (0.8, 0.74)
    size = (round(canvas.rect.width * wide), round(canvas.rect.height * high))
    rect = pygame.Rect((0, 0), size)
    rect.center = canvas.rect.center
    canvas.outlined(rect, CARD, SHADE, radius=RADIUS, thick=3)
    inner = rect.inflate(-2 * canvas.px(GAP * 2), -2 * canvas.px(GAP + 6))
    foot, words = canvas.split(inner, 76, side="bottom")
    column = [canvas.line(title, LEAD - 8, INK, bold=True)]
    column += [canvas.line(line, BODY, INK, before=6) for line in lines]
    canvas.column(canvas.split(words, GAP, side="bottom")[1], column, valign="middle")
    look = Choice(target=YES, label=yes, look="danger" if danger else "main")
    row(canvas, foot, [Choice(target=NO, label=no), look])
