"""Short runs of a kiosk, to be cut by a power failure: `python -m tests.crash_states.lives NAME FOLDER [SYNCHRONOUS]`.

Runs with the shim. Before a run, `prepare` fills its folder; only the run itself is recorded. Every acknowledgement (a
command answered, the strike moved) is a line in the file `told`, in order with the writes.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from kiosk.answers import Done
from kiosk.commands import SellPass
from kiosk.facts import Entry, Happened
from kiosk.ledger import open_ledger
from kiosk.messages import FeedArrived, ServerNews, SnapshotArrived
from kiosk.store import migrations
from kiosk.store.database import one_state, transaction, writing_engine
from kiosk.store.feed import snapshot
from tests.office.kiosks.stepped import MONDAY, RecordedDoor, SteppedKiosk
from tests.office.ledgers.small_house import StampClock

MEMBERS = ("ada", "bob", "cleo", "dan")
CHECKPOINT_PAGES = 70
"""So few that a short life has some checkpoints."""


class ToldFile:
    """A file of what was acknowledged, a line each; never synced, so that it does not help the database."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, what: str, number: int) -> None:
        """`entry`: that of this number is on the disk; `pulse`: as the strike moves for it; `feed`: all up to it."""
        os.write(self._file, f"{what} {number}\n".encode())


class Strike(RecordedDoor):
    """A strike that records when it moves."""

    told: ToldFile

    def unlock(self, seconds: float) -> None:
        super().unlock(seconds)
        self.told("pulse", self.unlocks[-1])


class Life:
    """A kiosk at work in a folder that `prepare` filled."""

    def __init__(self, folder: Path, synchronous: str) -> None:
        self.folder, self.told = folder, ToldFile(folder)
        self.counter = SteppedKiosk(folder, at=MONDAY)
        connection = self.counter.ledger._database.connection
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        door = self.counter.door
        door.__class__, door.told = Strike, self.told  # type: ignore[attr-defined]

    def head(self) -> None:
        self.told("entry", self.counter.ledger.head.seq)

    def taps(self, count: int) -> None:
        for number in range(count):
            self.counter.later(minutes=37)
            self.counter.tap(bytes([4]) + MEMBERS[number % len(MEMBERS)].encode().ljust(6, b"."))
            self.head()

    def sales(self, count: int) -> None:
        for number in range(count):
            command = SellPass(members=(MEMBERS[number % len(MEMBERS)],), product="carte-10")
            assert isinstance(self.counter.asks(command), Done)
            self.head()

    def takes_in(self, news: ServerNews, place: int) -> None:
        self.counter.hears(news).result(0)
        self.told("feed", place)


def tap(life: Life) -> None:
    """Taps, with the checkpoints that SQLite makes now and then, an emptied WAL, and the end."""
    life.taps(int(os.environ.get("TAPS", "40")))
    life.counter.ledger.checkpoint()
    life.taps(3)
    life.counter.close()


def sale(life: Life) -> None:
    life.sales(12)
    life.counter.close()


def page(life: Life) -> None:
    """Pages of the server's feed between taps: entries of another kiosk."""
    donated = donation(life.folder)
    for start in range(0, len(donated), 6):
        chunk = tuple((place, donated[place - 1]) for place in range(start + 1, min(start + 6, len(donated)) + 1))
        life.takes_in(FeedArrived(entries=chunk, cursor=str(chunk[-1][0])), chunk[-1][0])
        life.taps(1)
    life.counter.close()


def adoption(life: Life) -> None:
    """A snapshot, page by page, adopted with the last one; taps before and after."""
    pages = msgspec.json.decode((life.folder / "snapshot.json").read_bytes())
    life.taps(2)
    for number, rows in enumerate(pages, 1):
        last = number == len(pages)
        news = SnapshotArrived(rows=rows, position=100, cursor="100", last=last)
        life.takes_in(news, 100 if last else 0)
    life.taps(2)
    life.counter.close()


def migration(folder: Path, _: str) -> None:
    """An older database is opened, which upgrades it."""
    told = ToldFile(folder)
    with open_ledger(folder / "ledger.db", stamp=StampClock()) as ledger:
        told("entry", ledger.head.seq)
        ledger.append(Happened(what="upgraded"))
        told("entry", ledger.head.seq)


LIVES: dict[str, Callable[[Life], None]] = {"tap": tap, "sale": sale, "page": page, "adoption": adoption}
NAMES = (*LIVES, "migration")


def main(name: str, folder: Path, synchronous: str = "FULL") -> None:
    if name == "migration":
        migration(folder, synchronous)
    else:
        LIVES[name](Life(folder, synchronous))


# ---------------------------------------------------------------- before the recording


def prepare(name: str, folder: Path) -> None:
    """Fill the folder in which a run begins."""
    folder.mkdir()
    counter = SteppedKiosk(folder, at=MONDAY)
    for member in MEMBERS:
        counter.joins(member, units=100)
    counter.close()
    if name in ("page", "adoption"):
        _another_kiosk(folder)
    if name == "migration":
        older(folder / "older.db", folder / "ledger.db", "0002")
        (folder / "older.db").replace(folder / "ledger.db")
    for file in folder.glob("*.db-*"):
        file.unlink()


def _another_kiosk(folder: Path) -> None:
    """Return what a server would send: the entries of another kiosk, and their roster."""
    beside = folder / "another"
    beside.mkdir()
    counter = SteppedKiosk(beside, at=MONDAY)
    for number in range(12):
        counter.joins(f"guest{number}")
    entries = list(counter.ledger.entries())
    with one_state(counter.ledger._database.connection):
        connection = counter.ledger._database.connection
        pages = list(snapshot.pages(connection, heads={counter.ledger.ledger_id: len(entries)}, size=5))
    for row in (row for rows in pages for table in rows.values() for row in table if "position" in row):
        row["position"] = row["seq"]  # on a server every entry has a place
    counter.close()
    (folder / "snapshot.json").write_bytes(msgspec.json.encode(pages))
    (folder / "donation.json").write_bytes(msgspec.json.encode(entries))
    shutil.rmtree(beside)


def older(path: Path, written: Path, revision: str = "0001") -> Path:
    """A database of an older revision, with the entries of `written` and an empty roster or, at the first, none."""
    path.touch()
    engine = writing_engine(path)
    with engine.connect() as connection, transaction(connection):
        migrations.upgrade(connection, revision)
    engine.dispose()
    with sqlite3.connect(path) as plain:
        plain.execute("ATTACH ? AS source", (str(written),))
        for table in ("ledger", "entries"):
            columns = ", ".join(row[1] for row in plain.execute(f"PRAGMA main.table_info({table})"))
            plain.execute(f"INSERT INTO main.{table} SELECT {columns} FROM source.{table}")
    plain.close()
    return path


def donation(folder: Path) -> list[Entry]:
    return msgspec.json.decode((folder / "donation.json").read_bytes(), type=list[Entry])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
