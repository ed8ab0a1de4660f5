"""The only place that reads the machine's clocks. Everything else is handed an instant.

The wall clock says what time it is, as far as it can be trusted; the monotonic clock measures durations, never jumps.
A small computer without a battery wakes in the past after a power cut, clock chips have been 30 years ahead, and
network time has been 1,024 weeks behind for some seconds. So nothing that tells the time is believed for that alone:

- the kernel (which the network keeps) and the central server are believed when they agree with the time that is known
  already, or with each other, or have said the same for `HOLD_SECONDS`;
- a clock chip is believed at a start when it agrees with the wall clock and was right while the time was known last;
- a host is believed at once;
- none of them when it tells a time before the last entry that was sure, or more than `LONGEST_SILENCE` after it:
  then two of them must agree, or a host must have confirmed the date;
- but a source that moved the time forward takes it back: by telling the earlier one for an hour, and for longer than
  the other; and so do kernel and server together. A kernel that alone tells an earlier time for an hour leaves in doubt
  what neither a host nor the server told.

TRUSTED: the kernel or a chip vouches now. HOLDOVER: something vouched once in this boot, and time is counted from there
on the monotonic clock, whatever the wall clock does. UNTRUSTED: all that is known is a time that is past.
What cannot be undone asks for more (`is_witnessed`).
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from kiosk.model import ClockQuality, Stamp

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
REAL_TIME_CLOCK = Path("/sys/class/rtc/rtc0/since_epoch")
"""What the clock chip says, in seconds since 1970. The chip of a Pi 5 is there without a battery too, and then has
counted from nought since the power came back."""
RTC_APART = timedelta(minutes=1)
"""How far chip and wall clock may be apart for the one to vouch for the other: without a battery it is years."""
HOLD_SECONDS = 90.0
"""How long a single source must tell the same time before it is believed: wrong network time was seen for a minute."""
WITNESS_SECONDS = 3600.0
"""How long network or server must have kept the time before anything is done that cannot be undone."""
LONGEST_SILENCE = timedelta(days=40)
"""A time so far after the last sure entry is believed only of two that agree, or of a host who confirms the date."""
AGREE = timedelta(minutes=1)
"""How far apart two sources may be and still tell the same time."""
STEADY = timedelta(seconds=5)
"""How far one source may wander from what it told before and still tell the same time."""
DRIFT = 100e-6
"""The most by which two crystals run apart, in seconds a second."""
JUMPS = 8
"""How many moves of the time can be taken back."""
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""It is not earlier than this: no kiosk with this code ran before."""
Source = Literal["kernel", "server", "host", "chip"]

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


class MachineClocks(Protocol):
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

    def battery(self) -> datetime | None:
        """What the clock chip says."""
        try:
            return datetime.fromtimestamp(int(REAL_TIME_CLOCK.read_text()), UTC)
        except (OSError, ValueError, OverflowError):
            return None


@dataclass
class _Claim:
    """What a source tells, and since when it has told the same."""

    at: datetime
    since: float
    last: float

    def now(self, seconds: float) -> datetime:
        """Return what it would tell at these monotonic seconds."""
        return self.at + timedelta(seconds=seconds - self.last)

    @property
    def held(self) -> float:
        """For how many seconds it has told the same."""
        return self.last - self.since


@dataclass
class _Jump:
    """A source moved the time forward: which one, and for how long it stood by that."""

    source: Source
    bound: tuple[datetime, float]
    """What was known to be past before."""
    since: float
    until: float


class WallClock:
    """What time it is, and how sure that is. May be asked and told from any thread."""

    def __init__(self, machine: MachineClocks | None = None) -> None:
        self._machine: MachineClocks = machine or ThisMachine()
        self.boot_id = self._machine.boot_id
        self._lock = threading.Lock()
        self._anchor: tuple[datetime, float] | None = None
        """An instant that something vouched for, and the monotonic seconds at it."""
        self._rest = ClockQuality.HOLDOVER
        """How sure the anchor is while the kernel does not vouch."""
        self._claims: dict[Source, _Claim] = {}
        self._kept_by: Source | None = None
        """Who told the time that the anchor rests on."""
        self._bound = (RELEASED, self._machine.monotonic())
        """An instant that is past, and the monotonic seconds when that was learned."""
        self._limit: tuple[datetime, float] | None = None
        """The last sure entry of an earlier boot, and the monotonic seconds when it was learned."""
        self._jumps: list[_Jump] = []
        """The last times that kernel or server moved the time forward in this process."""
        self._confirmed_at: float | None = None
        """Since when a host's word for the date counts, in monotonic seconds."""

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
        with self._lock:
            if quality is not ClockQuality.UNTRUSTED and self._kept_by != "host":
                self._bound = (at, seconds)
        return Stamp(at=at, boot_id=self.boot_id, monotonic_ns=int(seconds * 1e9), clock=quality)

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        """Return the instant, the monotonic seconds at it, and how sure it is."""
        with self._lock:
            wall, seconds = self._machine.wall(), self._machine.monotonic()
            if self._machine.synchronised():
                if self._hear("kernel", wall, seconds):
                    return wall, seconds, ClockQuality.TRUSTED
            else:
                self._claims.pop("kernel", None)
            if self._anchor:
                quality = ClockQuality.UNTRUSTED if self._is_contradicted(seconds) else self._rest
                return _later(self._anchor, seconds), seconds, quality
            past = _later(self._bound, seconds)
            return wall if self._is_plausible(wall, seconds) else past, seconds, ClockQuality.UNTRUSTED

    def is_witnessed(self) -> bool:
        """Tell whether the time is sure enough for what cannot be undone: forgetting, and letting go of copies.

        The network or the server has kept it for an hour, in step with the last sure entry; or a host confirmed the
        date an hour ago, and had that time to see a slip.
        """
        quality = self.quality()
        with self._lock:
            if quality is ClockQuality.UNTRUSTED:
                return False
            seconds = self._machine.monotonic()
            claim = self._claims.get(self._kept_by) if self._kept_by in ("kernel", "server") else None
            is_confirmed = self._confirmed_at is not None and seconds - self._confirmed_at >= WITNESS_SECONDS
            is_kept = claim is not None and self._is_known(claim.now(seconds), seconds)
            return is_confirmed or (is_kept and claim is not None and claim.held >= WITNESS_SECONDS)

    def chip_is_right(self) -> bool | None:
        """Tell whether the clock chip agrees with the time; None without a chip, or while the time is not known."""
        at, _, quality = self.reading()
        chip = self._machine.battery()
        return None if chip is None or quality is ClockQuality.UNTRUSTED else abs(chip - at) <= 2 * RTC_APART

    def hear_server(self, at: datetime, monotonic: float) -> None:
        """Be told by the central server that it was `at` (aware) at these monotonic seconds."""
        with self._lock:
            self._hear("server", at.astimezone(UTC), monotonic)

    def set_by_host(self, at: datetime, monotonic: float, *, confirmed: bool = False) -> None:
        """Be told by a host that it was `at` (aware) at these monotonic seconds; `confirmed`: and what date that is."""
        with self._lock:
            at = at.astimezone(UTC)
            self._claims["host"] = _Claim(at, monotonic, monotonic)
            if at < _later(self._bound, monotonic):
                self._bound = (at - AGREE, monotonic)
            self._confirmed_at = monotonic if confirmed else None
            self._jumps.clear()
            self._believe("host", at, monotonic)

    def remember(
        self,
        last: Stamp | None,
        *,
        firm: Stamp | None = None,
        chip_was_right: bool = True,
        is_confirmed: bool = False,
    ) -> None:
        """Learn, at the start, from the last stamp that was sure of its time, None when there is none yet.

        One of this boot is an anchor: a process that is started anew goes on from it. `firm` is the last that rests on
        more than a host's word (None: `last`): a time that is past, and what all who tell the time are measured by.
        `chip_was_right`: the clock chip agreed with the time when that was known last. `is_confirmed`: a host confirmed
        the date when it was set last.
        """
        with self._lock:
            seconds = self._machine.monotonic()
            firm = firm or last
            if last and last.boot_id == self.boot_id:
                self._anchor = self._anchor or (last.at, last.monotonic_ns / 1e9)
                self._kept_by = "host" if firm != last else self._kept_by
            if firm:
                known = (firm.at, firm.monotonic_ns / 1e9 if firm.boot_id == self.boot_id else seconds)
                self._bound, self._limit = max(self._bound, known), known
            self._confirmed_at = seconds if is_confirmed else None
            self._ask_chip(seconds, is_usable=bool(last) and chip_was_right)

    def _ask_chip(self, seconds: float, *, is_usable: bool) -> None:
        wall, chip = self._machine.wall(), self._machine.battery()
        if self._anchor or chip is None or not is_usable or abs(chip - wall) > RTC_APART:
            return
        if self._is_plausible(wall, seconds):
            self._believe("chip", wall, seconds)
            self._rest = ClockQuality.TRUSTED

    def _hear(self, source: Source, at: datetime, seconds: float) -> bool:
        """Note what a source tells; tell whether it is the time."""
        claim = self._claims.get(source)
        if claim is None or abs(claim.now(seconds) - at) > STEADY + timedelta(seconds=DRIFT * (seconds - claim.last)):
            claim = self._claims[source] = _Claim(at, seconds, seconds)
        claim.at, claim.last = at, seconds
        if not self._is_to_be_believed(source, claim, seconds):
            return False
        if at > _later(self._anchor or self._bound, seconds) + AGREE:
            self._jumps = [*self._jumps[1 - JUMPS :], _Jump(source, self._bound, seconds, seconds)]
        elif self._jumps and self._jumps[-1].source == source:
            self._jumps[-1].until = seconds
        self._believe(source, at, seconds)
        return True

    def _believe(self, source: Source, at: datetime, seconds: float) -> None:
        self._anchor, self._rest, self._kept_by = (at, seconds), ClockQuality.HOLDOVER, source
        self._limit = (at, seconds)

    def _is_to_be_believed(self, source: Source, claim: _Claim, seconds: float) -> bool:
        others = [other for name, other in self._claims.items() if name != source]
        is_seconded = any(abs(other.now(seconds) - claim.at) <= AGREE for other in others)
        if claim.at < _earliest(self._bound, seconds) and not self._takes_back(source, claim, seconds):
            return False
        if is_seconded:
            return True
        if not self._is_plausible(claim.at, seconds):
            return False
        return self._is_known(claim.at, seconds) or claim.held >= HOLD_SECONDS

    def _is_known(self, at: datetime, seconds: float) -> bool:
        return self._anchor is not None and abs(_later(self._anchor, seconds) - at) <= AGREE

    def _takes_back(self, source: Source, claim: _Claim, seconds: float) -> bool:
        """Let a source undo its own moves, once it has told the earlier time for longer; tell whether it did."""
        server = self._claims.get("server")
        is_agreed = (
            server is not None
            and seconds - server.last <= WITNESS_SECONDS
            and abs(server.now(seconds) - claim.at) <= AGREE
        )
        if source == "kernel" and _told_long(claim) and is_agreed:
            self._bound, self._jumps = (claim.at - AGREE, seconds), []
            return True
        for number, jump in reversed(list(enumerate(self._jumps))):
            longer = max(WITNESS_SECONDS, self._jumps[-1].until - jump.since)
            if jump.source != source or claim.held < longer:
                return False
            if claim.at >= _earliest(jump.bound, seconds):
                self._bound = jump.bound
                del self._jumps[number:]
                return True
        return False

    def _is_contradicted(self, seconds: float) -> bool:
        """Tell whether the kernel tells an earlier time than one that neither a host nor the server told."""
        claim = self._claims.get("kernel")
        is_earlier = claim is not None and _told_long(claim) and claim.at < _earliest(self._bound, seconds)
        return is_earlier and self._kept_by not in ("host", "server")

    def _is_plausible(self, at: datetime, seconds: float) -> bool:
        """Tell whether a time can be that of this moment, by the last entry that was sure."""
        is_too_far = self._limit is not None and at > _later(self._limit, seconds) + LONGEST_SILENCE
        return _earliest(self._bound, seconds) <= at and not is_too_far


def _told_long(claim: _Claim) -> bool:
    """Tell whether a time was told for so long that it may be right although it is before the last sure entry."""
    return claim.held >= WITNESS_SECONDS and claim.at >= RELEASED


def _wander(seconds: float) -> timedelta:
    """Return by how much two crystals may be apart after so many seconds, with a second to spare."""
    return timedelta(seconds=1 + DRIFT * abs(seconds))


def _earliest(bound: tuple[datetime, float], seconds: float) -> datetime:
    """Return the earliest that it can be now, by a time that is past."""
    return _later(bound, seconds) - _wander(seconds - bound[1])


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

    def set_by_host(self, at: datetime, monotonic: float, *, confirmed: bool = False) -> None:  # noqa: ARG002
        """Be set, as a host would set it."""
        self.set(at + timedelta(seconds=self.monotonic() - monotonic))

    def hear_server(self, at: datetime, monotonic: float) -> None:
        """Pass over it: this clock knows the time."""

    def is_witnessed(self) -> bool:
        """Whoever moves it knows what time it is."""
        return True

    def chip_is_right(self) -> None:
        """There is no chip."""
