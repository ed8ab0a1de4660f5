"""Snapshots of the roster for kiosks that are new or lost their cursor: in pages, all of one instant.

All pages are stored when the first is asked for, because the roster changes while a kiosk fetches them; kiosks that ask
within a short time get the same ones. The content is made by kiosk.store.feed.snapshot.
"""

from __future__ import annotations

import secrets
import zlib
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from kiosk.store.feed import snapshot
from sync.central.feed import stream
from sync.central.feed.stream import GoneError
from sync.central.roster.books import ServerBooks
from sync.central.storage import network
from sync.central.storage.database import Turn
from sync.central.storage.network import NetworkState
from sync.central.storage.tables import feed, ledgers, snapshots
from sync.wire import WireStruct

FRESH = timedelta(minutes=1)
"""Age up to which a snapshot is given to a kiosk that asks for its first page."""
KEPT = timedelta(hours=1)
"""How long the pages of a snapshot are kept."""


class RawPage(WireStruct, frozen=True, kw_only=True):
    """A SnapshotPage whose rows are JSON already."""

    rows: msgspec.Raw
    position: int
    cursor: str
    next: str | None = None


_encode = msgspec.json.Encoder().encode


class Snapshots:
    """Serves snapshots to kiosks, page by page."""

    def __init__(self, books: ServerBooks) -> None:
        self._books, self._storage = books, books.storage

    def page(self, token: str | None) -> RawPage:
        """Return a page of the roster, the first one without a token. Raises stream.GoneError, or LedgerError."""
        if token is None:
            self._books.fold()
            with self._storage.writing(Turn.FOLD) as connection:
                token = begin(connection, self._storage.network, self._books.now())
        with self._storage.reader() as connection:
            return page(connection, self._storage.network, token)


def begin(connection: Connection, network_id: str, now: datetime) -> str:
    """Return the token of a snapshot's first page; write a new snapshot if the last is too old."""
    of = network.read(connection, network_id)
    connection.execute(delete(snapshots).where(snapshots.c.network_id == network_id, snapshots.c.made_at <= now - KEPT))
    fresh = select(snapshots.c.snapshot_id, snapshots.c.cursor, snapshots.c.rows).where(
        snapshots.c.network_id == network_id, snapshots.c.number == 0, snapshots.c.made_at > now - FRESH
    )
    cursor = stream.cursor(connection, network_id, of.generation, of.projected)
    # The first page has the heads alone, and they move without the feed where an entry was put aside.
    heads = _packed(next(snapshot.pages(connection, heads=_heads(connection, of))))
    for row in connection.execute(fresh.order_by(snapshots.c.made_at.desc())):
        if row.cursor == cursor and bytes(row.rows) == heads:
            return f"{row.snapshot_id}.0"
    return f"{_write(connection, of, cursor, now)}.0"


def _write(connection: Connection, of: NetworkState, cursor: str, now: datetime) -> str:
    name = secrets.token_hex(8)
    made = {"network_id": of.network_id, "snapshot_id": name, "position": of.projected, "made_at": now}
    made["cursor"] = cursor
    for number, rows in enumerate(snapshot.pages(connection, heads=_heads(connection, of))):
        connection.execute(insert(snapshots), {**made, "number": number, "rows": _packed(rows)})
    return name


def _packed(rows: snapshot.Rows) -> bytes:
    return zlib.compress(_encode(rows), 1)


def _heads(connection: Connection, of: NetworkState) -> dict[str, int]:
    """Return for each ledger up to which entry it is folded completely.

    A missing entry before that, which its kiosk cannot read, comes by the feed if ever. If the gap counted as the end,
    that kiosk would treat the entries after it as new, and as newer than everything in the feed.
    """
    waiting = (
        select(feed.c.ledger_id, func.min(feed.c.seq))
        .where(feed.c.network_id == of.network_id, feed.c.position > of.projected)
        .group_by(feed.c.ledger_id)
    )
    not_yet: dict[str, int] = {row[0]: row[1] for row in connection.execute(waiting)}
    known = select(ledgers.c.ledger_id, ledgers.c.highest).where(ledgers.c.network_id == of.network_id)
    return {row[0]: min(row[1], not_yet.get(row[0], row[1] + 1) - 1) for row in connection.execute(known)}


def page(connection: Connection, network_id: str, token: str) -> RawPage:
    """Return a page. Raises GoneError for an unknown or expired token."""
    name, _, text = token.partition(".")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise GoneError("the token is not of a snapshot: start again without one")
    number = int(text)
    query = select(snapshots).where(
        snapshots.c.network_id == network_id,
        snapshots.c.snapshot_id == name,
        snapshots.c.number.between(number, number + 1),
    )
    found = connection.execute(query.order_by(snapshots.c.number)).all()
    if not found or found[0].number != number:
        raise GoneError("the snapshot is no longer kept: start again without a token")
    following = f"{name}.{number + 1}" if len(found) > 1 else None
    return _raw(found[0], following)


def _raw(row: Row[*tuple[Any, ...]], following: str | None) -> RawPage:
    rows = msgspec.Raw(zlib.decompress(row.rows))
    return RawPage(rows=rows, position=row.position, cursor=row.cursor, next=following)
