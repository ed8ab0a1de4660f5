"""Performs commands about visits: check-in and check-out by hand, giving an entry back, who is in, today's taps."""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile

from msgspec import structs

from kiosk import rules
from kiosk.answers import Done, DoorOpened, Inside, Judged, Present, TapLine, Taps
from kiosk.commands import AssignBadge, CheckIn, ClaimBadge, Leave, ListInside, ListTaps, OpenDoor, Undo
from kiosk.desk import erased_inside, guests
from kiosk.desk.contact_data import refuse_contact
from kiosk.desk.desk import Desk, DeskError
from kiosk.desk.guests import Visitor
from kiosk.desk.members import assign_badge
from kiosk.desk.sales import entries
from kiosk.facts import Entry, Happened, Left, Reversed, Tapped
from kiosk.model import Denied, Granted, Source, Tap, Visit
from kiosk.rules import corrections
from kiosk.store.chain import decode_fact

WHY_NOT = {
    "ALREADY_REVERSED": "it was taken back already",
    "TOO_LATE": "it is too long ago",
}


def check_in(desk: Desk, command: CheckIn) -> Judged:
    """Judge a member without their badge like a tap, and record the verdict.

    The door is not opened: a host is there.
    """
    member = desk.member(command.member)
    tap = Tap(uid=None, monotonic=0.0, source=Source.STAFF, member_id=member.id)
    case = desk.roster.gather(tap, site_id=desk.site.id, badge_id=None, now=desk.now, clock=desk.clock)
    verdict = rules.decide(case, desk.now)
    desk.append(Tapped(site_id=desk.site.id, verdict=verdict, member_id=member.id, source=Source.STAFF))
    window = verdict.window if isinstance(verdict, Granted) else None
    opens = None if isinstance(verdict, Granted) else verdict.opens_at
    return Judged(
        name=member.name,
        verdict=verdict,
        until=desk.local_or_none(window.end if window else None),
        opens=desk.local_or_none(opens),
    )


def claim_badge(desk: Desk, command: ClaimBadge) -> Judged:
    """Give a member the badge that was denied under a claim code, and judge its tap again."""
    member = desk.member(command.member)
    assign_badge(desk, AssignBadge(member=member.id, code=command.code))
    return check_in(desk, CheckIn(member=member.id))


def leave(desk: Desk, command: Leave) -> Done:
    """Record that a member or guest left. No entry is given back, and no window ends."""
    if command.member.startswith(erased_inside.MARK):
        return erased_inside.leave(desk, command.member)
    person = guests.visitor(desk, command.member)
    here = (
        *desk.roster.inside(desk.site.id, desk.now),
        *desk.roster.not_left(desk.site.id, desk.now - erased_inside.DOUBT),
    )
    if not any(visit.member_id == person.id for visit in here):
        return Done(said=(f"{person.name} is not in.",), changed=False)
    desk.append(Left(member_id=person.id, site_id=desk.site.id))
    return Done(said=(f"{person.name} has left.",))


def undo(desk: Desk, command: Undo) -> Done:
    """Give back an entry of a member or their guest, within the days that the site's policy gives hosts."""
    if not command.reason.strip():
        raise DeskError("why? An entry is given back with a reason", code="NO_REASON")
    refuse_contact(command.reason, field="reason", country=desk.country)
    person = guests.visitor(desk, command.member)
    visits = guests.visits(desk.roster, person.member.id, desk.now)
    visit = _to_undo(desk, person, visits, command)
    why_not = rules.may_undo(visit, visits, now=desk.now, by_staff=True, site=desk.site)
    if why_not:
        message = f"the visit of {desk.local(visit.at):%Y-%m-%d %H:%M} stands: {WHY_NOT.get(why_not, why_not)}"
        raise DeskError(message, code=why_not)
    if _became_a_day(desk, visit):
        message = "a later half day of that date was made a day with this one: take that one back first"
        raise DeskError(message, code="LATER_HALF")
    desk.append(Reversed(ref=visit.ref, reason=command.reason, by=command.by))
    units = sum(charge.units for charge in visit.charges)
    given = f", {entries(units)} given back" if units else ""
    name = _name(desk, visit.member_id)
    return Done(said=(f"{name}: the visit of {desk.local(visit.at):%Y-%m-%d %H:%M} is taken back{given}.",))


def _became_a_day(desk: Desk, visit: Visit) -> bool:
    """Tell whether a visit was turned into a day by a later half day; never true for a guest's."""
    theirs = desk.roster.visits_of(visit.member_id, desk.now)
    site = desk.roster.site(visit.site_id) or desk.site
    later = (one for one in theirs if one.at > visit.at and one.reversed_at is None)
    day = desk.local(visit.at).date()
    if visit.charges and any(desk.local(one.at).date() == day and desk.roster.gave_credit(one.ref) for one in later):
        return True
    return corrections.became_a_day(visit, theirs, desk.roster.holdings(visit.member_id, desk.now), site)


def _to_undo(desk: Desk, person: Visitor, visits: tuple[Visit, ...], command: Undo) -> Visit:
    """Return the visit to undo, of a member or their guests; without a number the last visit of the person named."""
    paid = [visit for visit in visits if visit.charges and not visit.reversed_at]
    if command.seq is not None:
        numbered = [one for one in visits if one.ref.seq == command.seq]
        numbered = [one for one in numbered if command.ledger_id in (None, one.ref.ledger_id)]
        own = desk.own_ledger.ledger_id if desk.own_ledger else None
        found = min(numbered, key=lambda one: one.ref.ledger_id != own, default=None)
        if found is None:
            message = f"{person.name} has no visit {command.seq} in the last 40 days"
            raise DeskError(message, [str(visit.ref.seq) for visit in paid][:5], code="NO_SUCH_VISIT")
        return found
    last = next((visit for visit in paid if visit.member_id == person.id), None)
    if last is None:
        message = f"{person.name} used no entry in the last 40 days that could be given back"
        if paid:
            message += "; `--visit` gives that of a guest back, by its number in `kiosk member show`"
        raise DeskError(message, code="NOTHING_USED", name=person.name)
    return last


def list_inside(desk: Desk, command: ListInside) -> Inside:
    """Return the people who are in, hosts included, then erased members; people who may be in come last."""
    visits = desk.roster.inside(desk.site.id, desk.now)
    people = [*(_present(desk, visit) for visit in visits), *erased_inside.inside(desk)]
    if command.doubtful:
        counted = {visit.member_id for visit in visits}
        doubtful = desk.roster.not_left(desk.site.id, desk.now - erased_inside.DOUBT)
        people += [_maybe(desk, visit) for visit in doubtful if visit.member_id not in counted]
    return Inside(people=tuple(people))


def _maybe(desk: Desk, visit: Visit) -> Present:
    return structs.replace(_present(desk, visit), sure=False, maybe=True)


def _present(desk: Desk, visit: Visit) -> Present:
    ends = visit.window.end if visit.window else None
    member = desk.roster.member(visit.member_id)
    return Present(
        member_id=visit.member_id,
        name=_name(desk, visit.member_id),
        since=desk.local(visit.at),
        until=desk.local_or_none(ends),
        seq=visit.ref.seq if desk.own_ledger and visit.ref.ledger_id == desk.own_ledger.ledger_id else 0,
        reason=visit.reason,
        sure=ends is None or desk.now < ends,
        role=member.role if member else "member",
    )


def open_door(desk: Desk, command: OpenDoor) -> DoorOpened:
    """Record that a host opens the door; the controller opens it after that."""
    desk.append(Happened(what="opened_by_host", detail=command.by, site_id=desk.site.id))
    return DoorOpened()


def list_taps(desk: Desk, command: ListTaps) -> Taps:
    """Return the taps of a local day at this site, denied ones included."""
    on = command.on or desk.today
    start, end = desk.day(on)
    # From the end back: a long ledger is not read from its beginning. A clock that was set back hides nothing, as
    # entries are looked at in their order until a whole day before the one asked for.
    recent = takewhile(lambda entry: entry.stamp.at >= start - timedelta(days=1), desk.ledger.entries_backwards())
    lines = [line for entry in recent if start <= entry.stamp.at < end and (line := _tap_line(desk, entry))]
    return Taps(on=on, taps=tuple(sorted(lines, key=lambda line: line.at)))


def _tap_line(desk: Desk, entry: Entry) -> TapLine | None:
    fact = decode_fact(entry.body) if entry.kind == "tap" and entry.body is not None else None
    if not isinstance(fact, Tapped) or fact.site_id != desk.site.id:
        return None
    return TapLine(
        at=desk.local(entry.stamp.at),
        granted=isinstance(fact.verdict, Granted),
        reason=fact.verdict.reason,
        name=_name(desk, fact.member_id) if fact.member_id else None,
        source=fact.source,
        code=fact.verdict.claim_code if isinstance(fact.verdict, Denied) else None,
        member_id=fact.member_id,
        seq=entry.ref.seq,
    )


def _name(desk: Desk, visitor_id: str) -> str:
    """Return the name of a member, or whose guest it is."""
    person = guests.known(desk.roster, visitor_id)
    return person.name if person else visitor_id
