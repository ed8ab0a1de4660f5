"""One boot of the kiosk of a soak, as a process of its own: `python -m tests.soak.boot FOLDER AT TAPS SECONDS URL`.

The real controller, ledger, screen and exchange with the server; the clock is virtual, and door and light only count.
Prints a line of JSON for its start, each recorded tap, and each simulated day.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from kiosk.badges import badge_id
from kiosk.clock import MovableClock
from kiosk.door.controller import Controller
from kiosk.door.devices import DoorDevices
from kiosk.facts import BadgeSet, MemberSet, PassSold, ProductSet, SiteSet
from kiosk.ledger import Ledger, open_reader
from kiosk.ledger.repair import RepairReport
from kiosk.ledger.timekeeping import tell_known_times
from kiosk.messages import ServerNews, Tick
from kiosk.model import Badge, Member, Reason, Sound, Tap
from kiosk.rules import passes
from kiosk.screen.window import Screen
from kiosk.threads.inbox import Inbox
from sync.client import Client
from sync.transport import HttpTransport
from sync.wire import Beacon
from sync.worker import SyncWorker
from tests.crash_states.damage import as_a_kiosk
from tests.office.kiosks.stepped import CARNET, KEY, SERRES, work

MEMBERS = 200
EXCHANGE_EVERY = 50
"""Taps."""


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
        tell_known_times(self.clock, self.ledger)
        self.found = self.ledger.head.seq
        if not self.found and not self.ledger.former_ledgers:
            furnish(self.ledger, self.clock.now())
        self.screen = Screen((480, 320), monotonic=self.clock.monotonic)
        self.door = Strike()
        self.last: Reason | None = None
        self.controller = Controller(
            self.ledger,
            DoorDevices(door=self.door, indicator=Lamp(), display=self.screen, on_verdict=self._on_verdict),
            inbox=Inbox(),
            clock=self.clock,
            site_id=SERRES.id,
            badge_key=KEY,
        )
        if self.story:
            self.controller.report_repair(str(self.story), is_noted=False)
        self.worker = self._worker(url)

    def begins(self) -> dict[str, object]:
        """What was found at the start, and what was done about it."""
        told = {"mended": str(self.story), "seconds": round(self.seconds, 1)} if self.story else {}
        return {"found": self.found, "ledger": self.ledger.ledger_id, **told}

    def _on_verdict(self, verdict: object, _case: object, _now: datetime) -> None:
        self.last = verdict.reason  # type: ignore[attr-defined]

    def _post(self, news: ServerNews) -> Future[None]:
        written = self.controller.submit_news(news)
        work(self.controller)
        return written

    def _worker(self, url: str) -> SyncWorker:
        return SyncWorker(
            Client(
                HttpTransport(url, connect_seconds=1.0, read_seconds=5.0), token=(self.folder / "token").read_text()
            ),
            open_ledger=lambda: open_reader(self.folder / "ledger.db"),
            post=self._post,
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


def mended(path: Path, clock: MovableClock) -> tuple[Ledger, RepairReport | None, float]:
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


def main(folder: str, at: str, taps: str, seconds: str, url: str) -> None:
    """Start, and tap so many times with so many seconds between, until the parent cuts the power."""
    boot = Boot(Path(folder), at=datetime.fromisoformat(at), url=url)
    tell(**boot.begins())
    with suppress(BrokenPipeError):
        boot.taps(int(taps), timedelta(seconds=float(seconds)))


if __name__ == "__main__":
    main(*sys.argv[1:])
