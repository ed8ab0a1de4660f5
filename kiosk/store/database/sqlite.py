"""The SQLite file under the ledger: opening, the writer's lock, and emptying the WAL.

Everything that is specific to SQLite is here. What is written into the file is decided in kiosk.ledger.

There is never more than one writing connection. SQLite up to 3.51.2 has a bug (fixed in 3.51.3, 3.50.7 and 3.44.6;
Debian 12 and 13 have older versions) by which two connections that commit and checkpoint at the same instant can damage
a database in WAL mode. So a writer holds a lock on a file beside the database as long as it is open, and a second
writer is refused whatever its version of SQLite; all others open the database read-only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy.dialects.sqlite  # noqa: F401 - now, while these files can be read: root may become somebody else soon
from sqlalchemy import Connection, Engine, StaticPool, create_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.util import LRUCache

from kiosk.store.database.errors import FAILURES, LedgerBusyError, LedgerError, is_damage, reason

OLDEST_SQLITE = (3, 37, 0)
"""Debian 12 has 3.40; older ones have not been tried."""
BUSY_MILLISECONDS = 5000
WAL_LIMIT_BYTES = 2 * 1024 * 1024
"""Size to which the WAL's file shrinks when it is reset after a larger transaction."""
WAL_WORTH_EMPTYING = 1024 * 1024
"""Bytes: some fifty taps. Then it is emptied in a moment without taps, so that no tap is delayed."""
PAGE_BYTES = 2048
"""A tap changes one small row on each of nine pages or so, and each page goes into the WAL whole: with SQLite's usual
4096 bytes that makes 38 KB a tap, with these 21. A database that was made with other pages keeps them."""
CHECKPOINT_PAGES = 800
"""1.6 MB of WAL, which a tap writes back itself: if there is no moment without taps."""
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


class WriterLock:
    """The right to write a database, held from construction to `close`; it also ends with the process."""

    def __init__(self, database: Path) -> None:
        """Raise LedgerBusyError when another process, or another part of this one, holds it."""
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o660)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0)
            os.close(self._file)
            raise LedgerBusyError(database, int(holder) if holder.strip().isdigit() else None) from None
        with suppress(OSError):  # a full disk keeps no number; the lock itself is the kernel's
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Release the lock. The file stays: removing it would let two processes lock two different files."""
        os.close(self._file)


def writing_engine(path: Path) -> Engine:
    """Return the engine of the one writing connection."""
    check_version()
    # psow=0: a write that the power tears may ruin the whole block of 4096 bytes it stands in. SQLite then fills each
    # commit in the WAL up to the end of its block, so that no later write touches the block of an acknowledged entry.
    # It costs about twice the bytes a tap; with 1 acknowledged entries are lost (tests/crash_states/power_cut.py).
    return _engine(_uri(path, "mode=rw&psow=0"), settings=WRITING, is_writer=True)


def reading_engine(path: Path) -> Engine:
    """Return an engine that cannot write."""
    return _engine(_uri(path, "mode=ro"), settings=READING, is_writer=False)


def empty_wal(connection: Connection) -> None:
    """Move the WAL into the database, and empty it unless somebody reads it; does not wait."""
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
    """Return what SQLite finds wrong with the pages of the database and their order, empty when nothing is.

    Not SQLite's quick check, which believes the indexes, so that one changed bit in an index hides sound rows. On
    20,000 entries this check takes a third longer.
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
    """Raise LedgerError for a SQLite that is older than any that was tested."""
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


def temporary_engine() -> Engine:
    """Return an engine of a new database that lives in memory and, as it grows, in a temporary file of SQLite's own."""

    def connect() -> Any:
        return sqlite3.connect("", isolation_level=None)

    return like(_model(), connect)


@cache
def _model() -> Engine:
    model = create_engine("sqlite://", query_cache_size=0, execution_options={"compiled_cache": LRUCache(STATEMENTS)})
    model.connect().close()
    return model


def like(model: Engine, connect: Callable[[], DBAPIConnection]) -> Engine:
    """Return an engine of one connection, made by `connect`, that shares compiled statements with others.

    Compiling a statement to SQL takes longer than running it. SQLAlchemy's engines each remember what they compiled;
    here every thread has an engine, and a connection that failed is replaced with its engine. `model` has been
    connected once; its option `compiled_cache` is the shared memory.
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
