"""Charges an entry, and computes how long it lasts: courtesy, unlimited passes, units of a pass, credit.

Pure. Whether the member may come in at all is decided before, in kiosk.rules.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from kiosk import hours, local_time
from kiosk.model import Charge, Cover, Day, Duration, Granted, Holding, Product, Reason, Unlimited, Window
from kiosk.rules.passes import (
    convert_alike,
    cover_end,
    day_credit,
    day_is_cheaper,
    first_to_use,
    is_counted,
    units_owed,
)
from kiosk.rules.question import Question, Way


def courtesy(q: Question) -> Granted | None:
    """Grant for free, twice a month, within a quarter of an hour of closing."""
    if q.door is None or q.door.closing is None:
        return None
    short = q.door.closing - q.door.start <= local_time.minutes(q.policy.courtesy_minutes)
    if not short or _courtesies(q) >= q.policy.courtesy_per_month:
        return None
    return granted(q, Reason.COURTESY, window=Window(start=q.door.start, end=q.door.closing), door=q.door)


def _courtesies(q: Question) -> int:
    """Count the member's courtesies of this local month, at all sites."""
    given = (v for v in q.case.visits if v.reason is Reason.COURTESY and v.reversed_at is None)
    return sum(q.local(v.at).replace(day=1) == q.today.replace(day=1) for v in given)


def unlimited(q: Question) -> Granted | None:
    """Grant by an unlimited pass."""
    way = unlimited_way(q)
    if way is None:
        return None
    window = _window(q, way, Unlimited())
    return granted(q, Reason.UNLIMITED, window=_within(q, window, way.holding), door=way.door, payer=way.holding)


def unlimited_way(q: Question) -> Way | None:
    """Return the unlimited pass that lets the member in now; of several the one that expires first."""
    return _first(q, lambda holding: isinstance(holding.pass_.terms.cover, Unlimited))


def _within(q: Question, window: Window, holding: Holding) -> Window:
    """Cut an unlimited pass's window at its last day; an entry bought on that day keeps its whole time."""
    last = holding.pass_.valid_until
    if last is None:
        return window
    end = local_time.midnight(q.where, local_time.day_after(last))
    return Window(start=window.start, end=min(window.end, end)) if q.now < end else window


def unit(q: Question) -> Granted | None:
    """Grant by one unit of a pass that has units left."""
    way = _first(q, lambda holding: is_counted(holding.pass_.terms) and q.left(holding) > 0)
    return _paid(q, Reason.ENTRY_USED, way) if way else None


def credit(q: Question) -> Granted | None:
    """Grant on credit: a host is here, and less than the limit is owed.

    The debt is on the newest pass that was bought once, whose balance goes below 0 until the next sale. An allowance
    cannot have debts, because each period starts with its full number.
    """
    if not _may_trust(q) or sum(units_owed(holding) for holding in q.held) >= q.policy.debt_limit:
        return None
    able = (way for way in q.ways if way.holding.pass_.terms.per == "once" and is_counted(way.holding.pass_.terms))
    newest = max(able, key=lambda way: (way.holding.pass_.sold_at, way.holding.pass_.id), default=None)
    return _paid(q, Reason.DEBT, newest) if newest else None


def _may_trust(q: Question) -> bool:
    assumed = q.policy.assume_staff and hours.opening(q.site, q.case.override, q.now).is_open
    return q.host_here or assumed


def _first(q: Question, able: Callable[[Holding], bool]) -> Way | None:
    """Return the first of the passes that can pay."""
    ways = {way.holding.pass_.id: way for way in q.ways if able(way.holding)}
    order = first_to_use((way.holding for way in ways.values()), q.today)
    return ways[order[0].pass_.id] if order else None


def _paid(q: Question, reason: Reason, way: Way) -> Granted:
    """Charge one unit, or the second of two half days that become a day.

    Half days at 15 EUR meet at 13:30, the day costs 25 EUR. Paul bought the morning and comes back at 14:00: he pays
    the second half day and is given back 5 EUR. His window now lasts as long as that of the day, by its boundary and
    its hours.
    """
    holding, terms = way.holding, way.holding.pass_.terms
    first = _first_half(q, terms, q.local(way.door.start))
    charges = (Charge(pass_id=holding.pass_.id, units=1),)
    if first is None or not day_is_cheaper(terms, first.holding.pass_.terms):
        return granted(q, reason, window=_window(q, way, terms.cover), door=way.door, payer=holding, charges=charges)
    is_gift = holding.pass_.gift or first.holding.pass_.gift
    way = Way(holding, q.door_by(terms.converts_hours) or way.door) if terms.converts_hours else way
    return granted(
        q,
        reason,
        window=_day_window(q, way, first.window),
        door=way.door,
        payer=holding,
        charges=charges,
        credit_cents=0 if is_gift else day_credit(terms, first.holding.pass_.terms),
    )


class _Half(NamedTuple):
    """A half day that was used, and the pass that paid for it."""

    holding: Holding
    window: Window


def _first_half(q: Question, terms: Product, day: date) -> _Half | None:
    """Return the only half day that the member used here on this local day, if it converts to the same day.

    It may be of another product: a half day bought alone makes a day with one of a card, in either order.
    """
    same = {h.pass_.id: h for h in q.held if convert_alike(h.pass_.terms, terms)}
    used = [
        _Half(same[c.pass_id], w)
        for v, w in q.windows
        if q.local(w.start) == day
        for c in v.charges
        if c.pass_id in same
    ]
    return used[0] if len(used) == 1 else None


def _day_window(q: Question, way: Way, first: Window) -> Window:
    """Return the window of a day that began with its first half: what is left of it."""
    cover = way.holding.pass_.terms.converts_cover or Day(boundary=time())
    start = _continued(q, way.door)
    end = cover_end(cover, q.where, first.start)
    if end <= q.now:  # a day so short that it would be over already
        end = cover_end(way.holding.pass_.terms.cover, q.where, way.door.start)
    return Window(start=start, end=min(end, way.door.last or end))


def _window(q: Question, way: Way, cover: Cover) -> Window:
    """Return the window bought: from the tap, or the end of the window before, until the cover or the hours end.

    A window ran 09:05-12:05. A tap at 12:12 continues it: 12:05-15:05; the seven minutes without payment are not
    charged extra. A tap at 12:16 begins at 12:16. A tap at 15:10, with closing at 17:00, buys 15:10-17:00.
    """
    start = _continued(q, way.door)
    end = cover_end(cover, q.where, start if isinstance(cover, Duration) else way.door.start)
    if end <= q.now:  # a cover so short that it would be over already
        start, end = way.door.start, cover_end(cover, q.where, way.door.start)
    return Window(start=start, end=min(end, way.door.last or end))


def _continued(q: Question, door: hours.TapHours) -> datetime:
    """Return where the new window starts: at the end of one that ended within ten minutes, or at the tap."""
    grace = local_time.minutes(q.policy.continuation_minutes)
    ended = (w.end for _, w in q.windows if timedelta() <= q.now - w.end <= grace)
    return max(ended, default=door.start) if door.start <= q.now else door.start


# ---------------------------------------------------------------- what the member is told


def granted(
    q: Question,
    reason: Reason,
    *,
    window: Window,
    door: hours.TapHours,
    payer: Holding | None = None,
    charges: tuple[Charge, ...] = (),
    credit_cents: int = 0,
) -> Granted:
    """Return the verdict, with what is left on the pass that pays and on all passes, and the warnings that are due.

    A warning considers everything the member can use here: that a card ends is no news if another one lasts longer.
    """
    counted = payer is not None and is_counted(payer.pass_.terms)
    left = q.left(payer) - sum(charge.units for charge in charges) if payer and counted else None
    others = [h for h in q.valid if payer and h.pass_.id != payer.pass_.id and (not _counts(h) or q.left(h) > 0)]
    usable = left + sum(map(q.left, others)) if left is not None else None
    in_use = [payer, *others] if payer else []
    last = max(in_use, key=lambda held: held.pass_.valid_until or date.max, default=None)
    ends = local_time.clamp(window.end) + local_time.minutes(q.policy.presence_minutes)
    return Granted(
        reason=reason,
        window=window,
        charges=charges,
        credit_cents=credit_cents,
        present_until=min(ends, door.closing or ends),
        pass_id=payer.pass_.id if payer else None,
        units_left=left,
        units_total=payer.pass_.terms.units if payer and counted else None,
        expires_on=last.pass_.valid_until if last else None,
        units_usable=usable if others else None,
        usable_total=sum(held.pass_.terms.units or 0 for held in in_use) if others and counted else None,
        warn_units=bool(charges) and all(map(_counts, others)) and usable in q.policy.warn_units,
        warn_expiry=reason is not Reason.RE_ENTRY and last is not None and _expiry_is_news(q, last),
    )


def _counts(holding: Holding) -> bool:
    return is_counted(holding.pass_.terms)


def _expiry_is_news(q: Question, holding: Holding) -> bool:
    """Tell whether a threshold of days to expiry (30, 7) was passed since the member was last here.

    A pass ends on 31 March. Somebody who comes on 27 February and on 3 March is told on 3 March, 28 days before,
    although they were not here on the 30th day; and then not again until the last week.
    """
    last = holding.pass_.valid_until
    if last is None:
        return False
    before = [q.local(v.at) for v in q.case.visits if v.at < q.now]
    known = max([holding.pass_.valid_from, q.local(holding.pass_.sold_at), *before])
    return any((last - q.today).days <= days < (last - known).days for days in q.policy.warn_days)
