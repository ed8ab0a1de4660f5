"""Plays many random histories of a machine's clocks: `python -m tests.clocks --histories 100000`.

Prints the events, the taps by clock quality and verdict, and the seed of every history in which the door opened outside
hours or somebody was charged twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.clocks.charges import ChargeHistory
from tests.clocks.history import History

MEMORY = Path("/dev/shm")


def main() -> int:
    """Play many histories; return 1 if a door opened that should not have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--charges", type=int, default=0, help="histories in which one member's entries are counted")
    wanted = parser.parse_args()
    wrong_charges = charge_histories(wanted.first, wanted.charges)
    lives = [History(seed).live() for seed in range(wanted.first, wanted.first + wanted.histories)]
    wrong = [line for life in lives for line in life.wrong]
    for name, counts in (("events", [life.happened for life in lives]), ("taps", [life.taps for life in lives])):
        total: Counter[str] = sum(counts, Counter())
        print(f"{name}: " + ", ".join(f"{what} {n}" for what, n in total.most_common()))
    print(f"{len(lives)} histories, let in outside hours: {len(wrong)}")
    print("\n".join(wrong[:20]))
    return bool(wrong or wrong_charges)


def charge_histories(first: int, count: int) -> list[str]:
    """Play the histories of charges, and print and return what was wrong."""
    happened, totals, wrong = Counter[str](), Counter[str](), list[str]()
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            life = ChargeHistory(seed, Path(folder)).live()
        happened += life.happened
        totals.update(charged=life.charged, given_back=life.given_back, owed=life.owed)
        wrong += life.wrong
    print("charges: " + ", ".join(f"{what} {n}" for what, n in (happened + totals).most_common()))
    print(f"{count} histories of charges, wrong: {len(wrong)}")
    print("\n".join(wrong[:20]))
    return wrong


if __name__ == "__main__":
    sys.exit(main())
