"""A week as lines of text: one line for each day. Other answers are in kiosk.cli.text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time

from kiosk.answers import HoursPreview, Week
from kiosk.model import DayHours, Opening, Span

DECIDED = {"usual": "", "holiday": "holiday", "exception": "exception", "override": "changed by a host"}
HALF_HOURS = range(7 * 2, 22 * 2)
"""The half hours that the bar of a day shows: 07:00 to 22:00."""


def week_lines(week: Week) -> Iterator[str]:
    """Yield the week and the coming exceptions."""
    yield f"{week.site.name}: {opening_line(week.opening)}"
    yield from day_lines(week.days)
    if week.exceptions:
        yield "\nNot as usual"
        yield from (f"  from {line.begins}: {line.rule}" for line in week.exceptions)


def preview_lines(preview: HoursPreview) -> Iterator[str]:
    """Yield what members would see after a change."""
    if not preview.changes:
        yield "This changes nothing."
        return
    yield f"Now it would be {opening_line(preview.opening)}."
    yield from day_lines(preview.days)
    if preview.given_back:
        yield f"Entries given back: {preview.given_back}"
    yield "Nothing was changed: leave out --preview to do it."


def opening_line(opening: Opening) -> str:
    """Return the state of the hours: `closed (Ascension) until Mon 2026-05-18 09:00`."""
    why = f" ({opening.because})" if opening.because else ""
    until = f" until {opening.changes_at:%a %Y-%m-%d %H:%M}" if opening.changes_at else ""
    return f"{'open' if opening.is_open else 'closed'}{why}{until}"


def day_lines(days: Iterable[DayHours]) -> Iterator[str]:
    """Yield a line for each day: date, hours as a bar and as times, reason."""
    for day in days:
        times = ", ".join(f"{one.start:%H:%M}-{_end(one)}" for one in day.open) or "closed"
        why = " ".join(filter(None, (DECIDED[day.decided_by], day.because and f"({day.because})")))
        yield f"  {day.on:%a %Y-%m-%d}  {_bar(day.open)}  {times:<11}  {why}".rstrip()


def _end(span: Span) -> str:
    return "24:00" if span.end == time() else f"{span.end:%H:%M}"


def _bar(spans: tuple[Span, ...]) -> str:
    return "".join("#" if any(_covers(span, number) for span in spans) else "." for number in HALF_HOURS)


def _covers(span: Span, half_hour: int) -> bool:
    middle = half_hour * 30 + 15
    end = span.end.hour * 60 + span.end.minute or 24 * 60
    return span.start.hour * 60 + span.start.minute <= middle < end
