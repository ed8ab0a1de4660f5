"""All entries that are kept here, in the order in which they are folded into the roster."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from kiosk.facts import Entry
from kiosk.store.chain import Fault
from kiosk.store.database import LedgerError
from kiosk.store.entry_rows import PLACED, UNPLACED, from_row
from kiosk.store.feed import cursors

PAGE_SIZE = 500
"""Entries read at once: reading a long ledger holds neither all of it in memory nor the database for long."""


def in_fold_order(connection: Connection, *, own: str) -> Iterator[tuple[int | None, Entry]]:
    """Yield the entries with a feed position, in its order, then own ones without, each with its position or None.

    `own` is this kiosk's ledger; its former ledgers come before it. Entries contained in a snapshot of the roster are
    left out. Raises LedgerError at an entry that cannot be what was written.
    """
    place = max(0, cursors.number(connection, cursors.SNAPSHOT) or 0)
    while page := connection.execute(PLACED, {"place": place, "size": PAGE_SIZE}).all():
        yield from ((row.position, sound(from_row(row))) for row in page)
        place = page[-1].position
    for name in (*cursors.formers(connection), own):
        after = 0
        while page := connection.execute(UNPLACED, {"ledger_id": name, "place": after, "size": PAGE_SIZE}).all():
            yield from ((None, sound(from_row(row))) for row in page)
            after = page[-1].seq


def sound(entry: Entry | Fault) -> Entry:
    """Return an entry that could be read; raise LedgerError for one that could not."""
    if isinstance(entry, Fault):
        raise LedgerError(str(entry))
    return entry
