"""Several ledgers and a feed between them, without a network: the test decides what arrives where, and when.

The ledgers are real ones on real files. The server is a list of entries in the order in which it received them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from kiosk.facts import AnyFact, Entry
from kiosk.ledger import Ledger, open_ledger
from kiosk.store.fold.refold import folded_anew
from kiosk.store.tables import ROSTER
from tests.office.ledgers.small_house import StampClock, template

Placed = tuple[int, Entry]


class Node:
    """A kiosk as far as sync is concerned: a ledger with a name, and a clock of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.moment = name, StampClock()
        self.path = folder / f"{name}.db"
        self.path.write_bytes(template().read_bytes())
        with sqlite3.connect(self.path) as connection:
            connection.execute("UPDATE ledger SET ledger_id = ?", (name,))
        connection.close()
        self.ledger = self._open()

    def _open(self) -> Ledger:
        ledger = open_ledger(self.path, stamp=self.moment)
        # No test here cuts the power, and thousands of small transactions need not wait for the disk.
        ledger._database.connection.exec_driver_sql("PRAGMA synchronous=OFF")
        return ledger

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()

    def writes(self, *facts: AnyFact) -> tuple[Entry, ...]:
        return self.ledger.append(*facts)

    def learns(self, page: Sequence[Placed]) -> None:
        assert self.ledger.add_from_feed(page) == ()

    def stops(self) -> None:
        self.ledger.close()

    def starts(self) -> None:
        self.ledger = self._open()

    def roster(self) -> dict[str, list[tuple[Any, ...]]]:
        return rows(self.ledger._database.connection)


class Feed:
    """The server: it takes what ledgers have, and gives each entry the next place, leaving gaps."""

    def __init__(self) -> None:
        self.entries: list[Placed] = []
        self.heads: dict[str, int] = {}

    def takes(self, node: Node) -> None:
        for entry in node.ledger.entries(after=self.heads.get(node.name, 0)):
            self.entries.append((len(self.entries) * 3 + 1, entry))
            self.heads[node.name] = entry.ref.seq
        node.ledger.mark_acknowledged(self.heads.get(node.name, 0))

    @property
    def end(self) -> int:
        return self.entries[-1][0] if self.entries else 0

    def roster(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the entries add up to in the feed's order."""
        with folded_anew(self.entries) as folded:
            return rows(folded)


def rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """A whole roster, to be compared: all but the places in the feed, which nodes learn of at different times."""
    told = {}
    for table in ROSTER.sorted_tables:
        columns = [column for column in table.columns if column.name != "position"]
        query = select(*columns).order_by(*table.primary_key.columns)
        told[table.name] = [tuple(row) for row in connection.execute(query)]
    return told


def pages(entries: Sequence[Placed], size: int) -> Iterable[Sequence[Placed]]:
    return (entries[start : start + size] for start in range(0, len(entries), size))
