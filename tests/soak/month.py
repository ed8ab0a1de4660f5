"""A month of one kiosk: boots that end in power cuts, outages of the server, and a damaged page of the ledger's file.

Each boot is a process of its own (tests.soak.boot). Whatever it acknowledged must be there on the next. Twice a page in
the middle of the ledger's file is zeroed while the power is off: the next start repairs it without a copy, and the
server sends what no page has any more.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.clock import MovableClock
from kiosk.ledger import open_ledger
from sync.client import Client
from sync.pairing import enroll
from tests.office.network.linked import LiveServer
from tests.soak.audit import losses, wear
from tests.soak.boot import Boot

BEGIN = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
WEARS_AT = (0.2, 0.75)
"""Shares of the taps after which a page wears out, at the next power cut while the server is in reach."""
MOST_WRITTEN = 24 * 1024
"""Bytes for each tap."""
GREATEST_WAL = 4 * 1024 * 1024
LONGEST_MENDING = 60
"""Seconds."""


@dataclass
class Month:
    """A simulated month: what happened and what was found wrong."""

    folder: Path
    days: int
    taps: int
    chance: random.Random
    timeline: list[dict[str, object]] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    is_out: bool = False
    """The server was out of reach in the last boot."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Ledger -> its last entry that was told as done."""
    worn: int | None = None
    """The page that was zeroed since the last boot."""
    mendings: int = 0
    bytes_written: int = 0
    greatest_wal: int = 0

    def live(self) -> Month:
        """Boot after boot until the days are over."""
        pause = timedelta(days=self.days) / self.taps
        with LiveServer(self.folder / "hub") as hub:
            self._pairs(hub)
            at, left, wears = BEGIN, self.taps, list(WEARS_AT)
            while left > 0:
                number = self._length(left)
                told = self._boots(hub, at, number, pause)
                left -= told
                at += told * pause + timedelta(minutes=self.chance.randrange(1, 90))
                if wears and self.taps - left >= wears[0] * self.taps and not self.is_out:
                    wears.pop(0)
                    self._wears(at)
            self._ends(hub, at)
        return self

    def _wears(self, at: datetime) -> None:
        self.worn = wear(self.folder / "ledger.db", self.chance)
        self.happened.append(f"{at:%d %b %H:%M} the card wears: page {self.worn} of the ledger's file is zeroed")

    def weigh(self) -> None:
        """Find what was written too much; for months of some length, in which the start does not count."""
        if self.bytes_written > MOST_WRITTEN * self.taps:
            self.wrong.append(f"more than {MOST_WRITTEN} bytes are written for each tap")
        if self.greatest_wal > GREATEST_WAL:
            self.wrong.append(f"the WAL grew to {self.greatest_wal} bytes")

    def _length(self, left: int) -> int:
        """A third of the month is one long boot, in which memory can be seen to grow; the rest is cut up."""
        third = self.taps // 3
        return third if third < left <= 2 * third else min(left, self.chance.randrange(self.taps // 30, self.taps // 8))

    def _pairs(self, hub: LiveServer) -> None:
        clock = MovableClock(BEGIN, runs=False)
        with open_ledger(self.folder / "ledger.db", stamp=clock.stamp) as ledger:
            paired, _ = enroll(
                Client(hub.line()), url=hub.url, code=hub.code(), ledger_id=ledger.ledger_id, version="1"
            )
        (self.folder / "token").write_text(paired.token)

    def _boots(self, hub: LiveServer, at: datetime, number: int, pause: timedelta) -> int:
        """One boot of so many taps; the power goes at the last. Return how many were told of."""
        self.is_out = self.chance.random() < 0.4
        if self.is_out:
            hub.stop()
            self.happened.append(f"{at:%d %b %H:%M} the server is out of reach")
        told, seconds = 0, pause.total_seconds()
        words = map(str, (self.folder, at.isoformat(), number, seconds, hub.url))
        command = [sys.executable, "-m", "tests.soak.boot", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                told += self._hears(json.loads(line), at)
                if told >= number:
                    process.kill()
                    break
            process.stdout.read()
        if told < number:
            self.wrong.append(f"{at:%d %b %H:%M} the kiosk ended by itself after {told} of {number} taps")
            told = number
        self.happened.append(f"{at + told * pause:%d %b %H:%M} power cut after {told} taps")
        if self.is_out:
            hub.start()
        return told

    def _hears(self, facts: dict[str, object], at: datetime = BEGIN) -> int:
        """Take in a line of a boot that began at `at`; return how many taps it tells of."""
        if "found" in facts:
            self._begins(facts, at)
            return 0
        if "day" in facts:
            self.timeline.append(facts)
            return 0
        self.acknowledged[str(facts["ledger"])] = int(str(facts["done"]))
        self.bytes_written += int(str(facts["written"]))
        self.greatest_wal = max(self.greatest_wal, int(str(facts["wal"])))
        return 1

    def _begins(self, facts: dict[str, object], at: datetime) -> None:
        known = self.acknowledged.get(str(facts["ledger"]), 0)
        if int(str(facts["found"])) < known:
            self.wrong.append(f"{facts['found']} entries found, {known} were acknowledged")
        if "mended" in facts:
            self.mendings += 1
            self.happened.append(f"{at:%d %b %H:%M} mended by itself in {facts['seconds']} s: {facts['mended']}")
            if float(str(facts["seconds"])) > LONGEST_MENDING:
                self.wrong.append(f"{at:%d %b %H:%M} mending took {facts['seconds']} s")
        elif self.worn:
            self.wrong.append(f"{at:%d %b %H:%M} nobody noticed that page {self.worn} is damaged")
        self.worn = None

    def _ends(self, hub: LiveServer, at: datetime) -> None:
        """The server is there again: everything arrives, and the books are right."""
        boot = Boot(self.folder, at=at, url=hub.url)
        self._begins(boot.begins(), at)
        try:
            while boot.worker.step().seconds == 0:
                pass
            self.wrong += [f"chain: {fault}" for fault in boot.ledger.verify()]
            self.wrong += [f"roster: {one}" for one in boot.ledger.roster_differences()]
            if boot.ledger.waiting:
                self.wrong.append(f"{boot.ledger.waiting} entries never arrived")
            self.wrong += losses(hub.central, boot.ledger, self.acknowledged)
            self.timeline.append(boot.vitals())
        finally:
            boot.worker.close()
            boot.ledger.close()

    def growth(self) -> float:
        """By how much the memory of the longest boot grew from its first third to its end, as a share."""
        best: list[float] = []
        run: list[float] = []
        last = 0
        for facts in self.timeline:
            pulses = int(str(facts["pulses"]))
            run = [*run, float(str(facts["memory_mb"]))] if pulses >= last else [float(str(facts["memory_mb"]))]
            best, last = max(best, run, key=len), pulses
        return best[-1] / best[len(best) // 3] - 1 if best else 0.0


def told(month: Month) -> Iterator[str]:
    """The timeline, and what it adds up to."""
    names = ("day", "memory_mb", "descriptors", "ledger_mb", "wal_mb", "entries", "waiting", "frames")
    yield "  ".join(f"{name:>11}" for name in names)
    for facts in month.timeline:
        yield "  ".join(f"{facts[name]!s:>11}" for name in names) + f"  {facts['health'] or ''}"
    yield from month.happened
    descriptors = {facts["descriptors"] for facts in month.timeline[:-1]}
    yield f"{month.taps} taps, memory grew by {month.growth():.1%} in the longest boot, descriptors {descriptors}"
    per_tap, wal = month.bytes_written / month.taps / 1024, month.greatest_wal / 1024 / 1024
    yield f"{per_tap:.1f} KiB written per tap, greatest WAL {wal:.2f} MiB, {month.mendings} self-repairs"
    yield f"wrong: {len(month.wrong)}"
    yield from month.wrong
