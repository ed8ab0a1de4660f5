"""Serves the feed to kiosks: a page after a cursor, or a wait for new entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sync.central.feed import history_checks, ingest, stream
from sync.central.feed.change_signal import ChangeSignal
from sync.central.feed.long_polling import NewsWaiters
from sync.central.kiosks import paired
from sync.central.kiosks.paired import Kiosk
from sync.central.storage import network
from sync.central.storage.database import Storage, Turn
from sync.wire import FeedPage


class Feed:
    """The feed: the entries of all ledgers in one order. Every method may raise LedgerError."""

    def __init__(self, storage: Storage, changes: ChangeSignal, *, now: Callable[[], datetime]) -> None:
        self._storage, self._now = storage, now
        self.waiters = NewsWaiters(changes, self.last_position)

    def last_position(self) -> int:
        """Return the last position of the feed, 0 while it is empty."""
        with self._storage.reader() as connection:
            return ingest.last_position(connection, self._storage.network)

    def page(self, kiosk: Kiosk, after: str | None) -> FeedPage:
        """Return the entries after a cursor. Raises stream.GoneError."""
        try:
            with self._storage.reader() as connection:
                page = stream.page(connection, self._storage.network, after)
        except stream.OtherHistoryError:
            self._begin_generation(after)
            raise
        place = stream.position_of(after)
        if place != kiosk.fetched:
            with self._storage.writing() as connection:
                paired.keep_fetched(connection, self._storage.network, kiosk.kiosk_id, position=place, now=self._now())
        return page

    def _begin_generation(self, after: str | None) -> None:
        """Begin a new generation, unless another kiosk with an old cursor already triggered it."""
        with self._storage.writing(Turn.FEED) as connection:
            of = network.read(connection, self._storage.network)
            if (after or "").partition(".")[0] == of.generation:
                history_checks.begin_generation_after_restore(
                    connection, of, stream.position_of(after), now=self._now()
                )

    async def has_news(self, after: str, seconds: float) -> bool:
        """Wait at most so many seconds for an entry after a cursor; return whether there is one.

        A cursor of another feed is not detected here: the next request for a page reports it.
        """
        return await self.waiters.wait_beyond(stream.position_of(after), seconds)
