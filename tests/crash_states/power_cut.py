"""Power cuts at every point of a kiosk's run: `make powercut`. Records, replays, opens what is left, and checks it.

Each state must open, pass SQLite's integrity check, have a chain that verifies and a roster that is the fold of it, and
have every acknowledged entry, and one for each strike pulse. Each run is also checked with torn writes that ruin their
block of 512 or 4096 bytes; a database opened with psow=1 loses entries there, and is the control. Chain and roster are
read once for all states that give the same database when opened.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter as Tally
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from kiosk.ledger import LedgerError, open_ledger
from tests.crash_states import lives
from tests.crash_states.crashes import Crash, every_crash
from tests.crash_states.disk import Call, environment, read, run
from tests.office.ledgers.small_house import StampClock

BLOCKS = (512, 4096)
"""Bytes that a torn write may ruin: a sector of a disk, a block of a card."""
MEMORY = Path("/dev/shm")
"""Where states are laid out: real files, without wearing a disk."""


@dataclass(frozen=True)
class RecordedRun:
    """A recorded run, and the folder in which it began."""

    name: str
    start: Path
    calls: tuple[Call, ...]


def record(name: str, base: Path, synchronous: str = "FULL", **settings: str) -> RecordedRun:
    """Live a life in `base` and return what it wrote."""
    folder, start = base / "life", base / "start"
    lives.prepare(name, folder)
    shutil.copytree(folder, start)
    env = environment(folder, base / "control", base / "log")
    run("tests.crash_states.lives", name, folder, synchronous, env={**env, **settings})
    calls = (call for call in read(base / "log") if not call.path.endswith("-shm"))
    return RecordedRun(name, start, tuple(calls))


@dataclass(frozen=True)
class RecoveredLedger:
    """The content of the database after a power cut."""

    entries: int
    feed: int
    faults: tuple[str, ...] = ()


@dataclass
class Results:
    """The results over all states of a run."""

    states: int = 0
    distinct: int = 0
    lost: int = 0
    broken: int = 0
    first: str = ""
    seen: set[bytes] = field(default_factory=set)

    def bad(self, crash: Crash, what: str) -> None:
        self.first = self.first or f"after call {crash.after}: {what}"


class CrashStateChecker:
    """Opens and checks what a power cut left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[bytes, RecoveredLedger] = {}
        self.results = Results()

    def check(self, crash: Crash) -> None:
        """Write the files, open them as the kiosk does, and compare with what was acknowledged."""
        results = self.results
        results.states += 1
        name = _name(crash)
        if name in results.seen:
            return
        results.seen.add(name)
        results.distinct += 1
        kept = self._open(crash)
        if kept.faults:
            results.broken += 1
            results.bad(crash, kept.faults[0])
            return
        missing = _missing(crash, kept)
        if missing:
            results.lost += 1
            results.bad(crash, missing)

    def _open(self, crash: Crash) -> RecoveredLedger:
        for file in self._folder.iterdir():
            file.unlink()
        for name, data in crash.files.items():
            if name.startswith("ledger.db"):
                (self._folder / name).write_bytes(data)
        path = self._folder / "ledger.db"
        try:
            faults = _recover(path)
        except sqlite3.Error as error:
            return RecoveredLedger(0, 0, (f"does not open: {error}",))
        if faults:
            return RecoveredLedger(0, 0, faults)
        content = sha256(path.read_bytes()).digest()
        if content not in self._known:
            self._known[content] = _read(path)
        return self._known[content]


def _name(crash: Crash) -> bytes:
    """Return a name that is equal only for the same files and acknowledgements."""
    parts = (part for name, data in sorted(crash.files.items()) for part in (name.encode(), sha256(data).digest()))
    return sha256(b"\0".join((repr(crash.told).encode(), *parts))).digest()


def _recover(path: Path) -> tuple[str, ...]:
    """Let SQLite recover as after a power cut, and check every page."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return () if found == ["ok"] else tuple(found)


def _read(path: Path) -> RecoveredLedger:
    try:
        with open_ledger(path, stamp=StampClock()) as ledger:
            faults = (*map(str, ledger.verify()), *map(str, ledger.roster_differences()))
            cursor = ledger.cursor or "0"
            return RecoveredLedger(ledger.head.seq, int(cursor) if cursor.isdigit() else 0, faults)
    except LedgerError as error:
        return RecoveredLedger(0, 0, (str(error),))


def _missing(crash: Crash, kept: RecoveredLedger) -> str:
    known = Tally[str]()
    for what, number in crash.told:
        known[what] = max(known[what], number)
    if known["pulse"] > kept.entries:
        return f"the strike moved for entry {known['pulse']}, and {kept.entries} are there"
    if known["entry"] > kept.entries:
        return f"entry {known['entry']} was acknowledged, and {kept.entries} are there"
    return f"the feed was known up to {known['feed']}" if known["feed"] > kept.feed else ""


def check_crash_states(life: RecordedRun, *, variants: int, every: int = 1, block: int | None = None) -> Results:
    """Check the crash states of a run; with `block` those in which a torn write ruins its block of so many bytes."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        checker = CrashStateChecker(Path(folder))
        for crash in every_crash(life.start, life.calls, variants=variants, every=every, block=block):
            checker.check(crash)
    return checker.results


def campaign(scale: int) -> bool:
    """Print the result of every run and of the controls; tell whether all is as expected."""
    print(f"{'life':22}{'writes':>8}{'states':>9}{'distinct':>10}{'lost':>7}{'broken':>8}{'seconds':>9}")
    fine = True
    cases = [(name, "FULL", 150 if name == "tap" else 30) for name in lives.NAMES]
    for name, synchronous, variants in [*cases, ("tap", "NORMAL", 3), ("tap", "OFF", 3)]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as base:
            life = record(name, Path(base), synchronous)
            found = check_crash_states(life, variants=variants * scale)
        title = name if synchronous == "FULL" else f"{name}, {synchronous} (twin)"
        bad = found.lost + found.broken
        good = bad == 0 if synchronous == "FULL" else bad > 0
        fine = fine and good
        numbers = f"{found.states:>9}{found.distinct:>10}{found.lost:>7}{found.broken:>8}"
        print(f"{title:22}{len(life.calls):>8}{numbers}{time.monotonic() - began:>9.0f}", flush=True)
        if not good:
            print(f"    NOT AS IT MUST BE: {found.first or 'the twin lost nothing'}")
    return torn_blocks(scale) and fine


def torn_blocks(scale: int) -> bool:
    """Print the result of every run with torn writes that ruin their block, and of the control."""
    fine = True
    for name, psow in [*((name, "0") for name in lives.NAMES), ("tap", "1")]:
        with tempfile.TemporaryDirectory() as base:
            life = record(name, Path(base), KIOSK_DISK_PSOW=psow)
            for block in BLOCKS:
                found = check_crash_states(life, variants=3 * scale, block=block)
                good = (found.lost + found.broken > 0) == (psow == "1")
                fine = fine and good
                title = f"{name}, {block} B" + (", psow=1 (twin)" if psow == "1" else "")
                numbers = f"{found.states:>9}{found.distinct:>10}{found.lost:>7}{found.broken:>8}"
                print(f"{title:28}{numbers}{'' if good else f'  NOT AS IT MUST BE: {found.first}'}", flush=True)
    return fine


if __name__ == "__main__":
    raise SystemExit(0 if campaign(int(sys.argv[1]) if len(sys.argv) > 1 else 1) else 1)
