"""Draws the idle screen: open or closed at a glance, the time, where to tap, who is in, health."""

from __future__ import annotations

from typing import Literal

from kiosk.model import Signal
from kiosk.notices import Idle, Side
from kiosk.screen.door.notice import split_band
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import Line, fitting, height, wrap
from kiosk.screen.drawing.theme import (
    BODY,
    CLOCK,
    CLOSED,
    GAP,
    INK,
    MARGIN,
    OPEN,
    PAPER,
    QUIET,
    RADIUS,
    SMALL,
    STATE,
    TONES,
    Tone,
)
from kiosk.screen.sdl import pygame

BAND = 0.4
HINT = 126
HINT_TEXT = 32
DOOR = 96
ALERT = 30
TURN = {"right": 0, "top": 90, "left": 180, "bottom": 270}
"""Degrees from the arrow as drawn to the reader's side."""


def draw_idle(canvas: Canvas, view: Idle) -> None:
    """Draw the idle screen over the whole canvas."""
    tone = OPEN if view.is_open else CLOSED
    band, sheet = split_band(canvas, BAND, right=view.side == "left")
    canvas.fill(sheet, PAPER)
    canvas.fill(band, tone.band)
    _band(canvas, band, view, tone)
    sheet = sheet.inflate(-2 * canvas.px(MARGIN), -2 * canvas.px(MARGIN - 8))
    foot, sheet = canvas.split(sheet, _foot(canvas, sheet.width, view), side="bottom")
    _health(canvas, foot, view)
    sheet = canvas.split(sheet, GAP, side="bottom")[1]
    hint, sheet = canvas.split(sheet, HINT, side="top" if view.side == "top" else "bottom")
    _hint(canvas, hint, view)
    _now(canvas, canvas.split(sheet, GAP, side="top" if view.side == "top" else "bottom")[1], view)


def _band(canvas: Canvas, band: pygame.Rect, view: Idle, tone: Tone) -> None:
    inner = band.inflate(-2 * canvas.px(MARGIN), -2 * canvas.px(MARGIN - 4))
    name, inner = canvas.split(inner, 44 if canvas.is_portrait else 76, side="top")
    canvas.column(name, [canvas.line(view.site, BODY + 4, tone.on_band, bold=True)])
    column = [
        canvas.line(view.state, STATE, tone.on_band, bold=True),
        canvas.line(view.change, BODY + 6, tone.on_band, before=2),
    ]
    if view.because:
        column.append(canvas.line(view.because, BODY, tone.on_band, before=10))
    picture, words = _door_and_words(canvas, inner, column)
    canvas.picture("open" if view.is_open else "closed", picture, tone.on_band)
    canvas.column(words, column, valign="middle" if canvas.is_portrait else "top")


def _door_and_words(canvas: Canvas, inner: pygame.Rect, column: list[Line]) -> tuple[pygame.Rect, pygame.Rect]:
    """Return the rectangles for the picture of the door and for the words.

    They are side by side in a wide band, else both in the middle.
    """
    side, gap = canvas.px(DOOR), canvas.px(GAP)
    if canvas.is_portrait:
        picture, words = canvas.split(inner, DOOR * 1.3, side="right")
        return picture, canvas.split(words, GAP, side="right")[1]
    needed = height(fitting(column, (inner.width, inner.height - side - gap)))
    picture = pygame.Rect(inner.left, inner.top + (inner.height - side - gap - needed) * 2 // 5, side, side)
    return picture, pygame.Rect(inner.left, picture.bottom + gap, inner.width, inner.bottom - picture.bottom - gap)


def _now(canvas: Canvas, rect: pygame.Rect, view: Idle) -> None:
    column = [
        canvas.line(view.time, CLOCK, INK, bold=True),
        canvas.line(view.date, BODY + 2, INK),
        canvas.line(view.people, BODY, QUIET, before=4),
    ]
    if view.names:
        column.append(canvas.line(view.names, SMALL, QUIET))
    canvas.column(rect, column, valign="middle")


def _hint(canvas: Canvas, rect: pygame.Rect, view: Idle) -> None:
    tone = TONES[Signal.RE_ENTRY] if view.can_tap else TONES[Signal.FAULT]
    inner = rect.inflate(-2 * canvas.px(16), -2 * canvas.px(12))
    if view.can_tap:
        canvas.rounded(_towards(rect, view.side, canvas.px(MARGIN) * 2), tone.band, radius=RADIUS)
        inner = _towards(inner, view.side, canvas.px(MARGIN - 4))
        arrow, inner = _piece(canvas, inner, left=view.side == "left")
        canvas.picture("arrow", arrow, tone.on_band, turn=TURN[view.side])
    else:
        canvas.rounded(rect, tone.band, radius=RADIUS)
    picture, inner = _piece(canvas, inner, left=view.side != "left")
    canvas.picture("badge" if view.can_tap else Signal.FAULT, picture, tone.on_band)
    column = [
        canvas.line(view.hint, HINT_TEXT, tone.on_band, bold=True),
        canvas.line(view.where, BODY, tone.on_band, before=2),
    ]
    canvas.column(inner, column, valign="middle")


def _towards(rect: pygame.Rect, side: Side, pixels: int) -> pygame.Rect:
    """Return the rectangle extended to the side where the reader is: the hint runs off the edge of the screen there."""
    if side == "left":
        return pygame.Rect(rect.left - pixels, rect.top, rect.width + pixels, rect.height)
    return pygame.Rect(rect.left, rect.top, rect.width + (pixels if side == "right" else 0), rect.height)


def _piece(canvas: Canvas, rect: pygame.Rect, *, left: bool) -> tuple[pygame.Rect, pygame.Rect]:
    side: Literal["left", "right"] = "left" if left else "right"
    piece, rest = canvas.split(rect, 60, side=side)
    return piece, canvas.split(rest, GAP - 2, side=side)[1]


def _foot(canvas: Canvas, room: int, view: Idle) -> float:
    """Return the height of the health line in points: it wraps before it shrinks."""
    line = canvas.line(view.health, SMALL, INK)
    lines = wrap(line.text, room - canvas.px(ALERT + 8) * view.trouble, size=line.size, bold=line.bold)
    return max(32, height([line] * len(lines)) / canvas.unit + 1)


def _health(canvas: Canvas, rect: pygame.Rect, view: Idle) -> None:
    colour = INK if view.trouble else QUIET
    if view.trouble:
        icon, rect = canvas.split(rect, ALERT, side="left")
        canvas.picture("alert", icon, TONES[Signal.ATTENTION].accent)
        rect = canvas.split(rect, 8, side="left")[1]
    canvas.column(rect, [canvas.line(view.health, SMALL, colour)], valign="middle")
