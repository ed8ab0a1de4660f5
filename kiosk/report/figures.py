"""The figures of a site over a range of months: adds the sums of months up. Pure.

A figure that the sums do not hold is not here: a report is the same before and after the passages are forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from kiosk.facts import AnswerCount, GroupCount, MonthSummed, OftenCount, WeekCount
from kiosk.model import Noun, Reason

HALF_DAY = 13
"""The hour at which a half day ends, where nobody asks for its minutes."""
LET_IN = frozenset({Reason.STAFF, Reason.RE_ENTRY, Reason.COURTESY, Reason.UNLIMITED, Reason.ENTRY_USED, Reason.DEBT})
UNMET = (Reason.CLOSED, Reason.FULL)
"""Answers to people who would have come in at another time, or at a larger place."""


class MonthFigures(Noun, frozen=True, kw_only=True):
    """A month in the report."""

    month: str
    planned: int
    """Openings that the hours told of."""
    held: int
    """Openings that there were."""
    minutes_open: int
    visits: int
    guests: int
    people: int
    """Different people, without hosts and guests."""
    first_time: int
    """Of these, those who had never come before."""
    minutes_bought: int
    stays: int
    minutes_stayed: int
    hosts: int
    profiles: tuple[GroupCount, ...]
    """By what members said brings them; empty: nothing."""
    often: tuple[OftenCount, ...]
    late_visits: int
    """Of the visits: told after the month had been summed; `often` leaves them out."""


class Demand(Noun, frozen=True, kw_only=True):
    """The taps in an hour of a weekday, over the range."""

    weekday: int
    """0 is Monday."""
    hour: int
    let_in: int
    closed: int
    """Refused because it was closed."""
    full: int


class HalfDay(Noun, frozen=True, kw_only=True):
    """A half day of the week that was closed, and how many taps it would have served."""

    weekday: int
    is_morning: bool
    taps: int


class Peak(Noun, frozen=True, kw_only=True):
    """The hour in which most people were present."""

    on: date
    hour: int
    people: int


class Figures(Noun, frozen=True, kw_only=True):
    """All that the report says of a range of months, the accounts left out."""

    since: str
    until: str
    """Months, both included: `2026-07`."""
    months: tuple[MonthFigures, ...]
    weeks: tuple[WeekCount, ...]
    """A week in which a month ends has two parts."""
    people: int
    """Different people in the whole range, without hosts and guests."""
    first_time: int
    visits: int
    guests: int
    planned: int
    held: int
    minutes_open: int
    minutes_bought: int
    stays: int
    """Visits of which the end is known."""
    minutes_stayed: int
    hosts: int
    """Taps of hosts."""
    peak: Peak | None
    present_hours: int
    """The sum, over all hours, of the people present in each."""
    demand: tuple[Demand, ...]
    refusals: dict[str, int]
    """How often each reason was given to somebody who was not let in."""
    wanted: HalfDay | None
    """The closed half day of the week that was asked for most."""
    late_visits: int
    seen_later: int
    nameless: int


class ProductSales(Noun, frozen=True, kw_only=True):
    """The sales of a product, those that were cancelled left out."""

    product: str
    sold: int
    gifts: int
    """Of these: paid by nobody."""
    cents: int
    units: int
    """Entries on them; 0: without a count."""


class Accounts(Noun, frozen=True, kw_only=True):
    """Sales and entries of a site in [since, until)."""

    products: tuple[ProductSales, ...]
    cents: int
    units_sold: int
    units_used: int
    """Of the passes sold in this time, until now."""
    units_left: int
    units_owed: int
    """Used beyond what the passes had: debts that no later sale took over."""
    worth_cents: int
    """What the entries left are worth, each at the price at which it was sold."""


def add_up(sums: Iterable[MonthSummed], *, since: str, until: str) -> Figures:
    """Return the figures of the months from `since` to `until`, both included."""
    within = [one for one in sums if since <= one.month <= until]
    months = [_month([one for one in within if one.month == month]) for month in sorted({one.month for one in within})]
    came = [(one.month, one.people) for summed in within for one in summed.came_last]
    answers = [one for summed in within for one in summed.answers]
    refused = Counter[str]()
    for answer in answers:
        if answer.reason not in LET_IN:
            refused[answer.reason.value] += answer.taps
    demand = tuple(_demand(answers))
    present = [one for summed in within for one in summed.present]
    peak = max(present, key=lambda one: one.people, default=None)
    return Figures(
        since=since,
        until=until,
        months=tuple(months),
        weeks=tuple(_weeks(within)),
        people=sum(people for before, people in came if before < since),
        first_time=sum(people for before, people in came if not before),
        visits=sum(one.visits for one in within),
        guests=sum(one.guests for one in within),
        planned=sum(one.planned for one in months),
        held=sum(one.held for one in months),
        minutes_open=sum(one.minutes_open for one in months),
        minutes_bought=sum(one.minutes_bought for one in within),
        stays=sum(one.stays for one in within),
        minutes_stayed=sum(one.minutes_stayed for one in within),
        hosts=sum(one.hosts for one in months),
        peak=Peak(on=peak.on, hour=peak.hour, people=peak.people) if peak else None,
        present_hours=sum(one.people for one in present),
        demand=demand,
        refusals=dict(refused.most_common()),
        wanted=_wanted(demand),
        late_visits=sum(one.visits for one in within if one.is_late),
        seen_later=sum(one.seen_later for one in within),
        nameless=sum(one.nameless for one in within),
    )


def _month(parts: Sequence[MonthSummed]) -> MonthFigures:
    """Add the sum of a month and its late ones up."""
    held = {(one.opens, one.closes) for part in parts for one in part.sessions}
    came = [one for part in parts for one in part.came_last]
    hosts = [group for part in parts for group in part.groups if group.group == "staff"]
    return MonthFigures(
        month=parts[0].month,
        planned=max(part.planned for part in parts),
        held=len(held),
        minutes_open=_minutes(closes - opens for opens, closes in held),
        visits=sum(part.visits for part in parts),
        guests=sum(part.guests for part in parts),
        people=sum(one.people for one in came),
        first_time=sum(one.people for one in came if not one.month),
        minutes_bought=sum(part.minutes_bought for part in parts),
        stays=sum(part.stays for part in parts),
        minutes_stayed=sum(part.minutes_stayed for part in parts),
        hosts=sum(group.visits for group in hosts),
        profiles=_profiles(group for part in parts for group in part.groups if group.group != "staff"),
        often=tuple(one for part in parts for one in part.often),
        late_visits=sum(part.visits for part in parts if part.is_late),
    )


def _profiles(groups: Iterable[GroupCount]) -> tuple[GroupCount, ...]:
    people, visits = Counter[str](), Counter[str]()
    for one in groups:
        people[one.group] += one.people
        visits[one.group] += one.visits
    return tuple(GroupCount(group=group, people=people[group], visits=visits[group]) for group in sorted(people))


def _minutes(times: Iterable[timedelta]) -> int:
    return round(sum(times, timedelta(0)) / timedelta(minutes=1))


def _weeks(sums: Iterable[MonthSummed]) -> Iterator[WeekCount]:
    for summed in sums:
        yield from summed.weeks


def _demand(answers: Iterable[AnswerCount]) -> Iterator[Demand]:
    cells: dict[tuple[int, int], Counter[str]] = {}
    for answer in answers:
        kind = "let_in" if answer.reason in LET_IN else answer.reason.value.lower()
        cells.setdefault((answer.on.weekday(), answer.hour), Counter())[kind] += answer.taps
    for (weekday, hour), counts in sorted(cells.items()):
        yield Demand(weekday=weekday, hour=hour, let_in=counts["let_in"], closed=counts["closed"], full=counts["full"])


def _wanted(demand: Iterable[Demand]) -> HalfDay | None:
    """Return the half day with most taps refused because it was closed; of several the first of the week."""
    closed: Counter[tuple[int, bool]] = Counter()
    for cell in demand:
        closed[cell.weekday, cell.hour < HALF_DAY] += cell.closed
    best = max(sorted(closed, key=lambda one: (one[0], not one[1])), key=lambda one: closed[one], default=None)
    if best is None or not closed[best]:
        return None
    return HalfDay(weekday=best[0], is_morning=best[1], taps=closed[best])
