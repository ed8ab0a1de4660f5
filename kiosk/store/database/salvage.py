"""Reads a damaged database: table by table, row by row, around what cannot be read.

Rows are returned unchecked; an entry's hashes show whether it is as it was written. Nothing is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Table

Row = dict[str, Any]
PROBES = 400
"""Places tried, in growing steps, to get beyond a row that cannot be read."""


class Found:
    """A database file that can be read only in part."""

    def __init__(self, path: Path) -> None:
        """`path`: a copy of the file; SQLite takes its WAL in. Raises sqlite3.Error when nothing can be read."""
        self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self.complete = True
        """All that was asked for so far came without an error."""
        try:
            self._connection.execute("PRAGMA cell_size_check=ON")
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._connection.close()
            raise sqlite3.DatabaseError(str(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, table: Table) -> Iterator[Row]:
        """Yield the readable rows of a table, from both ends towards the damage; each once or twice."""
        name, ends = table.name, self.complete
        self.complete = True
        yield from self._walk(f'SELECT * FROM "{name}" NOT INDEXED')  # noqa: S608 - a name of ours
        if not self.complete:
            yield from self._around(table)
        self.complete = self.complete and ends

    def _around(self, table: Table) -> Iterator[Row]:
        name = table.name
        if table.primary_key.columns and not self._has_row_ids(name):
            key = ", ".join(f'"{column.name}" DESC' for column in table.primary_key.columns)
            yield from self._walk(f'SELECT * FROM "{name}" ORDER BY {key}')  # noqa: S608
            return
        yield from self._walk(f'SELECT * FROM "{name}" NOT INDEXED ORDER BY rowid DESC')  # noqa: S608
        yield from self._between(name)

    def _between(self, name: str) -> Iterator[Row]:
        """Search for readable rows between two damaged places, in steps that grow."""
        place, step = 0, 1
        for _ in range(PROBES):
            last = place
            for row in self._walk(f'SELECT rowid AS _place, * FROM "{name}" NOT INDEXED WHERE rowid > {place}'):  # noqa: S608
                last = row.pop("_place")
                yield row
            place, step = (last + 1, 1) if last > place else (place + step, min(step * 2, 1024))

    def _has_row_ids(self, name: str) -> bool:
        try:
            self._connection.execute(f'SELECT rowid FROM "{name}" LIMIT 0')  # noqa: S608
        except (sqlite3.Error, UnicodeDecodeError):
            return False
        return True

    def _walk(self, query: str) -> Iterator[Row]:
        try:
            for row in self._connection.execute(query):
                yield dict(row)
        except (sqlite3.Error, UnicodeDecodeError):
            self.complete = False
