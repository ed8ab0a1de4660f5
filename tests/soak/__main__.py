"""Runs a month of one kiosk in minutes: `python -m tests.soak --days 30 --taps 50000`.

Prints a line for each simulated day, every repair, the bytes written per tap, and at the end whether the server has
everything that was acknowledged and the balances are right. `--taps 100000` is the run for sizes.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.soak.month import Month, told


def main() -> int:
    """Run a month; 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--taps", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        month = Month(Path(folder), wanted.days, wanted.taps, random.Random(wanted.seed)).live()
    month.weigh()
    print("\n".join(told(month)))
    return bool(month.wrong)


if __name__ == "__main__":
    sys.exit(main())
