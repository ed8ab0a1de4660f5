"""Measures a kiosk's disk traffic: `python -m tests.crash_states.traffic FOLDER TAPS`, for taps and for idle time.

Prints JSON; run by tests.crash_states.disk with the shim. With `hasty` the kiosk empties the WAL after each tap, and
writes a file each second: the bad twin. With `crowded` somebody waits after each tap, so that there is never time to
empty the WAL.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

from kiosk.facts import Happened
from kiosk.messages import Tick
from tests.crash_states.disk import Control
from tests.office.kiosks.stepped import SteppedKiosk

MEMBERS = 100
TICKS = 300


def tap_about(counter: SteppedKiosk, uids: list[bytes], chance: random.Random) -> None:
    """Make one tap at a usual moment: some minutes after the last, on a day when the site is open."""
    counter.later(minutes=4)
    if counter.clock.now().hour >= 14:
        counter.later(hours=17)
    if counter.clock.now().weekday() not in (0, 1):
        counter.later(days=1)
    counter.controller.handle(counter.tapped(chance.choice(uids)))


def live(folder: Path, taps: int, *, hasty: bool = False, crowded: bool = False) -> dict[str, float]:
    disk, chance = Control(Path(os.environ["KIOSK_DISK_CONTROL"])), random.Random(1)
    counter = SteppedKiosk(folder)
    uids = [counter.joins(f"m{number:04}", units=10 * taps) for number in range(MEMBERS)]
    counter.ledger.checkpoint()
    counter.later(days=1)
    if crowded:
        counter.controller.inbox.put(Tick())
    syncs, written, wal = disk.syncs, disk.bytes, 0
    for _ in range(taps):
        tap_about(counter, uids, chance)
        if hasty:
            counter.ledger.checkpoint()
        wal = max(wal, (folder / "ledger.db-wal").stat().st_size)
    syncs, written = disk.syncs - syncs, disk.bytes - written
    counter.later(minutes=2)
    counter.controller.handle(Tick())
    calls = disk.calls
    for _ in range(TICKS):
        counter.later(seconds=1)
        counter.controller.handle(Tick())
        if hasty:
            counter.ledger.append(Happened(what="alive"))
    idle = disk.calls - calls
    counter.close()
    return {"syncs_per_tap": syncs / taps, "bytes_per_tap": written / taps, "largest_wal": wal, "idle_calls": idle}


if __name__ == "__main__":
    print(
        json.dumps(live(Path(sys.argv[1]), int(sys.argv[2]), hasty="hasty" in sys.argv, crowded="crowded" in sys.argv))
    )
