"""The class Ledger: writes its own entries and those of the feed, and keeps the roster up to date."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Connection, Engine, Table, bindparam, select, text, true, update

from kiosk.bounds import OutOfBoundsError
from kiosk.facts import AnyFact, Condensed, Entry, Erased
from kiosk.ledger import schema
from kiosk.ledger.reader import UNREADABLE, LedgerReader
from kiosk.ledger.schema import NAME
from kiosk.model import Ref, Stamp
from kiosk.store import chain, fold
from kiosk.store.chain import Fault, Head, decode_fact
from kiosk.store.database import WAL_WORTH_EMPTYING, LedgerError, WriterLock, empty_wal, transaction, wal_bytes
from kiosk.store.database.head_file import HeadFile
from kiosk.store.entry_rows import INSERT, to_row
from kiosk.store.feed import arrivals, cursors, snapshot
from kiosk.store.feed.order import in_fold_order
from kiosk.store.fold.refold import Difference, refold
from kiosk.store.fold.safely import apply_safely
from kiosk.store.forgetting import condensing, erasing
from kiosk.store.tables import entries, ledger
from kiosk.sums import summing

ALL = true()
FORGETTING = ("erasure", "condensed")
UNWRITABLE = "the ledger cannot be written"


NEW_SECONDS = 600
"""The kernel writes a file that nobody syncs after half a minute; after this no note can be empty for that reason."""


class Ledger(LedgerReader):
    """A ledger and its roster, open for writing."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        *,
        stamp: Callable[[], Stamp],
        lock: WriterLock | None = None,
        name: str = "the database",
        head_file: HeadFile | None = None,
    ) -> None:
        """`lock` is held until `close`; `head_file` records the last entry each time the ledger has grown."""
        self._stamp, self._lock, self._head_file = stamp, lock, head_file
        self._new_head: Head | None = None
        super().__init__(engine, name=name)

    def close(self) -> None:
        """Close the database, writing back what the WAL holds, and release the lock."""
        super().close()
        if self._lock:
            self._lock.close()

    def release_on_close(self, lock: WriterLock) -> None:
        """Release this lock, too, when the ledger is closed."""
        self._lock = lock

    def read_one_row(self, table: Table) -> None:
        """Read any row of a table by the names of its columns, which can be damaged too.

        Raises LedgerError when that cannot be done.
        """
        columns = ", ".join(f'"{table.name}"."{column.name}"' for column in table.columns)
        with self._database.failing_as(UNREADABLE):
            self._database.connection.execute(text(f'SELECT {columns} FROM "{table.name}" NOT INDEXED LIMIT 1')).first()  # noqa: S608

    def import_rows(self, write: Callable[[Connection], None]) -> None:
        """Call `write` to put rows read elsewhere into an empty ledger; fold what is not in the roster yet.

        Raises LedgerError; then it is as empty as before.
        """
        with self._writing() as connection:
            write(connection)
            self.ledger_id = connection.execute(NAME).scalar_one()
            if self.snapshot_position is None and not self.erased():
                refold(connection, own=self.ledger_id)
            else:
                for position, entry in in_fold_order(connection, own=self.ledger_id):
                    tuple(apply_safely(connection, entry, position=position))

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts, all or none, and fold them into the roster; when this returns they are on the disk.

        One transaction with one sync to the disk; all get the same stamp. Raises LedgerError when the disk refuses:
        then nothing was written, and the next append starts from the unchanged ledger.
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
            with suppress(OutOfBoundsError):  # whoever hears of it passes it over as well
                fold.apply(connection, entry, fact)
        if any(isinstance(fact, Erased | Condensed) for fact in facts):
            erasing.carry_out(connection, entries, ALL, facts)
        self._new_head = Head(seq=sealed[-1].ref.seq, hash=sealed[-1].hash)
        return sealed

    def stamp_now(self) -> Stamp:
        """The stamp that an entry written now would get."""
        return self._stamp()

    def add_from_feed(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        """Store entries of the server's feed with their positions, fold them, and move the cursor.

        All in one transaction, or nothing. A known entry changes nothing; an own entry only gets its position. An entry
        of a kind that this version does not know is stored and not folded. An entry that does not verify, or has the
        name of a different entry stored here, is not stored, and is returned. `cursor` None leaves the cursor as it is,
        so that a long page can be given in parts, with taps in between. If erased entries leave it open what the roster
        should be, the cursor is None afterwards, and a snapshot is needed. Raises LedgerError.
        """
        if not arriving and cursor in (None, self.cursor):
            return ()
        with self._writing() as connection:
            faults, is_told = arrivals.absorb(connection, arriving, own=self.ledger_id, own_head=self._read_head().seq)
            self._forget(connection, [entry for _, entry in arriving], faults)
            if not is_told:
                cursors.write(connection, {cursors.NEEDS_SNAPSHOT: 1})
            if cursor is not None:
                cursors.write(connection, {cursors.FEED_CURSOR: cursor})
        return faults

    def _forget(self, connection: Connection, arrived: Sequence[Entry], faults: Sequence[Fault]) -> None:
        """Erase the bodies that the arrived entries say are to be erased.

        A tombstone that is one of our own entries, lost when an older copy was restored, is written again: what was
        erased must not return.
        """
        erasing.erase_latecomers(connection, entries, ALL, arrived)
        words = [(one.ref, decode_fact(one.body)) for one in arrived if one.kind in FORGETTING and one.body is not None]
        if not words:
            return
        kept_out = {fault.ref for fault in faults}
        erasing.carry_out(connection, entries, ALL, (fact for ref, fact in words if fact and ref not in kept_out))
        told_at = [one.stamp.at for one in arrived if one.kind == "condensed"]
        if told_at:  # by the clock of who condensed: this one may be wrong
            own = (*self.former_ledgers, self.ledger_id)
            erasing.erase_left_over(connection, entries, own=own, young=condensing.young(entries, max(told_at)))
        lost = {fact.member_id for _, fact in words if isinstance(fact, Erased)} - erasing.gone(connection)
        self._write_tombstones_again(connection, lost)

    def _write_tombstones_again(self, connection: Connection, members: Collection[str]) -> None:
        if members:
            self._write(connection, [Erased(member_id=name, by="again") for name in sorted(members)])

    def may_have_lost_entries(self) -> bool:
        """Tell whether the ledger may have lost its end, or is not the one noted: then call `start_new_ledger`.

        A ledger without a note may be an old copy put here. An empty note beside a ledger of some minutes comes from a
        power cut just after it was made: nothing is lost. Beside an older one it tells that the disk lost something.
        """
        seen = self._head_file.read() if self._head_file else None
        if seen is None:
            is_empty = self._head_file is not None and self._head_file.is_empty()
            return self.head.seq > 0 and not (is_empty and self._was_made_lately())
        if seen.ledger_id in self.former_ledgers:
            return False
        if seen.ledger_id != self.ledger_id:
            return True
        there = next(self.entries(after=seen.head.seq - 1, limit=1), None)
        return there is None or there.hash != seen.head.hash

    def _was_made_lately(self) -> bool:
        """Tell whether all entries are of the first minutes of one boot."""
        first, last = next(self.entries(limit=1), None), next(self.entries_backwards(), None)
        if first is None or last is None:
            return True
        lasted = (last.stamp.monotonic_ns - first.stamp.monotonic_ns) / 1e9
        return first.stamp.boot_id == last.stamp.boot_id and lasted < NEW_SECONDS

    def start_new_ledger(self, *, start_over: bool = False) -> None:
        """Continue as a new ledger with a new name, because the end of the old one may be lost.

        Others may have entries of it that are no longer here, and no new entry may ever have the name of one of those.
        What is here of the old ledger stays, its entries are still sent under their names, and what the server had of
        it comes back in the feed. With `start_over` the roster is fetched from the server anew. Raises LedgerError.
        """
        new = str(uuid.uuid4())
        with self._writing() as connection:
            sent = cursors.number(connection, cursors.SENT) or 0
            connection.execute(update(ledger).values(ledger_id=new))
            changed = {cursors.FORMER_SENT + self.ledger_id: sent, cursors.SENT: None}
            cursors.write(connection, {**changed, **({cursors.FEED_CURSOR: None} if start_over else {})})
        self.ledger_id = new
        if self._head_file:
            self._head_file.note(new, Head())

    def mark_acknowledged(self, acked: int, *, former: str | None = None, disowned: bool = False) -> None:
        """Store the last own entry that the server acknowledged; `former` names a former ledger instead of this one.

        A smaller number than before is stored too: then the server was restored from a copy, and the entries are sent
        again. A number beyond this ledger's end counts as its end: the server detects that case itself. `disowned`:
        some acknowledged entries will not be in the feed, so that no other kiosk will know them; the roster is then
        fetched as a snapshot, without them. Raises LedgerError.
        """
        if former is None:
            acked = min(acked, self.head.seq)
            if acked == self.sent and not disowned:
                return
        name = cursors.SENT if former is None else cursors.FORMER_SENT + former
        with self._writing() as connection:
            cursors.write(connection, {name: acked, **({cursors.NEEDS_SNAPSHOT: 1} if disowned else {})})

    def keep_key_mark(self, mark: bytes) -> None:
        """Store the mark of the key with which badges are hidden, replacing another. Raises LedgerError."""
        if self.key_mark != mark:
            with self._writing() as connection:
                cursors.write(connection, {cursors.BADGE_KEY: mark.hex()})

    def stage(self, rows: Mapping[str, Sequence[Mapping[str, object]]], *, position: int) -> int:
        """Store a page of the server's snapshot beside the roster, which does not change; the first page starts anew.

        Returns how many rows are left out, because they are beyond the bounds of kiosk.bounds. Raises SnapshotError for
        a page that does not follow the one before, LedgerError for one that does not fit.
        """
        with self._writing() as connection:
            return snapshot.stage(connection, rows, position=position)

    def adopt(self, *, cursor: str) -> None:
        """Replace the roster by the staged snapshot, once its last page is staged; fold own unsent entries on top.

        `cursor` is where the feed continues after it. People erased here and not in the snapshot, because the server
        was restored from a copy, are erased again, with a new tombstone for all; so are passages condensed here, whose
        sums nobody else may have. One transaction. Raises SnapshotError when nothing is staged.
        """
        with self._writing() as connection:
            before, sums = erasing.gone(connection), condensing.known(connection)
            snapshot.adopt(connection, own=self.ledger_id, cursor=cursor)
            after = erasing.gone(connection)
            erasing.erase_persons(connection, entries, ALL, after - before)
            erasing.erase_stretches(connection, entries, ALL)
            self._write_tombstones_again(connection, before - after)
            lost = sums.keys() - condensing.known(connection).keys()
            again = [fact for key in sorted(lost) if (fact := self._read_condensed(connection, sums[key]))]
            if again:
                self._write(connection, again)

    @staticmethod
    def _read_condensed(connection: Connection, ref: Ref) -> Condensed | None:
        one = (entries.c.ledger_id == ref.ledger_id, entries.c.seq == ref.seq)
        body = connection.execute(select(entries.c.body).where(*one)).scalar()
        fact = None if body is None else decode_fact(body)
        return fact if isinstance(fact, Condensed) else None

    def condense(self, now: datetime) -> tuple[AnyFact, ...]:
        """Erase the next month of own passages that is due, keeping its sums; return these, none when no month is due.

        For a kiosk without a server: a server does it for all its kiosks. Repeat until nothing is left. Raises
        LedgerError.
        """
        with self._writing() as connection:
            books = summing.Books(connection=connection, table=entries, scope=ALL)
            facts = summing.next_month(books, {self.ledger_id: self._read_head().seq}, now)
            if facts:
                self._write(connection, facts)
        return facts

    def erase(self, ref: Ref) -> None:
        """Erase the body and salt of an entry, overwriting them in the database; the chain still verifies.

        The roster keeps the entry's effect, so folding anew gives less from then on, and `repair_roster` is refused.
        The WAL holds the old bytes until the next checkpoint. Raises LookupError when there is no such entry.
        """
        with self._writing() as connection:
            erased = connection.execute(_ERASE, {"erased_ledger": ref.ledger_id, "erased_seq": ref.seq})
            if not erased.rowcount:
                raise LookupError(f"there is no entry {ref.seq} of ledger {ref.ledger_id}")

    def repair_roster(self) -> tuple[Difference, ...]:
        """Replace the roster by what the entries add up to; return the differences.

        Raises LedgerError when bodies were erased without a remainder or a sum, because their effect can no longer be
        computed; or when the roster is based on a snapshot: then a new snapshot repairs it.
        """
        if self.snapshot_position is not None:
            raise LedgerError("the roster is based on a snapshot of the server: fetch a new one")
        with self._writing() as connection:
            return refold(connection, own=self.ledger_id)

    def checkpoint(self) -> None:
        """Move the WAL into the database and empty it; call it while nobody is waiting. Raises LedgerError."""
        with self._database.failing_as(UNWRITABLE):
            empty_wal(self._database.connection)

    def is_wal_large(self) -> bool:
        """Tell whether the WAL should be emptied at the next moment without taps. Raises LedgerError."""
        with self._database.failing_as(UNREADABLE):
            return wal_bytes(self._database.connection) > WAL_WORTH_EMPTYING

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        connection = self._database.connection
        self._new_head = None
        with self._database.failing_as(UNWRITABLE), transaction(connection):
            yield connection
        if self._head_file and self._new_head:
            self._head_file.note(self.ledger_id, self._new_head)

    def _prepare(self) -> None:
        schema.prepare(self._database.connection, name=self._name)
        self._read_again()

    def _read_again(self) -> None:
        schema.read_again(self._database.connection)


_ERASE = (
    update(entries)
    .where(entries.c.ledger_id == bindparam("erased_ledger"), entries.c.seq == bindparam("erased_seq"))
    .values(body=None, salt=None)
)
