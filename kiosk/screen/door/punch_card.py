"""Draws a pass as a card with holes: all its places, the used ones punched, the newest one marked."""

from __future__ import annotations

from kiosk.notices import Punch
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, CARD, INK, LINE, QUIET, RADIUS, SHADE, SMALL, Tone
from kiosk.screen.sdl import pygame

MOST_PLACES = 60
"""Most places drawn as holes; more are drawn as a bar."""
FRESH = 1.22
"""How much larger the fresh hole is than the others."""
PITCH = 1.3
"""From the middle of a hole to the next, over its width."""
LARGEST = 72


def draw_punch_card(canvas: Canvas, rect: pygame.Rect, punch: Punch, tone: Tone, *, grown: float = 1.0) -> None:
    """Draw the card, its new places in the colours of a tone; `grown`: how far these have appeared (0 to 1)."""
    shadow = rect.move(0, canvas.px(4))
    canvas.rounded(shadow, SHADE, radius=RADIUS)
    canvas.outlined(rect, CARD, LINE, radius=RADIUS)
    inner = rect.inflate(-2 * canvas.px(18), -2 * canvas.px(12))
    if punch.name or punch.note:
        head, inner = canvas.split(inner, 30, side="top")
        _head(canvas, head, punch)
        inner = canvas.split(inner, 6, side="top")[1]
    if punch.total is None:
        _unlimited(canvas, inner, tone)
    elif punch.total + punch.owed > MOST_PLACES:
        _bar(canvas, inner, punch, tone)
    else:
        _places(canvas, inner, punch, tone, grown=grown)


def _head(canvas: Canvas, rect: pygame.Rect, punch: Punch) -> None:
    share = 0.5 if punch.note and punch.name else 1
    name = pygame.Rect(rect.left, rect.top, round(rect.width * share), rect.height)
    note = pygame.Rect(rect.right - round(rect.width * share), rect.top, round(rect.width * share), rect.height)
    if punch.name:
        canvas.column(name, [canvas.line(punch.name, SMALL, INK, bold=True)], valign="middle")
    if punch.note:
        line = canvas.line(punch.note, SMALL - 2, QUIET)
        canvas.column(note, [line], align="right" if punch.name else "left", valign="middle")


def _places(canvas: Canvas, rect: pygame.Rect, punch: Punch, tone: Tone, *, grown: float) -> None:
    total = punch.total or 1
    in_row = columns(total, rect)
    rows = -(-total // in_row)
    across = in_row + -(-punch.owed // rows)
    pitch = min(rect.width / across, rect.height / rows, canvas.px(LARGEST) * PITCH)
    wide = min(rect.width / across, pitch * 1.4)
    corner = (rect.centerx - wide * across / 2, rect.centery - pitch * rows / 2)
    for place in range(total + punch.owed):
        row, column = divmod(place, in_row)
        if place >= total:  # beyond the card: columns of their own, filled upwards
            row, column = rows - 1 - (place - total) % rows, in_row + (place - total) // rows
        centre = (round(corner[0] + wide * (column + 0.5)), round(corner[1] + pitch * (row + 0.5)))
        side, number = max(4, round(pitch / PITCH)), place + 1
        if punch.used - punch.fresh < number <= punch.used and grown < 1:
            _appearing(canvas, centre, side, number=number, tone=tone, grown=grown)
        else:
            _place(canvas, centre, side, number=number, punch=punch, tone=tone)


def columns(places: int, rect: pygame.Rect) -> int:
    """Return the number of columns that gives the largest holes; whole rows, and fives, where that costs little."""

    def goodness(columns: int) -> float:
        rows = -(-places // columns)
        size = min(rect.width / columns, rect.height / rows)
        even = 1.0 if places % columns == 0 else 0.8
        return size * even * (1.1 if columns % 5 == 0 else 1.0)

    return max(range(1, places + 1), key=goodness)


def _place(canvas: Canvas, centre: tuple[int, int], side: int, *, number: int, punch: Punch, tone: Tone) -> None:
    total = punch.total or 0
    rect = pygame.Rect(0, 0, side, side)
    rect.center = centre
    if number > total:
        _owed(canvas, rect, tone)
    elif number > punch.used:
        canvas.picture("ring", rect, QUIET)
        _number(canvas, rect, number)
    elif number > punch.used - punch.fresh:
        rect = rect.inflate(round(side * (FRESH - 1)), round(side * (FRESH - 1)))
        canvas.picture("disc", rect, tone.band)
        canvas.picture("tick", rect.inflate(-rect.width * 2 // 5, -rect.height * 2 // 5), tone.on_band)
    else:
        canvas.picture("hole", rect, INK)


def _appearing(canvas: Canvas, centre: tuple[int, int], side: int, *, number: int, tone: Tone, grown: float) -> None:
    """Draw a place that is being punched: its ring, and the growing hole in it."""
    rect = pygame.Rect(0, 0, side, side)
    rect.center = centre
    canvas.picture("ring", rect, QUIET)
    _number(canvas, rect, number)
    hole = rect.inflate(*(round(side * (FRESH * grown - 1)),) * 2)
    if grown:
        canvas.picture("disc", hole, tone.band)


def _number(canvas: Canvas, rect: pygame.Rect, number: int) -> None:
    size = rect.height * 0.42 / canvas.unit
    if canvas.px(size) >= 10:  # smaller ones would only be dust
        canvas.column(rect, [canvas.line(str(number), size, QUIET)], align="center", valign="middle")


def _owed(canvas: Canvas, rect: pygame.Rect, tone: Tone) -> None:
    """Draw a place beyond the card: a debt."""
    canvas.picture("alert", rect.inflate(rect.width // 6, rect.height // 6), tone.accent)


def _unlimited(canvas: Canvas, rect: pygame.Rect, tone: Tone) -> None:
    canvas.picture("infinity", rect.inflate(rect.height // 3, rect.height // 3), tone.accent)


def _bar(canvas: Canvas, rect: pygame.Rect, punch: Punch, tone: Tone) -> None:
    total = punch.total or 1
    words, rect = cut_half(rect)
    left = max(0, total - punch.used)
    line = canvas.line(f"{left} / {total}", BODY, INK, bold=True)
    canvas.column(words, [line], valign="middle")
    bar = pygame.Rect(rect.left, rect.top, rect.width, min(rect.height, canvas.px(36)))
    canvas.rounded(bar, SHADE, radius=18)
    gone = pygame.Rect(bar.left, bar.top, max(bar.height, bar.width * punch.used // total), bar.height)
    if punch.used:
        canvas.rounded(gone, tone.accent, radius=18)


def cut_half(rect: pygame.Rect) -> tuple[pygame.Rect, pygame.Rect]:
    """Return the upper and the lower half of a rectangle."""
    half = rect.height // 2
    return pygame.Rect(rect.left, rect.top, rect.width, half), pygame.Rect(
        rect.left, rect.top + half, rect.width, rect.height - half
    )
