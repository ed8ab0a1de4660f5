"""Thread that folds new entries into the roster, and erases old data once a day."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta

from kiosk.store.database import LedgerError
from sync.central.feed.change_signal import ChangeSignal
from sync.central.roster import retention
from sync.central.roster.books import ServerBooks
from sync.central.storage import network

log = logging.getLogger("kiosk.central")

RETRY_SECONDS = 60.0
"""How long the roster waits before it tries again what failed, when nothing new wakes it."""
LOOK_SECONDS = 2.0
"""How often `positions` looks into the database, for what another process of the server took in."""
FORGET_FIRST, FORGET_EVERY = timedelta(hours=1), timedelta(days=1)
"""When what is old is forgotten: after the start, and from then on."""


class RosterThread:
    """Runs the folding thread. A server whose thread died must end: see `is_dead`."""

    def __init__(
        self,
        books: ServerBooks,
        changes: ChangeSignal,
        *,
        is_synchronised: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_synchronised` tells whether a time service keeps this machine's clock; `monotonic` is in seconds."""
        self._books, self._changes = books, changes
        self._is_synchronised, self.monotonic = is_synchronised, monotonic
        self._forget_at = monotonic() + FORGET_FIRST.total_seconds()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_dead = False
        """The thread ended by an error that nobody had foreseen; the process is to end as well."""
        self.on_death: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Start the thread; without it, `wake` folds in the calling thread."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="roster", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell the thread to end, and wake all who wait. From any thread."""
        self._stop.set()
        self._changes.notify()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Have new entries folded, and wake all who wait for changes."""
        if self._thread is None:
            self._fold()
        self._changes.notify()

    async def positions(self) -> AsyncGenerator[int, None]:
        """Yield the position that the roster is folded to, now and whenever it moves, until the server stops.

        Not the feed's last position: whoever reads the roster then must find there what was announced.
        """
        last = -1
        while not self._stop.is_set():
            seen = self._changes.count
            position = (await asyncio.to_thread(network.load, self._books.storage)).projected
            if position != last:
                last = position
                yield position
            await self._changes.wait_async(seen, LOOK_SECONDS)

    def _run(self) -> None:
        """Fold until stopped; note when folding ends by an error, because the server must then end."""
        try:
            while not self._stop.is_set():
                seen = self._changes.count
                self._fold()
                self._forget_daily()
                self._changes.wait(seen, RETRY_SECONDS)
        except BaseException:
            log.critical("the roster is no longer folded, and the server ends", exc_info=True)
            self.is_dead = True
            self.on_death()

    def _fold(self) -> None:
        """Update the roster. A failure is retried with the next entries; those are stored already."""
        try:
            if self._books.fold(self._stop):
                self._changes.notify()
        except LedgerError:
            log.exception("the roster could not be folded")

    def _forget_daily(self) -> None:
        if self.monotonic() < self._forget_at:
            return
        self._forget_at = self.monotonic() + FORGET_EVERY.total_seconds()
        try:
            if why := retention.doubt(self._books, is_synchronised=self._is_synchronised()):
                log.warning("nothing old is erased until the time is sure: %s", why)
            else:
                retention.forget_old(self._books)
        except LedgerError:
            log.exception("old data could not be erased: tried again tomorrow, or by `kiosk-central retention`")
