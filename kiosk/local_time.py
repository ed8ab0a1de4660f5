"""Converts between instants in UTC and a site's local time, summer time included.

Everything else compares instants (aware, UTC). A local time becomes an instant here, by one rule that never loses or
doubles a moment: a time that comes twice means its first coming; a time that never comes means the moment at which the
clock jumps over it. So later local times never give earlier instants, and intervals that touch in local time touch in
real time. Opening hours are in kiosk.hours, windows in kiosk.rules.passes.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

# Opening hours are defined from 1900 to 9999. What is judged lies well inside, so that what follows from it (a window,
# an opening within the year) can still be told in dates.
FIRST = datetime(1900, 1, 3, tzinfo=UTC)
LAST = datetime(9900, 1, 1, tzinfo=UTC)
_BRINK = datetime(9990, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name; UTC for an unknown one, so that judging a tap never raises."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


@cache
def zone_names() -> frozenset[str]:
    """Return the IANA names of all time zones: to find them, the folders of the time zone database are read once."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Tell whether there is a time zone with this IANA name."""
    return name in zone_names()


def clamp(at: datetime) -> datetime:
    """Return an instant in UTC, moved into the years that opening hours and arithmetic support."""
    return min(max(at, FIRST), LAST).astimezone(UTC)


def clamp_date(day: date) -> date:
    """Return a date, moved into the years that opening hours and arithmetic support."""
    return min(max(day, FIRST.date()), LAST.date())


def within_calendar(at: datetime) -> datetime:
    """Return an instant, moved so far into the calendar that it has a local time in every zone."""
    return min(max(at, FIRST), _BRINK)


def to_local(where: ZoneInfo, at: datetime) -> datetime:
    """Return an instant as naive local time."""
    return within_calendar(at).astimezone(where).replace(tzinfo=None, fold=0)


def today(where: ZoneInfo, at: datetime) -> date:
    """Return the local date."""
    return to_local(where, at).date()


def to_utc(where: ZoneInfo, wall: datetime) -> datetime:
    """Return when local clocks first show this time, or jump over it.

    Paris, 25 October 2026: 02:30 comes twice and means the first, at 00:30 UTC. Paris, 29 March 2026: 02:30 never comes
    and means 03:00 summer time, at 01:00 UTC, when 02:00 would have been.
    """
    at = wall.replace(tzinfo=where, fold=0).astimezone(UTC)
    return at if to_local(where, at) == wall else _jump(where, wall)


def at_time(where: ZoneInfo, day: date, clock: time) -> datetime:
    """Return the instant of a local time on a local date."""
    return to_utc(where, datetime.combine(day, clock.replace(tzinfo=None, fold=0)))


def midnight(where: ZoneInfo, day: date) -> datetime:
    """Return the instant at which the local date begins."""
    return at_time(where, min(max(day, FIRST.date()), _BRINK.date()), time())


def day_after(day: date) -> date:
    """Return the next date; the calendar's last date for itself."""
    return day + timedelta(days=1) if day < date.max else day


def minutes(count: int) -> timedelta:
    """Return a duration of so many minutes, limited to 0 to ten years."""
    return timedelta(minutes=min(max(count, 0), 10 * 366 * 24 * 60))


def _jump(where: ZoneInfo, wall: datetime) -> datetime:
    """Return the moment of the transition that skips this local time, found by bisection."""
    after = wall.replace(tzinfo=where, fold=1, microsecond=0).astimezone(UTC)
    before = wall.replace(tzinfo=where, fold=0).astimezone(UTC)
    offset = after.astimezone(where).utcoffset()
    seconds = range(int((before - after).total_seconds()) + 1)

    def jumped(second: int) -> bool:
        return (after + timedelta(seconds=second)).astimezone(where).utcoffset() != offset

    return after + timedelta(seconds=bisect_left(seconds, True, key=jumped))
