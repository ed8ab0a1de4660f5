"""Extras of a member: the next window before this one ends, and a guest. Pure.

Both cost an entry, so both are asked about first, and judged again at the answer. Nothing is granted on credit here,
and nothing is sold that would be free.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from kiosk.model import Case, Charge, Granted, Holding, Verdict
from kiosk.rules import charging
from kiosk.rules.passes import is_counted
from kiosk.rules.question import Question

GUEST = "+"
"""Between the id of a member and the number of their guest, who has no name here: `lea+1`."""


def extension(case: Case, now: datetime) -> Granted | None:
    """Return the window that would follow the running one without a gap; None when none can be bought.

    It is what a tap at the end of the running window would buy. Léa's runs 09:05-12:05: the next is 12:05-15:05, for
    one entry. There is none at 16:00 if the running one ends with the hours at 17:00, none when a tap at 16:50 would be
    a courtesy, and none under an unlimited pass, which continues by itself.
    """
    running = Question(case, now).running
    if running is None or case.member is None or case.member.role == "staff":
        return None
    end = running[1].end
    then = Question(case, end)
    if then.untrusted or charging.courtesy(then) or charging.unlimited(then):
        return None
    bought = charging.unit(then)
    return bought if bought and bought.window and bought.window.start == end else None


def guest(case: Case, now: datetime) -> Granted | None:
    """Return the verdict that lets a guest in for one entry of the member; None when not allowed.

    A guest counts against the capacity. When the tap would be a courtesy, a guest must ask at the desk.
    """
    member = case.member
    if member is None or member.role == "staff" or not case.site.policy.guests:
        return None
    alone = Question(msgspec.structs.replace(case, visits=()), now)
    capacity = alone.policy.capacity
    if alone.untrusted or (alone.policy.capacity_hard and capacity is not None and case.people_in >= capacity):
        return None
    return charging.unit(alone)


def usable(case: Case, now: datetime) -> int | None:
    """Return the entries left on all counted passes that the member can use here; None without such a pass."""
    question = Question(case, now)
    counted = [held for held in question.valid if is_counted(held.pass_.terms)]
    return sum(map(question.left, counted)) if counted else None


def guest_id(member_id: str, number: int) -> str:
    """Return the id of a member's guest; the first is number 1."""
    return f"{member_id}{GUEST}{number}"


def host_of(member_id: str) -> str | None:
    """Return the id of the member whose guest an id names; None if it is not a guest's."""
    member, mark, number = member_id.rpartition(GUEST)
    return member if mark and member and number.isdecimal() else None


def with_guests(member_id: str, visitors: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of a member and of their guests among the visitors."""
    return member_id, *(visitor for visitor in visitors if host_of(visitor) == member_id)


def after(case: Case, verdict: Verdict) -> Case:
    """Return the case after its verdict, with the units that are then left on the passes."""
    taken = {charge.pass_id: charge.units for charge in _charges(verdict)}
    holdings = (_with(held, taken.get(held.pass_.id, 0)) for held in case.holdings)
    return msgspec.structs.replace(case, holdings=tuple(holdings))


def _charges(verdict: Verdict) -> tuple[Charge, ...]:
    return verdict.charges if isinstance(verdict, Granted) else ()


def _with(held: Holding, units: int) -> Holding:
    return msgspec.structs.replace(held, used=held.used + units) if units else held
