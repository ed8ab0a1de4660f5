"""The ledger: append-only, chained entries in a database, and the roster that is folded from them as they come.

One process owns the database and writes it on one connection (kiosk.database says why), from one thread at a time. Any
other thread or process reads, with `open_reader`. How entries are chained is in kiosk.chain; what they mean for the
roster, in kiosk.fold.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, Select, bindparam, func, insert, inspect, select, text, update

from kiosk import chain, fold
from kiosk.chain import Fault, Head, decode_fact
from kiosk.database import (
    FAILURES,
    LedgerBusyError,
    LedgerError,
    LedgerTooNewError,
    WriterLock,
    can_go_on,
    failing_as,
    reading_engine,
    reason,
    reconnect,
    snapshot,
    transaction,
    writing_engine,
)
from kiosk.model import AnyFact, Clock, Entry, Ref, Stamp
from kiosk.refold import Difference, differences, folded_anew, replace
from kiosk.roster import Roster
from kiosk.tables import REVISION, entries, instant, ledger, microseconds

__all__ = [
    "Difference",
    "Fault",
    "Head",
    "Ledger",
    "LedgerBusyError",
    "LedgerError",
    "LedgerReader",
    "LedgerTooNewError",
    "decode_fact",
    "open_ledger",
    "open_reader",
]

PAGE = 500
"""Entries read at once: reading a long ledger holds neither all of it in memory nor the database for long."""
LAST = 2**63 - 1
UNREADABLE = "the ledger cannot be read"
UNWRITABLE = "the ledger cannot be written"


def open_ledger(path: Path, *, stamp: Callable[[], Stamp]) -> Ledger:
    """Open a database for writing, making or upgrading it where needed; `stamp` is asked once for each append.

    Raises LedgerBusyError when another process holds it, LedgerTooNewError when a newer kiosk wrote it, and LedgerError
    when it cannot be opened or is damaged.
    """
    lock = WriterLock(path)
    try:
        with failing_as(f"{path} cannot be opened"):
            path.touch(mode=0o640)
            return Ledger(writing_engine(path), stamp=stamp, lock=lock, name=str(path))
    except BaseException:
        lock.close()
        raise


def open_reader(path: Path) -> LedgerReader:
    """Open a database for reading only, beside whoever writes it. Raises LedgerError when it cannot be read."""
    if not path.exists():
        raise LedgerError(f"{path} does not exist")
    with failing_as(f"{path} cannot be read"):
        return LedgerReader(reading_engine(path), name=str(path))


class LedgerReader:
    """A ledger that cannot be written."""

    def __init__(self, engine: Engine, *, name: str = "the database") -> None:
        """`name` is what errors call it."""
        self._engine, self._name = engine, name
        try:
            self._connection = engine.connect()
            self._prepare()
            self.ledger_id: str = self._connection.execute(select(ledger.c.ledger_id)).scalar_one()
        except BaseException:
            engine.dispose()
            raise
        self.roster = Roster(self._connection)

    def _prepare(self) -> None:
        revision = _revision(self._connection)
        if revision is None:
            raise LedgerError(f"{self._name} is not a ledger of the kiosk")
        if revision != REVISION:
            raise LedgerError(
                f"{self._name} has schema {revision}, this kiosk reads {REVISION}: upgrade by `kiosk run`"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
        self._engine.dispose()

    @property
    def head(self) -> Head:
        """The last entry of this ledger. Raises LedgerError."""
        with failing_as(UNREADABLE):
            return self._read_head()

    def _read_head(self) -> Head:
        row = self._connection.execute(_HEAD, {"ledger_id": self.ledger_id}).first()
        return Head(seq=row.seq, hash=row.hash) if row else Head()

    def entries(self, *, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
        """Yield this ledger's own entries with a `seq` beyond `after`, in order, read as they are asked for.

        Raises LedgerError, also at an entry that cannot be what was written; `verify` tells of all of them.
        """
        for entry in self._read(after, limit):
            yield _sound(entry)

    def entries_backwards(self) -> Iterator[Entry]:
        """Yield this ledger's own entries, the newest first, read as they are asked for."""
        before = LAST
        while page := self._page(_PAGE_BACKWARDS, before, PAGE):
            yield from map(_sound, page)
            before = page[-1].ref.seq

    def _read(self, after: int = 0, limit: int | None = None) -> Iterator[Entry | Fault]:
        while limit is None or limit > 0:
            size = PAGE if limit is None else min(PAGE, limit)
            page = self._page(_PAGE, after, size)
            yield from page
            if len(page) < size:
                return
            after, limit = page[-1].ref.seq, None if limit is None else limit - size

    def _page(self, query: Select[*tuple[Any, ...]], place: int, size: int) -> list[Entry | Fault]:
        with failing_as(UNREADABLE):
            rows = self._connection.execute(query, {"ledger_id": self.ledger_id, "place": place, "size": size})
            return [_entry(row) for row in rows]

    def verify(self, *, head: Head | None = None) -> tuple[Fault, ...]:
        """Return what is wrong with the chain: entries changed, missing, moved or put in.

        That the end was cut off can only be found by someone who remembers a `head` of this ledger from before.
        """
        return tuple(chain.check(self._read(), ledger_id=self.ledger_id, head=head))

    def rebuild(self) -> tuple[Difference, ...]:
        """Fold all entries anew and return where the live roster is not what they add up to."""
        with failing_as(UNREADABLE), snapshot(self._connection), folded_anew(self.entries()) as folded:
            return tuple(differences(self._connection, folded))


class Ledger(LedgerReader):
    """A ledger and its roster, and the right to write them."""

    def __init__(
        self,
        engine: Engine,
        *,
        stamp: Callable[[], Stamp],
        lock: WriterLock | None = None,
        name: str = "the database",
    ) -> None:
        """`lock` is held until `close`. Without one, others may write: each append looks where it stands."""
        self._stamp, self._lock = stamp, lock
        self._known_head: Head | None = None
        super().__init__(engine, name=name)

    def close(self) -> None:
        """Close the database, writing back what the WAL holds, and let go of the lock."""
        super().close()
        if self._lock:
            self._lock.close()

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts, all or none, and fold them into the roster; when this returns they are on the disk.

        One transaction with one sync to the disk; all get the same stamp. Raises LedgerError when the disk will not
        take them: then nothing was written, and the next append tries again from where the ledger stands.
        """
        if not facts:
            return ()
        with self._writing():
            head = self._known_head or self._read_head()
            sealed = tuple(chain.seal(facts, ledger_id=self.ledger_id, head=head, stamp=self._stamp()))
            self._connection.execute(_INSERT, [_row(entry) for entry in sealed])
            for entry, fact in zip(sealed, facts, strict=True):
                fold.apply(self._connection, entry, fact)
        if self._lock:
            self._known_head = Head(seq=sealed[-1].ref.seq, hash=sealed[-1].hash)
        return sealed

    def erase(self, ref: Ref) -> None:
        """Erase the body and salt of an entry, overwriting them in the database; the chain still verifies.

        The roster keeps what the entry had done to it, so folding anew gives less from then on; `repair` is refused.
        The WAL holds the old bytes until the next checkpoint. Raises LookupError when there is no such entry.
        """
        with self._writing():
            erased = self._connection.execute(_ERASE, {"erased_ledger": ref.ledger_id, "erased_seq": ref.seq})
            if not erased.rowcount:
                raise LookupError(f"there is no entry {ref.seq} of ledger {ref.ledger_id}")

    def repair(self) -> tuple[Difference, ...]:
        """Put what the entries add up to in the place of the live roster; return what was different.

        Raises LedgerError when bodies have been erased: what they had done can no longer be told from the entries.
        """
        with self._writing():
            return self._refold()

    def _refold(self) -> tuple[Difference, ...]:
        erased = self._connection.execute(_ERASED).scalar_one()
        if erased:
            raise LedgerError(f"{erased} entries are erased: the roster can no longer be folded from the ledger")
        with folded_anew(self.entries()) as folded:
            found = tuple(differences(self._connection, folded))
            if found:
                replace(self._connection, folded)
        return found

    def checkpoint(self) -> None:
        """Move what the WAL holds into the database and empty it; for when nobody is waiting. Raises LedgerError."""
        if self._connection.dialect.name == "sqlite":
            with failing_as(UNWRITABLE):
                self._connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with transaction(self._connection):
                yield
        except FAILURES as error:
            self._known_head = None
            if not can_go_on(error):
                reconnect(self._connection)
            raise LedgerError(f"{UNWRITABLE}: {reason(error)}") from error

    def _prepare(self) -> None:
        """Make or upgrade the schema, and let a new ledger be born: all in one transaction, or not at all."""
        revision = _revision(self._connection)
        if revision == REVISION:
            return
        # Alembic takes longer to load than all the rest of a start, and is needed once in a hundred.
        from kiosk import migrations

        if revision is not None and revision not in migrations.revisions():
            raise LedgerTooNewError(
                f"{self._name} has schema {revision}, this kiosk knows up to {REVISION}: a newer version upgraded it; "
                "install that version, or put back a copy from before the upgrade"
            )
        with transaction(self._connection):
            migrations.upgrade(self._connection)
            if self._connection.execute(select(ledger.c.ledger_id)).first() is None:
                self._connection.execute(insert(ledger).values(ledger_id=str(uuid.uuid4())))
            self.ledger_id = self._connection.execute(select(ledger.c.ledger_id)).scalar_one()
            self._refold()


_HEAD = (
    select(entries.c.seq, entries.c.hash)
    .where(entries.c.ledger_id == bindparam("ledger_id"))
    .order_by(entries.c.seq.desc())
    .limit(1)
)
_OWN = select(entries).where(entries.c.ledger_id == bindparam("ledger_id")).limit(bindparam("size"))
_PAGE = _OWN.where(entries.c.seq > bindparam("place")).order_by(entries.c.seq)
_PAGE_BACKWARDS = _OWN.where(entries.c.seq < bindparam("place")).order_by(entries.c.seq.desc())
_INSERT = insert(entries)
_ERASE = (
    update(entries)
    .where(entries.c.ledger_id == bindparam("erased_ledger"), entries.c.seq == bindparam("erased_seq"))
    .values(body=None, salt=None)
)
_ERASED = select(func.count()).select_from(entries).where(entries.c.body.is_(None))


def _sound(entry: Entry | Fault) -> Entry:
    if isinstance(entry, Fault):
        raise LedgerError(str(entry))
    return entry


def _revision(connection: Connection) -> str | None:
    """Return the revision a database stands at, None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _row(entry: Entry) -> dict[str, object]:
    return {
        "ledger_id": entry.ref.ledger_id,
        "seq": entry.ref.seq,
        "at": microseconds(entry.stamp.at),
        "boot_id": entry.stamp.boot_id,
        "monotonic_ns": entry.stamp.monotonic_ns,
        "clock": entry.stamp.clock.value,
        "kind": entry.kind,
        "body": entry.body,
        "salt": entry.salt,
        "body_hash": entry.body_hash,
        "previous": entry.previous,
        "hash": entry.hash,
    }


_TYPES = (str, int, int, str, int, str, str, bytes | None, bytes | None, bytes, bytes, bytes)


def _entry(row: Row[*tuple[Any, ...]]) -> Entry | Fault:
    """Return the entry in a row, or what is wrong with it: SQLite keeps anything in any column."""
    ref = Ref(ledger_id=row.ledger_id, seq=row.seq)
    if not all(map(isinstance, row, _TYPES)):
        return Fault(ref=ref, what="was changed: a column holds a value of another kind")
    try:
        stamp = Stamp(at=instant(row.at), boot_id=row.boot_id, monotonic_ns=row.monotonic_ns, clock=Clock(row.clock))
    except (ValueError, OverflowError) as error:
        return Fault(ref=ref, what=f"was changed: its stamp says nonsense ({error})")
    return Entry(
        ref=ref,
        stamp=stamp,
        kind=row.kind,
        body=row.body,
        salt=row.salt,
        body_hash=row.body_hash,
        previous=row.previous,
        hash=row.hash,
    )
