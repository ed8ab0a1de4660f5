"""A network of kiosks and its server in one process, in simulated time, with everything going wrong that can.

`python -m tests.simulator.campaign --seeds 1000 --kiosks 3-8 --steps 200 --database sqlite` runs that many lives and
prints what happened; a violation prints its seed and how to live that life again. What runs is the real thing:
controllers, ledgers on files, clients, workers, the server's application. What goes wrong is in
tests.simulator.trouble, what people do in tests.simulator.life, and what must hold afterwards in
tests.simulator.invariants.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from kiosk.ledger import Ledger
from tests.office.books import template
from tests.office.postgres import cluster
from tests.simulator import forgetting as forgetting
from tests.simulator import invariants
from tests.simulator.line import Line
from tests.simulator.server import template_of
from tests.simulator.world import World

MEMORY = Path("/dev/shm")
"""Where there is one, every sync to the disk is free: what is lost at a power cut is not simulated here."""
MOST_TOLD = 8
"""Violations printed of one life."""


@dataclass
class Report:
    """What became of one life, or of many."""

    lives: int = 0
    steps: int = 0
    taps: int = 0
    requests: int = 0
    entries: int = 0
    stuck: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        for name in ("lives", "steps", "taps", "requests", "entries", "stuck"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.violations += other.violations


def simulate(
    seed: int,
    *,
    steps: int = 200,
    kiosks: tuple[int, int] = (3, 8),
    postgres: str | None = None,
    ledger_type: type[Ledger] = Ledger,
    line_type: type[Line] = Line,
) -> Report:
    """Live one life and report; whatever code raises in it counts as a violation."""
    home = Path(tempfile.mkdtemp(prefix=f"life-{seed}-", dir=MEMORY if MEMORY.is_dir() else None))
    world = World(home, seed=seed, kiosks=kiosks, postgres=postgres, ledger_type=ledger_type, line_type=line_type)
    try:
        world.live(steps)
        world.come_to_rest()
        return _report(world, steps)
    except Exception:
        return Report(lives=1, steps=steps, faults=world.faults, violations=[f"raised: {traceback.format_exc()}"])
    finally:
        world.close()
        shutil.rmtree(home, ignore_errors=True)


def after_all(world: World) -> invariants.After:
    """Return the network as it is now that all is quiet."""
    return invariants.After(
        world.server,
        world.kiosks,
        acked=world.acked,
        aside=world.aside,
        unlocked_without_entry=world.unlocked_without_entry,
    )


def _report(world: World, steps: int) -> Report:
    for kiosk in world.kiosks:
        world.note_unlocks(kiosk)
    after = after_all(world)
    found = [*world.violations, *invariants.violations(after)]
    world.violations = []
    if not found:  # what is wrong already would show in everything that follows
        later = list(forgetting.a_quarter_later(world))
        found += [f"I15: {what}" for what in later]
        found += world.violations + [f"later, {what}" for what in invariants.violations(after_all(world))]
    return Report(
        lives=1,
        steps=steps,
        taps=world.tapped,
        requests=sum(kiosk.line.calls for kiosk in world.kiosks),
        entries=len(after.feed),
        stuck=sum(what.startswith("I6") for what in found),
        faults=world.faults,
        violations=found,
    )


# ---------------------------------------------------------------- the command


def main() -> int:
    wanted = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in good order: what was started is ended
    total, began = Report(), time.monotonic()
    postgres = _database(wanted.database)
    seeds = [wanted.seed] if wanted.seed is not None else range(wanted.first, wanted.first + wanted.seeds)
    for seed, one in _lives(wanted, seeds, postgres):
        total.add(one)
        for what in one.violations[:MOST_TOLD]:
            print(f"seed {seed}: {what}", flush=True)
        if one.violations:
            print(f"  again: python -m tests.simulator.campaign --seed {seed} {_same(wanted)}", flush=True)
        if total.lives % wanted.tell == 0:
            print(summary(total, time.monotonic() - began, wanted.database), flush=True)
    print(summary(total, time.monotonic() - began, wanted.database))
    return 1 if total.violations else 0


def _lives(wanted: argparse.Namespace, seeds: Iterable[int], postgres: str | None) -> Iterator[tuple[int, Report]]:
    """Live these lives, in as many processes as are wanted; they come in no order."""
    live = partial(_live, steps=wanted.steps, kiosks=wanted.kiosks, postgres=postgres)
    # Forked and not spawned, they share what was loaded, and the empty databases that lives begin with.
    template()
    template_of(postgres)
    with get_context("fork").Pool(wanted.jobs, maxtasksperchild=200) as pool:
        yield from pool.imap_unordered(live, seeds)


def _live(seed: int, *, steps: int, kiosks: tuple[int, int], postgres: str | None) -> tuple[int, Report]:
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return seed, simulate(seed, steps=steps, kiosks=kiosks, postgres=postgres)


def _same(wanted: argparse.Namespace) -> str:
    low, high = wanted.kiosks
    return f"--steps {wanted.steps} --kiosks {low}-{high} --database {wanted.database}"


def summary(total: Report, seconds: float, database: str) -> str:
    """What a campaign found, as it is printed."""
    faults = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in total.faults.most_common())
    return (
        f"{database}: {total.lives} seeds, {total.steps} steps, {total.taps} taps, {total.entries} entries, "
        f"{total.requests} requests in {seconds:.0f} s ({total.lives / seconds:.1f} seeds a second)\n"
        f"faults injected: {total.faults.total()} ({faults})\n"
        f"violations: {len(total.violations)}, stuck queues: {total.stuck}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Simulate kiosks and their server.")
    parser.add_argument("--seeds", type=int, default=100, help="how many lives")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--steps", type=int, default=200, help="of each life")
    parser.add_argument("--kiosks", type=_span, default=(3, 8), help="how many, as 3-8")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the lives")
    parser.add_argument("--tell", type=int, default=500, help="print a summary after so many")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    return parser.parse_args()


def _span(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _database(kind: str) -> str | None:
    return None if kind == "sqlite" else cluster().url("postgres")


if __name__ == "__main__":
    sys.exit(main())
