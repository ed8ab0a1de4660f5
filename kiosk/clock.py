"""The only place that reads the machine's clocks. Everything else is handed an instant.

The wall clock says what time it is, as far as it can be trusted; the monotonic clock measures durations, never jumps.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.model import Clock, Stamp

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at the first synchronisation since boot."""
REAL_TIME_CLOCK = Path("/sys/class/rtc/rtc0")
TIME_ERROR = 5
"""Answer of adjtimex(2) while the kernel's clock is not synchronised."""
TIMEX_BYTES = 256
"""struct timex is 208 bytes on 64-bit Linux and 128 on 32-bit; all zero asks and changes nothing."""


def ask_kernel() -> int:
    """Return the state of the kernel's clock as adjtimex(2) tells it to any user; -1 where it will not."""
    state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return state


def kernel_is_synchronised(ask: Callable[[], int] = ask_kernel) -> bool:
    """Tell whether something keeps the kernel's clock to the world's time."""
    return 0 <= ask() < TIME_ERROR


class WallClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self.boot_id = BOOT_ID.read_text().strip()
        self._was_trusted = SYNCHRONISED.exists()

    def now(self) -> datetime:
        """Return the instant by the wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since some moment before; never backwards."""
        return time.monotonic()

    def quality(self) -> Clock:
        """Tell how far `now` can be trusted: synchronised or battery-backed, once was, or never since boot."""
        if REAL_TIME_CLOCK.exists() or kernel_is_synchronised():
            self._was_trusted = True
            return Clock.TRUSTED
        return Clock.HOLDOVER if self._was_trusted else Clock.UNTRUSTED

    def stamp(self) -> Stamp:
        """Return the moment by both clocks, for a ledger entry."""
        return Stamp(
            at=self.now(), boot_id=self.boot_id, monotonic_ns=int(self.monotonic() * 1e9), clock=self.quality()
        )


class MovableClock(WallClock):
    """A clock that runs on from any instant and can be moved: for the demo and the tests.

    It is trusted by definition, as whoever moves it knows what time it is.
    """

    def __init__(self, start: datetime | None = None, *, runs: bool = True) -> None:
        super().__init__()
        self._runs = runs
        self._frozen = time.monotonic()
        self._aged = 0.0
        """Seconds that it was moved forward in all."""
        self._offset = (start or datetime.now(UTC)) - datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        """Return seconds: what was skipped by moving the clock forward has passed here too."""
        return (time.monotonic() if self._runs else self._frozen) + self._aged

    def now(self) -> datetime:
        """Return the instant the clock was moved to, and what has run since."""
        return datetime.fromtimestamp(self.monotonic(), UTC) + self._offset

    def set(self, at: datetime) -> None:
        """Move the clock to an instant (aware)."""
        self._aged += max((at - self.now()).total_seconds(), 0.0)
        self._offset = at.astimezone(UTC) - datetime.fromtimestamp(self.monotonic(), UTC)

    def move(self, by: timedelta) -> None:
        """Move the clock by a duration, either way."""
        self.set(self.now() + by)

    def quality(self) -> Clock:
        """Trusted."""
        return Clock.TRUSTED
