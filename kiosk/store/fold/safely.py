"""Folds entries that may be of other releases or damaged: one that cannot be folded does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, ProgrammingError

from kiosk.facts import Entry
from kiosk.store import chain, fold
from kiosk.store.chain import Fault

POISON = (
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    ValueError,
    OverflowError,
    TypeError,
    LookupError,
)
"""What an entry raises that cannot be applied; a disk that is full or a database that is gone raises others."""


def apply(connection: Connection, entry: Entry, *, position: int | None) -> None:
    """Fold an entry, or its remainder, if this version can read it."""
    body = entry.body if entry.body is not None else entry.remainder
    fact = chain.decode_fact(body) if body is not None else None
    if fact is not None:
        fold.apply(connection, entry, fact, position=position)


def apply_safely(connection: Connection, entry: Entry, *, position: int | None) -> Iterator[Fault]:
    """Fold an entry, or leave the roster unchanged and return why."""
    connection.exec_driver_sql("SAVEPOINT one_entry")
    try:
        apply(connection, entry, position=position)
    except POISON as error:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one_entry")
        yield Fault(ref=entry.ref, what=f"cannot be applied: {type(error).__name__}")
    connection.exec_driver_sql("RELEASE SAVEPOINT one_entry")
