"""The only place that reads the machine's clocks. Everything else is handed an instant.

The wall clock says what time it is, as far as it can be trusted; the monotonic clock measures durations, never jumps.
A small computer without a battery wakes in the past after a power cut: what it says counts only once something vouches
for it, and from then on time is counted from there, whatever the wall clock does. What vouches, and how long:

- the kernel says that the network keeps its clock, or at the start a clock chip whose battery kept it: TRUSTED;
- it did once since boot, or a host or the central server told the time (`anchor`), or an entry of this same boot
  remembers it (`remember`): HOLDOVER, counted on the monotonic clock;
- nothing: UNTRUSTED. What is known is that it is not earlier than the last entry that was sure of its time.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from kiosk.model import ClockQuality, Stamp

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd at the first synchronisation since boot."""
REAL_TIME_CLOCK = Path("/sys/class/rtc/rtc0/since_epoch")
"""What the clock chip says, in seconds since 1970. The chip of a Pi 5 is there without a battery too, and then has
counted from nought since the power came back."""
RTC_APART = timedelta(minutes=1)
"""How far chip and wall clock may be apart for the one to vouch for the other: without a battery it is years."""
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""It is not earlier than this: no kiosk with this code ran before."""
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


class Machine(Protocol):
    """The clocks of a machine, as they are."""

    @property
    def boot_id(self) -> str:
        """The name of this boot."""

    def wall(self) -> datetime:
        """The wall clock, in UTC: anything at all after a power cut."""

    def monotonic(self) -> float:
        """Seconds since some moment of this boot; never backwards."""

    def synchronised(self) -> bool:
        """Whether the network keeps the wall clock now."""

    def was_synchronised(self) -> bool:
        """Whether it did since boot, before this process began."""

    def battery(self) -> datetime | None:
        """What the clock chip says; None without one."""


class ThisMachine:
    """The machine that this runs on."""

    def __init__(self) -> None:
        self._boot_id = BOOT_ID.read_text().strip()

    @property
    def boot_id(self) -> str:
        """The kernel's random name of this boot."""
        return self._boot_id

    def wall(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment before."""
        return time.monotonic()

    def synchronised(self) -> bool:
        """Whether the kernel says so."""
        return kernel_is_synchronised()

    def was_synchronised(self) -> bool:
        """Whether systemd-timesyncd left its mark."""
        return SYNCHRONISED.exists()

    def battery(self) -> datetime | None:
        """What the clock chip says."""
        try:
            return datetime.fromtimestamp(int(REAL_TIME_CLOCK.read_text()), UTC)
        except (OSError, ValueError, OverflowError):
            return None


class WallClock:
    """What time it is, and how sure that is. May be asked and told from any thread."""

    def __init__(self, machine: Machine | None = None) -> None:
        self._machine: Machine = machine or ThisMachine()
        self.boot_id = self._machine.boot_id
        self._lock = threading.Lock()
        self._anchor: tuple[datetime, float] | None = None
        """An instant that something vouched for, and the monotonic seconds at it."""
        self._rest = ClockQuality.HOLDOVER
        """How sure the anchor is."""
        self._bound = (RELEASED, self._machine.monotonic())
        """An instant that is past, and the monotonic seconds when that was learned."""
        if self._machine.was_synchronised():
            self._anchor = (self._machine.wall(), self._machine.monotonic())

    def now(self) -> datetime:
        """Return the instant, in UTC, as surely as it is known."""
        return self.reading()[0]

    def monotonic(self) -> float:
        """Return seconds since some moment before; never backwards."""
        return self._machine.monotonic()

    def quality(self) -> ClockQuality:
        """Tell how far `now` can be trusted."""
        return self.reading()[2]

    def stamp(self) -> Stamp:
        """Return the moment by both clocks, for a ledger entry."""
        at, seconds, quality = self.reading()
        return Stamp(at=at, boot_id=self.boot_id, monotonic_ns=int(seconds * 1e9), clock=quality)

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        """Return the instant, the monotonic seconds at it, and how sure it is."""
        with self._lock:
            wall, seconds = self._machine.wall(), self._machine.monotonic()
            if self._machine.synchronised():
                self._anchor, self._rest = (wall, seconds), ClockQuality.HOLDOVER
                return wall, seconds, ClockQuality.TRUSTED
            if self._anchor:
                return _later(self._anchor, seconds), seconds, self._rest
            return max(wall, _later(self._bound, seconds)), seconds, ClockQuality.UNTRUSTED

    def anchor(self, at: datetime, monotonic: float) -> None:
        """Be told that it was `at` (aware) at these monotonic seconds, by a host or by the central server.

        While the machine itself is sure, it stays with that.
        """
        with self._lock:
            self._anchor, self._rest = (at.astimezone(UTC), monotonic), ClockQuality.HOLDOVER

    def remember(self, stamp: Stamp | None) -> None:
        """Learn, at the start, from the last stamp that was sure of its time, None when there is none yet.

        One of this boot is an anchor: a process that is started anew goes on from it. One of another boot is a time
        that is past, and what a clock chip is measured by: it vouches when it goes with the wall clock and not before.
        """
        with self._lock:
            if stamp and stamp.boot_id == self.boot_id:
                self._anchor = self._anchor or (stamp.at, stamp.monotonic_ns / 1e9)
            elif stamp and self._bound[0] < stamp.at:
                self._bound = (stamp.at, self._machine.monotonic())
            wall, chip = self._machine.wall(), self._machine.battery()
            if chip and abs(chip - wall) <= RTC_APART and self._bound[0] <= wall and not self._anchor:
                self._anchor, self._rest = (wall, self._machine.monotonic()), ClockQuality.TRUSTED


def _later(known: tuple[datetime, float], seconds: float) -> datetime:
    at, then = known
    return at + timedelta(seconds=seconds - then)


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

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        """Return the instant the clock was moved to and what has run since; trusted."""
        seconds = self.monotonic()
        return datetime.fromtimestamp(seconds, UTC) + self._offset, seconds, ClockQuality.TRUSTED

    def set(self, at: datetime) -> None:
        """Move the clock to an instant (aware)."""
        self._aged += max((at - self.now()).total_seconds(), 0.0)
        self._offset = at.astimezone(UTC) - datetime.fromtimestamp(self.monotonic(), UTC)

    def move(self, by: timedelta) -> None:
        """Move the clock by a duration, either way."""
        self.set(self.now() + by)

    def anchor(self, at: datetime, monotonic: float) -> None:
        """Be set, as a host would set it."""
        self.set(at + timedelta(seconds=self.monotonic() - monotonic))
