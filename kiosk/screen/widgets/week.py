"""Draws a week: one row per day, its hours as a bar and in figures, and why they are unusual."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, time
from itertools import groupby

from kiosk.model import DayHours, Span, WeekHours
from kiosk.notices import Language
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import ACTION, CARD, CLOSED, INK, LINE, OPEN, RADIUS, SHADE, SMALL
from kiosk.screen.sdl import pygame

FIRST_HOUR, LAST_HOUR = 7, 20
"""The hours that a bar covers at least; earlier and later ones widen it."""


def hours_text(words: Language, spans: Sequence[Span]) -> str:
    """Return hours in figures: `09:00–12:00, 14:00–17:00`."""
    if not spans:
        return words.say("closed")
    if [(one.start, one.end) for one in spans] == [(time(), time())]:
        return words.say("day and night")
    return ", ".join(f"{one.start:%H:%M}–{_closing(one)}" for one in spans)


def week_text(words: Language, week: WeekHours) -> str:
    """Return a grid on one line: `Mon–Fri 09:00–17:00 · Sat 09:00–12:00`; equal days are joined."""
    parts = []
    for spans, days in groupby(range(7), key=lambda number: week.days[number]):
        if spans:
            run = list(days)
            names = dict.fromkeys(words.day_name(number, short=True).rstrip(".") for number in (run[0], run[-1]))
            parts.append(f"{'–'.join(names)} {hours_text(words, spans)}")
    return " · ".join(parts) or words.say("closed")


def _closing(span: Span) -> str:
    return "24:00" if span.end == time() else f"{span.end:%H:%M}"


def draw_week(
    canvas: Canvas,
    rect: pygame.Rect,
    days: Sequence[DayHours],
    *,
    words: Language,
    today: date | None = None,
    changed: Collection[date] = (),
) -> None:
    """Draw the days below one another; `changed` days are framed."""
    high = rect.height // max(1, len(days))
    reach = _reach(days)
    for number, day in enumerate(days):
        row = pygame.Rect(rect.left, rect.top + number * high, rect.width, high - canvas.px(4))
        _ground(canvas, row, is_today=day.on == today, is_changed=day.on in changed)
        _row(canvas, row.inflate(-2 * canvas.px(8), 0), day, words=words, reach=reach)


def _ground(canvas: Canvas, row: pygame.Rect, *, is_today: bool, is_changed: bool) -> None:
    if is_changed:
        canvas.outlined(row, CARD, ACTION.band, radius=RADIUS - 8, thick=3)
    elif is_today:
        canvas.rounded(row, SHADE, radius=RADIUS - 8)


def _row(canvas: Canvas, row: pygame.Rect, day: DayHours, *, words: Language, reach: tuple[int, int]) -> None:
    name, row = canvas.split(row, 84 if canvas.is_portrait else 108, side="left")
    canvas.column(name, [canvas.line(words.short_day(day.on), SMALL, INK, bold=True)], valign="middle")
    share = 0.34 if canvas.is_portrait else 0.36
    bar, figures = canvas.split(row, row.width * share / canvas.unit, side="left")
    thick = min(canvas.px(26), bar.height * 2 // 3)
    _bar(canvas, bar.inflate(0, thick - bar.height), day.open, reach=reach)
    figures = canvas.split(figures, 12, side="left")[1]
    said = " · ".join(filter(None, (hours_text(words, day.open), _why(words, day))))
    ink = INK if day.open else CLOSED.accent
    canvas.column(figures, [canvas.line(said, SMALL - 2, ink, bold=day.decided_by != "usual")], valign="middle")


def _why(words: Language, day: DayHours) -> str:
    if day.because:
        return day.because
    return {
        "override": words.say("as a host said"),
        "exception": words.say("exceptionally"),
        "holiday": words.say("public holiday"),
        "usual": "",
    }[day.decided_by]


def _bar(canvas: Canvas, rect: pygame.Rect, spans: Sequence[Span], *, reach: tuple[int, int]) -> None:
    canvas.rounded(rect, LINE, radius=6)
    first, last = (hour * 60 for hour in reach)
    for span in spans:
        begin, end = _minutes(span)
        left = rect.left + rect.width * (begin - first) // (last - first)
        right = rect.left + rect.width * (end - first) // (last - first)
        canvas.rounded(pygame.Rect(left, rect.top, max(2, right - left), rect.height), OPEN.band, radius=6)


def _minutes(span: Span) -> tuple[int, int]:
    end = span.end.hour * 60 + span.end.minute
    return span.start.hour * 60 + span.start.minute, end or 24 * 60


def _reach(days: Sequence[DayHours]) -> tuple[int, int]:
    """Return the hours that the bars cover: the same for all days of a week."""
    edges = [_minutes(span) for day in days for span in day.open]
    return (
        min([FIRST_HOUR, *(begin // 60 for begin, _ in edges)]),
        max([LAST_HOUR, *(-(-end // 60) for _, end in edges)]),
    )
