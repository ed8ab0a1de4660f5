"""Plans for changes of the hours: their facts and effects, worked out before anything is written.

The same plan is what a preview shows and what the change then does. It is carried out in kiosk.desk.opening.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import singledispatch
from typing import TypeVar

from msgspec import structs

from kiosk import hours, rules
from kiosk.commands import (
    AddException,
    BackToHours,
    CloseToday,
    HoursChange,
    RemoveException,
    SetDates,
    SetHours,
    SetWeek,
    StayOpen,
)
from kiosk.desk import changes
from kiosk.desk.desk import Desk, DeskError
from kiosk.desk.sales import entries
from kiosk.facts import AnyFact, Reversed
from kiosk.hours import dated, week
from kiosk.messages import BY_CLOSING
from kiosk.model import Override, Site, Span, Visit
from kiosk.rules.passes import next_time
from kiosk.settings.mistakes import near
from kiosk.settings.site_file import check_exception
from kiosk.settings.site_words import clock_time

LOOKED_AHEAD = 366
"""Days in which the first change of new weekly hours is looked for: each rule has applied by then."""
LONGEST_WINDOW = timedelta(days=2)
"""No entry covers more than a day, and the night that belongs to it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Facts to write, and the site as it is after them. Without facts nothing would change, and `said` says so."""

    site: Site
    override: Override | None
    first: date
    """The first local day that is changed."""
    said: tuple[str, ...]
    facts: tuple[AnyFact, ...] = ()
    given_back: tuple[Visit, ...] = ()
    stays_given_back: tuple[Visit, ...] = ()
    """What the closing gave back that is taken back now: nothing is charged without a tap."""


@singledispatch
def plan(command: HoursChange, desk: Desk) -> Plan:  # noqa: ARG001 - the ones below need it
    """Return the plan of a change. Raises DeskError for a change that cannot be made."""
    raise TypeError(f"{command!r} changes no hours")


def _as_it_is(desk: Desk, said: str) -> Plan:
    return Plan(site=desk.site, override=standing(desk), first=desk.today, said=(said,))


def standing(desk: Desk) -> Override | None:
    """Return the override that applies now."""
    return desk.roster.override(desk.site.id, desk.now)


# ---------------------------------------------------------------- today


@plan.register
def _close(command: CloseToday, desk: Desk) -> Plan:
    """Close from now until midnight. Entries that lose more than half of their window are given back."""
    _, midnight = desk.day(desk.today)
    if not any(True for _ in hours.openings(desk.site, standing(desk), desk.now, end=midnight)):
        return _as_it_is(desk, "It is closed for the rest of the day already.")
    override = Override(state="closed", since=desk.now, until=midnight)
    cut = _cut(desk, until=midnight)
    opens = hours.next_opening(desk.site, override, desk.now)
    again = f" It opens again on {desk.local(opens):%Y-%m-%d at %H:%M}." if opens else ""
    return Plan(
        site=desk.site,
        override=override,
        first=desk.today,
        said=(f"Closed until midnight.{again}", *(_given_back(desk, visit) for visit in cut)),
        facts=(
            changes.override(desk.roster, desk.site_id, override, by=command.by),
            *(Reversed(ref=visit.ref, reason="closed early", by=BY_CLOSING) for visit in cut),
        ),
        given_back=cut,
    )


def _cut(desk: Desk, *, until: datetime) -> tuple[Visit, ...]:
    visits = desk.roster.visits(desk.now - LONGEST_WINDOW, desk.now + timedelta(seconds=1), site_id=desk.site.id)
    holders = {visit.member_id for visit in visits if visit.charges}
    held = (holding.pass_ for holder in holders for holding in desk.roster.holdings(holder, desk.now))
    own_hours = {sold.id for sold in held if sold.terms.access_hours}
    return rules.cut_by_closing(visits, desk.now, desk.site, until=until, own_hours=own_hours)


def _given_back(desk: Desk, visit: Visit) -> str:
    member = desk.roster.member(visit.member_id)
    units = sum(charge.units for charge in visit.charges)
    name = member.name if member else visit.member_id
    return f"{name}: {entries(units)} given back, as more than half of the window is cut."


@plan.register
def _open(command: StayOpen, desk: Desk) -> Plan:
    """Open from now until a time of today, midnight at the latest."""
    try:
        until = next_time(desk.zone, desk.now, clock_time(command.until.strip().lower().replace("h", ":")))
    except ValueError:
        raise DeskError(f'"{command.until}" is no time of day: write it like 19:30', code="NO_TIME") from None
    if until > desk.day(desk.today)[1]:
        passed = f"{desk.local(until):%H:%M} has passed today, it is {desk.local(desk.now):%H:%M}"
        advice = f"{passed}: write a later time, 00:00 at the latest"
        raise DeskError(advice, code="TIME_PASSED", time=f"{desk.local(until):%H:%M}")
    override = Override(state="open", since=desk.now, until=until)
    return Plan(
        site=desk.site,
        override=override,
        first=desk.today,
        said=(f"Open until {desk.local(until):%Y-%m-%d %H:%M}.",),
        facts=(changes.override(desk.roster, desk.site_id, override, by=command.by),),
    )


@plan.register
def _back(command: BackToHours, desk: Desk) -> Plan:
    """End the override. Entries that a closing gave back stay given back."""
    override = standing(desk)
    if override is None:
        return _as_it_is(desk, "The usual hours apply already.")
    opening = hours.opening(desk.site, None, desk.now)
    stays = _given_back_by(desk, override)
    not_undone = f"Given back by the closing, and not taken again: {_names(desk, stays)}."
    return Plan(
        site=desk.site,
        override=None,
        first=desk.today,
        said=(
            f"The usual hours apply: {'open' if opening.is_open else 'closed'} now.",
            *([not_undone] if stays else ()),
        ),
        facts=(changes.override(desk.roster, desk.site_id, None, by=command.by),),
        stays_given_back=stays,
    )


def _given_back_by(desk: Desk, closing: Override) -> tuple[Visit, ...]:
    visits = desk.roster.visits(closing.since - LONGEST_WINDOW, desk.now, site_id=desk.site.id)
    return tuple(
        visit
        for visit in visits
        if visit.reversed_by == BY_CLOSING
        and visit.reversed_at
        and visit.reversed_at >= closing.since
        and visit.charges
    )


def _names(desk: Desk, visits: Sequence[Visit]) -> str:
    return ", ".join(names_of(desk, visits))


def names_of(desk: Desk, visits: Sequence[Visit]) -> tuple[str, ...]:
    """Return the names of the people whose visits these are, each once."""
    members = (desk.roster.member(visit.member_id) for visit in visits)
    return tuple(dict.fromkeys(member.name for member in members if member))


# ---------------------------------------------------------------- dated exceptions


@plan.register
def _exception(command: AddException, desk: Desk) -> Plan:
    """Add a dated rule; it wins over earlier ones."""
    rule = command.rule.strip()
    _understood(lambda: check_exception(rule, desk.site.calendar))
    _understood(lambda: hours.check_night(desk.site.hours, rule))
    if rule in desk.site.exceptions:
        return _as_it_is(desk, f"{rule} is there already.")
    first = hours.next_effect(rule, desk.site.calendar, desk.today)
    read_as = hours.read_as(rule, desk.site.calendar)
    if first is None:
        message = f"{rule} is read as {read_as}: these dates have passed, or run backwards"
        raise DeskError(message, code="DATES_PASSED")
    said = (f"Added: {rule}", f"It is read as {read_as}, and applies from {first} on.")
    return _with_exceptions(desk, (*desk.site.exceptions, rule), first=first, said=said)


@plan.register
def _dates(command: SetDates, desk: Desk) -> Plan:
    """Add a dated rule given as dates and times. It replaces a rule for exactly these dates."""
    change = command.dates
    if change.last < desk.today:
        raise DeskError(f"{change.last} has passed: choose today or a later day", code="DATES_PASSED")
    rule = _understood(lambda: dated.write_dates(change))
    _understood(lambda: check_exception(rule, desk.site.calendar))
    if desk.site.exceptions[-1:] == (rule,):
        return _as_it_is(desk, f"{rule} is there already.")
    others = tuple(one for one in desk.site.exceptions if not _is_about(one, change.first, change.last))
    first = max(change.first, desk.today)
    return _with_exceptions(desk, (*others, rule), first=first, said=(f"Added: {rule}",))


def _is_about(rule: str, first: date, last: date) -> bool:
    known = dated.read_dates(rule)
    return known is not None and (known.first, known.last) == (first, last)


@plan.register
def _without(command: RemoveException, desk: Desk) -> Plan:
    """Remove a dated rule, by its text or its number."""
    rules_, text = desk.site.exceptions, command.rule.strip()
    by_number = {str(number): rule for number, rule in enumerate(rules_, 1)}
    text = by_number.get(text, text)
    if text not in rules_:
        raise DeskError(f'there is no exception "{text}"', near(text, rules_) or rules_, code="NO_SUCH_EXCEPTION")
    first = hours.next_effect(text, desk.site.calendar, desk.today) or desk.today
    left = tuple(one for one in rules_ if one != text)
    return _with_exceptions(desk, left, first=first, said=(f"Removed: {text}",))


def _with_exceptions(desk: Desk, exceptions: tuple[str, ...], *, first: date, said: tuple[str, ...]) -> Plan:
    site = structs.replace(desk.site, exceptions=exceptions)
    return Plan(
        site=site,
        override=standing(desk),
        first=first,
        said=said,
        facts=(changes.change(desk.roster, desk.site, site),),
    )


# ---------------------------------------------------------------- the week


@plan.register
def _week(command: SetWeek, desk: Desk) -> Plan:
    """Replace the weekly hours by a grid; keep the exceptions."""
    return _with_hours(desk, _understood(lambda: week.write_week(command.week)))


@plan.register
def _hours(command: SetHours, desk: Desk) -> Plan:
    """Replace the weekly hours by any that the language can say; keep the exceptions."""
    expression = " ".join(command.hours.split())
    _understood(lambda: hours.check(expression, desk.site.exceptions, desk.site.calendar))
    return _with_hours(desk, expression)


def _with_hours(desk: Desk, expression: str) -> Plan:
    if expression == desk.site.hours:
        return _as_it_is(desk, f"The hours are {expression} already.")
    site = structs.replace(desk.site, hours=expression)
    return Plan(
        site=site,
        override=standing(desk),
        first=_first_change(desk, site),
        said=(f"Hours: {expression}",),
        facts=(changes.change(desk.roster, desk.site, site),),
    )


def _first_change(desk: Desk, site: Site) -> date:
    """Return the first day on which a site is open at other times than now; today if there is none within a year."""
    days = (desk.today + timedelta(days=n) for n in range(LOOKED_AHEAD))
    return next((day for day in days if _open_on(desk, desk.site, day) != _open_on(desk, site, day)), desk.today)


def _open_on(desk: Desk, site: Site, day: date) -> tuple[Span, ...]:
    return week.picture(site, standing(desk), day, days=1)[0].open


T = TypeVar("T")


def _understood(read: Callable[[], T]) -> T:
    try:
        return read()
    except hours.HoursError as error:
        raise DeskError(str(error), code=error.code, **error.facts) from None
