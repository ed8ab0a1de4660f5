"""A list in pages, with large arrows beside it, so that no scrolling is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import abridged
from kiosk.screen.drawing.theme import BODY, CARD, DETAIL, GAP, INK, LEGIBLE, LINE, QUIET, RADIUS, SMALL, Colour
from kiosk.screen.input.keys import Key
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button

ROW = {False: 60, True: 92}
"""Points of height of a row, by portrait, the space below included: a narrow row needs another line for long names."""
ARROWS = 64


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the list. One without an id cannot be touched."""

    id: str = ""
    title: str
    detail: str = ""
    """Below the title."""
    right: str = ""
    """At the end of the line, larger."""
    picture: str | None = None
    ink: Colour = INK
    """Of the picture and of what is on the right."""


class Listing:
    """Rows, and the page shown."""

    def __init__(self, rows: Sequence[Row] = (), *, name: str = "row", empty: str = "") -> None:
        """`name` distinguishes the targets of several lists; `empty` is shown when there are no rows."""
        self.rows, self.empty = tuple(rows), empty
        self._name = name
        self._first, self._shown = 0, 1

    def show(self, rows: Sequence[Row]) -> None:
        """Replace the rows, staying near the present page."""
        self.rows = tuple(rows)
        self._first = min(self._first, max(0, len(self.rows) - 1))

    def draw(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the rows of the page, and the arrows if there are more."""
        if not self.rows:
            canvas.column(rect, [canvas.line(self.empty, BODY, QUIET)], align="center", valign="middle")
            return
        step = canvas.px(ROW[canvas.is_portrait and rect.height > canvas.px(2 * ROW[True])])
        self._shown = max(1, (rect.height + canvas.px(6)) // step)
        self._first -= self._first % self._shown
        if len(self.rows) > self._shown:
            side, rect = canvas.split(rect, ARROWS, side="right")
            self._arrows(canvas, side)
            rect = canvas.split(rect, GAP, side="right")[1]
        for number, one in enumerate(self.rows[self._first : self._first + self._shown]):
            place = pygame.Rect(rect.left, rect.top + number * step, rect.width, step - canvas.px(6))
            self._row(canvas, place, one)

    def chosen(self, target: str) -> str | None:
        """Return the id of the row that was touched; turn the page when an arrow was."""
        name, _, what = target.partition(":")
        if name != self._name:
            return None
        if what in ("<", ">"):
            self._turn(1 if what == ">" else -1)
            return None
        return what

    def typed(self, key: Key) -> bool:
        """Turn the page by a key or the mouse's wheel; tell whether it was one of these."""
        if key.name not in ("page_up", "page_down"):
            return False
        self._turn(1 if key.name == "page_down" else -1)
        return True

    def _turn(self, pages: int) -> None:
        first = self._first + pages * self._shown
        if 0 <= first < len(self.rows):
            self._first = first

    def _arrows(self, canvas: Canvas, rect: pygame.Rect) -> None:
        is_low = rect.height < canvas.px(150)
        high = min(canvas.px(110), (rect.height - canvas.px(6 if is_low else 40)) // 2)
        up = pygame.Rect(rect.left, rect.top, rect.width, high)
        down = pygame.Rect(rect.left, rect.bottom - high, rect.width, high)
        last = self._first + self._shown >= len(self.rows)
        name = self._name
        button(canvas, up, "", f"{name}:<", picture="chevron", turn=270, look="quiet", enabled=self._first > 0)
        button(canvas, down, "", f"{name}:>", picture="chevron", turn=90, look="quiet", enabled=not last)
        if is_low:
            return
        page, pages = self._first // self._shown + 1, -(-len(self.rows) // self._shown)
        between = pygame.Rect(rect.left, up.bottom, rect.width, down.top - up.bottom)
        where = canvas.line(f"{page}/{pages}", SMALL, INK, bold=True)
        canvas.column(between, [where], align="center", valign="middle")

    def _row(self, canvas: Canvas, rect: pygame.Rect, one: Row) -> None:
        canvas.outlined(rect, CARD, INK if one.id else LINE, radius=RADIUS - 6, thick=1)
        inner = rect.inflate(-2 * canvas.px(12), -2 * canvas.px(3))
        if one.picture:
            icon, inner = canvas.split(inner, 30, side="left")
            canvas.picture(one.picture, icon, one.ink)
            inner = canvas.split(inner, 10, side="left")[1]
        if one.right:
            end, inner = canvas.split(inner, inner.width * 0.36 / canvas.unit, side="right")
            said = canvas.line(one.right, SMALL, one.ink, bold=True)
            canvas.column(end, [said], align="right", valign="middle")
            inner = canvas.split(inner, 8, side="right")[1]
        column = [canvas.line(one.title, SMALL, INK, bold=True)]
        if one.detail:
            column.append(canvas.line(one.detail, DETAIL, QUIET))
        canvas.column(inner, abridged(column, inner.size, canvas.px(LEGIBLE)), valign="middle")
        if one.id:
            canvas.targets.append((rect, f"{self._name}:{one.id}"))
