"""The ladder for a database that is damaged: from what SQLite mends itself down to an empty ledger, without anybody.

1. SQLite takes its WAL in, as after every power cut: nothing to do.
2. What can still be read is put into a new file: row by row, around the damage (kiosk.store.salvage).
3. What is missing then comes from the newest copies of the database (kiosk.upkeep.backup).
4. What is missing still comes from the central server, which is asked for a snapshot.

Only entries whose hashes fit are kept. The damaged files are put aside, the last three of them, for somebody who may
read more out of them. Unless the end of the ledger is proven to be there, by the note beside the database
(kiosk.store.head_file), it goes on under a new name: an entry that was lost may be known to the server, and another one
must never bear its name.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, update

from kiosk.facts import Entry
from kiosk.files import sync, write_whole
from kiosk.ledger import Ledger, LedgerBusyError, LedgerError, LedgerTooNewError, open_locked
from kiosk.model import Noun, Ref, Stamp
from kiosk.store import chain, progress
from kiosk.store.chain import Head
from kiosk.store.database import LedgerDamagedError, WriterLock, failing_as
from kiosk.store.entries import from_row
from kiosk.store.head_file import Witness
from kiosk.store.salvage import Found, Row
from kiosk.store.tables import ROSTER, cursors, entries, ledger

log = logging.getLogger(__name__)

ASIDE_KEPT = 3
"""Damaged databases that are kept."""
BLOCK = 65536
SUFFIXES = ("", "-wal", "-shm")
MENDING_BYTES_PER_SECOND = 20_000
"""What a small machine mends at the very least, when it reads, checks, writes and adds up anew what is there."""


class Rescued(Noun, frozen=True, kw_only=True):
    """What was done about a damaged database."""

    at: datetime
    why: str
    """What was wrong, as SQLite tells it."""
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


def suspect(path: Path, why: str) -> None:
    """Have the next start mend a database: damage was seen while it was in use."""
    write_whole(_mark(path), why.encode(), mode=0o640)


def open_whole(
    path: Path,
    *,
    stamp: Callable[[], Stamp],
    copies: Sequence[Path] = (),
    on_mending: Callable[[float], None] | None = None,
) -> tuple[Ledger, Rescued | None]:
    """Open a database for writing, as `open_ledger` does, and mend it where it is damaged; tell what was done.

    `copies` are databases to take from what cannot be read, the newest first. `on_mending` is told, before it begins,
    how many seconds a mending may take. Raises LedgerBusyError,
    LedgerTooNewError, and LedgerError when the disk will take nothing.
    """
    with failing_as(f"{path} cannot be opened"):
        lock = WriterLock(path)
    try:
        return _Ladder(path, stamp, copies, on_mending).climb(lock)
    except BaseException:
        lock.close()
        raise


class _Ladder:
    def __init__(
        self, path: Path, stamp: Callable[[], Stamp], copies: Sequence[Path], on_mending: Callable[[float], None] | None
    ) -> None:
        self._path, self._stamp, self._copies, self._on_mending = path, stamp, copies, on_mending
        self._work = path.with_name("rescue")

    def climb(self, lock: WriterLock) -> tuple[Ledger, Rescued | None]:
        try:
            opened, story = self._open()
        except (LedgerBusyError, LedgerTooNewError):
            raise
        except LedgerDamagedError as error:
            log.error("%s: it is being mended", error)  # noqa: TRY400 - it is a sentence
            if self._on_mending:
                self._on_mending(self._longest_seconds())
            mended = self._rescue(str(error))
            return open_locked(self._path, stamp=self._stamp, lock=lock), mended
        opened.hold(lock)
        return opened, story

    def _open(self) -> tuple[Ledger, Rescued | None]:
        """Open the database, look at it, and see whether its end is there. Raises LedgerDamagedError."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size == 0 and self._had_a_life():
            raise LedgerDamagedError(f"{self._path} is gone or empty")
        opened = None
        try:
            opened = open_locked(self._path, stamp=self._stamp, lock=None)
            self._look(opened)
            story = self._lost_its_end(opened) if opened.is_behind_its_witness() else None
        except LedgerError as error:
            if opened:
                opened.close()
            if isinstance(error, LedgerDamagedError) or (size and _is_nonsense(error)):
                raise LedgerDamagedError(str(error)) from error
            raise
        return opened, story

    def _had_a_life(self) -> bool:
        traces = (Path(f"{self._path}.head"), Path(f"{self._path}-wal"), *self._aside(), *self._copies)
        return any(file.exists() and file.stat().st_size for file in traces)

    def _look(self, opened: Ledger) -> None:
        """Touch every table: damage further inside is found by a check of all pages, beside the work, and marked."""
        if _mark(self._path).exists():
            raise LedgerDamagedError(f"{self._path} is damaged: {_mark(self._path).read_text(errors='replace')}")
        with failing_as(str(self._path)):
            for table in (entries, cursors, *ROSTER.sorted_tables):
                opened.peek(table)

    def _lost_its_end(self, opened: Ledger) -> Rescued:
        seen = Witness(self._path).read()
        here = opened.head.seq
        written = seen.head.seq if seen and seen.ledger_id == opened.ledger_id else None
        lost = None if written is None else max(0, written - here)
        opened.renew(start_over=opened.cursor is not None)
        told = "nothing tells whether that is its end" if written is None else f"entry {written} was written"
        why = f"{self._path} ends at entry {here}, and {told}"
        return Rescued(at=self._stamp().at, why=why, entries=here, lost=lost, renewed=True)

    def _longest_seconds(self) -> float:
        """Return how long a mending may take: by the size of all that is read, so that one that hangs is ended."""
        files = (*(Path(f"{self._path}{suffix}") for suffix in SUFFIXES), *self._aside()[:1], *self._copies)
        return 60 + sum(file.stat().st_size for file in files if file.exists()) / MENDING_BYTES_PER_SECOND

    # ------------------------------------------------------------ into a new file

    def _rescue(self, why: str) -> Rescued:
        with failing_as(f"{self._path} cannot be mended"):
            shutil.rmtree(self._work, ignore_errors=True)
            self._work.mkdir()
            try:
                haul = _Haul()
                self._collect(haul)
                story = self._build(haul, why)
                aside = self._put_aside()
                sync(self._work / "new.db")
                (self._work / "new.db").replace(self._path)
                sync(self._path.parent)
                _mark(self._path).unlink(missing_ok=True)
            finally:
                shutil.rmtree(self._work, ignore_errors=True)
        return Rescued(**{**_fields(story), "aside": str(aside)})

    def _collect(self, haul: _Haul) -> None:
        sources = [self._path] if self._path.exists() and self._path.stat().st_size else self._aside()[:1]
        for source in sources:
            self._take_from(source, haul, is_copy=False)
        for copy in self._copies:
            self._take_from(copy, haul, is_copy=True)

    def _take_from(self, source: Path, haul: _Haul, *, is_copy: bool) -> None:
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
            haul.take(found, is_copy=is_copy)
        finally:
            found.close()

    def _build(self, haul: _Haul, why: str) -> Rescued:
        seen = Witness(self._path).read()
        name = haul.name_of_the_ledger(seen.ledger_id if seen else None)
        new = self._work / "new.db"
        with open_locked(new, stamp=self._stamp) as opened:
            opened.fill(lambda connection: haul.pour(connection, name))
            chained = [one for one in haul.entries.values() if one["ledger_id"] == opened.ledger_id]
            proven = bool(seen and _is_whole(chained, opened.ledger_id, seen.ledger_id, seen.head))
            if not proven:
                opened.renew(start_over=True)
        Path(f"{new}.head").unlink(missing_ok=True)
        lost = max(0, seen.head.seq - len(chained)) if seen and seen.ledger_id == name else None
        if not proven:
            with open_locked(new, stamp=self._stamp) as opened:
                Witness(self._path).note(opened.ledger_id, Head())
            Path(f"{new}.head").unlink(missing_ok=True)
        return Rescued(
            at=self._stamp().at, why=why, entries=len(chained), lost=lost, copies=haul.from_copies, renewed=not proven
        )

    # ------------------------------------------------------------ what is damaged

    def _aside(self) -> list[Path]:
        """The databases that were put aside, the newest first."""
        folder = self._path.with_name("damaged")
        return sorted(folder.glob(f"*/{self._path.name}"), reverse=True) if folder.is_dir() else []

    def _put_aside(self) -> Path:
        folder = self._path.with_name("damaged")
        numbers = [int(one.name) for one in folder.iterdir() if one.name.isdigit()] if folder.is_dir() else []
        aside = folder / f"{max(numbers, default=0) + 1:06}"
        aside.mkdir(parents=True)
        for suffix in SUFFIXES:
            file = Path(f"{self._path}{suffix}")
            if file.exists():
                file.replace(aside / file.name)
        sync(aside)
        for old in sorted(folder.iterdir())[:-ASIDE_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return aside


class _Haul:
    """What was read from damaged databases and from copies: the first to tell of a thing is believed."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.entries: dict[Ref, Row] = {}
        self.cursors: dict[str, str] = {}
        self.rows: dict[str, dict[tuple[Any, ...], Row]] = {table.name: {} for table in ROSTER.sorted_tables}
        self.from_copies = 0

    def take(self, found: Found, *, is_copy: bool) -> None:
        """Take what is not here yet."""
        names = [row["ledger_id"] for row in found.rows(ledger) if isinstance(row.get("ledger_id"), str)]
        self.names += names
        told = {row["name"]: row["value"] for row in found.rows(cursors)}
        for row in _sound(found.rows(entries)):
            ref = Ref(ledger_id=row["ledger_id"], seq=row["seq"])
            if ref not in self.entries:
                self.entries[ref] = row
                self.from_copies += is_copy
        self.cursors = {**told, **self.cursors}
        for table in ROSTER.sorted_tables:
            kept = self.rows[table.name]
            for row in found.rows(table):
                kept.setdefault(tuple(row.get(column.name) for column in table.primary_key.columns), row)

    def name_of_the_ledger(self, noted: str | None) -> str | None:
        """Return the name that the note tells, unless it is of a life before; or else one that entries bear."""
        if noted and progress.FORMER + noted not in self.cursors:
            return noted
        borne = {ref.ledger_id for ref in self.entries}
        return next((name for name in self.names if name in borne), next(iter(self.names), noted))

    def pour(self, connection: Connection, name: str | None) -> None:
        """Fill an empty database: the entries, and the roster that they and what was read of it give."""
        if name:
            connection.execute(update(ledger).values(ledger_id=name))
        for row in self.entries.values():
            connection.execute(insert(entries), _of(entries, row))
        progress.write(connection, {key: value for key, value in self.cursors.items() if key != progress.STAGED})
        is_erased = any(row["body"] is None for row in self.entries.values())
        if is_erased or progress.number(connection, progress.SNAPSHOT) is not None:
            self._pour_roster(connection)
            # What stood on a damaged page may be told by no entry here: the server's next word is to be a snapshot.
            progress.write(connection, {progress.ANEW: 1})

    def _pour_roster(self, connection: Connection) -> None:
        """Put back rows that no entry here tells of any more: they came with a snapshot, or the entry is erased."""
        for table in ROSTER.sorted_tables:
            names = [column.name for column in table.columns]
            places = ", ".join("?" * len(names))
            statement = f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
            for row in self.rows[table.name].values():
                connection.exec_driver_sql(statement, tuple(row.get(name) for name in names))


def _sound(rows: Iterator[Row]) -> Iterator[Row]:
    """Leave out rows that are no entries, or not what was written."""
    for row in rows:
        try:
            entry = from_row(_Values(row))  # type: ignore[arg-type]
        except (AttributeError, TypeError, ValueError):
            continue
        if isinstance(entry, Entry) and next(chain.check_each([entry]), None) is None:
            yield row


class _Values(tuple[Any, ...]):
    """A row that was read without SQLAlchemy, as `from_row` wants it: by place and by name."""

    def __new__(cls, row: Row) -> _Values:
        values = super().__new__(cls, (row[column.name] for column in entries.columns))
        for column in entries.columns:
            setattr(values, column.name, row[column.name])
        return values


def _of(table: Table, row: Row) -> Row:
    return {column.name: row.get(column.name) for column in table.columns}


def _is_whole(chained: list[Row], name: str, seen_name: str, head: Head) -> bool:
    """Tell whether all entries are there up to the one that was noted, which is the last."""
    by_seq = {row["seq"]: row["hash"] for row in chained}
    if name != seen_name or len(by_seq) != max(by_seq, default=0):
        return False
    return len(by_seq) == head.seq if head.seq == 0 else by_seq.get(head.seq) == head.hash


def _is_nonsense(error: LedgerError) -> bool:
    """Tell whether what was found is a database, but not one of ours any more."""
    cause = error.__cause__
    code = getattr(getattr(cause, "orig", cause), "sqlite_errorcode", None)
    return cause is None or code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH)


def _fields(story: Rescued) -> dict[str, Any]:
    return {name: getattr(story, name) for name in story.__struct_fields__}


def _mark(path: Path) -> Path:
    return Path(f"{path}.suspect")


def _copy(source: Path, target: Path) -> None:
    """Copy a file, with zeros for what the disk will not give any more."""
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
