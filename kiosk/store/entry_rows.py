"""Converts an entry to its row in the database and back; rows are checked, because they may have been changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, bindparam, insert, select, tuple_

from kiosk.facts import Entry
from kiosk.model import ClockQuality, Ref, Stamp
from kiosk.store.chain import Fault
from kiosk.store.tables import entries, instant, microseconds

HEAD = (
    select(entries.c.seq, entries.c.hash)
    .where(entries.c.ledger_id == bindparam("ledger_id"))
    .order_by(entries.c.seq.desc())
    .limit(1)
)
_OF = select(entries).where(entries.c.ledger_id == bindparam("ledger_id")).limit(bindparam("size"))
PAGE = _OF.where(entries.c.seq > bindparam("place")).order_by(entries.c.seq)
PAGE_BACKWARDS = _OF.where(entries.c.seq < bindparam("place")).order_by(entries.c.seq.desc())
INSERT = insert(entries)
PLACED = (
    select(entries)
    .where(entries.c.position > bindparam("place"))
    .order_by(entries.c.position, entries.c.ledger_id, entries.c.seq)
    .limit(bindparam("size"))
)
"""Entries of all ledgers in the order of the feed."""
UNPLACED = PAGE.where(entries.c.position.is_(None))
"""Own entries that have no place in the feed yet."""
_NAME = tuple_(entries.c.ledger_id, entries.c.seq)
FOREIGN = (
    select(entries)
    .where(entries.c.ledger_id != bindparam("own"), tuple_(bindparam("ledger_id"), bindparam("seq")) < _NAME)
    .order_by(entries.c.ledger_id, entries.c.seq)
    .limit(bindparam("size"))
)


COLUMNS = tuple(column.name for column in entries.columns if column.name != "position")
"""What every table of entries has, the kiosk's and the server's feed, in the order of `to_row`."""


def to_row(entry: Entry) -> dict[str, object]:
    """Return the columns of an entry, for any table of entries."""
    return {
        "ledger_id": entry.ref.ledger_id,
        "seq": entry.ref.seq,
        "at": microseconds(entry.stamp.at),
        "boot_id": entry.stamp.boot_id,
        "monotonic_ns": entry.stamp.monotonic_ns,
        "clock": entry.stamp.clock.value,
        "kind": entry.kind,
        "body": entry.body,
        "salt": entry.salt,
        "body_hash": entry.body_hash,
        "previous": entry.previous,
        "hash": entry.hash,
        "remainder": entry.remainder,
    }


_TYPES = (str, int, int, str, int, str, str, bytes | None, bytes | None, bytes, bytes, bytes)


def from_row(row: Row[*tuple[Any, ...]]) -> Entry | Fault:
    """Return the entry in a row, or its fault: SQLite allows any value in any column."""
    ref = Ref(ledger_id=row.ledger_id, seq=row.seq)
    if not all(map(isinstance, row, _TYPES)):
        return Fault(ref=ref, what="was changed: a column holds a value of another kind")
    try:
        return read_row(row)
    except (ValueError, OverflowError) as error:
        return Fault(ref=ref, what=f"was changed: its stamp says nonsense ({error})")


def read_row(row: Row[*tuple[Any, ...]]) -> Entry:
    """Return the entry in a row of any table of entries, whose columns have values of their types.

    Raises ValueError or OverflowError for an impossible stamp.
    """
    return Entry(
        ref=Ref(ledger_id=row.ledger_id, seq=row.seq),
        stamp=Stamp(
            at=instant(row.at), boot_id=row.boot_id, monotonic_ns=row.monotonic_ns, clock=ClockQuality(row.clock)
        ),
        kind=row.kind,
        body=row.body,
        salt=row.salt,
        body_hash=row.body_hash,
        previous=row.previous,
        hash=row.hash,
        remainder=row.remainder if isinstance(row.remainder, bytes) else None,
    )
