"""Repairs a damaged database at the start of a kiosk, in four steps, without anybody's help.

1. SQLite takes its WAL in, as after every power cut: nothing to do. 2. Rows that can still be read are copied into a
new file, around the damage (kiosk.store.database.salvage). 3. Missing rows are taken from the newest copies of the
database (kiosk.upkeep.backup). 4. What is still missing comes from the central server, which is asked for a snapshot.

Only entries with valid hashes are kept. The last three damaged databases are kept, for somebody who may be able to read
more of them. Unless the note beside the database (kiosk.store.database.head_file) proves that the last entry is there,
the ledger continues under a new name: the server may know an entry that was lost, and no other entry may ever have its
name.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kiosk.files import sync, write_whole
from kiosk.ledger import Ledger, LedgerBusyError, LedgerError, LedgerTooNewError, open_locked
from kiosk.ledger.recovered import Recovered
from kiosk.model import Noun, Stamp
from kiosk.store.chain import Head
from kiosk.store.database import LedgerDamagedError, WriterLock, failing_as
from kiosk.store.database.head_file import HeadFile
from kiosk.store.database.salvage import Found, Row
from kiosk.store.tables import ROSTER, entries
from kiosk.store.tables import cursors as cursor_rows

log = logging.getLogger(__name__)

DAMAGED_KEPT = 3
"""Damaged databases that are kept."""
BLOCK = 65536
SUFFIXES = ("", "-wal", "-shm")
REPAIR_BYTES_PER_SECOND = 20_000
"""The least that a small machine repairs: reading, checking, writing and folding included."""


class RepairReport(Noun, frozen=True, kw_only=True):
    """What was done about a damaged database."""

    at: datetime
    why: str
    """What was wrong, in SQLite's words."""
    entries: int
    """Own entries that are there."""
    lost: int | None
    """Own entries that are not, as far as the note beside the database tells; None: that is not known."""
    copies: int = 0
    """Entries that only a copy of the database had."""
    renewed: bool = False
    """The ledger goes on under a new name."""
    aside: str = ""
    """The folder where the damaged files are."""

    def __str__(self) -> str:
        lost = {None: "nobody knows how many are lost", 0: "none is lost"}.get(self.lost, f"{self.lost} are lost")
        said = [self.why, f"{self.entries} entries are there, {lost}"]
        if self.copies:
            said.append(f"{self.copies} of them from a copy")
        if self.renewed:
            said.append("the ledger goes on under a new name")
        if self.aside:
            said.append(f"the damaged files are in {self.aside}")
        return "; ".join(said)


def mark_as_damaged(path: Path, why: str) -> None:
    """Make the next start repair a database in which damage was found during use."""
    write_whole(_mark(path), why.encode(), mode=0o640)


def open_repaired(
    path: Path,
    *,
    stamp: Callable[[], Stamp],
    copies: Sequence[Path] = (),
    on_repair: Callable[[float], None] | None = None,
) -> tuple[Ledger, RepairReport | None]:
    """Open a database for writing, as `open_ledger` does, and repair it if it is damaged; return what was done.

    `copies` are databases to take missing rows from, the newest first. `on_repair` is called before a repair with the
    seconds that it may take. Raises LedgerBusyError, LedgerTooNewError, and LedgerError when the disk takes no writes.
    """
    with failing_as(f"{path} cannot be opened"):
        lock = WriterLock(path)
    try:
        return _Repair(path, stamp, copies, on_repair).run(lock)
    except BaseException:
        lock.close()
        raise


class _Repair:
    def __init__(
        self, path: Path, stamp: Callable[[], Stamp], copies: Sequence[Path], on_repair: Callable[[float], None] | None
    ) -> None:
        self._path, self._stamp, self._copies, self._on_repair = path, stamp, copies, on_repair
        self._work = path.with_name("rescue")

    def run(self, lock: WriterLock) -> tuple[Ledger, RepairReport | None]:
        try:
            opened, report = self._open()
        except (LedgerBusyError, LedgerTooNewError):
            raise
        except LedgerDamagedError as error:
            log.error("%s: it is being repaired", error)  # noqa: TRY400 - it is a sentence
            if self._on_repair:
                self._on_repair(self._seconds_allowed())
            report = self._rebuild_file(str(error))
            return open_locked(self._path, stamp=self._stamp, lock=lock), report
        opened.release_on_close(lock)
        return opened, report

    def _open(self) -> tuple[Ledger, RepairReport | None]:
        """Open the database, look at it, and see whether its end is there. Raises LedgerDamagedError."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == 0 and self._was_used():
            raise LedgerDamagedError(f"{self._path} is gone or empty")
        opened = None
        try:
            opened = open_locked(self._path, stamp=self._stamp, lock=None)
            self._read_every_table(opened)
            report = self._go_on_after_loss(opened) if opened.may_have_lost_entries() else None
        except LedgerError as error:
            if opened:
                opened.close()
            is_damaged = isinstance(error, LedgerDamagedError) or (size and _is_not_ours(error))
            if is_damaged and not isinstance(error, LedgerTooNewError):
                raise LedgerDamagedError(str(error)) from error
            raise
        return opened, report

    def _was_used(self) -> bool:
        traces = (Path(f"{self._path}.head"), Path(f"{self._path}-wal"), *self._damaged_files(), *self._copies)
        return any(file.exists() and file.stat().st_size for file in traces)

    def _read_every_table(self, opened: Ledger) -> None:
        """Touch every table: damage further inside is found by a check of all pages, beside the work, and marked."""
        if _mark(self._path).exists():
            raise LedgerDamagedError(f"{self._path} is damaged: {_mark(self._path).read_text(errors='replace')}")
        with failing_as(str(self._path)):
            for table in (entries, cursor_rows, *ROSTER.sorted_tables):
                opened.read_one_row(table)

    def _go_on_after_loss(self, opened: Ledger) -> RepairReport:
        seen = HeadFile(self._path).read()
        here = opened.head.seq
        written = seen.head.seq if seen and seen.ledger_id == opened.ledger_id else None
        lost = None if written is None else max(0, written - here)
        opened.start_new_ledger(start_over=opened.cursor is not None)
        told = "nothing tells whether that is its end" if written is None else f"entry {written} was written"
        why = f"{self._path} ends at entry {here}, and {told}"
        return RepairReport(at=self._stamp().at, why=why, entries=here, lost=lost, renewed=True)

    def _seconds_allowed(self) -> float:
        """Return how long a repair may take: by the size of all that is read, so that one that hangs is ended."""
        files = (*(Path(f"{self._path}{suffix}") for suffix in SUFFIXES), *self._damaged_files()[:1], *self._copies)
        return 60 + sum(file.stat().st_size for file in files if file.exists()) / REPAIR_BYTES_PER_SECOND

    # ------------------------------------------------------------ into a new file

    def _rebuild_file(self, why: str) -> RepairReport:
        with failing_as(f"{self._path} cannot be mended"):
            shutil.rmtree(self._work, ignore_errors=True)
            self._work.mkdir()
            try:
                recovered = Recovered()
                self._read_sources(recovered)
                report = self._write_new(recovered, why)
                aside = self._keep_damaged_files()
                sync(self._work / "new.db")
                (self._work / "new.db").replace(self._path)
                sync(self._path.parent)
                _mark(self._path).unlink(missing_ok=True)
            finally:
                shutil.rmtree(self._work, ignore_errors=True)
        return RepairReport(**{**_fields(report), "aside": str(aside)})

    def _read_sources(self, recovered: Recovered) -> None:
        sources = [self._path] if self._path.exists() and self._path.stat().st_size else self._damaged_files()[:1]
        for source in sources:
            self._read_from(source, recovered, is_copy=False)
        for copy in self._copies:
            self._read_from(copy, recovered, is_copy=True)

    def _read_from(self, source: Path, recovered: Recovered, *, is_copy: bool) -> None:
        there = self._work / "found.db"
        for suffix in ("", "-wal"):
            _copy(Path(f"{source}{suffix}"), Path(f"{there}{suffix}"))
        try:
            found = Found(there)
        except sqlite3.Error as error:
            log.warning("nothing can be read from %s: %s", source, error)
            if not is_copy:
                there_wal = Path(f"{there}-wal")
                there_wal.unlink(missing_ok=True)
            return
        try:
            recovered.add(found, is_copy=is_copy)
        finally:
            found.close()

    def _write_new(self, recovered: Recovered, why: str) -> RepairReport:
        seen = HeadFile(self._path).read()
        name = recovered.ledger_name(seen.ledger_id if seen else None)
        new = self._work / "new.db"
        with open_locked(new, stamp=self._stamp) as opened:
            opened.import_rows(lambda connection: recovered.write_to(connection, name))
            chained = [one for one in recovered.entries.values() if one["ledger_id"] == opened.ledger_id]
            proven = bool(seen and _is_whole(chained, opened.ledger_id, seen.ledger_id, seen.head))
            if not proven:
                opened.start_new_ledger(start_over=True)
        Path(f"{new}.head").unlink(missing_ok=True)
        lost = max(0, seen.head.seq - len(chained)) if seen and seen.ledger_id == name else None
        if not proven:
            with open_locked(new, stamp=self._stamp) as opened:
                HeadFile(self._path).note(opened.ledger_id, Head())
            Path(f"{new}.head").unlink(missing_ok=True)
        return RepairReport(
            at=self._stamp().at,
            why=why,
            entries=len(chained),
            lost=lost,
            copies=recovered.from_copies,
            renewed=not proven,
        )

    # ------------------------------------------------------------ what is damaged

    def _damaged_files(self) -> list[Path]:
        """The databases that were put aside, the newest first."""
        folder = self._path.with_name("damaged")
        return sorted(folder.glob(f"*/{self._path.name}"), reverse=True) if folder.is_dir() else []

    def _keep_damaged_files(self) -> Path:
        folder = self._path.with_name("damaged")
        numbers = [int(one.name) for one in folder.iterdir() if one.name.isdigit()] if folder.is_dir() else []
        aside = folder / f"{max(numbers, default=0) + 1:06}"
        aside.mkdir(parents=True)
        for suffix in SUFFIXES:
            file = Path(f"{self._path}{suffix}")
            if file.exists():
                file.replace(aside / file.name)
        sync(aside)
        for old in sorted(folder.iterdir())[:-DAMAGED_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return aside


def _is_whole(chained: list[Row], name: str, seen_name: str, head: Head) -> bool:
    """Tell whether all entries are there up to the one that was noted, which is the last."""
    by_seq = {row["seq"]: row["hash"] for row in chained}
    if name != seen_name or len(by_seq) != max(by_seq, default=0):
        return False
    return len(by_seq) == head.seq if head.seq == 0 else by_seq.get(head.seq) == head.hash


def _is_not_ours(error: LedgerError) -> bool:
    """Tell whether the file is a database, but no longer a ledger of ours."""
    cause = error.__cause__
    code = getattr(getattr(cause, "orig", cause), "sqlite_errorcode", None)
    return cause is None or code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH)


def _fields(report: RepairReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__struct_fields__}


def _mark(path: Path) -> Path:
    return Path(f"{path}.suspect")


def _copy(source: Path, target: Path) -> None:
    """Copy a file, with zeros for what the disk no longer returns."""
    target.unlink(missing_ok=True)
    if not source.exists():
        return
    with source.open("rb") as there, target.open("wb") as here:
        size = source.stat().st_size
        for start in range(0, size, BLOCK):
            length = min(BLOCK, size - start)
            try:
                there.seek(start)
                here.write(there.read(length).ljust(length, b"\0"))
            except OSError as error:
                log.warning("%s cannot be read at %d: %s", source, start, error.strerror)
                here.write(bytes(length))
