"""Rows recovered from a damaged database and its copies, and how they fill a new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, insert, update

from kiosk.facts import Entry
from kiosk.model import Ref
from kiosk.store import chain
from kiosk.store.database.salvage import Found, Row
from kiosk.store.entry_rows import from_row
from kiosk.store.feed import cursors
from kiosk.store.tables import ROSTER, entries, ledger
from kiosk.store.tables import cursors as cursor_rows


class Recovered:
    """Rows read from damaged databases and from copies; of two with the same key the first is kept."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.entries: dict[Ref, Row] = {}
        self.cursors: dict[str, str] = {}
        self.rows: dict[str, dict[tuple[Any, ...], Row]] = {table.name: {} for table in ROSTER.sorted_tables}
        self.from_copies = 0

    def add(self, found: Found, *, is_copy: bool) -> None:
        """Add the rows of a database that are not here yet."""
        names = [row["ledger_id"] for row in found.rows(ledger) if isinstance(row.get("ledger_id"), str)]
        self.names += names
        told = {row["name"]: row["value"] for row in found.rows(cursor_rows)}
        for row in _sound(found.rows(entries)):
            ref = Ref(ledger_id=row["ledger_id"], seq=row["seq"])
            if ref not in self.entries:
                self.entries[ref] = row
                self.from_copies += is_copy
        self.cursors = {**told, **self.cursors}
        for table in ROSTER.sorted_tables:
            kept = self.rows[table.name]
            for row in found.rows(table):
                kept.setdefault(tuple(row.get(column.name) for column in table.primary_key.columns), row)

    def ledger_name(self, noted: str | None) -> str | None:
        """Return the ledger's name by the note, or by its entries if the note is of a former ledger."""
        if noted and cursors.FORMER_SENT + noted not in self.cursors:
            return noted
        borne = {ref.ledger_id for ref in self.entries}
        return next((name for name in self.names if name in borne), next(iter(self.names), noted))

    def write_to(self, connection: Connection, name: str | None) -> None:
        """Fill an empty database with the entries and the roster."""
        if name:
            connection.execute(update(ledger).values(ledger_id=name))
        for row in self.entries.values():
            connection.execute(insert(entries), _of(entries, row))
        cursors.write(connection, {key: value for key, value in self.cursors.items() if key != cursors.STAGED})
        is_erased = any(row["body"] is None for row in self.entries.values())
        if is_erased or cursors.number(connection, cursors.SNAPSHOT) is not None:
            self._write_roster(connection)
            # What stood on a damaged page may be told by no entry here: the server's next word is to be a snapshot.
            cursors.write(connection, {cursors.NEEDS_SNAPSHOT: 1})

    def _write_roster(self, connection: Connection) -> None:
        """Restore roster rows that no entry here explains: they came with a snapshot, or the entry is erased."""
        for table in ROSTER.sorted_tables:
            names = [column.name for column in table.columns]
            places = ", ".join("?" * len(names))
            statement = f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
            for row in self.rows[table.name].values():
                connection.exec_driver_sql(statement, tuple(row.get(name) for name in names))


def _sound(rows: Iterator[Row]) -> Iterator[Row]:
    """Leave out rows that are no valid entries, or were changed since they were written."""
    for row in rows:
        try:
            entry = from_row(_Values(row))  # type: ignore[arg-type]
        except (AttributeError, TypeError, ValueError):
            continue
        if isinstance(entry, Entry) and next(chain.check_each([entry]), None) is None:
            yield row


class _Values(tuple[Any, ...]):
    """A row read without SQLAlchemy, in the form that `from_row` expects: by index and by name."""

    def __new__(cls, row: Row) -> _Values:
        values = super().__new__(cls, (row[column.name] for column in entries.columns))
        for column in entries.columns:
            setattr(values, column.name, row[column.name])
        return values


def _of(table: Table, row: Row) -> Row:
    return {column.name: row.get(column.name) for column in table.columns}
