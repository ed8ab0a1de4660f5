"""The rules by which a source of time is believed. Pure: instants and monotonic seconds come in as arguments.

- The kernel (kept by the network) and the central server are believed when they agree with the time that is already
  known, or with each other, or have told the same time for `HOLD_SECONDS`.
- A clock chip is believed at a start when it agrees with the wall clock and was right while the time was known last.
- A host is believed at once.
- No source is believed with a time before the last sure entry, or more than `LONGEST_SILENCE` after it, unless two of
  them agree or a host has confirmed the date.
- A source that moved the time forward can take that back, by telling the earlier time for an hour, and for longer
  than it told the later one. So can kernel and server together. If the kernel alone tells an earlier time for an
  hour, a time that neither a host nor the server told becomes untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from kiosk.model import ClockQuality, Stamp

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


@dataclass
class Claim:
    """The time that a source tells, and since when it has told the same time."""

    at: datetime
    since: float
    last: float

    def now(self, seconds: float) -> datetime:
        """Return the time it would tell at these monotonic seconds."""
        return self.at + timedelta(seconds=seconds - self.last)

    @property
    def held(self) -> float:
        """Return for how many seconds it has told the same time."""
        return self.last - self.since


@dataclass
class _Jump:
    """A move of the time forward: the source that made it, and for how long the source kept to it."""

    source: Source
    bound: tuple[datetime, float]
    """What was known to be past before."""
    since: float
    until: float


class TimeSources:
    """What each source of time told, and the time that is believed. Not thread-safe."""

    def __init__(self, seconds: float) -> None:
        self._anchor: tuple[datetime, float] | None = None
        """An instant that something vouched for, and the monotonic seconds at it."""
        self._rest = ClockQuality.HOLDOVER
        """How sure the anchor is while the kernel does not vouch."""
        self._claims: dict[Source, Claim] = {}
        self._kept_by: Source | None = None
        """The source of the anchor's time."""
        self._bound = (RELEASED, seconds)
        """An instant that is past, and the monotonic seconds when that was learned."""
        self._limit: tuple[datetime, float] | None = None
        """The last sure entry of an earlier boot, and the monotonic seconds when it was learned."""
        self._jumps: list[_Jump] = []
        """The last times that kernel or server moved the time forward in this process."""
        self._confirmed_at: float | None = None
        """Since when a host's word for the date counts, in monotonic seconds."""

    # ------------------------------------------------------------ what is believed

    def time(self, wall: datetime, seconds: float) -> tuple[datetime, ClockQuality]:
        """Return the time while the kernel does not vouch, and how sure it is."""
        if self._anchor:
            quality = ClockQuality.UNTRUSTED if self._is_contradicted(seconds) else self._rest
            return _later(self._anchor, seconds), quality
        past = _later(self._bound, seconds)
        return wall if self._is_plausible(wall, seconds) else past, ClockQuality.UNTRUSTED

    def is_witnessed(self, seconds: float) -> bool:
        """Tell whether network or server have kept the time for an hour, or a host confirmed the date an hour ago."""
        claim = self._claims.get(self._kept_by) if self._kept_by in ("kernel", "server") else None
        is_confirmed = self._confirmed_at is not None and seconds - self._confirmed_at >= WITNESS_SECONDS
        is_kept = claim is not None and self._is_known(claim.now(seconds), seconds)
        return is_confirmed or (is_kept and claim is not None and claim.held >= WITNESS_SECONDS)

    def note_entry(self, at: datetime, seconds: float) -> None:
        """Note a ledger entry with a sure time: later times of all sources but hosts are checked against it."""
        if self._kept_by != "host":
            self._bound = (at, seconds)

    # ------------------------------------------------------------ what the sources tell

    def hear(self, source: Source, at: datetime, seconds: float) -> bool:
        """Note the time that a source tells; tell whether it is believed."""
        claim = self._claims.get(source)
        if claim is None or abs(claim.now(seconds) - at) > STEADY + timedelta(seconds=DRIFT * (seconds - claim.last)):
            claim = self._claims[source] = Claim(at, seconds, seconds)
        claim.at, claim.last = at, seconds
        if not self._is_to_be_believed(source, claim, seconds):
            return False
        if at > _later(self._anchor or self._bound, seconds) + AGREE:
            self._jumps = [*self._jumps[1 - JUMPS :], _Jump(source, self._bound, seconds, seconds)]
        elif self._jumps and self._jumps[-1].source == source:
            self._jumps[-1].until = seconds
        self._believe(source, at, seconds)
        return True

    def hear_no_more(self, source: Source) -> None:
        """Note that a source no longer tells the time."""
        self._claims.pop(source, None)

    def hear_host(self, at: datetime, seconds: float) -> None:
        """Believe a host."""
        self._claims["host"] = Claim(at, seconds, seconds)
        if at < _later(self._bound, seconds):
            self._bound = (at - AGREE, seconds)
        self._confirmed_at = seconds
        self._jumps.clear()
        self._believe("host", at, seconds)

    def confirm_date(self, seconds: float) -> None:
        """Note that a host confirmed the present date."""
        self._confirmed_at = seconds

    def hear_chip(self, chip: datetime, wall: datetime, seconds: float) -> None:
        """At a start, believe a chip that was right before, if it agrees with the wall clock."""
        if self._anchor is None and abs(chip - wall) <= RTC_APART and self._is_plausible(wall, seconds):
            self._believe("chip", wall, seconds)
            self._rest = ClockQuality.TRUSTED

    def remember(
        self, last: Stamp | None, firm: Stamp | None, *, boot_id: str, seconds: float, is_confirmed: bool
    ) -> None:
        """At a start, learn from the last sure stamps: see WallClock.remember."""
        if last and last.boot_id == boot_id:
            self._anchor = self._anchor or (last.at, last.monotonic_ns / 1e9)
            self._kept_by = "host" if firm != last else self._kept_by
        if firm:
            known = (firm.at, firm.monotonic_ns / 1e9 if firm.boot_id == boot_id else seconds)
            self._bound, self._limit = max(self._bound, known), known
        self._confirmed_at = seconds if is_confirmed else None

    # ------------------------------------------------------------ the rules

    def _believe(self, source: Source, at: datetime, seconds: float) -> None:
        self._anchor, self._rest, self._kept_by = (at, seconds), ClockQuality.HOLDOVER, source
        self._limit = (at, seconds)

    def _is_to_be_believed(self, source: Source, claim: Claim, seconds: float) -> bool:
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

    def _takes_back(self, source: Source, claim: Claim, seconds: float) -> bool:
        """Undo a source's own moves if it has told the earlier time for longer; tell whether that was done."""
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
        """Tell whether the kernel tells an earlier time than a known one that neither a host nor the server told."""
        claim = self._claims.get("kernel")
        is_earlier = claim is not None and _told_long(claim) and claim.at < _earliest(self._bound, seconds)
        return is_earlier and self._kept_by not in ("host", "server")

    def _is_plausible(self, at: datetime, seconds: float) -> bool:
        """Tell whether a time is possible now, judged by the last sure entry."""
        is_too_far = self._limit is not None and at > _later(self._limit, seconds) + LONGEST_SILENCE
        return _earliest(self._bound, seconds) <= at and not is_too_far


def _told_long(claim: Claim) -> bool:
    """Tell whether a time was told for so long that it may be right although it is before the last sure entry."""
    return claim.held >= WITNESS_SECONDS and claim.at >= RELEASED


def _wander(seconds: float) -> timedelta:
    """Return how far two crystals may drift apart in so many seconds, plus one second."""
    return timedelta(seconds=1 + DRIFT * abs(seconds))


def _earliest(bound: tuple[datetime, float], seconds: float) -> datetime:
    """Return the earliest possible present time, given a time that is past."""
    return _later(bound, seconds) - _wander(seconds - bound[1])


def _later(known: tuple[datetime, float], seconds: float) -> datetime:
    at, then = known
    return at + timedelta(seconds=seconds - then)
