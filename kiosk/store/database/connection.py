"""An open database: its connection, and the transactions on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from kiosk.store.database.errors import FAILURES, LedgerError, as_ledger_error, failing_as


class Database:
    """An open database: one connection, replaced by a new one whenever it has failed."""

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
        """Close the database. The last writer to close moves the WAL into the database."""
        self.connection.close()
        self._engine.dispose()

    @contextmanager
    def failing_as(self, what: str) -> Iterator[None]:
        """Raise a failure of the database as a LedgerError that begins with `what`, and reopen for the next try."""
        try:
            yield
        except FAILURES as error:
            self.reopen()
            raise as_ledger_error(what, error) from error

    def reopen(self) -> None:
        """Open the database anew: after a failure the old connection may refer to a disk that is gone.

        The old connection stays until the new one is open: on a full disk, where none can be opened, it may still read.
        """
        old = self._engine, self.connection
        with suppress(*FAILURES, LedgerError):
            self._engine, self.connection = self._open()
            old[1].close()
            old[0].dispose()


class Borrowed:
    """A connection opened and closed by somebody else, for reading a roster on it; used by the server for `Roster`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @contextmanager
    def failing_as(self, what: str) -> Iterator[None]:
        """Raise a failure of the database as a LedgerError that begins with `what`."""
        with failing_as(what):
            yield


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Write all or nothing: takes the write lock at the start, and syncs to the disk once at the end."""
    with _between(connection, "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN"):
        yield


@contextmanager
def one_state(connection: Connection) -> Iterator[None]:
    """Read one state of the database, whatever is written in the meantime."""
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
