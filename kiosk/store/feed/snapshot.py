"""The roster as a whole, from the server to a kiosk that is new or was away too long: read, staged, adopted.

The server reads all pages in one transaction, so that they belong to one position of its feed; they travel as JSON. A
kiosk stages them beside its roster and adopts them in one transaction, so that at any stop it has the old roster or the
new one. Entries that the snapshot does not contain are folded on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Insert,
    String,
    Table,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType, TypeEngine

from kiosk import bounds
from kiosk.model import Badge, Member, Pass, Product, Site
from kiosk.store.chain import Fault
from kiosk.store.entry_rows import PAGE, from_row
from kiosk.store.feed import cursors
from kiosk.store.fold.safely import apply_safely
from kiosk.store.tables import ROSTER, STAGED, entries, staged, staged_heads

Rows = dict[str, tuple[dict[str, object], ...]]
"""Table of the roster -> rows, columns by name; all values are texts, numbers or None."""

HEADS = "heads"
"""Beside the tables of the roster: ledger_id and seq, up to which entry of each ledger the snapshot knows."""
ADDED = {
    *(f"staged_sales.{name}" for name in ("at", "site_id", "cents", "method")),
    "staged_unknown_badges.ledger_id",
    "staged_unknown_badges.seq",
    "staged_members.at",
    "staged_corrections.told_by",
}
"""Columns that came with this release."""
PAGE_ROWS = 2000
BATCH = 500


class _AsItTravels(TypeEngine[object]):
    """A value in JSON form, which is how the database stores it. NullType would become the column's own type."""

    cache_ok = True


AS_IT_TRAVELS = _AsItTravels()


class SnapshotError(ValueError):
    """A snapshot that is incomplete, or does not fit."""


def pages(connection: Connection, *, heads: Mapping[str, int], size: int = PAGE_ROWS) -> Iterator[Rows]:
    """Yield the roster in pages of at most `size` rows, in the transaction that `connection` is in.

    For the server. Read the feed's last folded position and `heads` in the same transaction (`one_state` of
    kiosk.store.database), and keep the pages until the kiosk has fetched all of them: pages of another transaction do
    not fit. `heads` gives for each ledger the `seq` up to which all its entries are in the roster. The first page has
    only these; for a small site the second has all the rest.
    """
    yield {HEADS: tuple({"ledger_id": name, "seq": seq} for name, seq in sorted(heads.items()))}
    page: Rows = {}
    held = 0
    for table in ROSTER.sorted_tables:
        last: tuple[Any, ...] | None = None
        while rows := [row._asdict() for row in connection.execute(_page(table, last, size - held))]:
            page[table.name], held = tuple(rows), held + len(rows)
            if held < size:
                break
            yield page
            page, held = {}, 0
            last = tuple(rows[-1][column.name] for column in table.primary_key.columns)
    if page:
        yield page


def _page(table: Table, last: tuple[Any, ...] | None, size: int) -> Any:
    raw = [type_coerce(column, NullType()).label(column.name) for column in table.columns]
    key = [type_coerce(column, NullType()) for column in table.primary_key.columns]
    query = select(*raw).order_by(*key).limit(size)
    return query if last is None else query.where(tuple_(*key) > tuple_(*(type_coerce(v, NullType()) for v in last)))


def stage(connection: Connection, rows: Mapping[str, Sequence[Mapping[str, object]]], *, position: int) -> int:
    """Store a page beside the roster; the first page of a snapshot, the one with the heads, starts anew.

    Returns how many rows were left out: nouns that this release cannot read, or beyond the bounds of kiosk.bounds.
    Raises SnapshotError for a page of another snapshot than the one that was begun.
    """
    if HEADS in rows:
        discard(connection)
        cursors.write(connection, {cursors.STAGED: position})
    begun = cursors.number(connection, cursors.STAGED)
    if begun != position:
        raise SnapshotError(f"a page of the snapshot at {position} cannot follow one at {begun}: start again")
    left_out = 0
    for name, page in rows.items():
        table = staged_heads if name == HEADS else staged.get(name)
        if table is not None:
            sound = [row for row in page if _is_sound(name, row)]
            left_out += len(page) - len(sound)
            _insert(connection, table, sound)
    return left_out


_NOUNS = {
    name: msgspec.json.Decoder(noun).decode
    for name, noun in {"sites": Site, "products": Product, "members": Member, "badges": Badge, "passes": Pass}.items()
}


def _is_sound(table: str, row: Mapping[str, object]) -> bool:
    """Tell whether the noun in a row can be read and is within the bounds."""
    decode, told = _NOUNS.get(table), row.get("doc")
    if decode is None or not isinstance(told, str):
        return True
    try:
        return bounds.noun_excess(decode(told)) is None
    except msgspec.DecodeError:
        return False


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows of a server that may be one release apart.

    Columns that are unknown here are left out; those missing in an older release are empty, or zero.
    """
    empty = {column.name: _empty(column) for column in table.columns}
    known = [{name: row.get(name, empty[name]) for name in empty} for row in rows]
    for start in range(0, len(known), BATCH):
        connection.execute(_INSERTS[table.name], known[start : start + BATCH])


def _empty(column: Column[Any]) -> object:
    if str(column) not in ADDED:
        return None
    return "" if isinstance(column.type, String) else 0


def discard(connection: Connection) -> None:
    """Delete what is staged."""
    for table in STAGED.sorted_tables:
        connection.execute(delete(table))
    cursors.write(connection, {cursors.STAGED: None})


def adopt(connection: Connection, *, own: str, cursor: str) -> None:
    """Replace the roster by the staged one, and fold the own entries on top that it does not contain.

    Feed positions known before are discarded: it may be another feed. Entries after the snapshot arrive again. Raises
    SnapshotError when nothing is staged.
    """
    position = cursors.number(connection, cursors.STAGED)
    if position is None:
        raise SnapshotError("no snapshot is staged")
    for table in ROSTER.sorted_tables:
        connection.execute(delete(table))
        connection.execute(_MOVES[table.name])
    heads = {name: _head(connection, name) for name in (*cursors.formers(connection), own)}
    is_unknown = or_(*((entries.c.ledger_id == name) & (entries.c.seq > head) for name, head in heads.items()))
    connection.execute(update(entries).values(position=case((is_unknown, None), else_=0)))
    discard(connection)
    cursors.write(connection, {cursors.SNAPSHOT: position, cursors.FEED_CURSOR: cursor, cursors.NEEDS_SNAPSHOT: None})
    for name, head in heads.items():
        _fold_unknown(connection, own=name, head=head)


def _head(connection: Connection, ledger_id: str) -> int:
    return connection.execute(select(staged_heads.c.seq).where(staged_heads.c.ledger_id == ledger_id)).scalar() or 0


def _inserting(table: Table) -> Insert:
    return insert(table).values({c.name: bindparam(c.name, type_=AS_IT_TRAVELS) for c in table.columns})


_INSERTS = {table.name: _inserting(table) for table in STAGED.sorted_tables}
_MOVES = {
    table.name: insert(table).from_select(table.columns.keys(), select(staged[table.name]))
    for table in ROSTER.sorted_tables
}


def _fold_unknown(connection: Connection, *, own: str, head: int) -> None:
    while page := connection.execute(PAGE, {"ledger_id": own, "place": head, "size": BATCH}).all():
        for row in page:
            entry = from_row(row)
            if not isinstance(entry, Fault):
                tuple(apply_safely(connection, entry, position=None))
        head = page[-1].seq
