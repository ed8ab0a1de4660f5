"""The quarantine: entries that could not be stored, shown to staff, who can try them again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from kiosk.facts import Entry
from kiosk.model import Noun
from sync.central.alarms import register
from sync.central.alarms.register import Kind
from sync.central.feed import ingest, push_reader
from sync.central.storage.database import Storage, Turn
from sync.central.storage.tables import quarantine


class QuarantinedItem(Noun, frozen=True, kw_only=True):
    """An entry, or other bytes, that the feed could not store. The bytes as they came are read by `Quarantine.raw`."""

    quarantine_id: str
    ledger_id: str
    seq: int
    reason: str
    received_at: datetime


LISTED = 1000
"""How much is listed at once."""
_ITEM = [quarantine.c[name] for name in QuarantinedItem.__struct_fields__]


class Quarantine:
    """The quarantined items that staff have not settled. Every method may raise LedgerError."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime], on_new: Callable[[], None]) -> None:
        """`on_new` is called after a quarantined item was stored in the feed."""
        self._storage, self._now, self._on_new = storage, now, on_new

    def listed(self, *, first: int = 0, most: int = LISTED) -> tuple[QuarantinedItem, ...]:
        """Return the quarantined items, the oldest first: so many after the first ones, which are left out."""
        query = select(*_ITEM).where(*_waiting(self._storage.network)).offset(first).limit(most)
        query = query.order_by(quarantine.c.received_at, quarantine.c.quarantine_id)
        with self._storage.reader() as connection:
            return tuple(map(_aside, connection.execute(query)))

    def find(self, quarantine_id: str) -> QuarantinedItem | None:
        """Return an item that is not settled, None for none."""
        query = select(*_ITEM).where(*_waiting(self._storage.network), quarantine.c.quarantine_id == quarantine_id)
        with self._storage.reader() as connection:
            row = connection.execute(query).first()
        return _aside(row) if row else None

    def raw(self, quarantine_id: str, *, most: int | None = None) -> bytes:
        """Return the bytes of an item as they came, or so many of them; none for an unknown one."""
        found = quarantine.c.raw if most is None else func.substr(quarantine.c.raw, 1, most)
        one = (quarantine.c.network_id == self._storage.network, quarantine.c.quarantine_id == quarantine_id)
        with self._storage.reader() as connection:
            return bytes(connection.execute(select(found).where(*one)).scalar() or b"")

    def count(self) -> int:
        """Return the number of quarantined items."""
        query = select(func.count()).select_from(quarantine).where(*_waiting(self._storage.network))
        with self._storage.reader() as connection:
            return int(connection.execute(query).scalar_one())

    def replay(self, quarantine_id: str) -> str | None:
        """Try to store an item again. Returns None when stored, or why not. Raises LookupError for an unknown id."""
        with self._storage.writing(Turn.FEED) as connection:
            reason = replay(connection, self._storage.network, quarantine_id, self._now())
        self._on_new()
        return reason

    def dismiss(self, quarantine_id: str) -> None:
        """Settle an item without storing it."""
        with self._storage.writing() as connection:
            dismiss(connection, self._storage.network, quarantine_id, self._now())


def _waiting(network: str) -> tuple[ColumnElement[bool], ...]:
    return quarantine.c.network_id == network, quarantine.c.settled_at.is_(None)


def _aside(row: Row[*tuple[Any, ...]]) -> QuarantinedItem:
    return QuarantinedItem(
        quarantine_id=row.quarantine_id,
        ledger_id=row.ledger_id,
        seq=row.seq,
        reason=row.reason,
        received_at=row.received_at,
    )


def replay(connection: Connection, network: str, quarantine_id: str, now: datetime) -> str | None:
    """Try to store an item again, with this release. Returns None when it was stored, or why not.

    Raises LookupError when there is no such item in quarantine.
    """
    query = select(quarantine).where(*_waiting(network), quarantine.c.quarantine_id == quarantine_id)
    row = connection.execute(query).first()
    if row is None:
        raise LookupError(f"nothing is in quarantine under {quarantine_id}")
    one = _aside(row)
    read = push_reader.read_entry(bytes(row.raw), one.ledger_id, seq=one.seq)
    if not isinstance(read, Entry):
        return read.reason
    before = ingest.progress(connection, network, one.ledger_id)
    status = ingest.store(connection, network, one.ledger_id, before=before, batch=[read], now=now).statuses[0]
    if status.reason:
        return status.reason
    dismiss(connection, network, quarantine_id, now)
    return None


def dismiss(connection: Connection, network: str, quarantine_id: str, now: datetime) -> None:
    """Settle an item that staff have looked at; the row stays. With the last one of a ledger its alarm ends."""
    one = (*_waiting(network), quarantine.c.quarantine_id == quarantine_id)
    ledger_id = connection.execute(select(quarantine.c.ledger_id).where(*one)).scalar()
    if ledger_id is None:
        return
    connection.execute(update(quarantine).where(*one).values(settled_at=now))
    left = select(quarantine.c.seq).where(*_waiting(network), quarantine.c.ledger_id == ledger_id)
    if connection.execute(left.limit(1)).first() is None:
        register.end(connection, network, register.ledger_alarm_id(Kind.SET_ASIDE, ledger_id), now)
