"""The feed as kiosks read it: entries of all ledgers after a cursor, in the order in which they were committed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from kiosk.model import Clock, Entry, Ref, Stamp
from kiosk.store.tables import instant
from sync.central import ingest, network
from sync.central.tables import feed
from sync.wire import PAGE, FeedEntry, FeedPage, WireEntry

_PAGE = (
    select(
        feed.c.position,
        feed.c.ledger_id,
        feed.c.seq,
        feed.c.at,
        feed.c.boot_id,
        feed.c.monotonic_ns,
        feed.c.clock,
        feed.c.kind,
        feed.c.body,
        feed.c.salt,
        feed.c.body_hash,
        feed.c.previous,
        feed.c.hash,
        feed.c.remainder,
    )
    .where(feed.c.network_id == bindparam("network"), feed.c.position > bindparam("after"))
    .order_by(feed.c.position)
    .limit(bindparam("size"))
)


class GoneError(LookupError):
    """A cursor that the feed does not know, or no longer: the kiosk is to start from a snapshot."""


def cursor(generation: str, position: int) -> str:
    """Return the cursor that stands at a position."""
    return f"{generation}.{position}"


def page(connection: Connection, network_id: str, after: str | None, *, size: int = PAGE) -> FeedPage:
    """Return the entries after a cursor; without one, from the beginning. Raises GoneError."""
    generation = network.read(connection, network_id).generation
    place = 0 if after is None else position_of(after, generation)
    if place > 0 and place > ingest.last_position(connection, network_id):
        raise GoneError("the cursor stands beyond the end of the feed")
    rows = connection.execute(_PAGE, {"network": network_id, "after": place, "size": size + 1}).all()
    entries = tuple(FeedEntry(position=row.position, entry=_wire(row)) for row in rows[:size])
    end = entries[-1].position if entries else place
    return FeedPage(entries=entries, cursor=cursor(generation, end), more=len(rows) > size)


def position_of(text: str, generation: str) -> int:
    """Return the position at which a cursor stands. Raises GoneError for one of another generation, or for none."""
    of, _, number = text.partition(".")
    if of != generation or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise GoneError("the cursor is not of this feed")
    return int(number)


def place_of(text: str | None) -> int:
    """Return the position that a cursor names, of whatever generation; 0 for none."""
    number = (text or "").partition(".")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0


def entries(connection: Connection, network_id: str, *, after: int, size: int) -> list[tuple[int, Entry]]:
    """Return entries of the feed with their positions, for the server itself."""
    rows = connection.execute(_PAGE, {"network": network_id, "after": after, "size": size})
    return [(row.position, _entry(row)) for row in rows]


def _wire(row: Row[*tuple[Any, ...]]) -> WireEntry:
    # By place and not by name: a page has five hundred of these.
    _, ledger_id, seq, at, boot_id, monotonic_ns, clock, kind, *hashes = row
    body, salt, body_hash, previous, digest, remainder = hashes
    return WireEntry(
        ledger_id=ledger_id,
        seq=seq,
        at=instant(at),
        boot_id=boot_id,
        monotonic_ns=monotonic_ns,
        clock=clock,
        kind=kind,
        body=body,
        salt=salt,
        body_hash=body_hash,
        previous=previous,
        hash=digest,
        remainder=remainder,
    )


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        ref=Ref(ledger_id=row.ledger_id, seq=row.seq),
        stamp=Stamp(at=instant(row.at), boot_id=row.boot_id, monotonic_ns=row.monotonic_ns, clock=Clock(row.clock)),
        kind=row.kind,
        body=row.body,
        salt=row.salt,
        body_hash=row.body_hash,
        previous=row.previous,
        hash=row.hash,
        remainder=row.remainder,
    )
