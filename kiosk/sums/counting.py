"""Counts the passages of a month at a site into kiosk.facts.MonthSummed. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from kiosk import hours, local_time
from kiosk.facts import (
    AnswerCount,
    CameLastCount,
    GroupCount,
    MonthSummed,
    OftenCount,
    PresentCount,
    SessionCount,
    WeekCount,
)
from kiosk.model import Noun, Override, Reason, Site, Window
from kiosk.rules import extras
from kiosk.sums import months

STAFF = "staff"
"""The group of the hosts."""
OFTEN = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 0))
"""How often the people of a month came: from, and until; 0 without limit."""
EARLY = timedelta(minutes=30)
"""A tap so long before an opening belongs to it: the rules let nobody in earlier."""
HOUR = timedelta(hours=1)


class Answer(Noun, frozen=True, kw_only=True):
    """A tap, and how it was answered."""

    at: datetime
    reason: Reason


class Stay(Noun, frozen=True, kw_only=True):
    """A tap that let somebody in, with what the roster knows of it."""

    at: datetime
    member_id: str
    """Empty: erased."""
    reason: str
    is_undone: bool = False
    window: Window | None = None
    """The time that it may be used for."""
    is_charged: bool = False
    until: datetime | None = None
    """When the presence ended."""
    left_at: datetime | None = None
    """When the member said that they leave."""


class Announced(Noun, frozen=True, kw_only=True):
    """What hosts decided about the hours at an instant; None: the usual ones again."""

    at: datetime
    override: Override | None


class MonthOfSite(Noun, frozen=True, kw_only=True):
    """All that is counted of a month at a site."""

    site_id: str
    month: str
    zone: str
    answers: Sequence[Answer]
    stays: Sequence[Stay]
    is_late: bool = False


def count(
    of: MonthOfSite,
    *,
    last_came: Mapping[str, tuple[str, str]],
    staff: frozenset[str],
    profiles: Mapping[str, str],
    site_on: Callable[[date], Site | None],
    announced: Sequence[Announced],
) -> MonthSummed:
    """Return the sums of a month.

    `profiles`: of members who told what brings them. `last_came`: of members seen before, the last month summed in
    which they came, and the one before it. `site_on`: the site as it was on a day. `announced`: what hosts decided
    about its hours, in the order of time.
    """
    where = local_time.zone(of.zone)
    visits = [stay for stay in _comings(of.stays) if stay.member_id not in staff]
    known = [stay for stay in visits if stay.member_id and not extras.host_of(stay.member_id)]
    came = Counter(stay.member_id for stay in known)
    hosts = Counter(stay.member_id for stay in of.stays if stay.member_id in staff and not stay.is_undone)
    before = {name: _came_before(last_came.get(name), of.month) for name in came}
    fresh = {name: month for name, month in before.items() if month is not None}
    ended = [(stay.left_at - stay.at) for stay in visits if stay.left_at is not None]
    planned, held = _sessions(of.month, where, site_on, announced)
    return MonthSummed(
        site_id=of.site_id,
        month=of.month,
        is_late=of.is_late,
        answers=tuple(_answers(of.answers, where)),
        present=tuple(_present(of.stays, where, staff)),
        planned=0 if of.is_late else planned,
        sessions=tuple(_by_session(held, visits, only_used=of.is_late)),
        weeks=tuple(_weeks(visits, where)),
        visits=len(visits),
        guests=sum(extras.host_of(stay.member_id) is not None for stay in visits),
        nameless=sum(not stay.member_id for stay in visits),
        minutes_bought=_minutes(
            stay.window.end - stay.window.start
            for stay in of.stays
            if stay.window and stay.is_charged and not stay.is_undone and stay.member_id not in staff
        ),
        stays=len(ended),
        minutes_stayed=_minutes(ended),
        groups=(
            *_groups({name: came[name] for name in fresh}, profiles),
            *_group(STAFF, hosts, hosts.total()),
        ),
        often=() if of.is_late else tuple(_often(came)),
        came_last=_came_last(fresh.values()),
        seen_later=sum(of.month not in last_came[name] for name in before.keys() - fresh.keys()),
    )


def of_network(month: str, seen: Mapping[str, set[str]]) -> MonthSummed:
    """Return the sums of people of a month over all sites; `seen`: the last months in which each came, at any site."""
    before = {name: max((one for one in its if one < month), default="") for name, its in seen.items() if month in its}
    return MonthSummed(site_id="", month=month, groups=_group("", before), came_last=_came_last(before.values()))


def _group(group: str, people: Collection[str], visits: int = 0) -> tuple[GroupCount, ...]:
    return (GroupCount(group=group, people=len(people), visits=visits),) if people else ()


def _groups(came: Mapping[str, int], profiles: Mapping[str, str]) -> Iterator[GroupCount]:
    """Yield the people and visits of each profile; those without one first."""
    for profile in sorted({profiles.get(name, "") for name in came}):
        visits = [times for name, times in came.items() if profiles.get(name, "") == profile]
        yield GroupCount(group=profile, people=len(visits), visits=sum(visits))


def _came_last(before: Iterable[str]) -> tuple[CameLastCount, ...]:
    return tuple(CameLastCount(month=month, people=people) for month, people in sorted(Counter(before).items()))


def _came_before(known: tuple[str, str] | None, month: str) -> str | None:
    """Return the last month before this one in which somebody came; None: they may have been counted in it already."""
    if known is None:
        return ""
    return known[0] if known[0] < month else None


def _comings(stays: Sequence[Stay]) -> Iterator[Stay]:
    """Yield the taps with which somebody came: not back into a running window, nor to prolong one without a gap."""
    counted = [stay for stay in stays if stay.reason != Reason.RE_ENTRY.value and not stay.is_undone]
    ends = {(stay.member_id, stay.window.end) for stay in counted if stay.window}
    for stay in counted:
        if not stay.member_id or stay.window is None or (stay.member_id, stay.window.start) not in ends:
            yield stay


def _minutes(times: Iterable[timedelta]) -> int:
    return round(sum(times, timedelta(0)) / timedelta(minutes=1))


def _answers(answers: Iterable[Answer], where: ZoneInfo) -> Iterator[AnswerCount]:
    counts: Counter[tuple[date, int, Reason]] = Counter()
    for answer in answers:
        local = local_time.to_local(where, answer.at)
        counts[local.date(), local.hour, answer.reason] += 1
    for (on, hour, reason), taps in sorted(counts.items()):
        yield AnswerCount(on=on, hour=hour, reason=reason, taps=taps)


def _present(stays: Iterable[Stay], where: ZoneInfo, staff: frozenset[str]) -> Iterator[PresentCount]:
    """Yield for each hour how many people were there at some time in it."""
    there: dict[tuple[date, int], set[str]] = defaultdict(set)
    for stay in stays:
        if stay.until is None or not stay.member_id or stay.member_id in staff:
            continue
        at = stay.at
        while at < stay.until:
            local = local_time.to_local(where, at)
            there[local.date(), local.hour].add(stay.member_id)
            at += HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    for (on, hour), people in sorted(there.items()):
        yield PresentCount(on=on, hour=hour, people=len(people))


def _weeks(visits: Iterable[Stay], where: ZoneInfo) -> Iterator[WeekCount]:
    weeks: dict[date, list[Stay]] = defaultdict(list)
    for visit in visits:
        day = local_time.today(where, visit.at)
        weeks[day - timedelta(days=day.weekday())].append(visit)
    for monday, those in sorted(weeks.items()):
        people = {visit.member_id for visit in those if visit.member_id}
        yield WeekCount(monday=monday, visits=len(those), people=len(people))


def _often(came: Mapping[str, int]) -> Iterator[OftenCount]:
    for least, most in OFTEN:
        people = sum(least <= times <= (most or times) for times in came.values())
        if people:
            yield OftenCount(least=least, most=most, people=people)


# ---------------------------------------------------------------- sessions


def _sessions(
    month: str, where: ZoneInfo, site_on: Callable[[date], Site | None], announced: Sequence[Announced]
) -> tuple[int, list[Window]]:
    """Return how many openings the hours told of, and those that were held, as hosts closed or prolonged them."""
    planned: list[Window] = []
    for day in months.days(month):
        site = site_on(day)
        if site is not None:
            begin, end = local_time.midnight(where, day), local_time.midnight(where, local_time.day_after(day))
            planned += hours.openings(site, None, begin, end=end)
    planned = list(_joined(planned))
    held, begin, end = planned, months.start(where, month), months.start(where, months.after(month))
    for number, one in enumerate(announced, start=1):
        if one.override is not None:
            taken_back = announced[number].at if number < len(announced) else one.override.until
            since, until = max(one.override.since, begin), min(one.override.until, taken_back, end)
            if since < until:
                held = _with(held, Window(start=since, end=until), is_open=one.override.state == "open")
    return len(planned), held


def _joined(windows: Iterable[Window]) -> Iterator[Window]:
    """Yield windows in their order, those that touch or overlap as one."""
    last: Window | None = None
    for window in sorted(windows, key=lambda one: one.start):
        if last is not None and window.start <= last.end:
            last = Window(start=last.start, end=max(last.end, window.end))
            continue
        if last is not None:
            yield last
        last = window
    if last is not None:
        yield last


def _with(windows: Sequence[Window], change: Window, *, is_open: bool) -> list[Window]:
    """Return windows with a time added to them, or cut out of them."""
    if is_open:
        return list(_joined([*windows, change]))
    parts = [Window(start=one.start, end=min(one.end, change.start)) for one in windows]
    parts += [Window(start=max(one.start, change.end), end=one.end) for one in windows]
    return sorted({part for part in parts if part.start < part.end}, key=lambda one: one.start)


def _by_session(held: Sequence[Window], visits: Sequence[Stay], *, only_used: bool) -> Iterator[SessionCount]:
    """Yield the openings and who came in each; a visit in none, as with a pass for any hour, counts in none."""
    ended = datetime.min.replace(tzinfo=UTC)
    for session in held:
        begin = max(ended, session.start - EARLY)
        there = [one for one in visits if begin <= one.at < session.end]
        names = {one.member_id for one in there if one.member_id}
        if there or not only_used:
            yield SessionCount(opens=session.start, closes=session.end, visits=len(there), people=len(names))
        ended = session.end
