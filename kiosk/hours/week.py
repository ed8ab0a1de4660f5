"""Shows a week as a picture, and converts weekly hours between a grid of choices and an expression.

Expressions are written in the plainest form of the opening_hours language; hours in other forms are read back if they
mean the same as a grid. Nothing is stored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby

from msgspec import structs

from kiosk import hours, local_time
from kiosk.hours.dated import check_spans, write_times
from kiosk.hours.language import DAYS
from kiosk.model import DayHours, Override, Site, Span, WeekHours

# ---------------------------------------------------------------- the picture


def picture(site: Site, override: Override | None, first: date, *, days: int = 7) -> tuple[DayHours, ...]:
    """Return each local day from `first` on: when it is open, and what decides that; spans are cut at midnight.

    `first` is moved so that all days are in the years for which opening hours are known (kiosk.local_time.FIRST to
    LAST).
    """
    usual = structs.replace(site, exceptions=())
    first = min(local_time.clamp_date(first), local_time.LAST.date() - timedelta(days=days))
    return tuple(_day(site, usual, override, first + timedelta(days=number)) for number in range(days))


def monday(day: date) -> date:
    """Return the Monday of the week of a day; for the calendar's first day, that day."""
    return day - timedelta(days=min(day.weekday(), (day - date.min).days))


def _day(site: Site, usual: Site, override: Override | None, day: date) -> DayHours:
    plain, changed = _planned(usual, day), _planned(site, day)
    holiday = changed.holiday
    if override and _touches(override, site, day):
        return structs.replace(changed, open=_spans(site, override, day), decided_by="override", because=None)
    if (plain.open, plain.because) != (changed.open, changed.because):
        return structs.replace(changed, decided_by="exception")
    return structs.replace(changed, decided_by="holiday" if holiday else "usual")


@lru_cache(maxsize=1024)
def _planned(site: Site, day: date) -> DayHours:
    """Return the day by hours and exceptions, without an override."""
    noon = datetime.combine(day, time(12))
    opening = hours.opening(site, None, local_time.to_utc(local_time.zone(site.zone), noon))
    comments = (part.because for part in _parts(site, None, day))
    because = next(filter(None, comments), None) or (opening.because if opening.is_holiday else None)
    return DayHours(
        on=day, open=_spans(site, None, day), because=because, holiday=opening.is_holiday, decided_by="usual"
    )


def _touches(override: Override, site: Site, day: date) -> bool:
    begin, end = _bounds(site, day)
    return override.since < end and override.until > begin


def _spans(site: Site, override: Override | None, day: date) -> tuple[Span, ...]:
    where = local_time.zone(site.zone)
    begin, end = _bounds(site, day)
    windows = hours.openings(site, override, begin, end=end)
    return tuple(
        Span(start=local_time.to_local(where, one.start).time(), end=local_time.to_local(where, one.end).time())
        for one in windows
    )


def _parts(site: Site, override: Override | None, day: date) -> Iterator[hours.Stretch]:
    begin, end = _bounds(site, day)
    for part in hours.stretches(hours.of_site(site), begin, override=override):
        if part.start >= end:
            return
        yield part


def _bounds(site: Site, day: date) -> tuple[datetime, datetime]:
    where = local_time.zone(site.zone)
    return local_time.midnight(where, day), local_time.midnight(where, local_time.day_after(day))


# ---------------------------------------------------------------- the grid of a week


def write_week(week: WeekHours) -> str:
    """The grid as an expression: `Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off`.

    Raises HoursError for a grid that is not seven days, or whose spans overlap or run backwards.
    """
    _check_week(week)
    order = sorted(set(week.days) - {()}, key=week.days.index)
    rules = [f"{_named(week, spans)} {write_times(spans)}" for spans in order]
    if not rules:
        return "off"
    return "; ".join([*rules, "PH off"] if week.closed_on_holidays else rules)


def read_week(expression: str, country: str) -> WeekHours | None:
    """Return the grid that an expression means; None if it says more (seasons, dates, comments, events)."""
    words = set(re.findall(r"[A-Za-z\"]+|\d{3,}", expression))
    if '"' in expression or not words <= {*DAYS, "PH", "off", "closed", "open"}:
        return None
    grid = WeekHours(days=_sampled(expression, country), closed_on_holidays="PH" in words)
    return grid if _same(write_week(grid), expression, country) else None


def _check_week(week: WeekHours) -> None:
    if len(week.days) != len(DAYS):
        raise hours.HoursError(str(len(week.days)), None, "a week has seven days", code="HOURS_WRONG")
    for name, spans in zip(DAYS, week.days, strict=True):
        check_spans(spans, name)


def _named(week: WeekHours, spans: tuple[Span, ...]) -> str:
    """Return the days that have these spans: `Mo,Tu`, `Mo-Fr`, `Mo-We,Sa`."""
    numbers = [number for number, one in enumerate(week.days) if one == spans]
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ",".join(_run(run) for run in runs)


def _run(run: list[int]) -> str:
    if len(run) > 2:
        return f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
    return ",".join(DAYS[number] for number in run)


@lru_cache(maxsize=64)
def _sampled(expression: str, country: str) -> tuple[tuple[Span, ...], ...]:
    """Return the hours in the first week of 2027 or later that has no public holiday."""
    site = Site(id="", name="", zone="UTC", hours=expression, country=country)
    first = date(2027, 1, 4)
    while any(hours.is_holiday(site, _noon(first + timedelta(days=number))) for number in range(7)):
        first += timedelta(days=7)
    return tuple(_spans(site, None, first + timedelta(days=number)) for number in range(7))


def _noon(day: date) -> datetime:
    return local_time.to_utc(local_time.zone("UTC"), datetime.combine(day, time(12)))


@lru_cache(maxsize=64)
def _same(one: str, other: str, country: str) -> bool:
    """Tell whether two expressions without dates agree for a year, holidays included: then they mean the same week."""
    start = _noon(date(2027, 1, 4))
    sites = (Site(id="", name="", zone="UTC", hours=expression, country=country) for expression in (one, other))
    first, second = (tuple(hours.openings(site, None, start, end=start + hours.HORIZON)) for site in sites)
    return first == second
