"""A month to touch: a first day and a last one, without typing a date."""

from __future__ import annotations

from datetime import date, timedelta

from kiosk.notices import Language
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import ACTION, BODY, CARD, DETAIL, INK, LINE, PAPER, QUIET, RADIUS
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button

WEEKS = 6
"""A month touches so many at most; all months are drawn alike, so that no day jumps."""
MONTHS_AHEAD = 24
"""How far one can leaf: two years."""


class Calendar:
    """The month that shows, and what was chosen of it."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.month = today.replace(day=1)
        self.first: date | None = None
        self.last: date | None = None

    def touched(self, target: str) -> bool:
        """Take a day or leaf through the months; tell whether the touch was for the calendar."""
        kind, _, what = target.partition(":")
        if kind == "month":
            self.month = _moved(self.month, int(what))
        elif kind == "on":
            self._take(date.fromisoformat(what))
        else:
            return False
        return True

    def _take(self, day: date) -> None:
        """The first touch is the first day, a later one the last; anything else begins anew."""
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
        if can_touch:
            canvas.targets.append((rect, f"on:{day.isoformat()}"))


def _moved(month: date, by: int) -> date:
    """The first day of the month so many months on."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)
