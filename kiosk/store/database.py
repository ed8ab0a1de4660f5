"""The SQLite file under the ledger: how it is opened, by whom, and which errors of the disk are foreseen.

All that is SQLite and not SQL stands here. What is written into the file is the business of kiosk.ledger.

There is one writing connection, ever. SQLite up to 3.51.2 has a bug (fixed in 3.51.3, 3.50.7 and 3.44.6; Debian 12 and
13 are older than their fixes) by which two connections that commit and checkpoint at the same instant can damage a
database in WAL mode. So whoever writes holds a lock on a file beside the database, for as long as it is open, and a
second one is turned away whatever its version of SQLite; all others open the database read-only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy.dialects.sqlite  # noqa: F401 - now, while these files can be read: root may become somebody else soon
from sqlalchemy import Connection, Engine, StaticPool, create_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.util import LRUCache

OLDEST_SQLITE = (3, 37, 0)
"""Debian 12 has 3.40; older ones have not been tried."""
BUSY_MILLISECONDS = 5000
WAL_LIMIT_BYTES = 2 * 1024 * 1024
"""What is left of the WAL's file when it is begun anew after a transaction that was larger."""
WAL_WORTH_EMPTYING = 1024 * 1024
"""Bytes: some fifty taps. A moment in which nobody waits is then used, so that no tap has to pay for it."""
PAGE_BYTES = 2048
"""A tap changes one small row on each of nine pages or so, and each page goes into the WAL whole: with SQLite's usual
4096 bytes that makes 38 KB a tap, with these 21. A database that was made with other pages keeps them."""
CHECKPOINT_PAGES = 800
"""1.6 MB of WAL, which a tap writes back itself: for when there is no moment in which nobody waits."""
STATEMENTS = 500
"""How many compiled statements are remembered: more than there are."""

WRITING: dict[str, str | int] = {
    "page_size": PAGE_BYTES,
    "synchronous": "FULL",  # one sync to the disk per transaction; NORMAL loses acknowledged entries at a power cut
    "foreign_keys": "ON",
    "busy_timeout": BUSY_MILLISECONDS,
    "journal_size_limit": WAL_LIMIT_BYTES,
    "wal_autocheckpoint": CHECKPOINT_PAGES,
    "secure_delete": "ON",  # what is erased is overwritten, not only forgotten
    "trusted_schema": "OFF",
    "cell_size_check": "ON",
    "mmap_size": 0,  # a bad card shows as an error, not as a signal that ends the process
}
READING: dict[str, str | int] = {
    "query_only": "ON",
    "busy_timeout": BUSY_MILLISECONDS,
    "trusted_schema": "OFF",
    "mmap_size": 0,
}

FAILURES = (DBAPIError, sqlite3.Error, UnicodeDecodeError)
"""What a database that cannot do its work raises, from inside SQLAlchemy and from opening the file.

A damaged one may have names in its own error messages that are no text any more.
"""


class LedgerError(OSError):
    """The ledger cannot be read or written. Nothing was half-done."""


class LedgerBusyError(LedgerError):
    """Another process holds the ledger."""

    def __init__(self, path: Path, pid: int | None) -> None:
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is held by {holder}: stop it, or ask it (kiosk status) instead of opening the file")


class LedgerDamagedError(LedgerError):
    """The file is no sound database any more; to try again will not help."""


class LedgerTooNewError(LedgerError):
    """A newer version of the kiosk has upgraded the database."""


class Database:
    """A database that is open: one connection, and a new one whenever it has failed."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        """`engine` is called each time the database is opened."""
        self._new_engine = engine
        self._engine, self.connection = self._open()

    def _open(self) -> tuple[Engine, Connection]:
        engine = self._new_engine()
        try:
            return engine, engine.connect()
        except BaseException:
            engine.dispose()
            raise

    def close(self) -> None:
        """Close it. A writer that is the last to leave writes back what the WAL holds."""
        self.connection.close()
        self._engine.dispose()

    @contextmanager
    def failing_as(self, what: str) -> Iterator[None]:
        """Tell a failure of the database as a LedgerError that begins with `what`, and be ready for the next try."""
        try:
            yield
        except FAILURES as error:
            self.renew()
            raise told(what, error) from error

    def renew(self) -> None:
        """Open the database anew: after a failure the old connection may hold on to a disk that is gone.

        The new one comes first. While it cannot be had, as on a full disk, the old one stays: it may still read.
        """
        old = self._engine, self.connection
        with suppress(*FAILURES, LedgerError):
            self._engine, self.connection = self._open()
            old[1].close()
            old[0].dispose()


class Borrowed:
    """A connection that somebody else opened and closes, for reading a roster on it: the server's way to `Roster`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @contextmanager
    def failing_as(self, what: str) -> Iterator[None]:
        """Tell a failure of the database as a LedgerError that begins with `what`."""
        with failing_as(what):
            yield


@contextmanager
def failing_as(what: str) -> Iterator[None]:
    """Tell a failure of a database that is being opened as a LedgerError that begins with `what`."""
    try:
        yield
    except LedgerError:
        raise
    except (*FAILURES, OSError) as error:
        raise told(what, error) from error


def told(what: str, error: BaseException) -> LedgerError:
    """Return a failure of a database as the LedgerError that it is, beginning with `what`."""
    kind = LedgerDamagedError if is_damage(error) else LedgerError
    return kind(f"{what}: {reason(error)}")


def is_damage(error: BaseException) -> bool:
    """Tell whether SQLite says that the file is damaged, or no database at all."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, UnicodeDecodeError):
        return True
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def reason(error: BaseException) -> str:
    """Return what the database itself says, without the SQL that SQLAlchemy adds, which may hold names of people."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error.orig if isinstance(error, DBAPIError) else error)


class WriterLock:
    """The right to write a database, held from construction to `close`; the kernel ends it with the process."""

    def __init__(self, database: Path) -> None:
        """Raise LedgerBusyError when another process, or another part of this one, holds it."""
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o660)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0)
            os.close(self._file)
            raise LedgerBusyError(database, int(holder) if holder.strip().isdigit() else None) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Give it back. The file stays: removing it would let two processes lock two different files."""
        os.close(self._file)


def writing_engine(path: Path) -> Engine:
    """Return the engine of the one writing connection."""
    check_version()
    # psow=1: a sector that is written anew with the same bytes and some more holds the old ones or the new ones. With 0
    # SQLite writes all pages of a block of 4096 bytes for each page that changed, twice what a tap needs, and spares a
    # card nothing: what cards wear out and lose are blocks many times larger.
    return _engine(_uri(path, "mode=rw&psow=1"), settings=WRITING, is_writer=True)


def reading_engine(path: Path) -> Engine:
    """Return an engine that cannot write."""
    return _engine(_uri(path, "mode=ro"), settings=READING, is_writer=False)


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Write all or nothing: the write lock from the start, one sync to the disk at the end."""
    with _between(connection, "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN"):
        yield


@contextmanager
def one_state(connection: Connection) -> Iterator[None]:
    """Read one state of the database, whatever is written meanwhile."""
    begin = "BEGIN" if connection.dialect.name == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    with _between(connection, begin):
        yield


@contextmanager
def _between(connection: Connection, begin: str) -> Iterator[None]:
    # Spoken in SQL: reading needs no transaction, and a connection that begins one unasked costs two statements.
    connection.exec_driver_sql(begin)
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # After some errors SQLite has rolled back already and says so; or the connection was closed for a new one.
        with suppress(SQLAlchemyError, sqlite3.Error):
            connection.exec_driver_sql("ROLLBACK")
        raise


def empty_wal(connection: Connection) -> None:
    """Move what the WAL holds into the database, and empty it unless somebody reads in it; wait for nobody."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def wal_bytes(connection: Connection) -> int:
    """Return the size of the WAL's file."""
    if connection.dialect.name != "sqlite":
        return 0
    _, _, path = connection.exec_driver_sql("PRAGMA database_list").first() or (0, "", "")
    try:
        return Path(f"{path}-wal").stat().st_size
    except OSError:  # there is none; or the disk is gone, and the next to write tells of that
        return 0


def check(connection: Connection) -> tuple[str, ...]:
    """Return what SQLite finds wrong with the pages of the database and the order in them, none when all is well.

    Not the quick check: that one believes the indexes, and a bit that changed in one of them hides sound rows. On
    20,000 entries this one takes a third more.
    """
    if connection.dialect.name != "sqlite":
        return ()
    try:
        lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    except FAILURES as error:
        if is_damage(error):
            return (reason(error),)
        raise
    return () if lines == ["ok"] else tuple(map(str, lines))


def check_version(found: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Raise LedgerError for a SQLite that is older than any that was tried."""
    if found < OLDEST_SQLITE:
        have, oldest = (".".join(map(str, version)) for version in (found, OLDEST_SQLITE))
        raise LedgerError(f"SQLite {have} is too old: the kiosk needs {oldest} or newer")


def _uri(path: Path, parameters: str) -> str:
    return f"file:{quote(str(path.resolve()))}?{parameters}"


def _engine(uri: str, *, settings: dict[str, str | int], is_writer: bool) -> Engine:
    def connect() -> Any:
        # Built in one thread, used in another. No isolation level: transactions are spoken in SQL.
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        try:
            for name, value in settings.items():
                connection.execute(f"PRAGMA {name}={value}")
            if is_writer:
                _use_wal(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    return like(_model(), connect)


@cache
def _model() -> Engine:
    model = create_engine("sqlite://", query_cache_size=0, execution_options={"compiled_cache": LRUCache(STATEMENTS)})
    model.connect().close()
    return model


def like(model: Engine, connect: Callable[[], DBAPIConnection]) -> Engine:
    """Return an engine of one connection, made by `connect`, that has its statements compiled once for all of its kind.

    Putting a statement into SQL takes longer than running it. Engines of SQLAlchemy remember what they compiled each
    for itself; here every thread has one, and a connection that failed is replaced with its engine. `model` has been
    connected once, and its option `compiled_cache` is the memory that is shared.
    """
    return Engine(
        StaticPool(connect),
        model.dialect,
        model.url,
        query_cache_size=0,
        execution_options=model.get_execution_options(),
        hide_parameters=True,  # an error that nobody foresaw ends in the log, and names of people do not belong there
    )


def _use_wal(connection: sqlite3.Connection) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerError(f"this file system cannot hold the ledger: SQLite offers journal mode {mode}, WAL is needed")
