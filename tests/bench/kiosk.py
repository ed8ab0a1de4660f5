"""Measures what a tap, a frame of the screen and an idle kiosk cost, in this process."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench import screen
from tests.office.kiosks.running import RunningKiosk
from tests.office.kiosks.stepped import SteppedKiosk

RESULTS = Path("build")
CARDS = ("camille", "nadia", "maxime", "hugo", "karim", "elodie")
"""They all get in, again and again: after the first entry they are re-entries."""


def spread(seconds: list[float]) -> dict[str, float]:
    """Return median and 95th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return {
        "median_ms": round(statistics.median(ordered) * 1e3, 3),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1e3, 3),
        "n": len(ordered),
    }


class BareInsert:
    """The minimal work of a tap: one row, one sync, in SQLite with the ledger's settings."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE taps (seq INTEGER PRIMARY KEY, at TEXT, badge TEXT, verdict TEXT)")

    def __call__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO taps VALUES (NULL, '2026-06-01T07:05:00Z', ?, ?)", ("b" * 32, "v" * 200))
        self._connection.execute("COMMIT")


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def decisions(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Measure from the badge's number to the strike, without reader and threads, alternating with the bare insert."""
    counter, bare = SteppedKiosk(folder), BareInsert(folder)
    uids = [counter.joins(f"m{number:04}", units=1000) for number in range(20)]
    taps, inserts = [], []
    for number in range(rounds):
        counter.later(seconds=7)
        taps.append(timed(partial(counter.tap, uids[number % len(uids)])))
        inserts.append(timed(bare))
    counter.close()
    return {"badge number to strike": spread(taps), "bare SQLite insert": spread(inserts)}


def through_the_chip(folder: Path, rounds: int, *, wire: bool) -> dict[str, float]:
    """Measure from laying a card on the simulated reader to the strike, at random moments of the reader's search."""
    with RunningKiosk(folder, unlock_seconds=0.5, wire=wire) as running:
        for card in CARDS:
            running.seconds_to_strike(card)
        found = []
        for number in range(rounds):
            time.sleep(random.uniform(0.0, 0.1))
            found.append(running.seconds_to_strike(CARDS[number % len(CARDS)]))
    return spread(found)


def bench_tap(rounds: int) -> None:
    """Print the time from tap to strike, with and without the reader, beside the bare insert."""
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        tempfile.TemporaryDirectory() as three,
    ):
        result = decisions(Path(one), max(rounds * 5, 100))
        result["card to strike, chip at once"] = through_the_chip(Path(two), rounds, wire=False)
        result["card to strike, chip with the times of a wire"] = through_the_chip(Path(three), rounds, wire=True)
    print(f"{'':50}{'median ms':>12}{'p95 ms':>12}{'n':>8}")
    for name, line in result.items():
        print(f"{name:50}{line['median_ms']:>12}{line['p95_ms']:>12}{line['n']:>8}")
    write("tap", result)


def bench_screen_frames(rounds: int) -> None:
    """Print the time of a notice's first frame; the limit is 30 ms at 800x480."""
    result = {name: spread(seconds) for name, seconds in screen.first_frames(rounds).items()}
    print(f"{'':50}{'median ms':>12}{'p95 ms':>12}{'n':>8}")
    for name, line in result.items():
        print(f"{name:50}{line['median_ms']:>12}{line['p95_ms']:>12}{line['n']:>8}")
    write("screen", result)


def bench_idle(seconds: int) -> None:
    """Print the cost of an idle kiosk, thread by thread; the simulated chip's thread is not in the sum."""
    with tempfile.TemporaryDirectory() as folder, RunningKiosk(Path(folder)) as running:
        running.tap("camille")
        time.sleep(10)  # until its notice is gone
        frames, before = running.screen.frames, thread_costs()
        time.sleep(seconds)
        after, drawn, resident = thread_costs(), running.screen.frames - frames, resident_mb()
    costs = {name: [(b - a) / seconds for a, b in zip(before[name], after[name], strict=True)] for name in before}
    costs["kiosk, without the chip"] = [sum(c[i] for name, c in costs.items() if name != "pn532") for i in (0, 1)]
    print(f"{'idle for ' + str(seconds) + ' s':28}{'% of a core':>14}{'wake-ups/s':>14}")
    for name, (processor, wakes) in costs.items():
        print(f"{name:28}{processor * 100:>14.2f}{wakes:>14.1f}")
    print(f"frames drawn: {drawn}, for a clock that shows minutes; resident memory: {resident} MB")
    write("idle", {"seconds": seconds, "frames": drawn, "resident_mb": resident, "processor_and_wake_ups": costs})


def thread_costs() -> dict[str, tuple[float, int]]:
    """Return processor seconds and voluntary switches of each thread so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    costs = {}
    for thread in threading.enumerate():
        task = Path(f"/proc/self/task/{thread.native_id}")
        fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        lines = (task / "status").read_text().splitlines()
        wakes = next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
        costs[thread.name] = ((int(fields[11]) + int(fields[12])) / ticks, wakes)
    return costs


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def write(name: str, result: object) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"bench-{name}.json").write_text(json.dumps(result, indent=2) + "\n")
