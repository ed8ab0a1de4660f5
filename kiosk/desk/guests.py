"""Guests at the desk: who brought them, and their visits, which are listed with those of that member.

A guest has no name and no passes: an entry of the member pays (kiosk.rules.extras). Hosts name a guest as the screen
does, `Léa Martin +1`, or by the id in the ledger, `lea+1`.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from kiosk.desk.desk import Desk
from kiosk.model import Member, Visit
from kiosk.roster import Roster
from kiosk.rules import extras

MOST = 50
"""Guests of a member that are looked for: a site lets far fewer in at a time, and each takes the first free number."""


class Visitor(NamedTuple):
    """A member, or the guest of one. `guest` 0: the member."""

    member: Member
    guest: int = 0

    @property
    def id(self) -> str:
        """The id under which the visits are stored."""
        return extras.guest_id(self.member.id, self.guest) if self.guest else self.member.id

    @property
    def name(self) -> str:
        """The member's name; of a guest, with their number."""
        return f"{self.member.name} +{self.guest}" if self.guest else self.member.name


def visitor(desk: Desk, text: str) -> Visitor:
    """Return the one member or guest that a text names. Raises DeskError for nobody or several."""
    host = extras.host_of(text)
    return Visitor(desk.member(text)) if host is None else Visitor(desk.member(host), number(text))


def known(roster: Roster, visitor_id: str) -> Visitor | None:
    """Return the visitor with an id; None when the member is unknown or erased."""
    member = roster.member(member_of(visitor_id))
    return Visitor(member, number(visitor_id)) if member else None


def member_of(visitor_id: str) -> str:
    """Return the id of the member: the one given, or the one whose guest it is."""
    return extras.host_of(visitor_id) or visitor_id


def number(visitor_id: str) -> int:
    """Return the number of a guest; 0 for a member."""
    return int(visitor_id.rpartition(extras.GUEST)[2]) if extras.host_of(visitor_id) else 0


def visits(roster: Roster, member_id: str, now: datetime) -> tuple[Visit, ...]:
    """Return the visits of a member and their guests in the last 40 days, newest first, reversed ones included."""
    guests = (extras.guest_id(member_id, guest) for guest in range(1, MOST + 1))
    return roster.visits_of_any((member_id, *guests), now)
