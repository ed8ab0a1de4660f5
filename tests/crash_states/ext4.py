"""A new ledger on a real ext4 in a loop device, its power cut by copying the device: `make ext4`, as root.

A copy of the file behind the device has what a disk without a cache of its own would have at that moment. Each copy is
mounted (ext4 replays its journal) and the ledger opened as at a kiosk's start: there must be no damage, and every entry
that was acknowledged before the copy began must be there. Controls: with `synchronous=NORMAL` acknowledged entries must
be missing, and with the syncs of new files left out the head note must be empty.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.facts import Happened
from kiosk.ledger import open_ledger
from kiosk.ledger.repair import open_repaired
from tests.office.ledgers.small_house import StampClock

AT = (0.5, 1, 2, 3, 5, 8, 12, 16, 20, 25, 28, 31, 35, 40, 45, 50)
"""Seconds after the start; ext4 writes what nobody synced after some 30."""
CONTROLS = ("as it is", "synchronous=NORMAL", "new files not synced")
WRITE = "-c", "import sys; from tests.crash_states.ext4 import write; write(*sys.argv[1:])"


def write(folder: str, control: str) -> None:
    """Make a ledger and append entries for ever, ten a second; print the number of each that was acknowledged."""
    if control == CONTROLS[2]:
        os.fsync = lambda fd: None
    with open_ledger(Path(folder) / "ledger.db", stamp=StampClock()) as ledger:
        if control == CONTROLS[1]:
            ledger._database.connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
        while True:
            ledger.append(Happened(what="started", site_id="la-serre"))
            print(ledger.head.seq, flush=True)
            time.sleep(0.1)


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    """Mount an ext4 in a file."""
    at.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop,noatime", image, at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", at], check=True)


@dataclass
class Cut:
    """The state of a ledger after a cut."""

    seconds: float
    acknowledged: int
    found: int
    report: str
    is_note_empty: bool

    @property
    def lost(self) -> int:
        """Return the acknowledged entries that are not there."""
        return max(0, self.acknowledged - self.found)


def trial(folder: Path, control: str, at: tuple[float, ...] = AT) -> list[Cut]:
    """Start a ledger on a new disk, copy the disk at these seconds, and look at each copy."""
    disk = folder / "disk.img"
    with disk.open("wb") as empty:
        empty.truncate(64 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-F", disk], check=True)
    copies: list[tuple[float, int, Path]] = []
    with mounted(disk, folder / "disk") as root, (folder / "told").open("w") as told:
        began = time.monotonic()
        with subprocess.Popen([sys.executable, *WRITE, str(root), control], stdout=told) as writer:
            for seconds in at:
                time.sleep(max(0.0, began + seconds - time.monotonic()))
                copy = folder / f"cut-{seconds}.img"
                acknowledged = (folder / "told").read_text().rpartition("\n")[0].rpartition("\n")[2]
                shutil.copyfile(disk, copy)
                copies.append((seconds, int(acknowledged or 0), copy))
            writer.kill()
    return [look(folder / "copy", *one) for one in copies]


def look(at: Path, seconds: float, acknowledged: int, copy: Path) -> Cut:
    """Open the ledger of a copy as a kiosk's start does."""
    with mounted(copy, at) as root:
        database = root / "ledger.db"
        note = Path(f"{database}.head")
        is_empty = note.exists() and note.stat().st_size == 0
        ledger, report = open_repaired(database, stamp=StampClock())
        found = ledger.head.seq
        ledger.close()
    copy.unlink()
    return Cut(seconds, acknowledged, found, str(report or ""), is_empty)


def main() -> int:
    """Run the trial and its controls; return 0 when nothing is lost and the controls fail as expected."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash_states.ext4", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="new ledgers for each [%(default)s]")
    given = parser.parse_args()
    found: dict[str, list[Cut]] = {}
    for control in CONTROLS:
        for _ in range(given.rounds):
            with tempfile.TemporaryDirectory() as folder:
                found.setdefault(control, []).extend(trial(Path(folder), control))
        cuts = found[control]
        print(
            f"{control:<22} {len(cuts)} cuts, {max(cut.acknowledged for cut in cuts)} entries at most; acknowledged "
            f"entries lost in {sum(cut.lost > 0 for cut in cuts)} (at most {max(cut.lost for cut in cuts)}), damage "
            f"told in {sum(bool(cut.report) for cut in cuts)}, an empty note in {sum(c.is_note_empty for c in cuts)}",
            flush=True,
        )
    real, normal, unsynced = (found[control] for control in CONTROLS)
    holds = not any(cut.lost or cut.report or cut.is_note_empty for cut in real)
    return 0 if holds and any(cut.lost for cut in normal) and any(cut.is_note_empty for cut in unsynced) else 1


if __name__ == "__main__":
    raise SystemExit(main())
