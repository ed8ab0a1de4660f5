"""Random histories of a machine whose power, network and clocks fail: the door must not open outside hours.

Each history is the real clock (kiosk.clock) on a machine in virtual time, and the real rules. A variable stands in for
the ledger: it keeps the last stamp that was sure.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kiosk import hours, rules
from kiosk.clock import WallClock
from kiosk.model import ClockQuality, Granted, Stamp
from tests.clocks.virtual_machine import Chip, VirtualMachine
from tests.rules.house import SERRE, case, sold

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
DRIFT = 50e-6
"""The most that a crystal is off: 50 in a million, four seconds a day."""
CHIPS: tuple[Chip, ...] = ("none", "none", "battery", "no battery")
STEPS = 24
PASS = sold(when="2026-07-01 10:00")

MakeClock = Callable[[VirtualMachine], WallClock]


@dataclass
class History:
    """One machine's history."""

    seed: int
    make: MakeClock = WallClock
    taps: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def live(self) -> History:
        """Live it all."""
        self.chance = random.Random(self.seed)
        drift = self.chance.uniform(-DRIFT, DRIFT)
        self.machine = VirtualMachine(BEGIN, chip=self.chance.choice(CHIPS), drift=drift)
        self.sure: Stamp | None = None
        self.sure_at = self.machine.true
        self._starts()
        for _ in range(STEPS):
            self._something()
        return self

    def _starts(self) -> None:
        """Start the kiosk: on a new boot, or in the middle of one."""
        self.clock = self.make(self.machine)
        self.clock.remember(self.sure)
        self._writes()

    def _writes(self) -> None:
        stamp = self.clock.stamp()
        if stamp.clock is not ClockQuality.UNTRUSTED:
            self.sure = stamp
        if stamp.clock is ClockQuality.TRUSTED and self.machine.has_network:
            self.sure_at = self.machine.true

    def _something(self) -> None:
        what = self.chance.choices(
            ("tap", "time", "cut", "network", "step", "chip", "restart", "told"), (10, 5, 4, 3, 2, 1, 1, 1)
        )[0]
        self.happened[what] += 1
        getattr(self, f"_{what}")()

    def _span(self, most_hours: float) -> timedelta:
        return timedelta(hours=most_hours * self.chance.random() ** 3)

    def _time(self) -> None:
        self.machine.passes(self._span(24 * 20))

    def _cut(self) -> None:
        self.machine.loses_power(self._span(24 * 60), network=self.chance.random() < 0.3)
        self._starts()

    def _network(self) -> None:
        self.machine.has_network = not self.machine.has_network
        self.machine.passes(timedelta(seconds=10))

    def _step(self) -> None:
        self.machine.steps(timedelta(hours=self.chance.uniform(-24 * 365 * 10, 24 * 365 * 10)))

    def _chip(self) -> None:
        self.machine.chip_fails(self.chance.choice(("reset", "unreadable")))

    def _restart(self) -> None:
        self._starts()

    def _told(self) -> None:
        """The server tells the time, two seconds wrong at most."""
        wrong = timedelta(seconds=self.chance.uniform(-2, 2))
        self.clock.anchor(self.machine.true + wrong, self.machine.monotonic())
        self.sure_at = self.machine.true

    def _tap(self) -> None:
        at = self.clock.stamp()
        verdict = rules.decide(case(PASS, clock=at.clock), at.at)
        self._writes()
        self.taps[f"{at.clock} {verdict.reason}"] += 1
        if isinstance(verdict, Granted) and not self._is_open_about_now():
            self.wrong.append(
                f"seed {self.seed}: let in at {self.machine.true:%a %Y-%m-%d %H:%M}Z, kiosk says {at.at:%a %H:%M}Z"
            )

    def _is_open_about_now(self) -> bool:
        """Whether the site is open at the true time, give or take what the crystal may have wandered since."""
        true = self.machine.true
        wandered = (true - self.sure_at) * DRIFT + timedelta(seconds=6)
        return any(hours.opening(SERRE, None, at).is_open for at in (true, true - wandered, true + wandered))
