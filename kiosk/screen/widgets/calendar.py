"""A calendar of one month, in which a first and a last day are touched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

from kiosk.model import DayHours
from kiosk.notices import Language
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import ACTION, BODY, CARD, DANGER, DETAIL, INK, LINE, OPEN, PAPER, QUIET, RADIUS
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button

WEEKS = 6
"""The most weeks that a month touches; all months are drawn with as many, so that no day moves."""
Mark = Literal["open", "special"]
MONTHS_AHEAD = 24
"""How far one can leaf: two years."""


class Calendar:
    """A calendar of a month with the chosen days. A bar marks an open day, a dot an unusual one."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.month = today.replace(day=1)
        self.first: date | None = None
        self.last: date | None = None
        self._days: dict[date, DayHours] = {}

    def show(self, days: Sequence[DayHours]) -> None:
        """Show the hours of these days."""
        self._days |= {day.on: day for day in days}

    @property
    def marks(self) -> dict[date, tuple[Mark, ...]]:
        """Return the marks of each day whose hours are known."""
        return {day.on: _marks(day) for day in self._days.values()}

    def touched(self, target: str) -> bool:
        """Choose a day or turn to another month; tell whether the touch was for the calendar."""
        kind, _, what = target.partition(":")
        if kind == "month":
            self.month = _moved(self.month, int(what))
        elif kind == "on":
            self._take(date.fromisoformat(what))
        else:
            return False
        return True

    def _take(self, day: date) -> None:
        """Choose: the first touch is the first day, a later one the last; anything else starts again."""
        if self.first is None or self.last != self.first or day < self.first:
            self.first = self.last = day
        else:
            self.last = day

    def draw_month(self, canvas: Canvas, rect: pygame.Rect, words: Language) -> None:
        """Draw the name of the month between two arrows."""
        left, middle = canvas.split(rect, 62, side="left")
        right, middle = canvas.split(middle, 62, side="right")
        is_first = self.month <= self.today.replace(day=1)
        is_last = self.month >= _moved(self.today.replace(day=1), MONTHS_AHEAD)
        button(canvas, left, "", "month:-1", picture="chevron", look="quiet", enabled=not is_first)
        button(canvas, right, "", "month:1", picture="chevron", turn=180, look="quiet", enabled=not is_last)
        name = canvas.line(sentence(words.month(self.month)), BODY, INK, bold=True)
        canvas.column(middle.inflate(-canvas.px(8), 0), [name], align="center", valign="middle")

    def draw(self, canvas: Canvas, rect: pygame.Rect, words: Language) -> None:
        """Draw the days of the month under their names."""
        names, rect = canvas.split(rect, 26, side="top")
        wide = rect.width // 7
        for number in range(7):
            place = pygame.Rect(names.left + number * wide, names.top, wide, names.height)
            short = canvas.line(words.day_name(number, short=True), DETAIL, QUIET)
            canvas.column(place, [short], align="center", valign="middle")
        start = self.month - timedelta(days=self.month.weekday())
        high = min(rect.height // WEEKS, canvas.px(72))
        for number in range(WEEKS * 7):
            place = pygame.Rect(rect.left + number % 7 * wide, rect.top + number // 7 * high, wide, high)
            self._day(canvas, place.inflate(-canvas.px(4), -canvas.px(4)), start + timedelta(days=number))

    def draw_legend(self, canvas: Canvas, rect: pygame.Rect, words: Language) -> None:
        """Draw the meaning of the marks, side by side."""
        half = rect.width // 2
        for left, label, is_bar in ((0, words.say("open"), True), (half, words.say("not as usual"), False)):
            mark = pygame.Rect(
                rect.left + left, rect.centery - canvas.px(6), canvas.px(22 if is_bar else 12), canvas.px(12)
            )
            if is_bar:
                canvas.fill(mark.inflate(0, -canvas.px(8)), OPEN.band)
            else:
                draw_special(canvas, mark)
            text = pygame.Rect(mark.right + canvas.px(6), rect.top, half - mark.width - canvas.px(8), rect.height)
            canvas.column(text, [canvas.line(label, DETAIL, INK)], valign="middle")

    def _day(self, canvas: Canvas, rect: pygame.Rect, day: date) -> None:
        if day.month != self.month.month:
            return
        is_chosen = self.first is not None and self.last is not None and self.first <= day <= self.last
        can_touch = day >= self.today
        ground = ACTION.band if is_chosen else CARD if can_touch else PAPER
        border = INK if can_touch else LINE
        canvas.outlined(rect, ground, border, radius=RADIUS - 8, thick=3 if day == self.today else 1)
        ink = ACTION.on_band if is_chosen else INK if can_touch else QUIET
        canvas.column(rect, [canvas.line(str(day.day), BODY - 4, ink, bold=can_touch)], align="center", valign="middle")
        if can_touch and day in self._days:
            self._mark(canvas, rect, self._days[day], is_chosen=is_chosen)
        if can_touch:
            canvas.targets.append((rect, f"on:{day.isoformat()}"))

    def _mark(self, canvas: Canvas, rect: pygame.Rect, day: DayHours, *, is_chosen: bool) -> None:
        """Draw a bar at the foot of an open day, and a dot in the corner of an unusual one."""
        marks = _marks(day)
        if "open" in marks:
            wide, high = rect.width * 3 // 5, canvas.px(4)
            bar = pygame.Rect(rect.centerx - wide // 2, rect.bottom - high - canvas.px(3), wide, high)
            canvas.fill(bar, ACTION.on_band if is_chosen else OPEN.band)
        if "special" in marks:
            side = canvas.px(11)
            draw_special(canvas, pygame.Rect(rect.right - side - canvas.px(3), rect.top + canvas.px(3), side, side))


def _marks(day: DayHours) -> tuple[Mark, ...]:
    is_special = day.decided_by != "usual"
    return (*(("open",) if day.open else ()), *(("special",) if is_special else ()))


def draw_special(canvas: Canvas, rect: pygame.Rect) -> None:
    """Draw the mark of an unusual day."""
    canvas.picture("disc", rect.inflate(canvas.px(4), canvas.px(4)), CARD)
    canvas.picture("disc", rect, DANGER.band)


def _moved(month: date, by: int) -> date:
    """Return the first day of the month so many months later."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
