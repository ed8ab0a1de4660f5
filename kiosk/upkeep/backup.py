"""Copies of the ledger: one each night, the last 14 kept; on a second medium together with key and pairing.

SQLite itself makes a copy, on a connection that only reads, while the kiosk works (`VACUUM INTO`); it gets its name
once it is on the disk. On the second medium the badge key and the pairing lie beside the copies: without the key no
badge is recognised, so that medium must be kept as safe as the card itself. `restore` puts a copy back;
kiosk.upkeep.nightly decides when a copy is made, and kiosk.ledger.repair takes missing rows from copies.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from kiosk.files import move_into_place, write_whole
from kiosk.ledger import LedgerError, open_reader
from kiosk.settings.config import Config
from kiosk.store.database import WriterLock, failing_as

COPIES_KEPT = 14
MISDATED_KEPT = 3
"""Number of copies kept that are dated later than today: the clock was wrong when they were made."""
PATTERN = "ledger-????-??-??.db"
KEYS = ("badge.key", "server.json")
SUFFIXES = ("", "-wal", "-shm", ".head", ".suspect")


def folders(config: Config) -> tuple[Path, ...]:
    """Return where copies are kept: below the state folder, and on the second medium if there is one."""
    return (config.paths.backup, *((config.backup.folder,) if config.backup.folder else ()))


def device_of(folder: Path) -> int:
    """Return the number of the file system of a folder, which need not exist yet. Raises OSError."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.stat().st_dev


def is_medium_there(config: Config, *, device: Callable[[Path], int] = device_of) -> bool:
    """Tell whether the second medium is a file system of its own, or none is wanted.

    If it is not mounted, its folder is on the card itself: copies there would be lost with the card.
    """
    medium = config.backup.folder
    return medium is None or device(medium) != device(config.paths.state)


class LastCopy(NamedTuple):
    """The newest copy in a folder. `on`: its day (UTC), None without any."""

    folder: Path
    on: date | None
    is_there: bool = True
    """False: the folder is to be on a second medium, which is not mounted."""


def last_copies(
    config: Config, today: date | None = None, *, device: Callable[[Path], int] = device_of
) -> tuple[LastCopy, ...]:
    """Return the newest copy of each folder: below the state folder first, then on the second medium.

    A copy with a day after `today` does not count.
    """
    found = []
    for folder in folders(config):
        there = folder != config.backup.folder or is_medium_there(config, device=device)
        days = (day_of(copy) for copy in (folder.glob(PATTERN) if there else ()))
        known = (day for day in days if day and (today is None or day <= today))
        found.append(LastCopy(folder, max(known, default=None), there))
    return tuple(found)


def copies(config: Config) -> list[Path]:
    """Return all copies, the newest first."""
    found = (file for folder in folders(config) if folder.is_dir() for file in folder.glob(PATTERN))
    return sorted(found, key=lambda file: file.name, reverse=True)


def day_of(copy: Path) -> date | None:
    """Return the day on which a copy was made, by its name."""
    try:
        return date.fromisoformat(copy.stem.removeprefix("ledger-"))
    except ValueError:
        return None


def newest(config: Config, today: date | None = None) -> date | None:
    """Return the day of the newest copy, None without any. A copy with a day after `today` does not count."""
    return next((day for day in map(day_of, copies(config)) if day and (today is None or day <= today)), None)


def make(
    config: Config, today: date, into: Iterable[Path] | None = None, *, device: Callable[[Path], int] = device_of
) -> list[Path]:
    """Copy the ledger `into` these folders or all, and delete surplus copies. A day has one copy, the last one made.

    Nothing is copied to a second medium that is not mounted. Raises LedgerError for a ledger that cannot be read, or a
    folder that cannot be written; the other folders have their copy then.
    """
    made, failed = [], []
    for folder in folders(config) if into is None else into:
        try:
            if folder == config.backup.folder:
                _need_medium(config, device)
            made.append(_copy_into(folder, config.paths.ledger, today))
            if folder == config.backup.folder:
                _copy_keys(config, folder)
            _prune(folder, today)
        except LedgerError as error:
            failed.append(str(error))
    if failed:
        raise LedgerError("; ".join(failed))
    return made


def _need_medium(config: Config, device: Callable[[Path], int]) -> None:
    if not is_medium_there(config, device=device):
        raise LedgerError(f"no copy of the ledger in {config.backup.folder}: no medium is mounted there")


def _copy_into(folder: Path, ledger: Path, today: date) -> Path:
    copy, draft = folder / f"ledger-{today}.db", folder / "ledger.new"
    with failing_as(f"no copy of the ledger in {folder}"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(f"file:{quote(str(ledger))}?mode=ro", uri=True, isolation_level=None)) as reading:
            reading.execute("VACUUM INTO ?", (str(draft),))
        draft.chmod(0o640)
        move_into_place(draft, copy)
    return copy


def _copy_keys(config: Config, folder: Path) -> None:
    with failing_as(f"no copy of the keys in {folder}"):
        for source, name in zip((config.paths.key_file, config.paths.pairing), KEYS, strict=True):
            if source.exists():
                write_whole(folder / name, source.read_bytes())


def _prune(folder: Path, today: date) -> None:
    """Delete the oldest copies by their number, never by their age, because the clock may be wrong."""
    found = sorted(folder.glob(PATTERN))
    misdated = [copy for copy in found if (day_of(copy) or today) > today]
    others = [copy for copy in found if copy not in misdated]
    for copy in (*others[:-COPIES_KEPT], *misdated[:-MISDATED_KEPT]):
        copy.unlink(missing_ok=True)


def restore(config: Config, source: Path) -> list[str]:
    """Replace the ledger by a copy, and return what was done; `source` is a copy, or a folder of copies.

    The old ledger is moved to `before-restore` below the state folder. The kiosk then continues in a new ledger: the
    server may know entries that are newer than the copy, and sends them back. Raises LedgerError when the copy is
    damaged, or the kiosk runs; then nothing was changed.
    """
    copy = _chosen(source)
    entries = _checked(copy)
    ledger = config.paths.ledger
    with failing_as(f"{copy} cannot be put back"):
        ledger.parent.mkdir(parents=True, exist_ok=True)
        lock = WriterLock(ledger)
        try:
            said = [f"{copy} is the ledger now, with {entries} entries", *_move_aside(ledger)]
            draft = ledger.with_name("ledger.new")
            shutil.copyfile(copy, draft)
            move_into_place(draft, ledger)
            said += _keys_from(copy.parent, config)
        finally:
            lock.close()
    return said


def _chosen(source: Path) -> Path:
    if not source.is_dir():
        return source
    found = sorted(source.glob(PATTERN), reverse=True)
    if not found:
        raise LedgerError(f"there is no copy of a ledger in {source}: they are called ledger-2026-06-01.db")
    return found[0]


def _checked(copy: Path) -> int:
    with open_reader(copy) as there:
        damaged = (*there.damage(), *map(str, there.verify()))
        if damaged:
            raise LedgerError(f"{copy} is damaged itself: {damaged[0]}; try an older one")
        return there.head.seq


def _move_aside(ledger: Path) -> list[str]:
    aside = ledger.with_name("before-restore")
    present = [file for suffix in SUFFIXES if (file := Path(f"{ledger}{suffix}")).exists()]
    if not present:
        return []
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for file in present:
        file.replace(aside / file.name)
    return [f"what was there is in {aside}"]


def _keys_from(folder: Path, config: Config) -> list[str]:
    said = []
    for target, name in zip((config.paths.key_file, config.paths.pairing), KEYS, strict=True):
        if not target.exists() and (folder / name).exists():
            write_whole(target, (folder / name).read_bytes())
            said.append(f"{target} is put back as well")
    return said
