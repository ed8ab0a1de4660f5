"""Converts other hours on certain dates between choices (dates, times, a reason) and a dated rule."""

from __future__ import annotations

import re
from datetime import date, time

from kiosk.hours.checking import HoursError
from kiosk.hours.language import MONTHS
from kiosk.model import DatedHours, Span

MIDNIGHT = time()
"""As the end of a span: the end of the day."""


def check_spans(spans: tuple[Span, ...], where: str) -> None:
    """Refuse spans that run backwards or overlap.

    Raises HoursError; an end of 00:00 means midnight at the day's end.
    """
    last = MIDNIGHT
    for number, span in enumerate(spans):
        if span.end != MIDNIGHT and span.end <= span.start:
            raise HoursError(f"{where} {write_times(spans)}", None, "a time ends before it begins", code="HOURS_WRONG")
        if number and (last == MIDNIGHT or span.start < last):
            raise HoursError(f"{where} {write_times(spans)}", None, "two times overlap", code="HOURS_WRONG")
        last = span.end


def write_times(spans: tuple[Span, ...]) -> str:
    """Return spans as an expression: `09:00-12:00,14:00-24:00`."""
    return ",".join(f"{one.start:%H:%M}-{'24:00' if one.end == MIDNIGHT else f'{one.end:%H:%M}'}" for one in spans)


def write_dates(change: DatedHours) -> str:
    """Return the change as a dated rule, such as `2026 Aug 03-14 off "congés"`.

    Another example: `2026 Jul 14 10:00-16:00 open "fête"`. Raises HoursError for dates that run backwards and for spans
    that are not in order.
    """
    if change.last < change.first:
        days = f"{change.first} - {change.last}"
        raise HoursError(days, None, "the last day is before the first", code="HOURS_WRONG")
    check_spans(change.open, str(change.first))
    why = " ".join(change.why.replace('"', "”").split())
    state = f'open "{why}"' if why and change.open else f'off "{why}"' if why else "" if change.open else "off"
    return " ".join(filter(None, (_dates(change.first, change.last), write_times(change.open), state)))


def _dates(first: date, last: date) -> str:
    """Return the days of a change; a range within a month is written short, except at the end of February.

    The language's reference implementation does not read `2026 Feb 16-28`.
    """
    written = _day(first)
    if last == first:
        return written
    is_short = (last.year, last.month) == (first.year, first.month) and (last.month, last.day >= 28) != (2, True)
    return f"{written}-{last.day:02}" if is_short else f"{written}-{_day(last)}"


def _day(day: date) -> str:
    return f"{day.year} {MONTHS[day.month - 1]} {day.day:02}"


def in_present_form(rule: str) -> str:
    """Return a dated rule of an earlier release in the present form; any other unchanged.

    An earlier release wrote `2026 Jul 14 10:00-16:00 "fête"` for open times; without `open` that is no longer accepted.
    """
    change = read_dates(rule)
    try:
        return rule if change is None else write_dates(change)
    except HoursError:
        return rule


_DATED = re.compile(
    r"(?P<year>\d{4}) (?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})"
    r"(?:-(?:(?P<to_year>\d{4}) )?(?:(?P<to_month>[A-Z][a-z]{2}) )?(?P<to_day>\d{1,2}))?"
    r" (?P<what>off|closed|\d\d:\d\d-\d\d:\d\d(?:,\d\d:\d\d-\d\d:\d\d)*)(?: open)?(?: \"(?P<why>[^\"]*)\")?"
)


def read_dates(rule: str) -> DatedHours | None:
    """Return the change that a dated rule means; None for another form (every Christmas, Easter, a season)."""
    found = _DATED.fullmatch(rule.strip())
    if found is None:
        return None
    try:
        first = _date(found["year"], found["month"], found["day"])
        last = first
        if found["to_day"]:
            last = _date(found["to_year"] or found["year"], found["to_month"] or found["month"], found["to_day"])
        spans = () if found["what"] in ("off", "closed") else tuple(map(_span, found["what"].split(",")))
    except ValueError:
        return None
    return DatedHours(first=first, last=last, open=spans, why=found["why"] or "") if last >= first else None


def _date(year: str, month: str, day: str) -> date:
    return date(int(year), MONTHS.index(month) + 1, int(day))


def _span(text: str) -> Span:
    start, end = text.split("-")
    return Span(start=time.fromisoformat(start), end=MIDNIGHT if end == "24:00" else time.fromisoformat(end))
