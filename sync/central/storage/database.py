"""The server's database: one SQLite file with one writer, or PostgreSQL, and transactions on either.

SQLite is opened as kiosk.store.database opens it: a single writing connection that all threads share in turn, and a
reading one for each thread. On PostgreSQL each thread has one connection for both; work that only one may do at a time,
such as giving out positions of the feed, takes an advisory lock that ends with the transaction.

The roster's tables are the kiosk's and have no column for the network. So a SQLite file is for one network, and on
PostgreSQL each network's roster has a schema of its own, found by the search path.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import LRUCache

from kiosk.store.database import (
    FAILURES,
    STATEMENTS,
    Database,
    LedgerError,
    WriterLock,
    failing_as,
    like,
    reading_engine,
    transaction,
    writing_engine,
)
from sync.central.settings import Settings

UNREADABLE = "the server's database cannot be read"
UNWRITABLE = "the server's database cannot be written"
NETWORK = re.compile("[a-z0-9_]{1,40}")
CONNECT_SECONDS = 5
CLOSING_SECONDS = 10.0
"""How long a statement that still runs is waited for when the server stops."""
STATEMENT_MILLISECONDS = 60_000
"""PostgreSQL gives up a statement after this long, waiting for a lock included: a request fails and is tried again."""


class Turn(IntEnum):
    """Locks: for what only one transaction at a time may do, in any process."""

    FEED = 1
    """Give out positions of the feed: so they are committed in their order, and no reader passes one by."""
    FOLD = 2
    """Move the roster forward."""
    GUESS = 3
    """Count tries of codes and passwords."""
    SCHEMA = 4
    TELL = 5
    """Decide which messages are sent."""


class _ReadingDatabase(Database):
    """A thread's database, which another thread may close: not before the statement that runs on it has ended.

    SQLite crashes when a connection is closed under a statement, as when the server stops while a page is read.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        super().__init__(engine)
        self._users, self._is_closed, self._free = 0, False, threading.Condition()

    @contextmanager
    def failing_as(self, what: str) -> Iterator[None]:
        with self._free:
            if self._is_closed:
                raise LedgerError(f"{what}: the server is stopping")
            self._users += 1
        try:
            with super().failing_as(what):
                yield
        finally:
            with self._free:
                self._users -= 1
                self._free.notify_all()

    def close(self) -> None:
        """Close it once nobody uses it; a database that is used for longer stays open until the process ends."""
        with self._free:
            self._is_closed = True
            is_free = self._free.wait_for(lambda: self._users == 0, CLOSING_SECONDS)
        if is_free:
            super().close()


class _Lease:
    """A connection that is closed when its thread ends."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def close(self) -> None:
        with suppress(*FAILURES):
            self.database.close()

    __del__ = close


class Storage:
    """The open database. Its methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        """Raise LedgerError when the database cannot be opened, or another process writes the SQLite file."""
        if not NETWORK.fullmatch(settings.network):
            raise LedgerError(f'"{settings.network}" is no network id: use up to 40 small letters, digits and _')
        self.network, self.is_postgres = settings.network, settings.is_postgres
        self.roster_schema = f"roster_{self.network}"
        self._own = threading.local()
        self._leases: WeakSet[_Lease] = WeakSet()
        self._turns = threading.RLock()
        self._lock: WriterLock | None = None
        self._writer: Database | None = None
        if self.is_postgres:
            self._open_reader = partial(_postgres, settings.database, self.roster_schema)
        else:
            self._open_file(Path(settings.database))

    def _open_file(self, path: Path) -> None:
        with failing_as(f"{path} cannot be opened"):
            self._lock = WriterLock(path)
            try:
                path.touch(mode=0o640)
                self._writer = Database(partial(writing_engine, path))
            except BaseException:
                self._lock.close()
                raise
        self._open_reader = partial(reading_engine, path)

    def close(self) -> None:
        """Close all connections."""
        for lease in list(self._leases):
            lease.close()
        with self._turns:
            if self._writer:
                self._writer.close()
        if self._lock:
            self._lock.close()
        self._lock = self._writer = None

    @property
    def reading(self) -> Database:
        """This thread's reading connection; each statement sees what is committed before it."""
        lease: _Lease | None = getattr(self._own, "lease", None)
        if lease is None:
            with failing_as(UNREADABLE):
                lease = self._own.lease = _Lease(_ReadingDatabase(self._open_reader))
            self._leases.add(lease)
        return lease.database

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """Read on this thread's connection. Raises LedgerError."""
        with self.reading.failing_as(UNREADABLE):
            yield self.reading.connection

    @contextmanager
    def writing(self, *turns: Turn) -> Iterator[Connection]:
        """Write in one transaction, after waiting for these turns. Raises LedgerError; then nothing was written."""
        if self._writer is not None:
            with self._turns, self._transaction(self._writer) as connection:
                yield connection
        else:
            with self._transaction(self.reading) as connection:
                for turn in turns:
                    self.take_turn(connection, turn)
                yield connection

    @contextmanager
    def _transaction(self, database: Database) -> Iterator[Connection]:
        with database.failing_as(UNWRITABLE):
            connection = database.connection
            with transaction(connection):
                yield connection

    def take_turn(self, connection: Connection, turn: Turn) -> None:
        """Wait for a turn inside a transaction (a SQLite writer has all of them). Always take FOLD before FEED."""
        if self.is_postgres:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (int(turn), self.network))


def _postgres(url: str, roster_schema: str) -> Engine:
    try:
        place = make_url(url)
    except ArgumentError:
        raise LedgerError(f'"{url}" is no database URL: write it like postgresql://user@host/name') from None
    place = place.set(drivername="postgresql+psycopg")
    model = _models.get(place.set(database=None)) or _models.setdefault(place.set(database=None), _model(place))
    # One connection for each engine: threads have an engine each, and a failed connection is replaced with its engine.
    return like(model, partial(_connected, model, place, roster_schema))


_models: dict[URL, Engine] = {}
"""Of each server."""


def _model(place: URL) -> Engine:
    """Return an engine that connected to a server once, and so knows its capabilities."""
    remembered: dict[str, Any] = {"compiled_cache": LRUCache(STATEMENTS)}
    limits = {"connect_timeout": CONNECT_SECONDS}
    model = create_engine(
        place, query_cache_size=0, poolclass=NullPool, connect_args=limits, execution_options=remembered
    )
    model.connect().close()
    return model


def _connected(model: Engine, place: URL, roster_schema: str) -> DBAPIConnection:
    words, options = model.dialect.create_connect_args(place)
    ours = {
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "kiosk-central",
        "options": f"-c statement_timeout={STATEMENT_MILLISECONDS} -c search_path={roster_schema},public",
    }
    connection = model.dialect.connect(*words, **{**options, **ours})
    _write_zero_bytes_as_marks(connection)
    return connection


def _write_zero_bytes_as_marks(connection: Any) -> None:
    """Have texts with a zero byte, which PostgreSQL cannot keep, compared as texts with a replacement mark.

    Nothing is stored under such a text (kiosk.bounds), so whoever asks for one, in an address or on a page that shows
    what a kiosk once sent, is told that there is nothing.
    """
    from psycopg.types.string import StrDumperUnknown  # only where PostgreSQL is used

    class Marking(StrDumperUnknown):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd"))

    connection.adapters.register_dumper(str, Marking)
