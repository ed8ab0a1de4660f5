"""How the processes of one server wake each other over PostgreSQL: `NOTIFY` with what changed the feed or the roster.

A notification carries nothing and may get lost: whoever waits also looks every few seconds. Through a pooler that gives
each transaction another connection none arrive, and only the looking is left.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from kiosk.store.database import LedgerError
from sync.central.storage.database import Storage

log = logging.getLogger("kiosk.central")

SLICE_SECONDS = 0.5
"""How often the thread looks whether it is to stop."""
CHECK_SLICES = 20
"""After so many slices without a notification the connection is tried: one that is dead says nothing either."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
"""Before the database is connected to again; the pause doubles as long as that fails."""


def announce(connection: Connection, network: str) -> None:
    """Wake the other processes when this transaction is committed; on SQLite there are none."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_notify(%s, '')", (_channel(network),))


def _channel(network: str) -> str:
    return f"kiosk_central_{network}"  # at most 54 letters, of the 63 that PostgreSQL tells apart


class NotificationThread:
    """Calls `on_change` when any process of the server changed something, and after each new connection."""

    def __init__(self, storage: Storage, on_change: Callable[[], None]) -> None:
        self._storage, self._on_change = storage, on_change
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_listening = threading.Event()
        """Set while notifications arrive."""

    def start(self) -> None:
        """Start the thread, if the database is PostgreSQL."""
        if self._storage.is_postgres:
            self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread, within SLICE_SECONDS."""
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                with self._storage.reader() as connection:
                    self._listen(connection)
            except LedgerError as error:
                if self.is_listening.is_set():
                    pause = FIRST_PAUSE_SECONDS
                    log.warning("other processes are not heard until the database is connected to again: %s", error)
                self.is_listening.clear()
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _listen(self, connection: Connection) -> None:
        """Listen until told to stop. Raises LedgerError when the connection fails."""
        connection.exec_driver_sql(f"LISTEN {_channel(self._storage.network)}")
        self.is_listening.set()
        self._on_change()  # what was missed until now
        quiet = 0
        while not self._stop.is_set():
            if _notified(connection):
                quiet = 0
                self._on_change()
            elif (quiet := quiet + 1) % CHECK_SLICES == 0:
                connection.exec_driver_sql("SELECT 1")


def _notified(connection: Connection) -> bool:
    """Wait a slice for a notification; tell whether one came."""
    from psycopg import Error  # only where PostgreSQL is used

    raw: Any = connection.connection.driver_connection
    try:
        return bool(list(raw.notifies(timeout=SLICE_SECONDS, stop_after=1)))
    except Error:
        connection.exec_driver_sql("SELECT 1")  # fails as well, with an error that has the connection replaced
        return False
