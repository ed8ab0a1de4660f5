"""The hours: closing early, staying open, dated exceptions, the next openings."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

from msgspec import structs

from kiosk import hours, rules
from kiosk.answers import Done, Hours
from kiosk.commands import AddException, BackToHours, CloseToday, RemoveException, ShowHours, StayOpen
from kiosk.desk.counter import Desk, DeskError
from kiosk.desk.sales import entries
from kiosk.mistakes import near
from kiosk.model import HoursOverridden, Opening, Override, Reversed, SiteSet, Visit, Window
from kiosk.rules.passes import next_time
from kiosk.site_file import check_exception
from kiosk.site_words import clock_time

LONGEST_WINDOW = timedelta(days=2)
"""No entry covers more than a day, and the night that belongs to it."""
MOST_OPENINGS = 366


def show_hours(desk: Desk, command: ShowHours) -> Hours:
    """The hours as they are now, and the next openings, the running one first."""
    override = desk.roster.override(desk.site.id, desk.now)
    ahead = hours.openings(desk.site, override, desk.now, end=desk.now + hours.HORIZON)
    return Hours(
        site=desk.site,
        opening=local_opening(desk, hours.opening(desk.site, override, desk.now)),
        override=override,
        next=tuple(
            Window(start=desk.local(one.start), end=desk.local(one.end))
            for one in islice(ahead, min(max(command.count, 0), MOST_OPENINGS))
        ),
    )


def local_opening(desk: Desk, opening: Opening) -> Opening:
    """The same, with the instant of its change as the wall's clock shows it."""
    return structs.replace(opening, changes_at=desk.local_or_none(opening.changes_at))


# ---------------------------------------------------------------- today


def close_today(desk: Desk, command: CloseToday) -> Done:
    """Close from now until midnight. Entries of whose window this cuts more than half are given back."""
    _, midnight = desk.day(desk.today)
    before = desk.roster.override(desk.site.id, desk.now)
    if not any(True for _ in hours.openings(desk.site, before, desk.now, end=midnight)):
        return Done(said=("It is closed for the rest of the day already.",), changed=False)
    override = Override(state="closed", since=desk.now, until=midnight)
    cut = _cut(desk, until=midnight)
    desk.append(
        HoursOverridden(site_id=desk.site.id, override=override, by=command.by),
        *(Reversed(ref=visit.ref, reason="closed early", by="closing") for visit in cut),
    )
    opens = hours.next_opening(desk.site, override, desk.now)
    again = f" It opens again on {desk.local(opens):%Y-%m-%d at %H:%M}." if opens else ""
    return Done(said=(f"Closed until midnight.{again}", *(_given_back(desk, visit) for visit in cut)))


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


def stay_open(desk: Desk, command: StayOpen) -> Done:
    """Open from now until a time of today, midnight at the latest."""
    try:
        until = next_time(desk.zone, desk.now, clock_time(command.until.strip().lower().replace("h", ":")))
    except ValueError:
        raise DeskError(f'"{command.until}" is no time of day: write it like 19:30') from None
    if until > desk.day(desk.today)[1]:
        passed = f"{desk.local(until):%H:%M} has passed today, it is {desk.local(desk.now):%H:%M}"
        raise DeskError(f"{passed}: write a later time, 00:00 at the latest")
    override = Override(state="open", since=desk.now, until=until)
    desk.append(HoursOverridden(site_id=desk.site.id, override=override, by=command.by))
    return Done(said=(f"Open until {desk.local(until):%Y-%m-%d %H:%M}.",))


def back_to_hours(desk: Desk, command: BackToHours) -> Done:
    """Take staff's word back. Entries that a closing gave back stay given back."""
    if desk.roster.override(desk.site.id, desk.now) is None:
        return Done(said=("The usual hours apply already.",), changed=False)
    desk.append(HoursOverridden(site_id=desk.site.id, override=None, by=command.by))
    opening = hours.opening(desk.site, None, desk.now)
    return Done(said=(f"The usual hours apply: {'open' if opening.is_open else 'closed'} now.",))


# ---------------------------------------------------------------- dated exceptions


def add_exception(desk: Desk, command: AddException) -> Done:
    """Add a dated rule; it wins over those before it."""
    rule = command.rule.strip()
    try:
        check_exception(rule, desk.site.country)
    except hours.HoursError as error:
        raise DeskError(str(error)) from None
    if rule in desk.site.exceptions:
        return Done(said=(f"{rule} is there already.",), changed=False)
    first = hours.next_effect(rule, desk.site.country, desk.today)
    read_as = hours.read_as(rule, desk.site.country)
    if first is None:
        raise DeskError(f"{rule} is read as {read_as}: these dates have passed, or run backwards")
    desk.append(SiteSet(site=structs.replace(desk.site, exceptions=(*desk.site.exceptions, rule))))
    return Done(said=(f"Added: {rule}", f"It is read as {read_as}, and applies from {first} on."))


def remove_exception(desk: Desk, command: RemoveException) -> Done:
    """Remove a dated rule, by its text or its number."""
    rules_, text = desk.site.exceptions, command.rule.strip()
    by_number = {str(number): rule for number, rule in enumerate(rules_, 1)}
    text = by_number.get(text, text)
    if text not in rules_:
        raise DeskError(f"no exception is written {text}", near(text, rules_) or rules_)
    desk.append(SiteSet(site=structs.replace(desk.site, exceptions=tuple(one for one in rules_ if one != text))))
    return Done(said=(f"Removed: {text}",))
