"""Builds the server's roster: folds the feed entry by entry with kiosk.store, and looks for conflicts.

One transaction at a time folds, in the feed's order, in whichever process. The position reached is stored with it, so
that each entry is folded once and each conflict reported once. If a release changes the shape of the roster's tables,
they are recreated and folded from the beginning; conflicts reported before are not reported again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from kiosk.facts import AnyFact, Entry
from kiosk.store.database import LedgerError
from kiosk.store.fold import safely
from kiosk.store.fold.readable import READS
from kiosk.store.forgetting import erasing
from kiosk.store.tables import REVISION, ROSTER
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.feed import stream
from sync.central.feed.server_ledger import SERVER, ServerLedgerWriter
from sync.central.roster import conflicts, forgetting
from sync.central.storage import network
from sync.central.storage.database import Storage, Turn
from sync.central.storage.notifications import announce
from sync.central.storage.tables import networks

BATCH = 100
"""Most entries folded in one transaction; on SQLite, other writers wait for it."""
ENTRY_ERRORS = (
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    ValueError,
    OverflowError,
    TypeError,
    LookupError,
)
"""What an entry does that cannot be applied. A disk that is full or a server that is gone raises others."""
LIMITS = "54"
"""Class of PostgreSQL's errors for what is too large for it (appendix A of its manual), such as a row of an index."""


class Projector:
    """Folds new entries of the feed into the roster."""

    def __init__(self, storage: Storage, *, writer: ServerLedgerWriter, now: Callable[[], datetime]) -> None:
        self._storage, self._writer, self._now, self._network = storage, writer, now, storage.network
        with storage.writing(Turn.FOLD) as connection:
            self._prepare(connection)

    def _prepare(self, connection: Connection) -> None:
        """Recreate the roster's tables if this release has other ones, or can read more entries than were folded.

        Snapshots made before are then out of date: a new generation makes kiosks fetch a new one.
        """
        one, revision = networks.c.network_id == self._network, f"{REVISION}.{READS}"
        if connection.execute(select(networks.c.roster_revision).where(one)).scalar_one() == revision:
            return
        if self._storage.is_postgres:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {self._storage.roster_schema} CASCADE")
            connection.exec_driver_sql(f"CREATE SCHEMA {self._storage.roster_schema}")
        else:
            ROSTER.drop_all(connection)
        ROSTER.create_all(connection)
        if network.read(connection, self._network).projected:
            network.begin_generation(connection, self._network)
        connection.execute(update(networks).where(one).values(roster_revision=revision, projected=0))

    def catch_up(self, stop: threading.Event | None = None) -> int:
        """Fold all entries that are not in the roster yet. Returns how many. Raises LedgerError."""
        folded = 0
        while not (stop and stop.is_set()):
            count = self._batch()
            if not count:
                break
            folded += count
        return folded

    def _batch(self) -> int:
        try:
            return self._fold(is_careful=False)
        except (LedgerError, *ENTRY_ERRORS):
            # One entry may be the reason: again, each by itself. A database that fails fails there as well.
            return self._fold(is_careful=True)

    def _fold(self, *, is_careful: bool) -> int:
        with self._storage.writing(Turn.FOLD) as connection:
            of = network.read(connection, self._network)
            placed = stream.entries(connection, self._network, after=of.projected, size=BATCH)
            if not placed:
                return 0
            gone = erasing.gone(connection)
            for position, entry in placed:
                is_applied = True
                if is_careful:
                    is_applied = self._apply_carefully(connection, entry, position, of.judged)
                else:
                    self._apply(connection, entry, position, of.judged)
                forgetting.erase_if_forgotten(connection, self._network, entry, gone)
                if is_applied and forgetting.carry_out(connection, self._network, entry):
                    gone = erasing.gone(connection)
            end = placed[-1][0]
            values = {"projected": end, "judged": max(end, of.judged)}
            connection.execute(update(networks).where(networks.c.network_id == self._network).values(values))
            announce(connection, self._network)
        return len(placed)

    def _apply(self, connection: Connection, entry: Entry, position: int, judged: int) -> None:
        safely.apply(connection, entry, position=position)
        if position > judged:
            conflicts.ConflictFinder(connection, self._network, now=self._now(), append=self._append).judge(
                entry, position
            )

    def _apply_carefully(self, connection: Connection, entry: Entry, position: int, judged: int) -> bool:
        """Apply an entry, or raise the alarm that it cannot be; tell whether it was applied."""
        try:
            with _savepoint(connection):
                self._apply(connection, entry, position, judged)
        except Exception as error:
            if not _is_entry_error(error):
                raise
            facts = Facts(n=entry.ref.seq, error=type(error).__name__)
            alarm_id, now = register.ledger_alarm_id(Kind.UNFOLDABLE, entry.ref.ledger_id), self._now()
            register.raise_alarm(
                connection, self._network, alarm_id, ref=entry.ref, note=Note.NOT_APPLIED, facts=facts, now=now
            )
            return False
        return True

    def _append(self, connection: Connection, *facts: AnyFact) -> None:
        self._storage.take_turn(connection, Turn.FEED)
        self._writer.write(connection, self._network, facts, by=SERVER, now=self._now())


def _is_entry_error(error: Exception) -> bool:
    """Tell whether the entry caused an error, and not the database."""
    if isinstance(error, OperationalError):
        return str(getattr(error.orig, "sqlstate", "")).startswith(LIMITS)
    return isinstance(error, ENTRY_ERRORS)


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("SAVEPOINT one_entry")
    try:
        yield
    except Exception as error:
        if not _is_entry_error(error):
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one_entry")
        connection.exec_driver_sql("RELEASE SAVEPOINT one_entry")
        raise
    connection.exec_driver_sql("RELEASE SAVEPOINT one_entry")
