"""Rate limit of one kiosk: generous to a long queue, and an end to a kiosk that went mad or was stolen.

Each has an allowance of bytes that fills up with time (a token bucket). A call is answered while anything is left of
it, and then costs what it brought. So nobody pays for another's flood, and after an outage every kiosk has all of its
own. It is kept in memory: each process of the server counts for itself, and a restart forgives.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

ALLOWANCE = 64 << 20
"""Bytes at once: 80,000 entries of a queue as they are on average, five times what S4 of our measurements drains."""
PER_SECOND = 64 << 10
"""Bytes a second for ever: a million queued entries in some three hours; from a mad kiosk at most 5.5 GB a day."""
CALL_COST = 4 << 10
"""What any call costs, bytes or none: 16 a second for ever, where a kiosk that follows live makes some few a minute."""


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
