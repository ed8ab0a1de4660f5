"""Runs many simulations of a network: `python -m tests.simulator --seeds 1000 --kiosks 3-8 --database sqlite`.

Prints what happened; a violation prints its seed and the command that runs that simulation again.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import get_context

from tests.office.ledgers.small_house import template
from tests.office.servers.postgres import cluster
from tests.simulator.server import template_of
from tests.simulator.simulate import Report, simulate

MOST_TOLD = 8
"""Violations printed of one simulation."""


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
            print(f"  again: python -m tests.simulator --seed {seed} {_same(wanted)}", flush=True)
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
