"""The rules: decide whether a tap is granted. Pure: no I/O, no clock; time is an argument.

`decide` carries the ordered list. Who pays and for how long is in kiosk.rules.charging, what a pass is worth in
kiosk.rules.passes, when a door is open in kiosk.hours, what may be taken back in kiosk.rules.corrections. What a
person reads of a verdict is in kiosk.notices; that a ledger cannot be written (OUT_OF_SERVICE)
is for the controller to see.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from kiosk import hours, local_time
from kiosk.model import Case, Denied, Granted, Holding, Reason, Source, Verdict, Visit, Window
from kiosk.rules import charging, corrections
from kiosk.rules.corrections import cut_by_closing, is_repeat, may_undo
from kiosk.rules.passes import balance, debt, is_for, renews_on, sell, validity
from kiosk.rules.question import Question, longest

__all__ = ["balance", "cut_by_closing", "debt", "decide", "is_repeat", "may_undo", "sell"]

STAFF_STAY = timedelta(hours=1)
"""How long a host counts as present who taps when nothing is open any more that day."""


def decide(case: Case, now: datetime) -> Verdict:
    """Judge a tap. The first line that applies is the answer; the list is the policy. It never raises.

    READ_ERROR, RANDOM_UID     the badge could not be read; its identifier changes at each tap and it proves no other
    BADGE_BLOCKED              reported lost, or blocked
    UNKNOWN_BADGE              nobody's badge: denied, with a claim code by which staff find it
    MEMBER_SUSPENDED
    STAFF                      granted at any hour, never uses an entry
    CLOCK_UNTRUSTED            denied, unless the site chose grace; a 24/7 pass is judged on, it does not ask the hour
    RE_ENTRY                   a window of this member here is running, and the door is open to them: granted, free.
                               Entries, debts, unlimited visits and courtesies all begin windows
    CLOSED                     the site, or the access hours of all passes that the member could use here today
    FULL                       capacity reached, and the site says that it is hard
    CLOCK_UNTRUSTED            where the site chose grace: granted, free, without a window
    COURTESY                   15 minutes or less before closing: granted, free, twice a month
    UNLIMITED                  an unlimited pass is valid now
    ENTRY_USED                 a pass with units left: the first to lapse pays, then the oldest
    DEBT                       none left, a host is here, less than the limit owed: the newest pass bought once owes
    PASS_NOT_YET_VALID, NO_ENTRIES_LEFT, PASS_EXPIRED, PASS_NOT_HERE, NO_PASS
                               denied, with the nearest fix. Of several passes the one speaks that is nearest to
                               working: one already paid for that begins later, an empty one, an expired one, one for
                               another site
    """
    question = Question(case, now)
    answers = (row(question) for row in _ROWS)
    return next((answer for answer in answers if answer is not None), Denied(reason=Reason.NO_PASS))


# ---------------------------------------------------------------- who is it?


def _unreadable(q: Question) -> Verdict | None:
    tap = q.case.tap
    if tap.source is Source.STAFF:
        return None
    if not tap.uid:
        return Denied(reason=Reason.READ_ERROR)
    return Denied(reason=Reason.RANDOM_UID) if tap.is_random else None


def _blocked(q: Question) -> Verdict | None:
    blocked = q.case.badge is not None and q.case.badge.status != "active"
    return Denied(reason=Reason.BADGE_BLOCKED) if blocked else None


def _unknown(q: Question) -> Verdict | None:
    vouched = q.case.badge is not None or q.case.tap.source is Source.STAFF
    known = vouched and q.case.member is not None
    return None if known else Denied(reason=Reason.UNKNOWN_BADGE, claim_code=q.case.claim_code)


def _suspended(q: Question) -> Verdict | None:
    suspended = q.case.member is not None and q.case.member.status == "suspended"
    return Denied(reason=Reason.MEMBER_SUSPENDED) if suspended else None


def _staff(q: Question) -> Verdict | None:
    if q.case.member is None or q.case.member.role != "staff":
        return None
    closing = hours.last_closing(q.site, q.case.override, q.now)
    return Granted(reason=Reason.STAFF, present_until=closing or q.now + STAFF_STAY)


# ---------------------------------------------------------------- may they be here now?


def _clock(q: Question) -> Verdict | None:
    lost = q.untrusted and not q.valid and q.policy.untrusted_clock == "deny"
    return Denied(reason=Reason.CLOCK_UNTRUSTED) if lost else None


def _re_entry(q: Question) -> Verdict | None:
    if q.running is None:
        return None
    visit, window = q.running
    door = _door_back(q, visit, window)
    if door is None:
        return None
    return charging.granted(q, Reason.RE_ENTRY, window=window, door=door, payer=_payer(q, visit))


def _payer(q: Question, visit: Visit) -> Holding | None:
    """Return the pass that gave the window: the one charged, or the unlimited one, which is never charged."""
    if visit.reason is Reason.UNLIMITED:
        way = charging.unlimited_way(q)
        return way.holding if way else None
    return next((h for charge in visit.charges for h in q.held if h.pass_.id == charge.pass_id), None)


def _door_back(q: Question, visit: Visit, window: Window) -> hours.TapHours | None:
    """Return the hours that let the member back in: the site's, or those of a pass valid when the window began.

    A day bought on the last day of a 24/7 pass runs until 04:00; at 01:00 the pass has expired and its hours still
    hold. So do those of a day that was made of two half days. A window does not open a door that staff closed, nor one
    that is closed over lunch. Whoever came early, by leave of a host, comes back even if the host has stepped out.
    """
    early = local_time.minutes(q.policy.early_minutes) if window.start > q.now else q.early
    then = q.local(window.start)
    held = (h for h in q.held if is_for(h.pass_.terms, q.site) and validity(h.pass_, then) == "valid")
    doors = [way.door for way in q.ways_by(held, early=early)]
    if corrections.completes_a_day(visit, q.case.visits, q.held, q.site) and (payer := _payer(q, visit)):
        own = payer.pass_.terms.converts_hours
        of_the_day = q.door_by(own) if own else None
        doors += [of_the_day] if of_the_day else []
    return longest(doors) or q.at_site(early=early) or q.door


def _closed(q: Question) -> Verdict | None:
    if q.door is not None:
        return None
    state = hours.opening(q.site, q.case.override, q.now)
    return Denied(
        reason=Reason.CLOSED,
        opens_at=_opens_at(q),
        because=None if state.is_open else state.because,
        is_holiday=state.is_holiday and not state.is_open,
    )


def _opens_at(q: Question) -> datetime | None:
    """Return when the member may next come in: by the site's hours or a pass's own hours, whichever is first."""
    bound_by = {h.pass_.terms.access_hours for h in q.valid} or {None}
    moments = [
        hours.next_opening(q.site, q.case.override, q.now)
        if own is None
        else hours.next_start(hours.of_pass(q.site, own), q.now)
        for own in bound_by
    ]
    return min((moment for moment in moments if moment), default=None)


def _full(q: Question) -> Verdict | None:
    capacity = q.policy.capacity
    full = q.policy.capacity_hard and capacity is not None and q.case.people_in >= capacity
    return Denied(reason=Reason.FULL) if full and not q.is_inside else None


def _grace(q: Question) -> Verdict | None:
    """Grant without a charge while the clock is unknown: nobody knows which window the tap falls into."""
    if not q.untrusted or q.valid or q.door is None:
        return None
    return Granted(reason=Reason.CLOCK_UNTRUSTED, present_until=q.door.closing)


# ---------------------------------------------------------------- denials, and what would help


def _not_yet(q: Question) -> Verdict | None:
    coming = [h.pass_ for h in q.held if is_for(h.pass_.terms, q.site) and validity(h.pass_, q.today) == "not_yet"]
    first = min(coming, key=lambda pass_: pass_.valid_from, default=None)
    if first is None:
        return None
    return Denied(reason=Reason.PASS_NOT_YET_VALID, valid_from=first.valid_from, product=first.terms.name)


def _empty(q: Question) -> Verdict | None:
    """Deny because no entry is left; for an allowance with the day on which it renews."""
    newest = max((way.holding.pass_ for way in q.ways), key=lambda pass_: pass_.sold_at, default=None)
    if newest is None:
        return None
    renewals = (day for way in q.ways if (day := renews_on(way.holding.pass_, q.today)))
    return Denied(
        reason=Reason.NO_ENTRIES_LEFT,
        renews_on=min(renewals, default=None),
        product=newest.terms.name,
        price_cents=newest.terms.price_cents if newest.terms.per == "once" else None,
    )


def _expired(q: Question) -> Verdict | None:
    over = [h.pass_ for h in q.held if is_for(h.pass_.terms, q.site) and validity(h.pass_, q.today) == "expired"]
    last = max(over, key=lambda pass_: (pass_.valid_until or q.today, pass_.sold_at), default=None)
    if last is None:
        return None
    return Denied(
        reason=Reason.PASS_EXPIRED,
        expired_on=last.valid_until,
        product=last.terms.name,
        price_cents=last.terms.price_cents,
    )


def _elsewhere(q: Question) -> Verdict | None:
    newest = max((h.pass_ for h in q.held), key=lambda pass_: pass_.sold_at, default=None)
    return Denied(reason=Reason.PASS_NOT_HERE, product=newest.terms.name) if newest else None


_ROWS: tuple[Callable[[Question], Verdict | None], ...] = (
    _unreadable,
    _blocked,
    _unknown,
    _suspended,
    _staff,
    _clock,
    _re_entry,
    _closed,
    _full,
    _grace,
    charging.courtesy,
    charging.unlimited,
    charging.unit,
    charging.credit,
    _not_yet,
    _empty,
    _expired,
    _elsewhere,
)
