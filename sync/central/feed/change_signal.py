"""A condition variable that also wakes asyncio tasks; it carries no data."""

from __future__ import annotations

import asyncio
import threading


class ChangeSignal:
    """Wakes threads and asyncio tasks when something changed on the server.

    Read `count`, then read the data, then wait for a change after that count: so no change is missed.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._tasks: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def count(self) -> int:
        """The number of changes so far."""
        with self._condition:
            return self._count

    def notify(self) -> None:
        """Wake all waiters. May be called from any thread."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()
            for loop, event in self._tasks:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)

    def wait(self, seen: int, seconds: float) -> bool:
        """Block a thread until there were more than `seen` changes, at most so long; tell whether there were."""
        with self._condition:
            return self._condition.wait_for(lambda: self._count > seen, seconds)

    async def wait_async(self, seen: int, seconds: float) -> bool:
        """Like `wait`, for an asyncio task."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._condition:
            if self._count > seen:
                return True
            self._tasks.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter[1].wait()
        except TimeoutError:
            return False
        finally:
            with self._condition:
                self._tasks.discard(waiter)
        return True
