"""Long polling: a kiosk that waits for news costs a socket and a few hundred bytes, no thread and no query.

One task for all of them reads the end of the feed when something changed, in this process or another, and every few
seconds, in case a notification of another one got lost. Kiosks are not identified here and get no entries: they fetch
them by the usual calls.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from kiosk.store.database import LedgerError
from sync.central.feed.change_signal import ChangeSignal

LOOK_SECONDS = 2.0
"""How often the end of the feed is looked at while somebody waits and nothing changes."""
ANSWERS_A_SECOND = 50.0
"""As many kiosks are told of news in the long run: each then asks, and an entry of one is news to all the others."""
MOST_AT_ONCE = 1000
"""As many more are told at once, if it was quiet before."""
SPREAD_SECONDS = 0.5
"""Over which these are spread, so that they do not all ask at the same instant."""


class Pace:
    """Says over how many seconds the answers to so many waiters are spread.

    After a quiet time five hundred kiosks hear of news within a second. While news keep coming they are told less
    often, each time of all that came meanwhile: a rest of MOST_AT_ONCE answers refills with time (a token bucket).
    """

    def __init__(self) -> None:
        self._left, self._at = float(MOST_AT_ONCE), 0.0

    def seconds(self, count: int, now: float) -> float:
        """Return the seconds, and count the answers as given; `now` is of a monotonic clock."""
        self._left = min(MOST_AT_ONCE, self._left + max(now - self._at, 0.0) * ANSWERS_A_SECOND)
        self._at = now
        lacking = max(count - self._left, 0.0)
        self._left = max(self._left - count, 0.0)
        if lacking:
            return max(lacking / ANSWERS_A_SECOND, SPREAD_SECONDS)
        return SPREAD_SECONDS * (count - 1) / MOST_AT_ONCE


class NewsWaiters:
    """The requests that wait for news of the feed, in one event loop."""

    def __init__(
        self,
        changes: ChangeSignal,
        end: Callable[[], int],
        *,
        look_seconds: float = LOOK_SECONDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`end` returns the feed's last position and is called in a thread; `chance` returns numbers of [0, 1)."""
        self._changes, self._read_end, self._look_seconds, self._chance = changes, end, look_seconds, chance
        self._end = -1
        self._count = 0
        self._pace, self._spread = Pace(), 0.0
        self._moved = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @property
    def count(self) -> int:
        """The number of requests that wait now."""
        return self._count

    def close(self) -> None:
        """Answer all waiting requests and accept no more, because the server stops. From any thread."""
        self._closed = True
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    async def wait_beyond(self, place: int, seconds: float) -> bool:
        """Wait for an entry after a position, at most so many seconds. Return whether there is one."""
        self._loop = asyncio.get_running_loop()
        until = self._loop.time() + seconds
        self._count += 1
        try:
            await self._until_moved(place, until)
            if self._end > place and not self._closed:
                left = max(until - self._loop.time(), 0.0)
                await asyncio.sleep(min(self._chance() * self._spread, left))
        finally:
            self._count -= 1
        return self._end > place

    async def _until_moved(self, place: int, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                while self._end <= place and not self._closed:
                    if self._looking is None or self._looking.done():
                        self._looking = asyncio.create_task(self._look())
                    await self._moved.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        """Watch the feed's end while any request waits."""
        while self._count and not self._closed:
            seen = self._changes.count
            try:
                end = await asyncio.to_thread(self._read_end)
            except LedgerError:  # who waits learns of it from the call that follows
                end = self._end
            if end != self._end:
                self._end = end
                self._spread = self._pace.seconds(self._count, asyncio.get_running_loop().time())
                self._wake()
            await self._changes.wait_async(seen, self._look_seconds)

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
