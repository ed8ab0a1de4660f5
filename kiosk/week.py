"""A week as a picture, and hours put together from choices instead of typed syntax: grid of the week, dated changes.

What is written here is the opening_hours language that kiosk.hours evaluates, in its plainest form; what others wrote
in other forms is read back where it means the same. Nothing is stored here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby

from msgspec import structs

from kiosk import hours, local_time
from kiosk.model import DatedHours, DayHours, Override, Site, Span, WeekHours

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MIDNIGHT = time()
"""As the end of a span: the end of the day."""


# ---------------------------------------------------------------- the picture


def picture(site: Site, override: Override | None, first: date, *, days: int = 7) -> tuple[DayHours, ...]:
    """What each local day from `first` on looks like, and who decides it; spans past midnight are cut there."""
    usual = structs.replace(site, exceptions=())
    return tuple(_day(site, usual, override, first + timedelta(days=number)) for number in range(days))


def monday(day: date) -> date:
    """The Monday of the week that a day lies in."""
    return day - timedelta(days=day.weekday())


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
    """The day as it was written down, without a host's word."""
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
    rules = [f"{_named(week, spans)} {_times(spans)}" for spans in order]
    if not rules:
        return "off"
    return "; ".join([*rules, "PH off"] if week.closed_on_holidays else rules)


def read_week(expression: str, country: str) -> WeekHours | None:
    """The grid that an expression means; None when there is more to it (seasons, dates, comments, events)."""
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


def check_spans(spans: tuple[Span, ...], where: str) -> None:
    """Refuse spans that run backwards or overlap. Raises HoursError; an end of 00:00 is the day's end."""
    last = MIDNIGHT
    for number, span in enumerate(spans):
        if span.end != MIDNIGHT and span.end <= span.start:
            raise hours.HoursError(f"{where} {_times(spans)}", None, "a time ends before it begins", code="HOURS_WRONG")
        if number and (last == MIDNIGHT or span.start < last):
            raise hours.HoursError(f"{where} {_times(spans)}", None, "two times overlap", code="HOURS_WRONG")
        last = span.end


def _named(week: WeekHours, spans: tuple[Span, ...]) -> str:
    """The days that have these spans: `Mo,Tu`, `Mo-Fr`, `Mo-We,Sa`."""
    numbers = [number for number, one in enumerate(week.days) if one == spans]
    runs = [[number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ",".join(_run(run) for run in runs)


def _run(run: list[int]) -> str:
    if len(run) > 2:
        return f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
    return ",".join(DAYS[number] for number in run)


def _times(spans: tuple[Span, ...]) -> str:
    return ",".join(f"{one.start:%H:%M}-{'24:00' if one.end == MIDNIGHT else f'{one.end:%H:%M}'}" for one in spans)


@lru_cache(maxsize=64)
def _sampled(expression: str, country: str) -> tuple[tuple[Span, ...], ...]:
    """What the expression says in the first week of 2027 and after that has no public holiday."""
    site = Site(id="", name="", zone="UTC", hours=expression, country=country)
    first = date(2027, 1, 4)
    while any(hours.is_holiday(site, _noon(first + timedelta(days=number))) for number in range(7)):
        first += timedelta(days=7)
    return tuple(_spans(site, None, first + timedelta(days=number)) for number in range(7))


def _noon(day: date) -> datetime:
    return local_time.to_utc(local_time.zone("UTC"), datetime.combine(day, time(12)))


@lru_cache(maxsize=64)
def _same(one: str, other: str, country: str) -> bool:
    """Whether two expressions without dates agree for a year, holidays and all: then they mean the same week."""
    start = _noon(date(2027, 1, 4))
    sites = (Site(id="", name="", zone="UTC", hours=expression, country=country) for expression in (one, other))
    first, second = (tuple(hours.openings(site, None, start, end=start + hours.HORIZON)) for site in sites)
    return first == second


# ---------------------------------------------------------------- dated changes


def write_dates(change: DatedHours) -> str:
    """The change as a dated rule: `2026 Aug 03-14 off "congés"`, `2026 Jul 14 10:00-16:00`.

    Raises HoursError for dates that run backwards and spans that are none.
    """
    if change.last < change.first:
        days = f"{change.first} - {change.last}"
        raise hours.HoursError(days, None, "the last day is before the first", code="HOURS_WRONG")
    check_spans(change.open, str(change.first))
    why = " ".join(change.why.replace('"', "”").split())
    return f"{_dates(change)} {_times(change.open) or 'off'}" + (f' "{why}"' if why else "")


def _dates(change: DatedHours) -> str:
    first, last = change.first, change.last
    written = f"{first.year} {MONTHS[first.month - 1]} {first.day:02}"
    if last == first:
        return written
    if (last.year, last.month) == (first.year, first.month):
        return f"{written}-{last.day:02}"
    year = f"{last.year} " if last.year != first.year else ""
    return f"{written}-{year}{MONTHS[last.month - 1]} {last.day:02}"


_DATED = re.compile(
    r"(?P<year>\d{4}) (?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2})"
    r"(?:-(?:(?P<to_year>\d{4}) )?(?:(?P<to_month>[A-Z][a-z]{2}) )?(?P<to_day>\d{1,2}))?"
    r" (?P<what>off|closed|\d\d:\d\d-\d\d:\d\d(?:,\d\d:\d\d-\d\d:\d\d)*)(?: open)?(?: \"(?P<why>[^\"]*)\")?"
)


def read_dates(rule: str) -> DatedHours | None:
    """The change that a dated rule means; None for one in another form (every Christmas, Easter, a season)."""
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
