"""A kiosk inside the simulator: the real controller, ledger, client and worker, on a clock that the simulator moves.

Only its surroundings are simulated: a door, a light and a screen that record their calls, and the line to the server
(tests.simulator.line).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import select

from kiosk.door.controller import Controller
from kiosk.door.devices import DoorDevices
from kiosk.facts import Entry, Happened, Tapped
from kiosk.ledger import Ledger, decode_fact, open_reader
from kiosk.messages import FeedArrived, ServerNews, SnapshotArrived
from kiosk.model import ClockQuality, Granted, Stamp
from kiosk.notices import Admission, Idle, Notice
from kiosk.store.database import WriterLock, writing_engine
from kiosk.store.tables import entries
from kiosk.threads.inbox import Inbox
from sync.client import Client
from sync.wire import Beacon
from sync.worker import SyncWorker
from tests.office.kiosks.stepped import work
from tests.office.ledgers.small_house import template
from tests.simulator.fuses import Fuse, KilledError
from tests.simulator.line import Line
from tests.simulator.release import OlderRelease
from tests.simulator.server import copy_files

KEY = b"k" * 32
START = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)


class SimulatedClock:
    """A wall clock that can be wrong, and a monotonic one that cannot. Both stand still until the world moves."""

    def __init__(self, world_seconds: Callable[[], float]) -> None:
        self._seconds = world_seconds
        self.wrong_by = timedelta(0)

    def now(self) -> datetime:
        return START + timedelta(seconds=self._seconds()) + self.wrong_by

    def monotonic(self) -> float:
        return self._seconds()

    def chip_is_right(self) -> None:
        """It has no clock chip."""

    def stamp(self) -> Stamp:
        at, monotonic_ns = self.now(), int(self.monotonic() * 1e9)
        return Stamp(at=at, boot_id="boot", monotonic_ns=monotonic_ns, clock=ClockQuality.TRUSTED)


class Door:
    """Remembers each unlock with the last entry of the ledger at that moment."""

    def __init__(self, last: Callable[[], Entry | None]) -> None:
        self._last = last
        self.unlocked_without_entry: list[str] = []

    def unlock(self, seconds: float) -> None:
        entry = self._last()
        fact = decode_fact(entry.body) if entry and entry.body else None
        is_tap = isinstance(fact, Tapped) and isinstance(fact.verdict, Granted)
        if not is_tap and not (isinstance(fact, Happened) and fact.what == "exit_pressed"):
            self.unlocked_without_entry.append(f"the last entry was {fact}")


class Screen:
    """Remembers the last notice."""

    def __init__(self) -> None:
        self.notice: Notice | None = None

    def show(self, notice: Notice) -> None:
        self.notice = notice

    def idle(self, view: Idle) -> None:
        return None

    def enter(self, admission: Admission) -> None:
        return None

    def signal(self, name: str, sound: str = "usual") -> None:
        return None


def newborn(folder: Path, random: Random) -> None:
    """Put an empty ledger into a folder; its name comes from the seed, so that a run can be repeated."""
    folder.mkdir(parents=True)
    shutil.copy(template(), folder / "ledger.db")
    name = f"{random.getrandbits(128):032x}"
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute("UPDATE ledger SET ledger_id = ?", (name,))
    connection.close()


class Kiosk:
    """One kiosk: what stands on its card, and the process that runs on it."""

    ledger: Ledger
    controller: Controller
    worker: SyncWorker

    def __init__(
        self,
        name: str,
        home: Path,
        *,
        site_id: str,
        random: Random,
        seconds: Callable[[], float],
        line: Callable[[Callable[[], None]], Line],
        ledger_type: type[Ledger] = Ledger,
    ) -> None:
        self.name, self.site_id, self._home, self._random = name, site_id, home, random
        self._seconds, self._ledger_type = seconds, ledger_type
        self.clock = SimulatedClock(seconds)
        self.fuse = Fuse(self._keep_what_is_on_disk)
        self.line = line(self.fuse.burn)
        self.token = ""
        self.is_up = False
        self.is_disk_full = False
        self.next_exchange, self.is_wakeable = 0.0, True
        self.witnessed: list[bytes] = []
        """The hash of each own entry that was committed, by `seq` from 1."""
        self.pages: list[FeedArrived] = []
        self.erased: set[tuple[str, int]] = set()
        self.died_at_work = 0
        self._lives = 0
        self._kept: Path | None = None
        self.folder = self._new_folder()
        newborn(self.folder, random)
        self.start()

    # ------------------------------------------------------------ its card

    def _new_folder(self) -> Path:
        self._lives += 1
        return self._home / f"{self.name}-{self._lives}"

    def copied(self) -> Path:
        """Copy the card."""
        folder = self._new_folder()
        copy_files(self.folder, folder)
        return folder

    def _keep_what_is_on_disk(self) -> None:
        self._kept = self.copied()

    def put_in(self, folder: Path) -> None:
        """Go on from another card."""
        self.stop()
        self.folder = self._new_folder()
        copy_files(folder, self.folder)
        self.erased, self.pages = set(), []
        self.start()
        self.witnessed = self.hashes()

    def image_anew(self) -> None:
        """Begin a new life with an empty ledger."""
        self.stop()
        self.folder, self.token = self._new_folder(), ""
        self.erased, self.pages = set(), []
        newborn(self.folder, self._random)
        self.start()
        self.witnessed = []

    def renew(self) -> None:
        """Go on in a new ledger; what is here of the old one stays."""
        self.witnessed = []
        self.does(lambda: self.ledger.start_new_ledger(start_over=self.ledger.cursor is not None))
        self.stop()
        self.start()
        self.witnessed = self.hashes()

    @property
    def is_of_earlier_release(self) -> bool:
        return self._ledger_type is OlderRelease or self.line.speaks == "older"

    def runs(self, ledger_type: type[Ledger]) -> None:
        """Install another release, and start it."""
        self._ledger_type = ledger_type
        self.stop()
        self.start()

    # ------------------------------------------------------------ its process

    def start(self) -> None:
        path = self.folder / "ledger.db"
        self.ledger = self._ledger_type(
            partial(writing_engine, path), stamp=self.clock.stamp, lock=WriterLock(path), name=str(path)
        )
        self.door, self.screen = Door(self._last_entry), Screen()
        devices = DoorDevices(door=self.door, indicator=self.screen, display=self.screen)
        self.controller = Controller(
            self.ledger, devices, inbox=Inbox(), clock=self.clock, site_id=self.site_id, badge_key=KEY
        )
        self.worker = SyncWorker(
            Client(self.line, token=self.token),
            open_ledger=lambda: open_reader(path),
            post=self._post,
            condition=lambda: Beacon(version="simulated", now=self.clock.now()),
            jitter=self._random.random,
            clock=self.clock.monotonic,
        )
        self.is_up, self.is_disk_full = True, False
        self.next_exchange = self._seconds()

    def _last_entry(self) -> Entry | None:
        return next(self.ledger.entries(after=self.ledger.head.seq - 1), None)

    def _post(self, news: ServerNews) -> Future[None]:
        if isinstance(news, FeedArrived) and news.entries:
            self.pages = [*self.pages[-5:], news]
        elif isinstance(news, SnapshotArrived):
            self.pages = []  # of another feed, it may be
        written = self.controller.submit_news(news)
        work(self.controller)
        return written

    def stop(self) -> None:
        if self.is_up:
            self.worker.close()
            self.ledger.close()
            self.is_up = False

    def die(self) -> None:
        """Be gone from one instant to the next; if it died in the midst of something, the card is from then."""
        kept = self._kept or self.copied()
        self.stop()
        self.folder, self._kept, self.fuse.left = kept, None, 0

    def does(self, act: Callable[[], object]) -> None:
        """Do something, and die of it if that is due."""
        try:
            with self.fuse.lit():
                act()
        except KilledError:
            self.died_at_work += 1
            self.die()
            return
        self.witness()

    def witness(self) -> None:
        """Remember what was committed. An entry may only ever follow those that were."""
        known = len(self.witnessed)
        if self.ledger.head.seq != known:
            self.witnessed += self.hashes()[known:]
            if self.is_wakeable:
                self.next_exchange = self._seconds()

    def hashes(self) -> list[bytes]:
        """The hash of each own entry, whether or not it can be read."""
        query = select(entries.c.hash).where(entries.c.ledger_id == self.ledger.ledger_id).order_by(entries.c.seq)
        return list(self.ledger._database.connection.execute(query).scalars())

    def exchange(self) -> None:
        """Do what the worker's thread does between two pauses."""

        def step() -> None:
            wait = self.worker.step()
            self.next_exchange, self.is_wakeable = self._seconds() + wait.seconds, wait.wakeable

        self.does(step)

    def fill_disk(self, is_full: bool) -> None:
        """Have SQLite refuse every write, as on a disk that is full; False: mend it."""
        self.is_disk_full = is_full
        self.ledger._database.connection.exec_driver_sql(f"PRAGMA query_only={int(is_full)}")
