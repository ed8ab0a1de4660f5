"""Random histories of one member's taps while the clock is wrong and corrected: nothing is charged twice for it.

Each is the real kiosk on its own ledger, without its threads, on a machine in virtual time. The charges are compared
with a second computation, by the true times of the granted taps: an entry pays for three hours.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.clock import WallClock
from kiosk.clock.sources import HOLD_SECONDS
from kiosk.commands import SetClock
from kiosk.local_time import to_local, zone
from kiosk.messages import BY_CLOCK, Tick
from kiosk.model import ClockQuality, Granted
from tests.clocks.virtual_machine import VirtualMachine
from tests.office.kiosks.stepped import SERRES, SteppedKiosk

BEGIN = datetime(2026, 11, 9, 8, 1, tzinfo=UTC)
"""Monday 9 November 2026, 09:01 in Serres: open until 17:00."""
COVER = timedelta(hours=3)
STEPS = 12
EVENTS = {"tap": 8, "time": 5, "slip": 3, "lie": 2, "restart": 1, "network": 1}


class ChargeHistory:
    """One member's day at a kiosk whose clock is wrong now and then."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self._folder = seed, folder
        self._chance = random.Random(seed)
        self.machine = VirtualMachine(BEGIN)
        self.happened: Counter[str] = Counter()
        self.let_in: list[datetime] = []
        """The true times of the taps that were let in."""

    def live(self) -> ChargeHistory:
        """Play the day; at its end the time is known."""
        self._starts()
        self.badge = self.kiosk.joins("ana")
        self.machine.has_network = self._chance.random() < 0.3
        for _ in range(STEPS):
            what = self._chance.choices(tuple(EVENTS), tuple(EVENTS.values()))[0]
            self.happened[what] += 1
            getattr(self, f"_{what}")()
        self._knows_the_time()
        visits = self.kiosk.ledger.roster.visits(BEGIN - timedelta(days=3700), BEGIN + timedelta(days=3700))
        self.charged = sum(bool(visit.charges) and visit.reversed_at is None for visit in visits)
        self.given_back = sum(visit.reversed_by == BY_CLOCK for visit in visits)
        self.differences = self.kiosk.ledger.roster_differences()
        self.kiosk.close()
        return self

    @property
    def wrong(self) -> list[str]:
        """Return what is wrong at the end, if anything."""
        found = []
        if self.charged > self.owed:
            found.append(f"seed {self.seed}: {self.charged} entries charged, {self.owed} owed")
        if self.differences:
            found.append(f"seed {self.seed}: the roster is not what the entries say: {self.differences[0]}")
        return found

    @property
    def owed(self) -> int:
        """Return how many entries the taps cost by their true times."""
        count, until = 0, BEGIN
        for at in sorted(self.let_in):
            if at >= until:
                count, until = count + 1, at + COVER
        return count

    def _starts(self) -> None:
        self.kiosk = SteppedKiosk(self._folder, clock=WallClock(self.machine))
        if self.machine.has_network:
            self._passes(timedelta(seconds=HOLD_SECONDS))

    def _passes(self, time: timedelta) -> None:
        self.kiosk.controller.handle(Tick())
        self.machine.passes(time)
        self.kiosk.controller.handle(Tick())

    def _tap(self) -> None:
        self._passes(timedelta(seconds=10))
        verdict = self.kiosk.tap(self.badge)
        if isinstance(verdict, Granted):
            self.let_in.append(self.machine.true)

    def _time(self) -> None:
        self._passes(timedelta(minutes=self._chance.choice((2, 15, 50, 100))))

    def _restart(self) -> None:
        self.kiosk.close()
        if self._chance.random() < 0.4:
            self.machine.loses_power(timedelta(minutes=self._chance.uniform(1, 30)), network=self.machine.has_network)
        self._starts()

    def _network(self) -> None:
        self.machine.has_network = not self.machine.has_network
        self._passes(timedelta(seconds=HOLD_SECONDS + 1))

    def _lie(self) -> None:
        """The network's time is wrong for a minute or an hour."""
        if self.machine.has_network:
            self.machine.network_lies(self._off_by())
            self._passes(timedelta(minutes=self._chance.choice((1, 20, 50))))
            for _ in range(2):
                self._tap()
            self.machine.network_lies(timedelta(0))
            self._passes(timedelta(seconds=HOLD_SECONDS + 1))

    def _slip(self) -> None:
        """A host sets the clock wrong, and corrects it after two taps."""
        if self.kiosk.clock.quality() is not ClockQuality.TRUSTED:
            self._sets(self.machine.true + self._off_by())
            for _ in range(2):
                self._tap()
            self._sets(self.machine.true)

    def _off_by(self) -> timedelta:
        """Return hours, days or weeks, either way: often to a time at which the site is open too."""
        off = self._chance.choice((timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=7)))
        return off * self._chance.choice((-1, 1))

    def _sets(self, at: datetime) -> None:
        local = to_local(zone(SERRES.zone), at).replace(tzinfo=None)
        self.kiosk.answering.answer(SetClock(at=local, by="claire", confirmed=True))
        self._passes(timedelta(seconds=1))

    def _knows_the_time(self) -> None:
        """The network is there and right until it is believed; a host confirms where the kiosk asks."""
        self.machine.has_network = True
        for _ in range(40):
            self._passes(timedelta(minutes=10))
        if self.kiosk.clock.quality() is ClockQuality.UNTRUSTED:
            self._sets(self.machine.true)
        assert abs(self.kiosk.clock.now() - self.machine.true) < timedelta(minutes=1)
