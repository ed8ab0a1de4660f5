"""The server of one network, without its HTTP: its rooms put together. One object, used from any thread.

Who may ask what is for the callers: the calls of kiosks go through sync.central.http.api, which knows their tokens,
those of people through the pages, which know their roles.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sync.central.accounts.staff import Accounts
from sync.central.alarms.register import Alarms
from sync.central.feed.change_signal import ChangeSignal
from sync.central.feed.feed import Feed
from sync.central.feed.intake import Intake
from sync.central.feed.quarantine import Quarantine
from sync.central.kiosks.allowance import Pace
from sync.central.kiosks.registry import Kiosks
from sync.central.roster.books import ServerBooks
from sync.central.roster.snapshots import Snapshots
from sync.central.roster.thread import RosterThread
from sync.central.settings import Settings
from sync.central.storage import network
from sync.central.storage.database import Storage


def wall_clock() -> datetime:
    """Return the instant, in UTC."""
    return datetime.now(UTC)


class Central:
    """The parts of the server, each with methods of its own."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = wall_clock) -> None:
        """Open the database, making or upgrading it where needed. Raises LedgerError."""
        self.settings, self.now = settings, now
        self.changes = ChangeSignal()
        self.storage = Storage(settings)
        try:
            network.migrate(self.storage)
            self.books = ServerBooks(self.storage, self.changes, now=now)
        except BaseException:
            self.storage.close()
            raise
        self.roster_thread = RosterThread(self.books, self.changes, now=now)
        self.accounts = Accounts(self.storage, now=now)
        self.alarms = Alarms(self.storage, now=now)
        self.kiosks = Kiosks(self.storage, settings, now=now)
        self.pace = Pace()
        self.intake = Intake(self.storage, now=now, on_new=self.roster_thread.wake)
        self.feed = Feed(self.storage, self.changes, now=now)
        self.quarantine = Quarantine(self.storage, now=now, on_new=self.roster_thread.wake)
        self.snapshots = Snapshots(self.books)

    def start(self) -> None:
        """Fold the roster in a thread of its own from now on; until then each call that brings entries does it."""
        self.roster_thread.start()

    def stop_waiting(self) -> None:
        """Answer all who wait for something to happen: the server is about to stop. From any thread."""
        self.feed.waiting.close()
        self.roster_thread.stop()

    def close(self) -> None:
        """Stop the thread and close the database."""
        self.stop_waiting()
        self.roster_thread.join()
        self.storage.close()
