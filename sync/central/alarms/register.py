"""Stores alarms: what staff should look at. One row per cause, however often it is raised.

An alarm is a kind, a note and facts; pages and messages have the words for them. Some alarms end by themselves. Kinds
and notes are stored: never rename one. A silent kiosk has no alarm here: it is found by the time of its last call.

Conflicts of one kind about one pass, member, badge or the like, by entries of one ledger, are one alarm with a number;
and of one ledger at most MOST_ALIKE alarms of a kind go on at a time, what is beyond them is one more. So a kiosk that
sends thousands of impossible entries raises a few alarms.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, or_, select, update

from kiosk.model import Noun, Ref
from sync.central.storage.database import Storage
from sync.central.storage.tables import alarms, conflicts, kiosks


class Kind(StrEnum):
    """The kinds of alarm."""

    FORK = "fork"
    """One ledger in two versions: a cloned card, an old copy put back, or a ledger that was edited. Seen by two entries
    with the same `seq`, or by a kiosk that was told of an entry of its own which it does not have."""
    GAP = "gap"
    """Entries of a ledger are missing. Ends when they come."""
    CHAIN = "chain"
    """An entry does not follow the one before it."""
    TRUNCATED = "truncated"
    """A kiosk's ledger ends before what was seen of it. Ends when it has grown beyond."""
    RESTORED = "restored"
    """The server knows less of a ledger than it once acknowledged: it was put back from a copy. Ends with them."""
    RENEWED = "renewed"
    """A kiosk repaired a damaged ledger, or was restored from a copy: it started a new ledger."""
    OVERDRAFT = "overdraft"
    """More entries were used of a pass than it had: two kiosks spent the last one."""
    OVERLAP = "overlap"
    """Two doors charged one member for overlapping windows; the second charge was given back."""
    BLOCKED_BADGE = "blocked_badge"
    """A badge opened a door after it had been blocked, where this was not known yet."""
    SUSPENDED_MEMBER = "suspended_member"
    """A member was let in after the suspension, where this was not known yet."""
    REFUNDED_PASS = "refunded_pass"
    """An entry was used of a pass whose sale is cancelled."""
    WITHDRAWN_PRODUCT = "withdrawn_product"
    """A pass was sold after its product had been withdrawn, where this was not known yet."""
    CHANGED_APART = "changed_apart"
    """Two writers changed one field of a noun, neither in knowledge of the other: one of the two stands."""
    UNFOLDABLE = "unfoldable"
    """Entries of a ledger could not be applied to the roster."""
    PLACE_CLAIMED = "place_claimed"
    """With a right code somebody claimed the ledger of a kiosk in use, or of the server."""
    HOST_MADE = "host_made"
    """A host was made at a kiosk, or given a badge or a PIN there: looked at by a person, who ends it."""
    SET_ASIDE = "set_aside"
    """A kiosk sent what cannot be read, or is beyond the bounds of kiosk.bounds. Ends when all of it is settled."""


Facts = dict[str, str | int]


class Note(StrEnum):
    """What was found, as a code with facts."""

    TWO_VERSIONS = "two_versions"
    """n: of this entry."""
    GOES_ON_ELSEWHERE = "goes_on_elsewhere"
    """n: the last entry of a kiosk that has seen a later one of its own ledger in the feed."""
    NOT_CHAINED = "not_chained"
    """n: of this entry `previous` is not the hash of the one before."""
    MISSING = "missing"
    """n: the first entry missing; known: the highest there is."""
    CUT_OFF = "cut_off"
    """n: the last entry of the kiosk; known: the highest that had been seen."""
    SENT_BEFORE = "sent_before"
    """n: up to which entry the server acknowledged all; known: up to which all are here."""
    OTHER_FEED = "other_feed"
    """n: the position up to which a kiosk had read a feed that is another one here."""
    NEW_LEDGER = "new_ledger"
    """ledger: the one before."""
    BELOW_ZERO = "below_zero"
    """pass_id, member, left: the units left, negative."""
    CHARGED_TWICE = "charged_twice"
    """member; n and ledger: the entry of the other charge."""
    BADGE_LOST = "badge_lost"
    """badge: the beginning of its id; member."""
    BADGE_BLOCKED = "badge_blocked"
    """badge: the beginning of its id; member."""
    SUSPENDED = "suspended"
    """member."""
    TAKEN_BACK = "taken_back"
    """pass_id, member."""
    SOLD_WITHDRAWN = "sold_withdrawn"
    """pass_id, member, product."""
    MEMBER_CHANGED = "member_changed"
    """member, field; ledger and n: the entry that does not stand."""
    BADGE_CHANGED = "badge_changed"
    """badge: the beginning of its id; member, field; ledger and n: the entry that does not stand."""
    SITE_CHANGED = "site_changed"
    """site, field; ledger and n: the entry that does not stand."""
    PRODUCT_CHANGED = "product_changed"
    """product, field; ledger and n: the entry that does not stand."""
    PUT_ASIDE = "put_aside"
    """n: an entry in quarantine."""
    NOT_ITS_OWN = "not_its_own"
    """n: an entry in quarantine, about what its writer may not change."""
    CLAIMED = "claimed"
    """n: 0. It was refused."""
    MADE_HOST = "made_host"
    """n: the entry."""
    NO_PUSH = "no_push"
    """n: 0. What was sent is no push as a whole, so that nothing of it could be kept."""
    NOT_APPLIED = "not_applied"
    """n: this entry; error: the kind of exception."""
    MANY_MORE = "many_more"
    """More of this kind than are listed one by one."""


MOST_ALIKE = 10
"""Alarms of one kind and ledger that are listed one by one."""
LISTED = 1000
"""Alarms that are listed at once."""


class Alarm(Noun, frozen=True, kw_only=True):
    """An alarm: something that staff should look at."""

    alarm_id: str
    kind: str
    note: str
    """A Note, or a code of another release; empty when a release before stored a sentence, which is then in `facts`."""
    facts: Facts
    times: int
    first_at: datetime
    last_at: datetime
    ref: Ref | None = None
    """The entry it is about, the first where there are several; `seq` 0: the ledger as a whole."""
    ended_at: datetime | None = None
    site_id: str | None = None
    """Where, if that is known; else it is at the kiosk's site."""


def _facts(stored: str) -> Facts:
    """Decode stored facts. A value that is neither number nor text, of another release, becomes its JSON."""
    try:
        found = msgspec.json.decode(stored)
    except msgspec.DecodeError:
        return {"facts": stored}
    if not isinstance(found, dict):
        return {"facts": stored}
    return {
        name: told if type(told) in (int, str) else msgspec.json.encode(told).decode() for name, told in found.items()
    }


def ledger_alarm_id(kind: Kind, ledger_id: str) -> str:
    """Return the id of the alarm of this kind about a ledger as a whole."""
    return f"{kind}:{ledger_id}"


def _subject_alarm_id(kind: Kind, ledger_id: str, subject: str) -> str:
    """Return the id of the alarm of this kind about something that entries of a ledger tell of; it names no person."""
    return f"{kind}:{ledger_id}:{sha256(subject.encode()).hexdigest()[:16]}"


def raise_alarm(
    connection: Connection,
    network: str,
    alarm_id: str,
    *,
    ref: Ref,
    note: Note,
    facts: Facts,
    now: datetime,
    times: int = 1,
    site_id: str | None = None,
) -> bool:
    """Raise an alarm, or count it once more; an ended one begins again. Return whether it did not go on before."""
    told = {"note": note.value, "facts": msgspec.json.encode(facts).decode()}
    known = (alarms.c.network_id == network, alarms.c.alarm_id == alarm_id)
    goes_on = is_active(connection, network, alarm_id)
    values = {"last_at": now, "times": alarms.c.times + times, "ended_at": None, **told}
    if connection.execute(update(alarms).where(*known).values(values)).rowcount:
        return not goes_on
    row = {
        "network_id": network,
        "alarm_id": alarm_id,
        "kind": alarm_id.split(":", 1)[0],
        "ledger_id": ref.ledger_id,
        "seq": ref.seq,
        **told,
        "times": times,
        "first_at": now,
        "last_at": now,
        "site_id": site_id,
    }
    connection.execute(insert(alarms), row)
    return True


def report_conflict(connection: Connection, network: str, kind: Kind, ref: Ref) -> bool:
    """Record that an entry is in conflict with others; return whether this was not recorded before."""
    if was_reported(connection, network, kind, ref):
        return False
    row = {"network_id": network, "kind": kind.value, "ledger_id": ref.ledger_id, "seq": ref.seq}
    connection.execute(insert(conflicts), row)
    return True


def was_reported(connection: Connection, network: str, kind: Kind, ref: Ref) -> bool:
    """Return whether `report_conflict` recorded an entry."""
    one = (conflicts.c.network_id == network, conflicts.c.kind == kind.value)
    that = (conflicts.c.ledger_id == ref.ledger_id, conflicts.c.seq == ref.seq)
    return connection.execute(select(conflicts.c.seq).where(*one, *that)).first() is not None


def raise_conflict(
    connection: Connection,
    network: str,
    kind: Kind,
    *,
    ref: Ref,
    subject: str,
    note: Note,
    facts: Facts,
    site_id: str,
    now: datetime,
) -> bool:
    """Raise the alarm of a conflict about a subject, or count it once more. Return whether it did not go on before."""
    alarm_id = _subject_alarm_id(kind, ref.ledger_id, subject)
    if not is_active(connection, network, alarm_id) and _count_alike(connection, network, kind, ref) >= MOST_ALIKE:
        alarm_id, note, facts = ledger_alarm_id(kind, ref.ledger_id), Note.MANY_MORE, {}
    where = site_id or None
    return raise_alarm(connection, network, alarm_id, ref=ref, note=note, facts=facts, now=now, site_id=where)


def _count_alike(connection: Connection, network: str, kind: Kind, ref: Ref) -> int:
    alike = (alarms.c.network_id == network, alarms.c.ledger_id == ref.ledger_id, alarms.c.kind == kind.value)
    query = select(func.count()).select_from(alarms).where(*alike, alarms.c.ended_at.is_(None))
    return int(connection.execute(query).scalar_one())


def end(connection: Connection, network: str, alarm_id: str, now: datetime) -> bool:
    """End an alarm. Return whether it was active."""
    return bool(connection.execute(_END, {"network": network, "alarm": alarm_id, "now": now}).rowcount)


def forget_person(connection: Connection, network: str, member_id: str, *, now: datetime) -> None:
    """End the alarms that name a member, and take the name out of them."""
    name = msgspec.json.encode(member_id).decode()
    named = (alarms.c.network_id == network) & alarms.c.facts.contains(name, autoescape=True)
    for row in connection.execute(select(alarms).where(named)).all():
        facts = _facts(row.facts)
        bare = {fact: "" if value == member_id else value for fact, value in facts.items()}
        if bare != facts:
            one = (alarms.c.network_id == network) & (alarms.c.alarm_id == row.alarm_id)
            values = {"facts": msgspec.json.encode(bare).decode(), "ended_at": row.ended_at or now}
            connection.execute(update(alarms).where(one).values(values))


_END = (
    update(alarms)
    .where(alarms.c.network_id == bindparam("network"), alarms.c.alarm_id == bindparam("alarm"))
    .where(alarms.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
"""Two of these come with every push."""


def is_active(connection: Connection, network: str, alarm_id: str) -> bool:
    """Return whether an alarm is active."""
    one = (alarms.c.network_id == network, alarms.c.alarm_id == alarm_id, alarms.c.ended_at.is_(None))
    return connection.execute(select(alarms.c.alarm_id).where(*one)).first() is not None


class Alarms:
    """Lists and ends the alarms of the network. Every method may raise LedgerError."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime]) -> None:
        self._storage, self._now = storage, now

    def listed(
        self, *, since: datetime | None = None, site_id: str | None = None, first: int = 0, most: int = LISTED
    ) -> tuple[Alarm, ...]:
        """Return the active alarms, the newest first, and those that ended after `since`; of a site, or of all.

        Those before number `first` are left out, and so are those after `most`.
        """
        goes_on = alarms.c.ended_at.is_(None)
        shown = goes_on if since is None else or_(goes_on, alarms.c.ended_at > since)
        query = select(alarms).where(*self._of(site_id), shown)
        query = query.order_by(alarms.c.last_at.desc(), alarms.c.alarm_id).offset(first).limit(most)
        with self._storage.reader() as connection:
            return tuple(map(_alarm, connection.execute(query)))

    def count(self, *, site_id: str | None = None) -> int:
        """Return the number of active alarms of a site, or of all."""
        query = select(func.count()).select_from(alarms).where(*self._of(site_id), alarms.c.ended_at.is_(None))
        with self._storage.reader() as connection:
            return int(connection.execute(query).scalar_one())

    def tally(self) -> dict[str, int]:
        """Return the number of active alarms of each kind."""
        query = select(alarms.c.kind, func.count()).where(*self._of(None), alarms.c.ended_at.is_(None))
        with self._storage.reader() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(alarms.c.kind))}

    def find(self, alarm_id: str) -> Alarm | None:
        """Return an active alarm, None when there is none with this id."""
        query = select(alarms).where(*self._of(None), alarms.c.alarm_id == alarm_id, alarms.c.ended_at.is_(None))
        with self._storage.reader() as connection:
            row = connection.execute(query).first()
        return _alarm(row) if row else None

    def _of(self, site_id: str | None) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for the alarms of a site: its own, and those of its kiosks that have none."""
        network = alarms.c.network_id == self._storage.network
        if site_id is None:
            return (network,)
        at_it = (kiosks.c.network_id == self._storage.network, kiosks.c.site_id == site_id)
        of_its_kiosks = alarms.c.ledger_id.in_(select(kiosks.c.ledger_id).where(*at_it))
        return network, or_(alarms.c.site_id == site_id, alarms.c.site_id.is_(None) & of_its_kiosks)

    def dismiss(self, alarm_id: str) -> bool:
        """End an alarm that staff have looked at; a new cause starts it again. Return whether it was active."""
        with self._storage.writing() as connection:
            return end(connection, self._storage.network, alarm_id, self._now())


def _alarm(row: Row[*tuple[Any, ...]]) -> Alarm:
    return Alarm(
        alarm_id=row.alarm_id,
        kind=row.kind,
        note=row.note,
        facts=_facts(row.facts),
        times=row.times,
        first_at=row.first_at,
        last_at=row.last_at,
        ref=Ref(ledger_id=row.ledger_id, seq=row.seq),
        ended_at=row.ended_at,
        site_id=row.site_id,
    )
