"""A small computer in virtual time: its power, its clocks, its network, and the true time.

kiosk.clock is given this in place of the real machine. Nothing here waits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Chip = Literal["none", "battery", "no battery"]


class VirtualMachine:
    """A machine that starts switched on, with the right time and with a network."""

    def __init__(self, at: datetime, *, chip: Chip = "none", drift: float = 0.0, booted: float = 10.0) -> None:
        """`drift` is how much too fast its crystal runs, e.g. 50e-6; `booted` seconds since the boot."""
        self.true = at
        self.chip, self.drift = chip, drift
        self.has_network = True
        self.boots = 1
        self._monotonic = booted
        self._wall_apart = timedelta(0)
        self._lie = timedelta(0)
        """How far the time of the network is from the true one."""
        self._chip_apart: timedelta | None = timedelta(0)
        """How far the chip is from the true time; None: it has lost it."""
        self._saved = at
        """What the system wrote down of the time before it went off, and begins with when there is no chip."""

    # ------------------------------------------------------------ what the world does to it

    def passes(self, time: timedelta) -> None:
        """Let time pass while it is on. A network keeps its clock right."""
        self.true += time
        self._monotonic += time.total_seconds() * (1 + self.drift)
        self._wall_apart = self._lie if self.has_network else self._wall_apart + time * self.drift
        if self.has_network and self.chip != "none":
            self._chip_apart = self._lie  # the kernel writes the chip while it is synchronised

    def loses_power(self, time: timedelta, *, network: bool) -> None:
        """Be off for a time, then start again."""
        self._saved = self.wall()
        self.true += time
        self.boots += 1
        self._monotonic = 10.0
        if self.chip == "no battery":
            self._chip_apart = EPOCH - self.true
        self.has_network = network
        kept = self.battery()
        self._wall_apart = max(kept or EPOCH, self._saved) - self.true
        if network:
            self.passes(timedelta(seconds=5))

    def chip_fails(self, how: Literal["reset", "unreadable"]) -> None:
        """Make the battery of the chip empty: it starts at 1970, or reports that its time is invalid."""
        self._chip_apart = EPOCH - self.true if how == "reset" else None

    def sets_chip(self, apart: timedelta) -> None:
        """Set the chip wrong by this much."""
        self._chip_apart = apart

    def network_lies(self, apart: timedelta) -> None:
        """Make the network tell a time that is off by this much; zero: the true one again."""
        self._lie = apart
        self.passes(timedelta(0))

    def steps(self, by: timedelta) -> None:
        """Set the wall clock wrong by hand."""
        self._wall_apart += by
        if self.has_network:
            self._wall_apart = self._lie

    # ------------------------------------------------------------ what the kiosk sees of it

    @property
    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def wall(self) -> datetime:
        return self.true + self._wall_apart

    def monotonic(self) -> float:
        return self._monotonic

    def synchronised(self) -> bool:
        return self.has_network

    def battery(self) -> datetime | None:
        if self.chip == "none" or self._chip_apart is None:
            return None
        return self.true + self._chip_apart
