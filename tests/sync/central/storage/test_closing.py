"""The server's connections are closed after the statements that run on them, whatever thread closes them."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ResourceClosedError

from kiosk.store.database import Database, LedgerError, reading_engine
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.storage.tables import networks


def test_a_statement_that_runs_is_waited_for_when_the_server_closes(database: str) -> None:
    central = Central(Settings(database=database))
    reads, go_on, found = threading.Event(), threading.Event(), list[object]()

    def read() -> None:
        with central.storage.reader() as connection:
            reads.set()
            go_on.wait(30.0)
            found.append(connection.execute(select(networks.c.network_id)).scalar())

    reader, closer = threading.Thread(target=read), threading.Thread(target=central.close)
    reader.start()
    assert reads.wait(30.0)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive()
    go_on.set()
    reader.join()
    closer.join()
    assert found == [central.storage.network]


def test_nothing_is_read_once_it_is_closed(database: str) -> None:
    central = Central(Settings(database=database))
    reading = central.storage.reading
    central.close()
    with pytest.raises(LedgerError, match="the server is stopping"), reading.failing_as("it cannot be read"):
        pytest.fail("was read")


def test_a_database_that_does_not_wait_fails_the_statement(tmp_path) -> None:
    """The fault: a kiosk's database, which only its own thread closes."""
    Central(Settings(database=str(tmp_path / "c.db"))).close()
    database = Database(lambda: reading_engine(tmp_path / "c.db"))
    with database.failing_as("it cannot be read"):
        database.close()
        with pytest.raises(ResourceClosedError):
            database.connection.execute(text("SELECT 1"))
