"""Rights: which ledgers may write which kind of entry, about what, and how much of it in an hour.

A kiosk hangs on a wall in public, so it is taken for stolen: what it sends may change what is its own, and what hosts
do at any kiosk; anything else is set aside, told by an alarm, and taken in only by a person. `RIGHTS` is the table;
docs/protocol.md has the same one. What staff do on the pages goes by their roles, not by this.

An entry that is here already is not judged again: rights were those of the time at which it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from kiosk.facts import (
    AnyFact,
    BadgeSet,
    Condensed,
    Entry,
    MemberSet,
    PassSold,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.model import Member, Ref
from kiosk.store import chain
from kiosk.store.tables import members, microseconds
from sync.central.kiosks.paired import Kiosk
from sync.central.storage.tables import feed, former_ledgers

NO_RIGHT = "no right"
"""How the reason of an entry begins that its writer may not write."""
AN_HOUR = timedelta(hours=1)
AT_FIRST = timedelta(hours=1)
"""So long after it was paired a kiosk brings all that it had before: then no number is too large."""
RECENT = 5_000
"""Entries of a ledger in which those of the last hour are counted; a kiosk is held to far fewer an hour."""


def _anything(_judge: Judge, _fact: AnyFact) -> bool:
    return True


class Right(NamedTuple):
    """The right to write a kind of entry."""

    about: str
    """What an entry of this kind must be about, in the words of the table."""
    is_its_own: Callable[[Judge, AnyFact], bool]
    an_hour: int | None = None
    """How many a kiosk may write in an hour; None: any number."""
    counts: Callable[[AnyFact], bool] = lambda _: True
    """Whether an entry counts towards that number."""


class Judge:
    """Judges the new entries of one push of a kiosk. Reads the database, and remembers what it read."""

    def __init__(self, connection: Connection, network: str, kiosk: Kiosk, *, now: datetime) -> None:
        self._connection, self._network, self._kiosk, self._now = connection, network, kiosk, now
        self._ledgers: frozenset[str] | None = None
        self._written: Counter[str] = Counter()
        self._counted: dict[str, int] = {}
        self.made_hosts: list[Ref] = []
        """Entries by which somebody became a host, or a host's badge or PIN was changed."""

    def why_not(self, entry: Entry) -> str:
        """Return why a kiosk may not write an entry; empty: it may. A fact that cannot be read changes no roster."""
        body = entry.remainder if entry.body is None else entry.body
        fact = None if body is None else chain.decode_fact(body)
        right = RIGHTS.get(entry.kind)
        if fact is None or right is None:
            return ""
        if not right.is_its_own(self, fact):
            return f"{NO_RIGHT}: this kiosk may write it about {right.about} only"
        if right.an_hour is not None and right.counts(fact) and self._is_too_many(entry.kind, right):
            return f"{NO_RIGHT}: more than {right.an_hour} in an hour are taken in by a person"
        if self._is_of_a_host(fact):
            self.made_hosts.append(entry.ref)
        return ""

    def _is_too_many(self, kind: str, right: Right) -> bool:
        if self._now < self._kiosk.paired_at + AT_FIRST:
            return False
        if kind not in self._counted:
            self._counted[kind] = self._lately(kind, right)
        self._written[kind] += 1
        return right.an_hour is not None and self._counted[kind] + self._written[kind] > right.an_hour

    def _lately(self, kind: str, right: Right) -> int:
        """Return how many entries of a kind came from this kiosk's ledger in the last hour, by the server's receipt."""
        own = (feed.c.network_id == self._network, feed.c.ledger_id == self._kiosk.ledger_id)
        newest = self._connection.execute(select(func.max(feed.c.seq)).where(*own)).scalar() or 0
        since = microseconds(self._now - AN_HOUR)
        recent = (*own, feed.c.seq > newest - RECENT, feed.c.kind == kind, feed.c.received_at > since)
        bodies = self._connection.execute(select(feed.c.body).where(*recent)).scalars()
        facts = (chain.decode_fact(bytes(body)) for body in bodies if body is not None)
        return sum(fact is not None and right.counts(fact) for fact in facts)

    # ------------------------------------------------------------ what is whose

    def is_site(self, site_id: str | None) -> bool:
        """Tell whether a site is the kiosk's own; one that was paired for no site speaks for the site that it has."""
        return site_id is None or self._kiosk.site_id is None or site_id == self._kiosk.site_id

    def is_ledger(self, ledger_id: str) -> bool:
        """Tell whether the kiosk writes a ledger, or wrote it before."""
        if self._ledgers is None:
            one = (former_ledgers.c.network_id == self._network, former_ledgers.c.kiosk_id == self._kiosk.kiosk_id)
            rows = self._connection.execute(select(former_ledgers.c.ledger_id).where(*one)).scalars()
            self._ledgers = frozenset({self._kiosk.ledger_id, *rows})
        return ledger_id in self._ledgers

    def may_reverse(self, ref: Ref) -> bool:
        """Tell whether an entry is the kiosk's own, or of its site."""
        if self.is_ledger(ref.ledger_id):
            return True
        one = (feed.c.network_id == self._network, feed.c.ledger_id == ref.ledger_id, feed.c.seq == ref.seq)
        row = self._connection.execute(select(feed.c.body, feed.c.remainder).where(*one)).first()
        body = None if row is None else row.body if row.body is not None else row.remainder
        fact = None if body is None else chain.decode_fact(bytes(body))
        return isinstance(fact, Tapped | PassSold) and self.is_site(fact.site_id)

    def may_set(self, fact: AnyFact) -> bool:
        """Tell whether a member is changed by their fields, or new: nobody who is there can be made anew."""
        return isinstance(fact, MemberSet) and (fact.changed != () or self._member(fact.member.id) is None)

    def _member(self, member_id: str) -> Member | None:
        doc = self._connection.execute(select(members.c.doc).where(members.c.id == member_id)).scalar()
        return None if doc is None else msgspec.json.decode(doc, type=Member)

    def _is_of_a_host(self, fact: AnyFact) -> bool:
        if self._now < self._kiosk.paired_at + AT_FIRST:
            return False
        match fact:
            case MemberSet(member=member) if member.role == "staff":
                before = self._member(member.id)
                return before is None or before.role != "staff" or before.pin != member.pin
            case BadgeSet(badge=badge) if badge.member_id is not None and badge.status == "active":
                carrier = self._member(badge.member_id)
                return carrier is not None and carrier.role == "staff"
        return False


def _at_its_site(judge: Judge, fact: AnyFact) -> bool:
    return judge.is_site(getattr(fact, "site_id", None))


ITS_SITE = "its own site"
RIGHTS: dict[str, Right] = {
    "tap": Right(ITS_SITE, _at_its_site),
    "left": Right(ITS_SITE, _at_its_site),
    "sale": Right(ITS_SITE, _at_its_site),
    "override": Right(ITS_SITE, _at_its_site),
    "incident": Right(ITS_SITE, _at_its_site),
    "month": Right(ITS_SITE, _at_its_site),
    "site": Right(ITS_SITE, lambda judge, fact: isinstance(fact, SiteSet) and judge.is_site(fact.site.id)),
    "reversal": Right(
        "entries of its own, and taps and sales at its site",
        lambda judge, fact: isinstance(fact, Reversed) and judge.may_reverse(fact.ref),
    ),
    "condensed": Right(
        "ledgers of its own", lambda judge, fact: isinstance(fact, Condensed) and judge.is_ledger(fact.ledger_id)
    ),
    "times": Right("its own ledger", _anything),
    "member": Right(
        "any member, by fields, and new ones",
        lambda judge, fact: judge.may_set(fact),
        an_hour=20,
        counts=lambda fact: isinstance(fact, MemberSet) and fact.changed != (),
    ),
    "badge": Right("any badge", _anything),
    "product": Right("any product", _anything, an_hour=20),
    "erasure": Right("any member", _anything, an_hour=3),
}
"""Kind of entry -> who may write it. What a release does not know has no effect, and no row here."""
