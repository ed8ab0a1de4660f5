"""A kiosk whose disk fails at each of its writes in turn: `python -m tests.crash_states.failing_disk FOLDER ERRNO`.

Runs with the shim. Prints JSON: how many taps met a fault, the faults found, and how many taps it took to work again.
With `careless` the door opens before the entry is written: the bad twin.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from kiosk.facts import Tapped
from kiosk.messages import Tick
from kiosk.model import Denied, Granted, Reason
from tests.crash_states.disk import Control
from tests.office.kiosks.stepped import SteppedKiosk

MOST_WRITES = 60
"""More than a tap makes."""


def live(folder: Path, error: int, *, careless: bool = False) -> dict[str, object]:
    disk = Control(Path(os.environ["KIOSK_DISK_CONTROL"]))
    counter = SteppedKiosk(folder)
    uids = [counter.joins(name, units=1000) for name in ("ada", "bob", "cleo")]
    counter.ledger._database.connection.exec_driver_sql("PRAGMA wal_autocheckpoint=20")
    faults: list[str] = []
    met = 0
    for after in range(MOST_WRITES):
        uid = uids[after % len(uids)]
        counter.later(hours=25)
        disk.fail(error, after=after, partly=after % 2 == 0)
        pulses = len(counter.door.unlocks)
        if careless:
            counter.door.unlock(5)
        verdict = counter.tap(uid)
        disk.mend()
        met += isinstance(verdict, Denied) and verdict.reason is Reason.OUT_OF_SERVICE
        granted = sum(isinstance(tap.verdict, Granted) for tap in counter.stored(Tapped))
        if len(counter.door.unlocks) > granted:
            faults.append(f"after {after} writes the door moved without an entry")
        if isinstance(verdict, Denied) and verdict.reason is Reason.OUT_OF_SERVICE:
            if len(counter.door.unlocks) != pulses:
                faults.append(f"after {after} writes the door moved, and said that it was out of service")
            counter.later(seconds=11)
            counter.controller.handle(Tick())  # it tries by itself, though nobody taps
            again = counter.tap(uid)
            if again is None or again.reason is Reason.OUT_OF_SERVICE:
                faults.append(f"after {after} writes it does not work again")
    faults += map(str, (*counter.ledger.verify(), *counter.ledger.roster_differences(), *counter.ledger.damage()))
    counter.close()
    return {"met": met, "faults": faults}


if __name__ == "__main__":
    print(json.dumps(live(Path(sys.argv[1]), int(sys.argv[2]), careless="careless" in sys.argv)))
