"""Plays many random histories of a machine's clocks: `python -m tests.clocks --histories 100000`.

Prints the events, the taps by clock and answer, and the seed of every history in which the door opened outside hours.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.clocks.history import History


def main() -> int:
    """Live many lives; 1 when a door opened that should not have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    wanted = parser.parse_args()
    lives = [History(seed).live() for seed in range(wanted.first, wanted.first + wanted.histories)]
    wrong = [line for life in lives for line in life.wrong]
    for name, counts in (("events", [life.happened for life in lives]), ("taps", [life.taps for life in lives])):
        total: Counter[str] = sum(counts, Counter())
        print(f"{name}: " + ", ".join(f"{what} {n}" for what, n in total.most_common()))
    print(f"{len(lives)} histories, let in outside hours: {len(wrong)}")
    print("\n".join(wrong[:20]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
