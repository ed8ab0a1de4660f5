"""Stores pushed entries in the feed: each once by (ledger_id, seq), a batch by one statement.

A push is one transaction, and it is answered after the commit. The roster is not folded here but afterwards, by
sync.central.roster.projector, so that a batch costs little more than storing it.

Positions of the feed are given out one after the other (sync.central.storage.database.Turn), because PostgreSQL commits
in any order: a reader that has seen position 7 would never ask for a 6 that is committed later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from kiosk.facts import Entry
from kiosk.model import Noun, Ref
from kiosk.store import entry_rows
from kiosk.store.tables import microseconds
from sync.central.alarms import register
from sync.central.alarms.register import Kind, Note
from sync.central.feed.push_reader import RefusedEntry
from sync.central.feed.rights import NO_RIGHT
from sync.central.storage.notifications import announce
from sync.central.storage.tables import feed, ledgers, quarantine
from sync.wire import LATER_RELEASE, EntryStatus, Outcome, to_wire

FORK = "fork: another entry has this place"
_encode = msgspec.json.Encoder().encode


MOST_ASIDE, MOST_BYTES_ASIDE = 5000, 16 << 20
"""Entries of one ledger, and their bytes, that wait in quarantine. Beyond them its kiosk keeps what it has, and is told
to come again: nothing is acknowledged that is not kept here, and nothing fills the disk."""


class QuarantineFullError(ValueError):
    """So much of a ledger is set aside already that nothing more is taken in with this push."""


class LedgerProgress(Noun, frozen=True, kw_only=True):
    """How far a ledger was received: up to `acked` without a gap, up to `highest` with gaps."""

    acked: int = 0
    highest: int = 0


class StoredBatch(Noun, frozen=True, kw_only=True):
    """The result of storing a batch."""

    statuses: tuple[EntryStatus, ...]
    acked: int


_PROGRESS = select(ledgers.c.acked, ledgers.c.highest).where(
    ledgers.c.network_id == bindparam("network"), ledgers.c.ledger_id == bindparam("ledger")
)
_ADVANCE = (
    update(ledgers)
    .where(ledgers.c.network_id == bindparam("network"), ledgers.c.ledger_id == bindparam("ledger"))
    .values(acked=bindparam("to"), highest=bindparam("top"))
)
_HASHES = select(feed.c.seq, feed.c.hash, feed.c.previous).where(
    feed.c.network_id == bindparam("network"),
    feed.c.ledger_id == bindparam("ledger"),
    feed.c.seq.between(bindparam("first"), bindparam("last")),
)
_LAST = select(func.coalesce(func.max(feed.c.position), 0)).where(feed.c.network_id == bindparam("network"))
_SEQS = (
    select(feed.c.seq)
    .where(feed.c.network_id == bindparam("network"), feed.c.ledger_id == bindparam("ledger"))
    .where(feed.c.seq > bindparam("after"))
    .union(
        select(quarantine.c.seq)
        .where(quarantine.c.network_id == bindparam("network"), quarantine.c.ledger_id == bindparam("ledger"))
        .where(quarantine.c.seq > bindparam("after"))
    )
    .order_by("seq")
)
COLUMNS = ("network_id", "position", "received_at", *entry_rows.COLUMNS)
_COPY = f"COPY feed ({', '.join(COLUMNS)}) FROM STDIN"
_INSERT = f"INSERT INTO feed ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608


def progress(connection: Connection, network: str, ledger_id: str) -> LedgerProgress:
    """Return how far a ledger was received; adds a new ledger."""
    row = connection.execute(_PROGRESS, {"network": network, "ledger": ledger_id}).first()
    if row is None:
        values = {"network_id": network, "ledger_id": ledger_id, "acked": 0, "highest": 0}
        connection.execute(insert(ledgers), values)
        return LedgerProgress()
    return LedgerProgress(acked=row.acked, highest=row.highest)


def last_position(connection: Connection, network: str) -> int:
    """Return the last position given out, 0 while the feed is empty."""
    return int(connection.execute(_LAST, {"network": network}).scalar_one())


def store(
    connection: Connection,
    network: str,
    ledger_id: str,
    *,
    before: LedgerProgress,
    batch: Sequence[Entry | RefusedEntry],
    now: datetime,
    why_not: Callable[[Entry], str] | None = None,
) -> StoredBatch:
    """Store a batch of one ledger in a transaction that holds Turn.FEED; return the outcome of each entry.

    `before` is the `progress` of the ledger in this transaction. `why_not` returns why a new entry is set aside, though
    it can be read; empty: it is not.
    """
    stored = Batch(connection, network, ledger_id, before=before, now=now, why_not=why_not)
    return stored.store(_numbered(batch, before.acked))


def _numbered(batch: Sequence[Entry | RefusedEntry], acked: int) -> list[Entry | RefusedEntry]:
    """Number the entries whose own `seq` could not be read, continuing from their neighbours."""
    placed: list[Entry | RefusedEntry] = []
    for number, one in enumerate(batch, start=acked + 1):
        lost = isinstance(one, RefusedEntry) and one.seq == 0
        placed.append(msgspec.structs.replace(one, seq=number) if lost else one)
    return placed


class Batch:
    """Stores one batch of one ledger."""

    def __init__(
        self,
        connection: Connection,
        network: str,
        ledger_id: str,
        *,
        before: LedgerProgress,
        now: datetime,
        why_not: Callable[[Entry], str] | None,
    ) -> None:
        self._why_not = why_not
        self.connection, self.network, self.ledger_id = connection, network, ledger_id
        self.before, self.now = before, now
        self.statuses: list[EntryStatus] = []
        self.fresh: dict[int, Entry] = {}
        self.set_aside: list[RefusedEntry] = []

    def store(self, batch: Sequence[Entry | RefusedEntry]) -> StoredBatch:
        """Sort the batch, store what is new, and raise alarms where needed."""
        if not batch:
            return StoredBatch(statuses=(), acked=self.before.acked)
        kept = self._kept(batch)
        for one in batch:
            self._sort(one, kept)
        if self.fresh:
            last = last_position(self.connection, self.network)
            write(self.connection, rows(self.network, self.fresh.values(), after=last, now=self.now))
            announce(self.connection, self.network)
        self._write_quarantine()
        after = self._advance()
        self._watch(kept, after)
        return StoredBatch(statuses=tuple(self.statuses), acked=after.acked)

    def _kept(self, batch: Sequence[Entry | RefusedEntry]) -> dict[int, tuple[bytes, bytes]]:
        """Return (hash, previous) of the stored entries from just before the batch to just after it."""
        seqs = [one.ref.seq for one in batch if isinstance(one, Entry)]
        if not seqs or min(seqs) - 1 > self.before.highest:
            return {}
        values = {"network": self.network, "ledger": self.ledger_id, "first": min(seqs) - 1, "last": max(seqs) + 1}
        return {row[0]: (bytes(row[1]), bytes(row[2])) for row in self.connection.execute(_HASHES, values)}

    def _sort(self, one: Entry | RefusedEntry, kept: dict[int, tuple[bytes, bytes]]) -> None:
        if isinstance(one, RefusedEntry):
            self._refuse(one)
            return
        seq = one.ref.seq
        twin = self.fresh[seq].hash if seq in self.fresh else kept.get(seq, (None,))[0]
        if twin is None and self._why_not is not None and (reason := self._why_not(one)):
            self._refuse(RefusedEntry(seq=seq, reason=reason, raw=_encode(to_wire(one))))
        elif twin is None:
            self.fresh[seq] = one
            self.statuses.append(EntryStatus(seq=seq, outcome=Outcome.ACCEPTED))
        elif twin == one.hash:
            self.statuses.append(EntryStatus(seq=seq, outcome=Outcome.DUPLICATE))
        else:
            self._refuse(RefusedEntry(seq=seq, reason=FORK, raw=_encode(to_wire(one))))

    def _refuse(self, one: RefusedEntry) -> None:
        self.set_aside.append(one)
        self.statuses.append(EntryStatus(seq=one.seq, outcome=Outcome.QUARANTINED, reason=one.reason))

    def _write_quarantine(self) -> None:
        """Quarantine what is not there yet; identical bytes are one item."""
        if not self.set_aside:
            return
        named = {quarantine_id(self.ledger_id, one): one for one in self.set_aside}
        there = select(quarantine.c.quarantine_id).where(
            quarantine.c.network_id == self.network, quarantine.c.quarantine_id.in_(named)
        )
        for key in self.connection.execute(there).scalars().all():
            del named[key]
        if named:
            self._check_room(sum(len(one.raw) for one in named.values()))
            self.connection.execute(insert(quarantine), [self._aside(key, one) for key, one in named.items()])
        poison = [one for one in named.values() if not one.reason.startswith((FORK, LATER_RELEASE))]
        if poison:
            lacks_right = poison[0].reason.startswith(NO_RIGHT)
            note = Note.NOT_ITS_OWN if lacks_right else Note.PUT_ASIDE
            self._alarm(Kind.SET_ASIDE, poison[0].seq, note, times=len(poison))

    def _check_room(self, size: int) -> None:
        """Raise QuarantineFullError if there is no room for so many bytes more."""
        of_ledger = (quarantine.c.network_id == self.network, quarantine.c.ledger_id == self.ledger_id)
        used = select(func.count(), func.coalesce(func.sum(func.length(quarantine.c.raw)), 0))
        items, bytes_ = self.connection.execute(used.where(*of_ledger, quarantine.c.settled_at.is_(None))).one()
        if items >= MOST_ASIDE or (items and bytes_ + size > MOST_BYTES_ASIDE):
            raise QuarantineFullError(f"{items} entries of this ledger are set aside: no more until staff settle them")

    def _aside(self, key: str, one: RefusedEntry) -> dict[str, object]:
        return {
            "network_id": self.network,
            "quarantine_id": key,
            "ledger_id": self.ledger_id,
            "seq": one.seq,
            "reason": one.reason.replace("\0", "?"),
            "raw": one.raw,
            "received_at": self.now,
        }

    def _advance(self) -> LedgerProgress:
        arrived = {*self.fresh, *(one.seq for one in self.set_aside)}
        if not arrived:
            return self.before
        acked = self.before.acked
        while acked + 1 in arrived:
            acked += 1
        highest = max(self.before.highest, *arrived)
        if acked < highest:
            acked = self._contiguous(acked)
        if (acked, highest) != (self.before.acked, self.before.highest):
            values = {"network": self.network, "ledger": self.ledger_id, "to": acked, "top": highest}
            self.connection.execute(_ADVANCE, values)
        return LedgerProgress(acked=acked, highest=highest)

    def _contiguous(self, acked: int) -> int:
        """Return the number up to which entries are stored without a gap."""
        values = {"network": self.network, "ledger": self.ledger_id, "after": acked}
        for seq in self.connection.execute(_SEQS, values).scalars().all():
            if seq != acked + 1:
                break
            acked = seq
        return acked

    # ------------------------------------------------------------ alarms

    def _watch(self, kept: dict[int, tuple[bytes, bytes]], after: LedgerProgress) -> None:
        forks = [one.seq for one in self.set_aside if one.reason == FORK]
        if forks:
            self._alarm(Kind.FORK, forks[0], Note.TWO_VERSIONS, times=len(forks))
        broken = [seq for seq in sorted(self.fresh) if self._is_broken(seq, kept)]
        if broken:
            self._alarm(Kind.CHAIN, broken[0], Note.NOT_CHAINED, times=len(broken))
        if after.acked < after.highest and (self.fresh or self.set_aside):
            self._alarm(Kind.GAP, after.acked + 1, Note.MISSING, known=after.highest)
        elif after.acked == after.highest and self.before.acked < self.before.highest:
            register.end(self.connection, self.network, register.ledger_alarm_id(Kind.GAP, self.ledger_id), self.now)

    def _is_broken(self, seq: int, kept: dict[int, tuple[bytes, bytes]]) -> bool:
        """Tell whether a new entry does not fit between its neighbours, as far as these are known."""
        entry = self.fresh[seq]
        before = self.fresh[seq - 1].hash if seq - 1 in self.fresh else kept.get(seq - 1, (None,))[0]
        if seq == 1:
            before = bytes(32)
        follower = kept.get(seq + 1)
        return (before is not None and before != entry.previous) or (follower is not None and follower[1] != entry.hash)

    def _alarm(self, kind: Kind, seq: int, note: Note, *, times: int = 1, **facts: int) -> None:
        register.raise_alarm(
            self.connection,
            self.network,
            register.ledger_alarm_id(kind, self.ledger_id),
            ref=Ref(ledger_id=self.ledger_id, seq=seq),
            note=note,
            facts={"n": seq, **facts},
            now=self.now,
            times=times,
        )


def quarantine_id(ledger_id: str, one: RefusedEntry) -> str:
    """Return the id of a quarantined item: the same for the same bytes."""
    return sha256(ledger_id.encode() + b"\0" + one.raw).hexdigest()[:32]


def rows(network: str, entries: Iterable[Entry], *, after: int, now: datetime) -> list[tuple[object, ...]]:
    """Return feed rows for entries from a position on, in the order of COLUMNS."""
    received = microseconds(now)
    return [
        (network, position, received, *entry_rows.to_row(entry).values())
        for position, entry in enumerate(entries, start=after + 1)
    ]


def write(connection: Connection, new: list[tuple[object, ...]]) -> None:
    """Write rows of the feed: COPY on PostgreSQL, one prepared insert on SQLite."""
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in new:
                copy.write_row(row)
    else:
        connection.exec_driver_sql(_INSERT, new)
