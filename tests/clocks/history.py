"""Random histories of a machine whose power, network and clocks fail: the door must not open outside hours.

Each history is the real clock (kiosk.clock) on a machine in virtual time, and the real rules. A list stands in for the
ledger.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kiosk import hours, rules
from kiosk.clock import WallClock
from kiosk.facts import Entry, Happened
from kiosk.ledger import timekeeping
from kiosk.model import ClockQuality, Granted, Ref, Stamp
from kiosk.store.chain import encode_fact
from tests.clocks.virtual_machine import Chip, VirtualMachine
from tests.rules.house import SERRE, case, sold

BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
DRIFT = 50e-6
"""The most that a crystal is off: 50 in a million, four seconds a day."""
CHIPS: tuple[Chip, ...] = ("none", "none", "battery", "no battery")
STEPS = 24
PASS = sold(when="2026-07-01 10:00")
YEAR_HOURS = 24 * 365.0
LIE_SECONDS = 60.0
"""How long the network tells a wrong time."""
SLIP_MINUTES = 50.0
"""How long a host's wrong setting stands at most."""
FORGOTTEN_TOO_EARLY = timedelta(days=45)
"""What is forgotten by a clock that is ahead by more has not had its 90 days, by far."""

MakeClock = Callable[[VirtualMachine], WallClock]
EVENTS = {
    "tap": 10, "time": 5, "cut": 4, "network": 3, "step": 2, "chip": 2, "restart": 1, "told": 1, "lie": 2, "slip": 1
}  # fmt: skip


class Notebook:
    """What a ledger would store about time: stamps, and notes of hosts and the chip."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def entries_backwards(self) -> Iterator[Entry]:
        """Yield the newest first."""
        return reversed(self._entries)

    def write(self, stamp: Stamp, fact: Happened) -> None:
        """Keep an entry."""
        ref, nothing = Ref(ledger_id="own", seq=len(self._entries) + 1), b""
        self._entries.append(
            Entry(
                ref=ref,
                stamp=stamp,
                kind="incident",
                body=encode_fact(fact),
                salt=None,
                body_hash=nothing,
                previous=nothing,
                hash=nothing,
            )
        )


@dataclass
class History:
    """One machine's history."""

    seed: int
    make: MakeClock = WallClock
    taps: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def live(self) -> History:
        """Play the whole history."""
        self.chance = random.Random(self.seed)
        drift = self.chance.uniform(-DRIFT, DRIFT)
        self.machine = VirtualMachine(BEGIN, chip=self.chance.choice(CHIPS), drift=drift)
        self.ledger = Notebook()
        self.sure_at = self.machine.true
        self.base: datetime | None = None
        """As in kiosk.ledger.timekeeping.TimeCorrector."""
        self._starts()
        for _ in range(STEPS):
            self._something()
        return self

    def _starts(self) -> None:
        """Start the kiosk: on a new boot, or in the middle of one."""
        self.clock = self.make(self.machine)
        self.chip_notes, self.base = timekeeping.ChipNotes(), None
        timekeeping.tell_known_times(self.clock, self.ledger)
        self._writes("started")

    def _writes(self, what: str) -> None:
        stamp = self.clock.stamp()
        self.ledger.write(stamp, Happened(what=what, site_id=SERRE.id))
        if stamp.clock is ClockQuality.TRUSTED and self.machine.has_network:
            self.sure_at = self.machine.true

    def _ticks(self) -> None:
        """Do what the kiosk does every second: read the clock, and compare its chip."""
        stamp = self.clock.stamp()
        if stamp.clock is not ClockQuality.UNTRUSTED:
            base = stamp.at - timedelta(seconds=stamp.monotonic_ns / 1e9)
            if self.base is None or abs(base - self.base) > timekeeping.APART:
                self._writes("times corrected")
            self.base = base
        noted = self.chip_notes.changed(self.clock.chip_is_right(), SERRE.id)
        if noted:
            self._writes(noted.what)
        ahead = self.clock.now() - self.machine.true
        if self.clock.is_witnessed() and ahead > FORGOTTEN_TOO_EARLY:
            self.wrong.append(
                f"seed {self.seed}: would forget at {self.machine.true:%Y-%m-%d}, {ahead.days} days early"
            )

    def _passes(self, time: timedelta) -> None:
        """Let time pass while it is on, with a few looks at the clock per hour."""
        self._ticks()
        for part in (timedelta(seconds=1), timedelta(seconds=100)):
            if time > part:
                self.machine.passes(part)
                self._ticks()
                time -= part
        self.machine.passes(time)
        self._ticks()

    def _something(self) -> None:
        what = self.chance.choices(tuple(EVENTS), tuple(EVENTS.values()))[0]
        self.happened[what] += 1
        getattr(self, f"_{what}")()

    def _span(self, most_hours: float) -> timedelta:
        return timedelta(hours=most_hours * self.chance.random() ** 3)

    def _wrong_by(self) -> timedelta:
        """Return how far a clock is off: from hours to 60 years, either way."""
        hours_off = self.chance.choice((12.0, 24.0 * 30, YEAR_HOURS * 60)) * self.chance.uniform(0.1, 1)
        return timedelta(hours=hours_off * self.chance.choice((-1, 1)))

    def _time(self) -> None:
        self._passes(self._span(24 * 20))

    def _cut(self) -> None:
        self.machine.loses_power(self._span(24 * 60), network=self.chance.random() < 0.3)
        self._starts()
        if self.chance.random() < 0.5:
            self._passes(timedelta(minutes=self.chance.uniform(0, 5)))

    def _network(self) -> None:
        self.machine.has_network = not self.machine.has_network
        self._passes(timedelta(seconds=10))

    def _step(self) -> None:
        self.machine.steps(timedelta(hours=self.chance.uniform(-24 * 365 * 10, 24 * 365 * 10)))

    def _chip(self) -> None:
        if self.chance.random() < 0.5:
            self.machine.sets_chip(self._wrong_by())
        else:
            self.machine.chip_fails(self.chance.choice(("reset", "unreadable")))
        self._ticks()

    def _restart(self) -> None:
        self._starts()

    def _told(self) -> None:
        """The server tells the time in some exchanges, at most two seconds wrong."""
        for _ in range(4):
            wrong = timedelta(seconds=self.chance.uniform(-2, 2))
            self.clock.hear_server(self.machine.true + wrong, self.machine.monotonic())
            self._passes(timedelta(seconds=35))
        if self.clock.quality() is not ClockQuality.UNTRUSTED:
            self.sure_at = self.machine.true

    def _lie(self) -> None:
        """The network tells a wrong time for a minute, at the start of a boot or in the middle."""
        if not self.machine.has_network:
            return
        if self.chance.random() < 0.3:
            self.machine.loses_power(self._span(24), network=True)
            self._starts()
        self.machine.network_lies(self._wrong_by())
        for _ in range(3):
            self._tap()
            self.machine.passes(timedelta(seconds=LIE_SECONDS / 3))
            self._ticks()
        self.machine.network_lies(timedelta(0))
        self.machine.passes(timedelta(seconds=1))
        self._ticks()

    def _slip(self) -> None:
        """A host sets an unkept clock wrong, and corrects it within the hour, with or without a restart.

        Until then the kiosk goes by the wrong time, and what it grants is not judged.
        """
        if self.clock.quality() is ClockQuality.TRUSTED:
            return
        self._sets(self.machine.true + self._wrong_by())
        self._passes(timedelta(minutes=self.chance.uniform(1, SLIP_MINUTES)))
        if self.chance.random() < 0.3:
            self._starts()
        if self.clock.quality() is not ClockQuality.TRUSTED:
            self._sets(self.machine.true + timedelta(seconds=self.chance.uniform(-30, 30)))
        if abs(self.clock.now() - self.machine.true) > timedelta(minutes=1):
            self.wrong.append(f"seed {self.seed}: a host could not put the clock right, it says {self.clock.now()}")
        self.sure_at = self.machine.true - timedelta(days=7)  # a minute's worth of a crystal's error

    def _sets(self, at: datetime) -> None:
        self._writes(timekeeping.CLOCK_CONFIRMED)
        self.clock.set_by_host(at, self.machine.monotonic())
        self._ticks()

    def _tap(self) -> None:
        at = self.clock.stamp()
        verdict = rules.decide(case(PASS, clock=at.clock), at.at)
        self._writes("tap")
        self.taps[f"{at.clock} {verdict.reason}"] += 1
        if isinstance(verdict, Granted) and not self._is_open_about_now():
            self.wrong.append(
                f"seed {self.seed}: let in at {self.machine.true:%a %Y-%m-%d %H:%M}Z, kiosk says {at.at:%a %H:%M}Z"
            )

    def _is_open_about_now(self) -> bool:
        """Tell whether the site is open at the true time, within the possible drift of the crystal."""
        true = self.machine.true
        wandered = (true - self.sure_at) * DRIFT + timedelta(seconds=6)
        return any(hours.opening(SERRE, None, at).is_open for at in (true, true - wandered, true + wandered))
