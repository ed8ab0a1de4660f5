"""Telling all who wait, threads and event loops alike, that something happened. It says that, and not what."""

from __future__ import annotations

import asyncio
import threading


class Bell:
    """Rings; who looks at `count` first misses no ring."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._count = 0
        self._loops: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    @property
    def count(self) -> int:
        """How many times it rang."""
        with self._rung:
            return self._count

    def ring(self) -> None:
        """Wake all who wait."""
        with self._rung:
            self._count += 1
            self._rung.notify_all()
            for loop, event in self._loops:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)

    def wait(self, heard: int, seconds: float) -> bool:
        """Wait, in a thread, for a ring after the one that was the `heard`-th. Tells whether there was one."""
        with self._rung:
            return self._rung.wait_for(lambda: self._count > heard, seconds)

    async def listen(self, heard: int, seconds: float) -> bool:
        """Wait, in an event loop, for a ring after the one that was the `heard`-th. Tells whether there was one."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._rung:
            if self._count > heard:
                return True
            self._loops.add(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter[1].wait()
        except TimeoutError:
            return False
        finally:
            with self._rung:
                self._loops.discard(waiter)
        return True
