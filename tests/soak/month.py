"""A month in minutes: fifty thousand taps on one kiosk, with power cuts, outages of the server and a damaged file.

    python -m tests.soak.month --days 30 --taps 50000

Each boot of the kiosk is a process of its own, with the real controller, ledger, screen and exchange with the real
central server over HTTP; only the clock is virtual, and door and light are counted. A power cut is SIGKILL in the midst
of the taps. What a boot told as done must be there on the next. Twice a page in the middle of the ledger's file is
zeroed while the power is off: the next start mends it by itself, with no copy at hand, and the server gives back what
no page tells any more. Prints a line for each simulated day, every self-repair, what was written per tap, and at the
end whether the server has all that was told as done and the balances are right. `--taps 100000` is the run for sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk.badges import badge_id
from kiosk.clock import MovableClock
from kiosk.door.controller import Controller
from kiosk.door.devices import Front
from kiosk.facts import BadgeSet, MemberSet, PassSold, ProductSet, SiteSet
from kiosk.ledger import Ledger, open_ledger, open_reader
from kiosk.ledger.repair import Rescued
from kiosk.ledger.timekeeping import remind
from kiosk.messages import Tick
from kiosk.model import Badge, Member, Reason, Sound, Tap
from kiosk.rules import passes
from kiosk.screen.window import Screen
from sync.client import Client
from sync.pairing import enroll
from sync.transport import Line
from sync.wire import Beacon
from sync.worker import SyncWorker
from tests.crash_states.damage import as_a_kiosk
from tests.office.counter import CARNET, KEY, SERRES
from tests.office.linked import Hub
from tests.soak.audit import losses, wear

BEGIN = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
MEMBERS = 200
EXCHANGE_EVERY = 50
"""Taps."""
WEARS_AT = (0.2, 0.75)
"""Shares of the taps after which the card wears, at the next power cut while the server is in reach."""
MOST_WRITTEN = 24 * 1024
"""Bytes for each tap."""
GREATEST_WAL = 4 * 1024 * 1024
LONGEST_MENDING = 60
"""Seconds."""


# ---------------------------------------------------------------- one boot, in a process of its own


class Strike:
    """Counts; gpiozero's mock pins would remember every pulse, and that would be the growth."""

    pulses = 0

    def unlock(self, seconds: float) -> None:
        self.pulses += 1


class Lamp:
    """Lights nothing."""

    def signal(self, name: str, sound: Sound = "usual") -> None:
        """Nothing to keep."""


class Boot:
    """A kiosk from its start until the power goes."""

    def __init__(self, folder: Path, *, at: datetime, url: str) -> None:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        self.folder = folder
        self.clock = MovableClock(at, runs=False)
        self.ledger, self.story, self.seconds = mended(folder / "ledger.db", self.clock)
        remind(self.clock, self.ledger)
        self.found = self.ledger.head.seq
        if not self.found and not self.ledger.formers:
            furnish(self.ledger, self.clock.now())
        self.screen = Screen((480, 320), monotonic=self.clock.monotonic)
        self.door = Strike()
        self.last: Reason | None = None
        self.controller = Controller(
            self.ledger,
            Front(door=self.door, indicator=Lamp(), display=self.screen, witness=self._witness),
            inbox=queue.SimpleQueue(),
            clock=self.clock,
            site_id=SERRES.id,
            badge_key=KEY,
        )
        if self.story:
            self.controller.was_mended(str(self.story), is_noted=False)
        self.worker = self._worker(url)

    def begins(self) -> dict[str, object]:
        """What was found at the start, and what was done about it."""
        told = {"mended": str(self.story), "seconds": round(self.seconds, 1)} if self.story else {}
        return {"found": self.found, "ledger": self.ledger.ledger_id, **told}

    def _witness(self, verdict: object, _case: object, _now: datetime) -> None:
        self.last = verdict.reason  # type: ignore[attr-defined]

    def _worker(self, url: str) -> SyncWorker:
        return SyncWorker(
            Client(Line(url, connect_seconds=1.0, read_seconds=5.0), token=(self.folder / "token").read_text()),
            open_ledger=lambda: open_reader(self.folder / "ledger.db"),
            post=self.controller.handle,
            condition=lambda: Beacon(clock=self.clock.quality()),
            clock=self.clock.monotonic,
        )

    def taps(self, number: int, pause: timedelta) -> None:
        """Let members tap; whoever has no entries left buys some."""
        chance, day, before = random.Random(self.found), self.clock.now().date(), written()
        for n in range(number):
            who = chance.randrange(MEMBERS)
            self.clock.move(pause)
            self.controller.handle(Tap(uid=uid(who), monotonic=self.clock.monotonic(), technology="NTAG213"))
            if self.last is Reason.NO_ENTRIES_LEFT or self.last is Reason.NO_PASS:
                self.ledger.append(carnet(f"m{who}", self.clock.now(), self._new_pass()))
            self.screen.draw()
            self.controller.handle(Tick())
            if n % EXCHANGE_EVERY == 0:
                self.worker.step()
            now = written()
            tell(done=self.ledger.head.seq, ledger=self.ledger.ledger_id, written=now - before, wal=self._wal())
            before = now
            if self.clock.now().date() != day:
                day = self.clock.now().date()
                tell(**self.vitals())

    def _new_pass(self) -> str:
        return f"again-{self.ledger.ledger_id}-{self.ledger.head.seq}"

    def vitals(self) -> dict[str, object]:
        """How the process and its files are."""
        statm = Path("/proc/self/statm").read_text().split()
        files = {path.name: path.stat().st_size for path in self.folder.glob("ledger.db*")}
        return {
            "day": str(self.clock.now().date()),
            "memory_mb": round(int(statm[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "ledger_mb": round(files.get("ledger.db", 0) / 1e6, 2),
            "wal_mb": round(files.get("ledger.db-wal", 0) / 1e6, 2),
            "entries": self.ledger.head.seq,
            "waiting": self.ledger.waiting,
            "pulses": self.door.pulses,
            "frames": self.screen.frames,
            "health": list(self.controller.health()),
        }

    def _wal(self) -> int:
        file = self.folder / "ledger.db-wal"
        return file.stat().st_size if file.exists() else 0


def mended(path: Path, clock: MovableClock) -> tuple[Ledger, Rescued | None, float]:
    """Open the ledger as the daemon does; say what was mended, and how many seconds it took."""
    began = time.monotonic()
    ledger, story = as_a_kiosk(path, clock.stamp, [])
    return ledger, story, time.monotonic() - began


def written() -> int:
    """Return the bytes that this process has handed to the file system so far (proc(5), wchar; sockets are not in)."""
    return int(Path("/proc/self/io").read_text().split("wchar:")[1].split()[0])


def uid(who: int) -> bytes:
    return b"\x04" + who.to_bytes(6)


def carnet(member: str, now: datetime, pass_id: str) -> PassSold:
    sold = passes.sell(CARNET, [], now=now, site=SERRES, holders=(member,), pass_id=pass_id)
    return PassSold(pass_=sold, site_id=SERRES.id, price_cents=CARNET.price_cents)


def furnish(ledger: Ledger, now: datetime) -> None:
    """The site and its members."""
    ledger.append(SiteSet(site=SERRES), ProductSet(product=CARNET))
    for who in range(MEMBERS):
        badge = Badge(id=badge_id(uid(who), KEY), member_id=f"m{who}")
        member = MemberSet(member=Member(id=f"m{who}", name=f"Member {who}"))
        ledger.append(member, BadgeSet(badge=badge), carnet(f"m{who}", now, f"first-{who}"))


def tell(**facts: object) -> None:
    """A line for the parent."""
    print(json.dumps(facts), flush=True)


# ---------------------------------------------------------------- the month


@dataclass
class Month:
    """What is lived and what is found wrong."""

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
        with Hub(self.folder / "hub") as hub:
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

    def _pairs(self, hub: Hub) -> None:
        clock = MovableClock(BEGIN, runs=False)
        with open_ledger(self.folder / "ledger.db", stamp=clock.stamp) as ledger:
            paired, _ = enroll(
                Client(hub.line()), url=hub.url, code=hub.code(), ledger_id=ledger.ledger_id, version="1"
            )
        (self.folder / "token").write_text(paired.token)

    def _boots(self, hub: Hub, at: datetime, number: int, pause: timedelta) -> int:
        """One boot of so many taps; the power goes at the last. Return how many were told of."""
        self.is_out = self.chance.random() < 0.4
        if self.is_out:
            hub.stop()
            self.happened.append(f"{at:%d %b %H:%M} the server is out of reach")
        told, seconds = 0, pause.total_seconds()
        words = map(str, (self.folder, at.isoformat(), number, seconds, hub.url))
        command = [sys.executable, "-m", "tests.soak.month", "--boot", *words]
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

    def _ends(self, hub: Hub, at: datetime) -> None:
        """The server is there again: everything arrives, and the books are right."""
        boot = Boot(self.folder, at=at, url=hub.url)
        self._begins(boot.begins(), at)
        try:
            while boot.worker.step().seconds == 0:
                pass
            self.wrong += [f"chain: {fault}" for fault in boot.ledger.verify()]
            self.wrong += [f"roster: {one}" for one in boot.ledger.rebuild()]
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


def main() -> int:
    """Live a month; 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--taps", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--boot", nargs=5)
    wanted = parser.parse_args()
    if wanted.boot:
        folder, at, number, seconds, url = wanted.boot
        boot = Boot(Path(folder), at=datetime.fromisoformat(at), url=url)
        tell(**boot.begins())
        with suppress(BrokenPipeError):
            boot.taps(int(number), timedelta(seconds=float(seconds)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        month = Month(Path(folder), wanted.days, wanted.taps, random.Random(wanted.seed)).live()
    month.weigh()
    print("\n".join(told(month)))
    return bool(month.wrong)


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


if __name__ == "__main__":
    sys.exit(main())
