"""A kiosk of an earlier release in the simulator: it stores what it cannot read, and writes nothing of the kind."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kiosk.facts import Entry
from kiosk.ledger import Fault, Ledger
from kiosk.store import chain
from kiosk.store.database import transaction
from kiosk.store.entry_rows import INSERT, to_row
from kiosk.store.feed import cursors
from kiosk.store.tables import entries

UNKNOWN = ("product", "override")
"""Kinds that came after it."""


class OlderRelease(Ledger):
    """Knows two kinds less than this release."""

    def _prepare(self) -> None:
        super()._prepare()
        connection = self._database.connection
        with transaction(connection):
            cursors.write(connection, {cursors.READS: "less"})

    def _read_again(self) -> None:
        return

    def add_from_feed(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        """Keep the entries that it cannot read, and take in the others."""
        strange = [one for one in arriving if one[1].kind in UNKNOWN and self._is_new(one[1])]
        connection = self._database.connection
        if strange:
            with self._database.failing_as("cannot be written"), transaction(connection):
                rows = {entry.ref: {**to_row(entry), "position": position} for position, entry in strange}
                connection.execute(INSERT, list(rows.values()))
        return super().add_from_feed([one for one in arriving if one not in strange], cursor=cursor)

    def _is_new(self, entry: Entry) -> bool:
        if next(chain.check_each([entry]), None) or entry.ref.ledger_id == self.ledger_id:
            return False
        one = select(entries.c.seq).filter_by(ledger_id=entry.ref.ledger_id, seq=entry.ref.seq)
        return self._database.connection.execute(one).first() is None
