"""The server of one network without HTTP: builds its parts. One object, used from any thread.

Access is checked by the callers: sync.central.http.api checks the tokens of kiosks, the pages check the roles of
accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from kiosk.clock import kernel_is_synchronised
from sync.central.accounts.hashing import PasswordHashing
from sync.central.accounts.sessions import Sessions
from sync.central.accounts.staff import Accounts
from sync.central.alarms.register import Alarms
from sync.central.feed.change_signal import ChangeSignal
from sync.central.feed.feed import Feed
from sync.central.feed.intake import Intake
from sync.central.feed.quarantine import Quarantine
from sync.central.kiosks.rate_limit import (
    DISK_ALLOWANCE,
    DISK_PER_SECOND,
    TIME_ALLOWANCE,
    TIME_PER_SECOND,
    CallsAtOnce,
    RateLimit,
)
from sync.central.kiosks.registry import Kiosks
from sync.central.roster.books import ServerBooks
from sync.central.roster.snapshots import Snapshots
from sync.central.roster.thread import RosterThread
from sync.central.settings import Settings
from sync.central.storage import network
from sync.central.storage.database import Storage
from sync.central.storage.notifications import NotificationThread


def wall_clock() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


class Central:
    """All parts of the server."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = wall_clock,
        is_synchronised: Callable[[], bool] = kernel_is_synchronised,
    ) -> None:
        """Open the database, making or upgrading it where needed. Raises LedgerError.

        `is_synchronised` tells whether a time service keeps the clock of this machine.
        """
        self.settings, self.now, self.is_synchronised = settings, now, is_synchronised
        self.changes = ChangeSignal()
        self.storage = Storage(settings)
        try:
            network.migrate(self.storage)
            self.books = ServerBooks(self.storage, self.changes, now=now)
        except BaseException:
            self.storage.close()
            raise
        self.roster_thread = RosterThread(self.books, self.changes, is_synchronised=is_synchronised)
        self.hashing = PasswordHashing()
        self.accounts = Accounts(self.storage, now=now, hashing=self.hashing)
        self.sessions = Sessions(self.storage, now=now, hashing=self.hashing)
        self.alarms = Alarms(self.storage, now=now)
        self.kiosks = Kiosks(self.storage, settings, now=now)
        self.rate_limit, self.calls_at_once = RateLimit(), CallsAtOnce()
        self.time_share = RateLimit(allowance=TIME_ALLOWANCE, per_second=TIME_PER_SECOND)
        self.disk_share = RateLimit(allowance=DISK_ALLOWANCE, per_second=DISK_PER_SECOND)
        self.intake = Intake(self.storage, now=now, on_new=self.roster_thread.wake)
        self.feed = Feed(self.storage, self.changes, now=now)
        self.quarantine = Quarantine(self.storage, now=now, on_new=self.roster_thread.wake)
        self.snapshots = Snapshots(self.books)
        self.notifications = NotificationThread(self.storage, self.changes.notify)

    def start(self) -> None:
        """Start folding in a thread, and hearing other processes; until then each call folds what it brings."""
        self.roster_thread.start()
        self.notifications.start()

    def stop_waiting(self) -> None:
        """Answer all waiting requests, because the server is about to stop. From any thread."""
        self.feed.waiters.close()
        self.roster_thread.stop()

    def close(self) -> None:
        """Stop the thread and close the database."""
        self.stop_waiting()
        self.roster_thread.join()
        self.notifications.close()
        self.hashing.close()
        self.storage.close()
