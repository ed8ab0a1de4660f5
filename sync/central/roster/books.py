"""The server's ledger and roster, which pages and desk commands read and write.

For the desk it has the same methods as kiosk.ledger.Ledger on a kiosk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from kiosk.facts import AnyFact, Entry
from kiosk.roster import Roster
from kiosk.store.forgetting import erasing
from kiosk.store.tables import instant
from sync.central.feed.change_signal import ChangeSignal
from sync.central.feed.server_ledger import ServerLedgerWriter
from sync.central.roster import forgetting
from sync.central.roster.projector import Projector
from sync.central.storage.database import Storage, Turn
from sync.central.storage.tables import feed


class ServerBooks:
    """The server's ledger and roster, used from any thread. Every method may raise LedgerError."""

    def __init__(self, storage: Storage, changes: ChangeSignal, *, now: Callable[[], datetime]) -> None:
        """Rebuild the roster's tables if this release has other ones; `changes` is notified after every write."""
        self.storage, self.now = storage, now
        self._changes, self._writer = changes, ServerLedgerWriter()
        self._projector = Projector(storage, writer=self._writer, now=now)
        self.lock = threading.Lock()
        """Held while a command of the desk is performed: what it looked up still holds when it is written."""

    @property
    def roster(self) -> Roster:
        """Return the roster as it is now, for reading in this thread."""
        return Roster(self.storage.reading)

    def append(self, *facts: AnyFact, by: str) -> tuple[Entry, ...]:
        """Write facts into the server's own ledger, all or none, and update the roster; `by` is the author."""
        with self.storage.writing(Turn.FEED) as connection:
            sealed = self.write(connection, *facts, by=by)
        self.after_writing()
        return sealed

    def write(self, connection: Connection, *facts: AnyFact, by: str) -> tuple[Entry, ...]:
        """Write facts in a transaction that holds Turn.FEED; call `after_writing` after the commit."""
        return self._writer.write(connection, self.storage.network, facts, by=by, now=self.now())

    def after_writing(self) -> None:
        """Update the roster, and wake all who wait for changes."""
        self.fold()
        self._changes.notify()

    def fold(self, stop: threading.Event | None = None) -> int:
        """Update the roster, unless `stop` is set. Returns how many entries were folded."""
        return self._projector.catch_up(stop)

    def facts_about(self, member_id: str) -> list[tuple[datetime, AnyFact]]:
        """Return all facts in the feed about a member, sales included, each with its instant, in their order."""
        with self.storage.reader() as connection:
            found = erasing.facts_naming(connection, feed, forgetting.in_network(self.storage.network), [member_id])
            return [(instant(row.at), fact) for row, fact in found]
