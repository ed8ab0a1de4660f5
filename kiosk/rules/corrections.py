"""Corrections: repeated taps, the member's own undo, hosts' reversals, entries cut by an early closing.

Pure. A correction is a new ledger entry, written by the controller or the desk. What a tap costs in the first place is
decided in kiosk.rules.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta

from kiosk import local_time
from kiosk.model import Holding, Policy, Ref, Site, Tap, Visit
from kiosk.rules.passes import convert_alike, day_is_cheaper, period_start


def is_repeat(previous: Tap | None, tap: Tap, policy: Policy) -> bool:
    """Tell whether a tap repeats the one before: the same badge within the debounce time (5 s).

    Nothing is stored for it. Failed readings and identifiers that change at each tap count as one badge; otherwise an
    unreadable card or a telephone left on the reader would fill the ledger.
    """
    if previous is None or _who(previous) != _who(tap):
        return False
    return 0 <= tap.monotonic - previous.monotonic <= policy.debounce_seconds


def _who(tap: Tap) -> tuple[object, ...]:
    return (tap.source, b"" if tap.is_random else tap.uid or b"", tap.member_id)


def may_undo(visit: Visit, visits: Sequence[Visit], *, now: datetime, by_staff: bool, site: Site) -> str | None:
    """Return why a visit cannot be taken back; None: it can. `visits` are all visits of its member.

    ALREADY_REVERSED   nothing is given back twice
    TOO_LATE           60 s for the member, 31 days for staff
    NOTHING_TO_UNDO    the member's own undo gives an entry back; re-entry, courtesy and unlimited visits used none.
                       Staff may take these back too: they end the visit, and a courtesy counts no more
    ONCE_A_DAY         one undo of one's own each local day
    MONTH_USED_UP      three each local month

    Léa taps at 09:05 by mistake, taps again at 09:05:30 and touches "Annuler": her entry is back. On the same day
    she cannot do that again, but the host can.
    """
    if visit.reversed_at is not None:
        return "ALREADY_REVERSED"
    policy = site.policy
    allowed = timedelta(days=policy.staff_undo_days) if by_staff else timedelta(seconds=policy.undo_seconds)
    if now - visit.at > allowed:
        return "TOO_LATE"
    return None if by_staff else _self_undo_spent(visit, visits, now=now, site=site)


def _self_undo_spent(visit: Visit, visits: Sequence[Visit], *, now: datetime, site: Site) -> str | None:
    if not visit.charges:
        return "NOTHING_TO_UNDO"
    where = local_time.zone(site.zone)
    today = local_time.today(where, now)
    days = [local_time.today(where, v.reversed_at) for v in visits if v.reversed_at and v.reversed_by == "self"]
    if days.count(today) >= site.policy.undo_per_day:
        return "ONCE_A_DAY"
    month = [day for day in days if period_start("month", day) == period_start("month", today)]
    return "MONTH_USED_UP" if len(month) >= site.policy.undo_per_month else None


def became_a_day(visit: Visit, visits: Iterable[Visit], holdings: Iterable[Holding], site: Site) -> bool:
    """Tell whether a later half day became a day with this one: then that one must be taken back first.

    Otherwise a whole day, which may last until four in the morning, would be left for the price of a half. This holds
    for half days that were a gift too, for which no money was given back. `visits` and `holdings` are the member's.
    """
    return _halves(visit, visits, holdings, site)[:1] == [visit.ref]


def completes_a_day(visit: Visit, visits: Iterable[Visit], holdings: Iterable[Holding], site: Site) -> bool:
    """Tell whether this visit is the half day that became a day with an earlier one."""
    return _halves(visit, visits, holdings, site)[1:] == [visit.ref]


def _halves(visit: Visit, visits: Iterable[Visit], holdings: Iterable[Holding], site: Site) -> list[Ref]:
    """Return the two visits of the local day whose half days became a day; empty where none did."""
    where, terms = local_time.zone(site.zone), {held.pass_.id: held.pass_.terms for held in holdings}
    halves = [
        (one.ref, terms[charge.pass_id])
        for one in sorted(visits, key=lambda one: (one.at, one.ref.ledger_id, one.ref.seq))
        if one.window and visit.window and one.site_id == visit.site_id and one.reversed_at is None
        if local_time.today(where, one.window.start) == local_time.today(where, visit.window.start)
        for charge in one.charges
        if charge.pass_id in terms
    ]
    terms_here = next((half for ref, half in halves if ref == visit.ref), None)
    alike = [(ref, half) for ref, half in halves if terms_here and convert_alike(half, terms_here)][:2]
    return [ref for ref, _ in alike] if len(alike) > 1 and day_is_cheaper(alike[1][1], alike[0][1]) else []


def charged_twice(visits: Iterable[Visit], moved: Container[Ref]) -> tuple[Visit, ...]:
    """Return the visits of one member charged for a time that an earlier charge at that site covers.

    This happens if a clock was wrong: 09:05 was paid, at 09:30 the kiosk believed that it was Tuesday and charged
    again. `visits` have their corrected times, `moved` are those whose time was corrected. Of two the one whose window
    begins later is given back.
    """
    standing: list[Visit] = []
    again: list[Visit] = []
    for visit in sorted(visits, key=_by_window):
        if visit.window is None or not visit.charges or visit.reversed_at is not None:
            continue
        covers = [paid for paid in standing if paid.site_id == visit.site_id and _overlap(visit, paid)]
        is_again = any(visit.ref in moved or paid.ref in moved for paid in covers)
        (again if is_again else standing).append(visit)
    return tuple(again)


def _by_window(visit: Visit) -> tuple[datetime, datetime, str, int]:
    return visit.window.start if visit.window else visit.at, visit.at, visit.ref.ledger_id, visit.ref.seq


def _overlap(one: Visit, other: Visit) -> bool:
    ours, theirs = one.window, other.window
    return ours is not None and theirs is not None and ours.start < theirs.end and theirs.start < ours.end


def cut_by_closing(
    visits: Iterable[Visit],
    closed_at: datetime,
    site: Site,
    *,
    until: datetime | None = None,
    own_hours: Container[str] = (),
) -> tuple[Visit, ...]:
    """Return the visits whose entries are given back at an early closing: more than half of the window is cut.

    A window of 09:05-12:05, and hosts close at 10:00: 125 of 180 minutes are lost, the entry is given back. Had they
    closed at 11:00, 65 would be lost, and the entry stays used. `until` is when hosts open again, if known. `own_hours`
    are ids of passes with their own access hours: an early closing does not affect them.
    """
    return tuple(v for v in visits if v.site_id == site.id and _is_paid(v, own_hours) and _is_cut(v, closed_at, until))


def _is_paid(visit: Visit, own_hours: Container[str]) -> bool:
    """Tell whether the visit stands and used an entry that the closing can shorten."""
    return visit.reversed_at is None and any(charge.pass_id not in own_hours for charge in visit.charges)


def _is_cut(visit: Visit, closed_at: datetime, until: datetime | None) -> bool:
    if visit.window is None:
        return False
    start, end = visit.window.start, visit.window.end
    lost = min(end, until or end) - max(start, closed_at)
    return 2 * lost > end - start
