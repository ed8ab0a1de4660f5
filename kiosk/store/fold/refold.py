"""Folds all entries anew: to check that the roster is what the entries add up to, and to repair it.

The fold is made in a database of its own, deleted afterwards; the live roster is only read, unless it is to be
replaced.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, delete, func, insert, select, type_coerce
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
from sqlalchemy.types import NullType

from kiosk.facts import Entry
from kiosk.model import Noun
from kiosk.store.database import LedgerError, temporary_engine, transaction
from kiosk.store.feed import cursors
from kiosk.store.feed.order import in_fold_order
from kiosk.store.fold.safely import apply_safely
from kiosk.store.forgetting.erasing import PASSAGES
from kiosk.store.tables import ROSTER, entries, stretches

BATCH = 500
SHORT = 40
"""The longest value that is shown in a sentence."""
_Key = tuple[tuple[int, Any], ...]


class Difference(Noun, frozen=True, kw_only=True):
    """A row of the live roster that differs from the fold. None: there is no such row."""

    table: str
    key: tuple[Any, ...]
    live: tuple[Any, ...] | None
    folded: tuple[Any, ...] | None

    def __str__(self) -> str:
        key = " ".join(map(str, self.key))
        if self.live is None or self.folded is None:
            return f"{self.table} {key}: " + ("missing" if self.live is None else "no entry says so")
        columns = zip(ROSTER.tables[self.table].columns.keys(), self.live, self.folded, strict=True)
        return f"{self.table} {key}: " + "; ".join(_apart(*one) for one in columns if one[1] != one[2])


def _apart(column: str, live: Any, folded: Any) -> str:
    """Return how a column differs: both values if they are short, or which fields of a document."""
    if column == "doc":
        return f"{_fields_apart(live, folded)} changed"
    if max(len(str(live)), len(str(folded))) > SHORT:
        return f"{column} changed"
    return f"{column} is {live}, the entries say {folded}"


def _fields_apart(live: Any, folded: Any) -> str:
    try:
        one, other = (msgspec.json.decode(doc, type=dict[str, Any]) for doc in (live, folded))
    except (msgspec.DecodeError, TypeError):
        return "doc"
    return ", ".join(name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)) or "doc"


@contextmanager
def folded_anew(given: Iterable[tuple[int | None, Entry]]) -> Iterator[Connection]:
    """Yield a new roster with these entries, each with its feed position, applied in any order.

    Entries that are erased, of newer releases or cannot be applied are skipped.
    """
    engine = temporary_engine()
    try:
        with engine.connect() as connection:
            with transaction(connection):
                for statement in _schema():
                    connection.exec_driver_sql(statement)
                for position, entry in given:
                    tuple(apply_safely(connection, entry, position=position))
            yield connection
    finally:
        engine.dispose()


@cache
def _schema() -> tuple[str, ...]:
    """Return the statements that make an empty roster: to compile them takes longer than to run them."""
    indexes = (index for table in ROSTER.sorted_tables for index in table.indexes)
    made: Iterator[DDLElement] = chain(map(CreateTable, ROSTER.sorted_tables), map(CreateIndex, indexes))
    return tuple(str(one.compile(dialect=SQLiteDialect())) for one in made)


def differences(live: Connection, folded: Connection) -> Iterator[Difference]:
    """Compare two rosters row by row."""
    for table in ROSTER.sorted_tables:
        both = heapq.merge(_rows(live, table, side=0), _rows(folded, table, side=1), key=itemgetter(0))
        for key, group in groupby(both, key=itemgetter(0)):
            sides = {side: tuple(row) for _, side, row in group}
            if sides.get(0) != sides.get(1):
                yield Difference(
                    table=table.name, key=tuple(value for _, value in key), live=sides.get(0), folded=sides.get(1)
                )


ENDS = ("presence_end", "left_at", "window_cut", "reversed_at", "reversed_by")
"""Columns of a visit that depend on other entries."""


def provable(found: Iterable[Difference]) -> Iterator[Difference]:
    """Leave out differences that a snapshot may explain, when not all entries are here.

    A row that only the live roster has came with the snapshot. If both have it, the snapshot may include an earlier
    reversal, a later denial, or the end of a visit; everything else is decided by the entries after it.
    """
    for one in found:
        if one.folded is not None and not (one.live and _may_differ(one.table, one.live, one.folded)):
            yield one


def _may_differ(table: str, live: tuple[Any, ...], folded: tuple[Any, ...]) -> bool:
    names = ROSTER.tables[table].columns.keys()
    is_, says = dict(zip(names, live, strict=True)), dict(zip(names, folded, strict=True))
    if table == "visits":
        return all(is_[name] == says[name] for name in names if name not in ENDS)
    if table == "unknown_badges":
        return bool(is_["at"] >= says["at"])
    return table == "reversals" and bool(is_["at"] <= says["at"])


def replace(live: Connection, folded: Connection) -> None:
    """Replace the live roster by the fold, inside the transaction that `live` is in."""
    for table in ROSTER.sorted_tables:
        live.execute(delete(table))
        for rows in folded.execute(select(table)).mappings().partitions(BATCH):
            live.execute(insert(table), [dict(row) for row in rows])


def refold(connection: Connection, *, own: str) -> tuple[Difference, ...]:
    """Replace the roster by what all entries add up to, inside a transaction; return the differences.

    `own` is this kiosk's ledger. Raises LedgerError when bodies were erased without a remainder or a sum, unless the
    roster is based on a snapshot.
    """
    with folded_anew(in_fold_order(connection, own=own)) as folded:
        count = erased_without_remainder(connection, folded)
        if count and cursors.number(connection, cursors.SNAPSHOT) is None:
            raise LedgerError(f"{count} entries are erased: the roster can no longer be folded from the ledger")
        found = tuple(differences(connection, folded))
        if found:
            replace(connection, folded)
    return found


def erased_without_remainder(connection: Connection, folded: Connection) -> int:
    """Return how many bodies are erased without a remainder or a sum."""
    is_empty = entries.c.body.is_(None) & entries.c.remainder.is_(None)
    count = select(func.count()).select_from(entries).where(is_empty)
    found: int = connection.execute(count).scalar_one()
    for row in folded.execute(select(stretches)) if found else ():
        of_it = (entries.c.ledger_id == row.of_ledger) & entries.c.seq.between(row.first, row.last)
        is_passage = entries.c.kind.in_(PASSAGES)
        found -= connection.execute(count.where(of_it, is_passage)).scalar_one()
    return found


def _rows(connection: Connection, table: Table, *, side: int) -> Iterator[tuple[_Key, int, Row[*tuple[Any, ...]]]]:
    # Raw values, as they lie in the database: whoever edited it may have put anything anywhere.
    raw = select(*(type_coerce(column, NullType()) for column in table.columns))
    width = len(table.primary_key.columns)
    for row in connection.execute(raw.order_by(*table.primary_key.columns)):
        yield tuple((_RANKS.get(type(value), len(_RANKS)), value) for value in row[:width]), side, row


_RANKS = {type(None): 0, int: 1, float: 1, str: 2, bytes: 3}
"""How SQLite sorts values of different kinds."""
