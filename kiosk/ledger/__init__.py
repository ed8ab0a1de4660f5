"""The ledger: append-only, chained entries in a database, and the roster that is folded from them as they come.

Entries of other ledgers arrive in pages of the central server's feed and are kept beside its own; the roster is a fold
of all of them.

One process owns the database and writes it on one connection (kiosk.store.database says why), from one thread at a
time. Any other thread or process reads, with `open_reader`. How entries are chained is in kiosk.store.chain; what they
mean for the roster, in kiosk.store.fold; how foreign ones come in, in kiosk.store.arrivals and kiosk.store.snapshot.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, bindparam, func, insert, select, text, true, update

from kiosk.facts import AnyFact, Condensed, Entry, Erased
from kiosk.ledger.reader import NAME, UNREADABLE, LedgerReader, revision_of
from kiosk.model import Ref, Stamp
from kiosk.store import arrivals, chain, condensing, erasing, fold, progress, snapshot
from kiosk.store.chain import Fault, Head, decode_fact
from kiosk.store.database import (
    WAL_WORTH_EMPTYING,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerTooNewError,
    WriterLock,
    empty_wal,
    failing_as,
    reading_engine,
    transaction,
    wal_bytes,
    writing_engine,
)
from kiosk.store.entries import INSERT, to_row
from kiosk.store.head_file import Witness
from kiosk.store.reading import READS
from kiosk.store.refold import Difference, differences, folded_anew, replace
from kiosk.store.snapshot import SnapshotError
from kiosk.store.tables import REVISION, entries, ledger, stretches

__all__ = [
    "Difference",
    "Fault",
    "Head",
    "Ledger",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerReader",
    "LedgerTooNewError",
    "SnapshotError",
    "decode_fact",
    "open_ledger",
    "open_locked",
    "open_reader",
]

ALL = true()
FORGETTING = ("erasure", "condensed")
UNWRITABLE = "the ledger cannot be written"


def open_ledger(path: Path, *, stamp: Callable[[], Stamp]) -> Ledger:
    """Open a database for writing, making or upgrading it where needed; `stamp` is asked once for each append.

    Raises LedgerBusyError when another process holds it, LedgerTooNewError when a newer kiosk wrote it, and LedgerError
    when it cannot be opened or is damaged.
    """
    with failing_as(f"{path} cannot be opened"):
        lock = WriterLock(path)
    try:
        return open_locked(path, stamp=stamp, lock=lock)
    except BaseException:
        lock.close()
        raise


def open_locked(path: Path, *, stamp: Callable[[], Stamp], lock: WriterLock | None = None) -> Ledger:
    """Open a database whose writer's lock is held by the caller; closing the ledger gives back the `lock` given."""
    with failing_as(f"{path} cannot be opened"):
        path.touch(mode=0o640)
        return Ledger(partial(writing_engine, path), stamp=stamp, lock=lock, name=str(path), witness=Witness(path))


def open_reader(path: Path) -> LedgerReader:
    """Open a database for reading only, beside whoever writes it. Raises LedgerError when it cannot be read."""
    if not path.exists():
        raise LedgerError(f"{path} does not exist")
    with failing_as(f"{path} cannot be read"):
        return LedgerReader(partial(reading_engine, path), name=str(path))


class Ledger(LedgerReader):
    """A ledger and its roster, and the right to write them."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        *,
        stamp: Callable[[], Stamp],
        lock: WriterLock | None = None,
        name: str = "the database",
        witness: Witness | None = None,
    ) -> None:
        """`lock` is held until `close`; `witness` is told where the ledger ends, each time that it has grown."""
        self._stamp, self._lock, self._witness = stamp, lock, witness
        self._grown: Head | None = None
        super().__init__(engine, name=name)

    def close(self) -> None:
        """Close the database, writing back what the WAL holds, and let go of the lock."""
        super().close()
        if self._lock:
            self._lock.close()

    def hold(self, lock: WriterLock) -> None:
        """Give back this lock, too, when the ledger is closed."""
        self._lock = lock

    def peek(self, table: Table) -> None:
        """Read a row of a table, whatever it is, by the names of its columns: those can be damaged too.

        Raises LedgerError when that cannot be done.
        """
        columns = ", ".join(f'"{table.name}"."{column.name}"' for column in table.columns)
        with self._database.failing_as(UNREADABLE):
            self._database.connection.execute(text(f'SELECT {columns} FROM "{table.name}" NOT INDEXED LIMIT 1')).first()  # noqa: S608

    def fill(self, pour: Callable[[Connection], None]) -> None:
        """Have an empty ledger filled by `pour`, with what was read elsewhere, and fold all that is not in the roster.

        Raises LedgerError; then it is as empty as before.
        """
        with self._writing() as connection:
            pour(connection)
            self.ledger_id = connection.execute(NAME).scalar_one()
            if self.snapshot_at is None and not self.erased():
                self._refold(connection)
            else:
                for position, entry in self._in_order():
                    tuple(arrivals.apply_safely(connection, entry, position=position))

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts, all or none, and fold them into the roster; when this returns they are on the disk.

        One transaction with one sync to the disk; all get the same stamp. Raises LedgerError when the disk will not
        take them: then nothing was written, and the next append tries again from where the ledger stands.
        """
        if not facts:
            return ()
        with self._writing() as connection:
            return self._write(connection, facts)

    def _write(self, connection: Connection, facts: Sequence[AnyFact]) -> tuple[Entry, ...]:
        head = self._read_head()
        sealed = tuple(chain.seal(facts, ledger_id=self.ledger_id, head=head, stamp=self._stamp()))
        connection.execute(INSERT, [to_row(entry) for entry in sealed])
        for entry, fact in zip(sealed, facts, strict=True):
            fold.apply(connection, entry, fact)
        if any(isinstance(fact, Erased | Condensed) for fact in facts):
            erasing.carry_out(connection, entries, ALL, facts)
        self._grown = Head(seq=sealed[-1].ref.seq, hash=sealed[-1].hash)
        return sealed

    def moment(self) -> Stamp:
        """The stamp that an entry written now would get."""
        return self._stamp()

    def absorb(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        """Keep entries of the server's feed, each with its place in it, fold them, and remember where the feed goes on.

        All in one transaction, or nothing. What is known already changes nothing; an own entry only gets its place. A
        kind that this version does not know is kept and passed over. What does not verify, or claims a name that
        another entry bears here, is kept out and returned. `cursor` None leaves the cursor as it is, so that a long
        page can be given in parts, with a tap in between. Where erased entries leave open what the roster should be,
        the cursor is None afterwards: a snapshot tells. Raises LedgerError.
        """
        if not arriving and cursor in (None, self.cursor):
            return ()
        with self._writing() as connection:
            faults, is_told = arrivals.absorb(connection, arriving, own=self.ledger_id, own_head=self._read_head().seq)
            self._forget(connection, [entry for _, entry in arriving], faults)
            if not is_told:
                progress.write(connection, {progress.ANEW: 1})
            if cursor is not None:
                progress.write(connection, {progress.SEEN: cursor})
        return faults

    def _forget(self, connection: Connection, arrived: Sequence[Entry], faults: Sequence[Fault]) -> None:
        """Erase the bodies that entries which arrived say are to go.

        A tombstone that could not be kept, because this ledger once wrote it and was put back to a copy from before,
        is said again: what was erased must not return.
        """
        erasing.erase_latecomers(connection, entries, ALL, arrived)
        words = [(one.ref, decode_fact(one.body)) for one in arrived if one.kind in FORGETTING and one.body is not None]
        if not words:
            return
        kept_out = {fault.ref for fault in faults}
        erasing.carry_out(connection, entries, ALL, (fact for ref, fact in words if fact and ref not in kept_out))
        told_at = [one.stamp.at for one in arrived if one.kind == "condensed"]
        if told_at:  # by the clock of who condensed: this one may be wrong
            own = (*self.formers, self.ledger_id)
            erasing.erase_left_over(connection, entries, own=own, young=condensing.young(entries, max(told_at)))
        lost = {fact.member_id for _, fact in words if isinstance(fact, Erased)} - erasing.gone(connection)
        self._erase_again(connection, lost)

    def _erase_again(self, connection: Connection, members: Collection[str]) -> None:
        if members:
            self._write(connection, [Erased(member_id=name, by="again") for name in sorted(members)])

    def is_behind_its_witness(self) -> bool:
        """Tell whether the ledger may have lost its end, or is another one than was noted: then `renew` it.

        One without a note was put here from elsewhere: an old copy, for all that is known.
        """
        seen = self._witness.read() if self._witness else None
        if seen is None:
            return self.head.seq > 0
        if seen.ledger_id in self.formers:
            return False
        if seen.ledger_id != self.ledger_id:
            return True
        there = next(self.entries(after=seen.head.seq - 1, limit=1), None)
        return there is None or there.hash != seen.head.hash

    def renew(self, *, start_over: bool = False) -> None:
        """Go on as a new ledger, with a new name and its first entry to come: the end of the old one may be lost.

        Others may have seen entries of it that are not here any more, and no entry may ever bear the name of one of
        those. What is here of the old ledger stays, its entries are still sent under their names, and what the server
        had of it comes back in the feed. With `start_over` the roster is fetched from the server anew. Raises
        LedgerError.
        """
        new = str(uuid.uuid4())
        with self._writing() as connection:
            sent = progress.number(connection, progress.SENT) or 0
            connection.execute(update(ledger).values(ledger_id=new))
            cursors = {progress.FORMER + self.ledger_id: sent, progress.SENT: None}
            progress.write(connection, {**cursors, **({progress.SEEN: None} if start_over else {})})
        self.ledger_id = new
        if self._witness:
            self._witness.note(new, Head())

    def settled_former(self, ledger_id: str, acked: int, *, disowned: bool = False) -> None:
        """Remember which entry of a former ledger the server acknowledged last; `disowned` as in `settled`.

        Raises LedgerError.
        """
        with self._writing() as connection:
            anew = {progress.ANEW: 1} if disowned else {}
            progress.write(connection, {progress.FORMER + ledger_id: acked, **anew})

    def settled(self, acked: int, *, disowned: bool = False) -> None:
        """Remember which own entry the server acknowledged last, less than before too: it was set back, and asks anew.

        A server that has more than this ledger knows another life of it; that is for it to tell, and what comes next
        is to be sent. `disowned`: of what it acknowledges there is something that it will not put into its feed. No
        other kiosk ever hears of that, so the roster is to be as a snapshot tells it, without it.
        """
        acked = min(acked, self.head.seq)
        if acked != self.sent or disowned:
            with self._writing() as connection:
                progress.write(connection, {progress.SENT: acked, **({progress.ANEW: 1} if disowned else {})})

    def stage(self, rows: Mapping[str, Sequence[Mapping[str, object]]], *, position: int) -> None:
        """Put a page of the server's snapshot beside the roster, which stays as it is; the first page begins anew.

        Raises SnapshotError for a page that does not follow the one before, LedgerError for one that does not fit.
        """
        with self._writing() as connection:
            snapshot.stage(connection, rows, position=position)

    def adopt(self, *, cursor: str) -> None:
        """Put the staged snapshot in the place of the roster, once its last page is staged; own unsent entries on top.

        `cursor` is where the feed goes on after it. Whom this kiosk knows to be forgotten and the snapshot does not,
        because the server was put back to a copy, is forgotten again, and all are told; so are the sums of passages
        that are forgotten here, for nobody else may have them. One transaction. Raises SnapshotError when nothing is
        staged.
        """
        with self._writing() as connection:
            before, sums = erasing.gone(connection), condensing.known(connection)
            snapshot.adopt(connection, own=self.ledger_id, cursor=cursor)
            after = erasing.gone(connection)
            erasing.erase_persons(connection, entries, ALL, after - before)
            erasing.erase_stretches(connection, entries, ALL)
            self._erase_again(connection, before - after)
            lost = sums.keys() - condensing.known(connection).keys()
            again = [fact for key in sorted(lost) if (fact := self._sums_in(connection, sums[key]))]
            if again:
                self._write(connection, again)

    @staticmethod
    def _sums_in(connection: Connection, ref: Ref) -> Condensed | None:
        one = (entries.c.ledger_id == ref.ledger_id, entries.c.seq == ref.seq)
        body = connection.execute(select(entries.c.body).where(*one)).scalar()
        fact = None if body is None else decode_fact(body)
        return fact if isinstance(fact, Condensed) else None

    def condense(self, now: datetime) -> Condensed | None:
        """Forget the next stretch of own passages that is old enough, keeping its sums; None when there is none.

        For a kiosk that has no server: a server does it for all. Takes at most a part of a second; ask again until
        there is nothing left. Raises LedgerError.
        """
        with self._writing() as connection:
            upto = self._read_head().seq
            found = condensing.stretch(connection, entries, ALL, self.ledger_id, upto=upto, now=now)
            if found is None:
                return None
            fact = condensing.condense(connection, entries, ALL, self.ledger_id, first=found[0], last=found[1])
            self._write(connection, [fact])
        return fact

    def erase(self, ref: Ref) -> None:
        """Erase the body and salt of an entry, overwriting them in the database; the chain still verifies.

        The roster keeps what the entry had done to it, so folding anew gives less from then on; `repair` is refused.
        The WAL holds the old bytes until the next checkpoint. Raises LookupError when there is no such entry.
        """
        with self._writing() as connection:
            erased = connection.execute(_ERASE, {"erased_ledger": ref.ledger_id, "erased_seq": ref.seq})
            if not erased.rowcount:
                raise LookupError(f"there is no entry {ref.seq} of ledger {ref.ledger_id}")

    def repair(self) -> tuple[Difference, ...]:
        """Put what the entries add up to in the place of the live roster; return what was different.

        Raises LedgerError when bodies were erased for which nothing stands, neither a remainder nor a sum: what they
        had done can no longer be told from the entries; or when the roster stands on a snapshot: then another snapshot
        is what repairs it.
        """
        if self.snapshot_at is not None:
            raise LedgerError("the roster came from the server and is not all told by the entries here: fetch it again")
        with self._writing() as connection:
            return self._refold(connection)

    def _refold(self, connection: Connection) -> tuple[Difference, ...]:
        with folded_anew(self._in_order()) as folded:
            hollow = self._hollow(connection, folded)
            if hollow and self.snapshot_at is None:
                raise LedgerError(f"{hollow} entries are erased: the roster can no longer be folded from the ledger")
            found = tuple(differences(connection, folded))
            if found:
                replace(connection, folded)
        return found

    @staticmethod
    def _hollow(connection: Connection, folded: Connection) -> int:
        """Return how many bodies are erased for which neither a remainder nor a sum stands."""
        is_hollow = entries.c.body.is_(None) & entries.c.remainder.is_(None)
        count = select(func.count()).select_from(entries).where(is_hollow)
        hollow: int = connection.execute(count).scalar_one()
        for row in folded.execute(select(stretches)) if hollow else ():
            of_it = (entries.c.ledger_id == row.of_ledger) & entries.c.seq.between(row.first, row.last)
            is_passage = entries.c.kind.in_(erasing.PASSAGES)
            hollow -= connection.execute(count.where(of_it, is_passage)).scalar_one()
        return hollow

    def checkpoint(self) -> None:
        """Move what the WAL holds into the database and empty it; for when nobody is waiting. Raises LedgerError."""
        with self._database.failing_as(UNWRITABLE):
            empty_wal(self._database.connection)

    def is_wal_large(self) -> bool:
        """Tell whether a moment in which nobody is waiting should be used for a checkpoint. Raises LedgerError."""
        with self._database.failing_as(UNREADABLE):
            return wal_bytes(self._database.connection) > WAL_WORTH_EMPTYING

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        connection = self._database.connection
        self._grown = None
        with self._database.failing_as(UNWRITABLE), transaction(connection):
            yield connection
        if self._witness and self._grown:
            self._witness.note(self.ledger_id, self._grown)

    def _prepare(self) -> None:
        """Make or upgrade the schema, and let a new ledger be born: all in one transaction, or not at all."""
        revision = revision_of(self._database.connection)
        if revision == REVISION:
            self._read_again()
            return
        # Alembic takes longer to load than all the rest of a start, and is needed once in a hundred.
        from kiosk.store import migrations

        if revision is not None and not (revision.isascii() and revision.isdigit()):
            raise LedgerDamagedError(f"{self._name} has a schema of no version")
        if revision is not None and revision not in migrations.revisions():
            raise LedgerTooNewError(
                f"{self._name} has schema {revision}, this kiosk knows up to {REVISION}: a newer version upgraded it; "
                "install that version, or put back a copy from before the upgrade"
            )
        connection = self._database.connection
        with transaction(connection):
            migrations.upgrade(connection)
            if connection.execute(NAME).first() is None:
                connection.execute(insert(ledger).values(ledger_id=str(uuid.uuid4())))
            self.ledger_id = connection.execute(NAME).scalar_one()
            self._refold(connection)
            if self.snapshot_at is not None:
                # What the snapshot told is gone with the old tables: without a cursor, the next page is a snapshot.
                progress.write(connection, {progress.SEEN: None})
            progress.write(connection, {progress.READS: READS})

    def _read_again(self) -> None:
        """Fold anew what a release before this one kept without understanding all of it.

        Where the entries here are not all there is, the next page of the feed is to be a snapshot.
        """
        connection = self._database.connection
        if progress.read(connection, progress.READS) == READS:
            return
        with transaction(connection):
            self.ledger_id = connection.execute(NAME).scalar_one()
            is_whole = self.snapshot_at is None
            try:
                if is_whole:
                    self._refold(connection)
            except LedgerError:  # bodies are erased for which nothing stands
                is_whole = False
            progress.write(connection, {progress.READS: READS, **({} if is_whole else {progress.ANEW: 1})})


_ERASE = (
    update(entries)
    .where(entries.c.ledger_id == bindparam("erased_ledger"), entries.c.seq == bindparam("erased_seq"))
    .values(body=None, salt=None)
)
