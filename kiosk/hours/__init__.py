"""Opening hours: when a place is open, by expressions of the opening_hours language. Pure functions.

At any instant the first of these decides: the hosts' override, the dated exceptions (the last one that applies), public
holidays, the weekly hours; if none of them says open, the site is closed. All intervals are half open: at 17:00:00.000
a site that is open until 17:00 is closed. Expressions are evaluated by opening-hours-py in local time; kiosk.local_time
converts to instants. What a member may do while it is open is decided in kiosk.rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import opening_hours
from opening_hours import State

from kiosk import local_time
from kiosk.hours import checking, dated
from kiosk.hours.checking import HoursError, check, check_night
from kiosk.hours.holidays import all_regions, countries, holiday_name, is_holiday, regions, schedule
from kiosk.hours.language import unquoted
from kiosk.model import Opening, Override, Site, Window

__all__ = [
    "Hours",
    "HoursError",
    "Stretch",
    "TapHours",
    "all_regions",
    "at_tap",
    "check",
    "check_night",
    "countries",
    "holiday_name",
    "is_holiday",
    "last_closing",
    "never_closes",
    "next_effect",
    "next_opening",
    "next_start",
    "of_pass",
    "of_site",
    "opening",
    "openings",
    "read_as",
    "regions",
    "stretches",
]

HORIZON = timedelta(days=366)
"""How far ahead a change is looked for."""


class Hours(NamedTuple):
    """An opening_hours expression, with its time zone and public holidays."""

    expression: str
    calendar: str
    """Whose public holidays count: a country, or a region of it."""
    zone: str


class Stretch(NamedTuple):
    """A time in which the state stays the same. `end` None: not within a year."""

    start: datetime
    end: datetime | None
    is_open: bool
    because: str | None = None
    overridden: bool = False


class TapHours(NamedTuple):
    """The opening hours that a tap falls into."""

    start: datetime
    """The tap, or the opening that it is a little early for."""
    closing: datetime | None
    """When the door closes next; None: not within a year."""
    last: datetime | None
    """When it closes for the day: a lunch break cuts a visit short, it ends no day."""


# ---------------------------------------------------------------- questions about a site


def opening(site: Site, override: Override | None, at: datetime) -> Opening:
    """Return the state of the site at an instant, what decides it, and when it changes."""
    now = next(stretches(of_site(site), at, override=override))
    holiday = not now.overridden and _heeds_holidays(site) and is_holiday(site, at)
    return Opening(
        is_open=now.is_open,
        because=now.because or (holiday_name(site, at) if holiday and not now.is_open else None),
        is_holiday=holiday,
        overridden=now.overridden,
        changes_at=now.end,
    )


def next_opening(site: Site, override: Override | None, at: datetime) -> datetime | None:
    """Return when the site opens next after an instant; None: not within a year."""
    return next_start(of_site(site), at, override=override)


def openings(site: Site, override: Override | None, start: datetime, *, end: datetime) -> Iterator[Window]:
    """Return the open times between two instants, at most a year, cut to fit."""
    for stretch in stretches(of_site(site), start, override=override):
        if stretch.start >= end:
            return
        if stretch.is_open:
            yield Window(start=stretch.start, end=min(stretch.end or end, end))


def last_closing(site: Site, override: Override | None, at: datetime) -> datetime | None:
    """Return the end of the last open time that begins on the local day of the instant, if it is in the future."""
    ahead = stretches(of_site(site), at, override=override)
    return _last_closing(ahead, _next_midnight(site.zone, at))


# ---------------------------------------------------------------- hours, of a site or of a pass


def of_site(site: Site) -> Hours:
    """Return the site's hours including its exceptions."""
    return Hours(_joined(site.hours, site.exceptions), site.calendar, site.zone)


def of_pass(site: Site, access_hours: str) -> Hours:
    """Return a pass's own access hours, in the site's zone; the site's exceptions and overrides do not change them."""
    return Hours(_joined(access_hours, ()), site.calendar, site.zone)


def stretches(hours: Hours, at: datetime, *, override: Override | None = None) -> Iterator[Stretch]:
    """Yield the open and closed stretches in turn, for a year. The first one begins at the instant."""
    at = local_time.clamp(at)
    limit = at + HORIZON
    for is_open, parts in groupby(_painted(hours, override, at, limit=limit), key=lambda part: part.is_open):
        pieces = tuple(parts)
        last = pieces[-1].end
        end = last if last and last < limit else None
        yield pieces[0]._replace(end=end, is_open=is_open)


def next_start(hours: Hours, at: datetime, *, override: Override | None = None) -> datetime | None:
    """Return when the next open time begins after an instant; None: not within a year."""
    return next((s.start for s in stretches(hours, at, override=override) if s.is_open and s.start > at), None)


def at_tap(hours: Hours, at: datetime, *, early: timedelta, override: Override | None = None) -> TapHours | None:
    """Return the hours that a tap falls into; None: closed, and not within `early` of opening."""
    ahead = stretches(hours, at, override=override)
    now = next(ahead)
    if not now.is_open:
        if now.end is None or now.end - now.start > early:
            return None
        now = next(ahead)
    last = _last_closing(ahead, _next_midnight(hours.zone, now.start)) if now.end else None
    return TapHours(now.start, now.end, last or now.end)


def never_closes(hours: Hours, at: datetime) -> bool:
    """Tell whether it is open now and for the coming year, as with `24/7`."""
    now = next(stretches(hours, at))
    return now.is_open and now.end is None


# ---------------------------------------------------------------- dated exceptions


def read_as(rule: str, calendar: str) -> str:
    """Return a rule in full: `Dec 31-24 off` runs backwards and means `Dec 31-Jan 24 closed`."""
    return str(schedule(rule, calendar[:2]))


def next_effect(rule: str, calendar: str, on: date) -> date | None:
    """Return the first date from `on` that a rule applies to; None if all its dates are past.

    A rule that cannot be read counts as closed (`_joined`), from `on`: so it is shown, and can be removed.
    """
    try:
        found = [_first_change(f"{base}; {rule}", base == "24/7", calendar, on) for base in ("24/7", "off")]
    except opening_hours.ParserError:  # type: ignore[attr-defined]
        return on
    return min(filter(None, found), default=None)


def _first_change(expression: str, usual: bool, calendar: str, on: date) -> date | None:
    """Return where an expression first differs from one that is always open, or never."""
    _, until, state, comment = next(iter(schedule(expression, calendar).intervals(datetime.combine(on, time()))))
    if (state == State.OPEN) is not usual or comment:
        return on
    return until.date() if until else None


# ---------------------------------------------------------------- evaluation


@lru_cache(maxsize=256)
def _joined(hours: str, exceptions: tuple[str, ...]) -> str:
    """Join expressions; later rules win over earlier ones, day by day.

    An expression that is not accepted (`check` refuses it before it is stored) counts as closed: evaluating never
    raises, and a misread expression never opens.
    """
    rules = (
        checking.or_closed(hours) or "off",
        *(checking.or_closed(dated.in_present_form(one)) for one in exceptions),
    )
    return "; ".join(filter(None, rules))


def _heeds_holidays(site: Site) -> bool:
    return re.search(r"\bPH\b", unquoted(site.hours)) is not None


def _painted(hours: Hours, override: Override | None, at: datetime, *, limit: datetime) -> Iterator[Stretch]:
    """Yield the written hours, replaced by the override while it lasts."""
    if override is None or override.until <= max(at, override.since):
        return _written(hours, at, limit)
    return _overridden(hours, override, at, limit=limit)


def _overridden(hours: Hours, override: Override, at: datetime, *, limit: datetime) -> Iterator[Stretch]:
    since = min(max(at, override.since), limit)
    until = min(override.until, limit)
    yield from _written(hours, at, since)
    if since < until:
        yield Stretch(since, until, override.state == "open", overridden=True)
    yield from _written(hours, max(until, since), limit)


def _written(hours: Hours, start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield what the expression says between two instants, cut to fit."""
    where = local_time.zone(hours.zone)
    day = datetime.combine(local_time.today(where, start), time())
    read = schedule(hours.expression, hours.calendar)
    for since, until, state, comment in read.intervals(day, local_time.to_local(where, end) + timedelta(days=1)):
        opens = max(local_time.to_utc(where, since), start)
        closes = min(local_time.to_utc(where, until), end) if until else end
        if opens < closes:
            yield Stretch(opens, closes, state == State.OPEN, comment or None)


def _next_midnight(zone: str, at: datetime) -> datetime:
    where = local_time.zone(zone)
    return local_time.midnight(where, local_time.day_after(local_time.today(where, at)))


def _last_closing(ahead: Iterable[Stretch], midnight: datetime) -> datetime | None:
    last = None
    for stretch in ahead:
        if stretch.start >= midnight:
            break
        if stretch.is_open:
            last = stretch.end
    return last
