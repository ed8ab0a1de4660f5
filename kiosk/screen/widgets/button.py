"""Buttons, with a word, a picture or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import Line, fitting
from kiosk.screen.drawing.theme import ACTION, BODY, CARD, DANGER, DETAIL, GAP, INK, LINE, QUIET, RADIUS, SHADE, Colour
from kiosk.screen.sdl import pygame

Look = Literal["plain", "main", "danger", "quiet"]
"""`main`: the likely choice; `danger`: what cannot easily be taken back; `quiet`: keys and ways out."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A button of a row or grid."""

    target: str
    label: str
    detail: str = ""
    picture: str | None = None
    look: Look = "plain"
    enabled: bool = True


_GROUND: dict[Look, tuple[Colour, Colour, Colour]] = {
    "plain": (CARD, INK, INK),
    "main": (ACTION.band, ACTION.band, ACTION.on_band),
    "danger": (DANGER.band, DANGER.band, DANGER.on_band),
    "quiet": (SHADE, SHADE, INK),
}
"""Ground, border and ink of each look."""


def button(
    canvas: Canvas,
    rect: pygame.Rect,
    label: str,
    target: str,
    *,
    look: Look = "plain",
    picture: str | None = None,
    turn: int = 0,
    detail: str = "",
    size: float = BODY,
    enabled: bool = True,
    reach: pygame.Rect | None = None,
) -> None:
    """Draw a button and register it; one that is not enabled is pale and cannot be touched.

    `reach` is the area that responds to a finger, if larger than what is drawn.
    """
    ground, border, ink = _GROUND[look] if enabled else (CARD, LINE, QUIET)
    if enabled and canvas.pressed == target:
        ground, ink = ink, ground  # a finger hides what it is on: the whole key answers
    canvas.outlined(rect, ground, border, radius=RADIUS - 4, thick=2)
    inner = rect.inflate(-2 * canvas.px(10 if label else 6), -2 * canvas.px(6))
    if picture:
        side = inner.height if not label else min(inner.height, canvas.px(size * 1.4))
        icon, rest = canvas.split(inner, side / canvas.unit, side="left") if label else (inner, inner)
        less = min(icon.size) // 6
        canvas.picture(picture, icon.inflate(-less, -less), ink, turn=turn)
        inner = canvas.split(rest, GAP / 2, side="left")[1] if label else rest
    canvas.column(inner, _words(canvas, label, detail, size, ink), align="center", valign="middle")
    if enabled:
        canvas.targets.append((reach or rect, target))


def _words(canvas: Canvas, label: str, detail: str, size: float, ink: Colour = INK) -> list[Line]:
    column = [canvas.line(label, size, ink, bold=True)] if label else []
    return [*column, canvas.line(detail, DETAIL, ink)] if detail else column


def _common_size(canvas: Canvas, choices: Sequence[Choice], room: tuple[int, int], size: float) -> float:
    """Return the size in points at which every label fits into buttons of this size, so that a row looks even."""
    wide, high = room[0] - 2 * canvas.px(10), room[1] - 2 * canvas.px(6)
    sizes = [canvas.px(size)]
    for choice in choices:
        less = min(high, canvas.px(size * 1.4)) + canvas.px(GAP / 2) if choice.picture else 0
        lines = fitting(_words(canvas, choice.label, choice.detail, size), (wide - less, high))
        sizes += [line.size for line in lines[:1]]
    return min(sizes) / canvas.unit


def grid(
    canvas: Canvas,
    rect: pygame.Rect,
    choices: Sequence[Choice],
    *,
    columns: int,
    highest: float = 110,
    gap: float = 12,
    size: float = BODY,
) -> None:
    """Draw buttons in rows of `columns`, at most `highest` points high, with labels of one size."""
    rows = -(-len(choices) // columns)
    space = canvas.px(gap)
    wide = (rect.width - space * (columns - 1)) // columns
    high = min(canvas.px(highest), (rect.height - space * (rows - 1)) // max(1, rows))
    size = _common_size(canvas, choices, (wide, high), size)
    for number, choice in enumerate(choices):
        row, column = divmod(number, columns)
        place = pygame.Rect(rect.left + column * (wide + space), rect.top + row * (high + space), wide, high)
        button(
            canvas,
            place,
            choice.label,
            choice.target,
            look=choice.look,
            picture=choice.picture,
            detail=choice.detail,
            size=size,
            enabled=choice.enabled,
        )


def row(canvas: Canvas, rect: pygame.Rect, choices: Sequence[Choice], *, gap: float = 12, size: float = BODY) -> None:
    """Draw buttons beside one another, filling a rectangle."""
    grid(canvas, rect, choices, columns=max(1, len(choices)), highest=rect.height / canvas.unit, gap=gap, size=size)


def tabs(canvas: Canvas, rect: pygame.Rect, choices: Sequence[Choice], *, chosen: str) -> None:
    """Draw a row of buttons of which one is chosen, named by its target."""
    shown = [
        Choice(target=one.target, label=one.label, look="main" if one.target == chosen else "quiet") for one in choices
    ]
    row(canvas, rect, shown, gap=6)
