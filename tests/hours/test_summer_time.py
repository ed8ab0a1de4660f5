"""No moment is lost or doubled when clocks change: every IANA zone, every change from 2024 to 2040.

Zones that change alike are tested once. Each property is a plain function; it is also given a variant with the usual
mistake (a day has 24 hours, a time that comes twice means its second coming, local times are added to) and must find
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import pytest
from msgspec.structs import replace

from kiosk import hours, local_time
from kiosk.model import Cover, Day, Duration, Granted, Reason, Site, Span, Spans
from kiosk.rules import passes
from tests.rules.house import SERRE, TEN, House

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
WEEK, DAY, MINUTE, SECOND = timedelta(days=7), timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
QUARTER = timedelta(minutes=15)


class Change(NamedTuple):
    """A change of clocks: where, when, and from which distance to UTC to which."""

    where: ZoneInfo
    at: datetime
    before: timedelta
    after: timedelta

    @property
    def face(self) -> datetime:
        """What the wall would have shown at the change, had there been none."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def odd(self) -> datetime:
        """A time in the middle of those that never come, or of those that come twice."""
        return self.face + (self.after - self.before) / 2


@cache
def changes() -> tuple[Change, ...]:
    found: dict[tuple[tuple[object, ...], ...], tuple[Change, ...]] = {}
    for name in sorted(available_timezones()):
        of_zone = tuple(changes_of(ZoneInfo(name)))
        found.setdefault(tuple(change[1:] for change in of_zone), of_zone)
    return tuple(change for of_zone in found.values() for change in of_zone)


def changes_of(where: ZoneInfo) -> Iterator[Change]:
    start, before = FIRST, offset(where, FIRST)
    while start < LAST:
        end = start + WEEK
        after = offset(where, end)
        if after != before:
            yield Change(where, halved(where, start, end), before, after)
        start, before = end, after


def halved(where: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The minute at which the clocks change between two instants."""
    before = offset(where, low)
    while high - low > MINUTE:
        middle = low + (high - low) // MINUTE // 2 * MINUTE
        low, high = (middle, high) if offset(where, middle) == before else (low, middle)
    return high


def offset(where: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(where).utcoffset() or timedelta()


def shows(where: ZoneInfo, at: datetime) -> datetime:
    return at.astimezone(where).replace(tzinfo=None)


def hold(check: Callable[[Any, Change], None], subject: Any, over: Iterable[Change]) -> None:
    for change in over:
        check(subject, change)


PARIS_2026 = tuple(c for c in changes_of(ZoneInfo("Europe/Paris")) if c.at.year == 2026)


def test_changes_of_many_zones_are_tried():
    assert len(changes()) > 500
    assert [f"{c.at:%m-%d %H:%M}" for c in PARIS_2026] == ["03-29 01:00", "10-25 01:00"]


# ---------------------------------------------------------------- a time of day

ToInstant = Callable[[ZoneInfo, datetime], datetime]


def time_of_day_is_its_first_coming(instant: ToInstant, change: Change) -> None:
    """The instant of a time on the wall is the first at which the wall shows that time or a later one."""
    moments = [change.at + n * QUARTER for n in range(-24, 25)]
    faces = [(at, shows(change.where, at)) for at in moments]
    for n in range(-10, 11):
        face = change.face + n * QUARTER
        assert instant(change.where, face) == next(at for at, shown in faces if shown >= face)


def test_time_of_day_means_its_first_coming_everywhere():
    hold(time_of_day_is_its_first_coming, local_time.to_utc, changes())


@pytest.mark.parametrize("fold", [0, 1])
def test_time_of_day_property_finds_plain_folds(fold):
    def folded(where: ZoneInfo, face: datetime) -> datetime:
        return face.replace(tzinfo=where, fold=fold).astimezone(UTC)

    with pytest.raises(AssertionError):
        hold(time_of_day_is_its_first_coming, folded, PARIS_2026)


# ---------------------------------------------------------------- days and spans

CoverEnd = Callable[[Cover, ZoneInfo, datetime], datetime]


def pieces(cover_end: CoverEnd, cover: Cover, change: Change) -> list[datetime]:
    """The ends of all pieces between noon of the day before and noon of the day after.

    A tap in a piece ends with it, up to its last second; the next piece begins where it ends.
    """
    noon = datetime.combine(change.face.date(), time(12))
    start, last = (local_time.to_utc(change.where, noon + n * DAY) for n in (-1, 1))
    ends = [cover_end(cover, change.where, start)]
    while ends[-1] < last:
        taps = (start + (ends[-1] - start) / 2, ends[-1] - SECOND)
        assert [cover_end(cover, change.where, tap) for tap in taps] == [ends[-1]] * 2
        start = ends[-1]
        ends.append(cover_end(cover, change.where, start))
        assert ends[-1] > start
    return ends[:-1]


def two_days_have_two_ends(cover_end: CoverEnd, change: Change) -> None:
    for boundary in (change.odd, change.face, change.face - 2 * QUARTER):
        assert len(pieces(cover_end, Day(boundary=boundary.time()), change)) == 2


def halves_meet_on_the_wall(cover_end: CoverEnd, change: Change) -> None:
    """Two halves of the day that meet in the hour of the change: no end is missing, none is elsewhere."""
    meeting = max(change.odd.time(), time(0, 15))
    halves = Spans(spans=(Span(start=time(), end=meeting), Span(start=meeting, end=time())))
    days = [change.face.date() + n * DAY for n in range(-1, 3)]
    expected = {at_time(change.where, day, clock) for day in days for clock in (time(), meeting)}
    ends = pieces(cover_end, halves, change)
    assert set(ends) == {end for end in expected if ends[0] <= end <= ends[-1]}
    assert 3 <= len(ends) <= 4  # a gap may swallow one of the four


def at_time(where: ZoneInfo, day: date, clock: time) -> datetime:
    return local_time.to_utc(where, datetime.combine(day, clock))


def test_days_end_once_a_day_everywhere():
    hold(two_days_have_two_ends, passes.cover_end, changes())


def test_half_days_meet_on_the_wall_everywhere():
    hold(halves_meet_on_the_wall, passes.cover_end, changes())


def counting_24_hours(cover: Cover, where: ZoneInfo, start: datetime) -> datetime:
    """A judge who adds a day's length to the midnight before the tap, and reads times of day off it."""
    assert isinstance(cover, Day | Spans)
    clocks = [cover.boundary] if isinstance(cover, Day) else [clock for s in cover.spans for clock in (s.start, s.end)]
    midnight = local_time.midnight(where, local_time.today(where, start))
    times = [timedelta(hours=c.hour, minutes=c.minute) for c in clocks]
    return min(end for n in (0, 1) for c in times if (end := midnight + n * DAY + c) > start)


@pytest.mark.parametrize("tiles", [two_days_have_two_ends, halves_meet_on_the_wall])
def test_tiling_properties_find_days_of_24_hours(tiles):
    with pytest.raises(AssertionError):
        hold(tiles, counting_24_hours, PARIS_2026)


# ---------------------------------------------------------------- opening hours

Openings = Callable[[Site, datetime, datetime], list[tuple[datetime, datetime]]]


def openings(site: Site, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    return [(w.start, w.end) for w in hours.openings(site, None, start, end=end)]


def two_shifts_leave_no_gap(of: Openings, change: Change) -> None:
    """A house that is open until a time, and one that is open from it: together they are always open, never both."""
    meeting = max(change.odd.time(), time(0, 15))
    zone = change.where.key
    morning = replace(SERRE, zone=zone, hours=f"Mo-Su 00:00-{meeting:%H:%M}", exceptions=())
    evening = replace(SERRE, zone=zone, hours=f"Mo-Su {meeting:%H:%M}-24:00", exceptions=())
    start, end = change.at - 30 * 4 * QUARTER, change.at + 30 * 4 * QUARTER
    shifts = sorted(of(morning, start, end) + of(evening, start, end))
    assert shifts[0][0] == start
    assert shifts[-1][1] == end
    assert [close for _, close in shifts[:-1]] == [opens for opens, _ in shifts[1:]]


def test_shifts_that_meet_in_the_hour_of_the_change_leave_no_gap_anywhere():
    hold(two_shifts_leave_no_gap, openings, changes())


def test_shift_property_finds_hours_that_are_read_with_the_wrong_fold():
    def late(site: Site, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Openings come at a time's first coming, closings at its last."""
        where = ZoneInfo(site.zone)
        found = openings(site, start, end)
        return [(a, max(b, shows(where, b).replace(tzinfo=where, fold=1).astimezone(UTC))) for a, b in found]

    with pytest.raises(AssertionError):
        hold(two_shifts_leave_no_gap, late, PARIS_2026)


# ---------------------------------------------------------------- windows

Sell = Callable[[Site, datetime], House]


def three_hours_are_three_hours(life: Sell, change: Change) -> None:
    """A window bought an hour before the change lasts three real hours, and is free to its last second."""
    site = replace(SERRE, zone=change.where.key, hours="24/7", exceptions=())
    tap = change.at - 4 * QUARTER
    house = life(site, tap)
    window = house.visits[0].window
    assert window
    assert (window.start, window.end - window.start) == (tap, timedelta(hours=3))
    told = [house.tap(tap + timedelta(hours=3) + shift).reason for shift in (-SECOND, timedelta())]
    assert told == [Reason.RE_ENTRY, Reason.ENTRY_USED]


def bought(site: Site, tap: datetime) -> House:
    house = House(site=site)
    house.sell(replace(TEN, cover=Duration(minutes=180)), tap - DAY)
    assert house.tap(tap).reason is Reason.ENTRY_USED
    return house


def test_three_hours_last_three_hours_everywhere():
    hold(three_hours_are_three_hours, bought, changes())


def test_window_property_finds_hours_added_on_the_wall():
    def on_the_wall(site: Site, tap: datetime) -> House:
        where = ZoneInfo(site.zone)
        house = bought(site, tap)
        window = house.visits[0].window
        assert window
        end = (tap.astimezone(where) + timedelta(hours=3)).astimezone(UTC)
        house.visits[0] = replace(house.visits[0], window=replace(window, end=end))
        return house

    with pytest.raises(AssertionError):
        hold(three_hours_are_three_hours, on_the_wall, PARIS_2026)


def test_week_of_days_over_the_change_uses_one_entry_a_day():
    for change in changes():
        house = House(site=replace(SERRE, zone=change.where.key, hours="24/7", exceptions=()))
        house.sell(replace(TEN, cover=Day(boundary=time(4))), change.at - WEEK)
        noon = datetime.combine(change.face.date(), time(12))
        for n in (-1, 0, 1):
            for clock in (0, 9):
                verdict = house.tap(local_time.to_utc(change.where, noon + n * DAY) + timedelta(hours=clock))
                assert isinstance(verdict, Granted)
        assert house.holding(house.passes[0]).used == 3
