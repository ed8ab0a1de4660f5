"""Rate limit for each kiosk: allows a long queue, and stops a faulty or stolen kiosk from filling the disk.

Each kiosk has an allowance of bytes that refills with time (a token bucket). A call is answered while any of it is
left, and then uses as much of it as it brought. The allowances are in memory: each process of the server has its own,
and a restart fills them. Calls are also counted while they are answered, so that one kiosk does not take all threads.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

ALLOWANCE = 64 << 20
"""Bytes at once: about 80,000 entries of an average queue."""
PER_SECOND = 64 << 10
"""Bytes a second without end: a million queued entries in some three hours, 5.5 GB a day at most."""
CALL_COST = 4 << 10
"""Bytes that any call costs: 16 calls a second without end, where a kiosk makes a few a minute."""
TIME_ALLOWANCE, TIME_PER_SECOND = 60.0, 0.25
"""Seconds of work on its calls: a minute at once, which 150,000 entries take, and a quarter of a thread after that."""
DISK_ALLOWANCE, DISK_PER_SECOND = 1 << 30, 2 << 10
"""Bytes sent that end on the disk: a million queued entries at once, and 170 MB a day; a busy kiosk has two."""


class _Left(NamedTuple):
    level: float
    at: float


class RateLimit:
    """Counts what each kiosk sends against its rate limit. Callable from any thread; seconds are of one clock."""

    def __init__(self, *, allowance: float = ALLOWANCE, per_second: float = PER_SECOND) -> None:
        self._allowance, self._per_second = allowance, per_second
        self._lock = threading.Lock()
        self._left: dict[str, _Left] = {}

    def wait(self, kiosk_id: str, now: float) -> float:
        """Return the seconds until this kiosk may call: 0 when it may now."""
        with self._lock:
            level = self._level(kiosk_id, now)
        return 0.0 if level > 0 else -level / self._per_second + 1.0

    def spend(self, kiosk_id: str, cost: float, now: float) -> None:
        """Charge a call to the kiosk; the balance may go below zero."""
        with self._lock:
            self._left[kiosk_id] = _Left(self._level(kiosk_id, now) - cost, now)

    def _level(self, kiosk_id: str, now: float) -> float:
        left = self._left.get(kiosk_id, _Left(self._allowance, now))
        # A clock that was set back gives nothing, and takes nothing.
        return min(self._allowance, left.level + max(now - left.at, 0.0) * self._per_second)


class CallsAtOnce:
    """Counts the calls that are being answered, by kind and token; used in one event loop."""

    def __init__(self, *, refused_seconds: float = 1.0) -> None:
        """`refused_seconds`: for how long a call waits before it is refused."""
        self.refused_seconds = refused_seconds
        self._counts: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def one_more(self, kind: str, token: str, most: int) -> Iterator[bool]:
        """Count a call while it is answered; tell whether it is one of so many at most, or else is not counted."""
        key = (kind, token)
        if self._counts[key] >= most:
            yield False
            return
        self._counts[key] += 1
        try:
            yield True
        finally:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]
