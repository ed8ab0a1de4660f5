"""Reading a ledger: its entries, its position in the server's feed, and checks of chain and roster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Engine, Row, Select, bindparam, func, select, true

from kiosk.facts import AnyFact, Entry
from kiosk.ledger.schema import NAME, revision_of
from kiosk.model import Ref
from kiosk.roster import Roster
from kiosk.store import chain
from kiosk.store.chain import Fault, Head
from kiosk.store.database import Database, LedgerError, check, one_state
from kiosk.store.entry_rows import FOREIGN, HEAD, PAGE, PAGE_BACKWARDS, from_row
from kiosk.store.feed import cursors
from kiosk.store.feed.order import PAGE_SIZE, in_fold_order, sound
from kiosk.store.fold.refold import Difference, differences, folded_anew, provable
from kiosk.store.forgetting import erasing
from kiosk.store.tables import REVISION, ROSTER, entries, instant
from kiosk.sums.summing import Books

LAST = 2**63 - 1
UNREADABLE = "the ledger cannot be read"
STRANGERS = (
    select(entries.c.ledger_id, func.min(entries.c.seq), func.count())
    .where(entries.c.ledger_id != bindparam("own_ledger"), entries.c.position.is_(None))
    .group_by(entries.c.ledger_id)
)
UNHEARD = (
    select(entries.c.seq).where(entries.c.ledger_id == bindparam("of_ledger"), entries.c.position.is_(None)).limit(1)
)
BEYOND = (
    select(func.count())
    .select_from(entries)
    .where(entries.c.ledger_id == bindparam("of_ledger"), entries.c.seq > bindparam("sent"))
)
ERASED = select(func.count()).select_from(entries).where(entries.c.body.is_(None))


class LedgerReader:
    """A ledger that is open for reading."""

    def __init__(self, engine: Callable[[], Engine], *, name: str = "the database") -> None:
        """`engine` opens the database, `name` is its name in error messages."""
        self._name = name
        self._database = Database(engine)
        try:
            self._prepare()
            self.ledger_id: str = self._read_name()
        except BaseException:
            self._database.close()
            raise
        self.roster = Roster(self._database)

    def _prepare(self) -> None:
        revision = revision_of(self._database.connection)
        if revision is None:
            raise LedgerError(f"{self._name} is not a ledger of the kiosk")
        if revision != REVISION:
            raise LedgerError(
                f"{self._name} has schema {revision}, this kiosk reads {REVISION}: upgrade by `kiosk run`"
            )

    def _read_name(self) -> str:
        names = self._database.connection.execute(NAME).scalars().all()
        if len(names) != 1:
            found = "has lost its name" if not names else f"has {len(names)} names instead of one"
            raise LedgerError(f"{self._name} {found}: its table `ledger` was changed; restore an earlier copy")
        return str(names[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @contextmanager
    def books(self) -> Iterator[Books]:
        """Read all entries and the roster, as kiosk.sums and kiosk.report do. Raises LedgerError."""
        with self._database.failing_as(UNREADABLE):
            yield Books(connection=self._database.connection, table=entries, scope=true())

    @property
    def head(self) -> Head:
        """The last entry of this ledger. Raises LedgerError."""
        with self._database.failing_as(UNREADABLE):
            return self._read_head()

    def _read_head(self) -> Head:
        row = self._database.connection.execute(HEAD, {"ledger_id": self.ledger_id}).first()
        return Head(seq=row.seq, hash=row.hash) if row else Head()

    @property
    def sent(self) -> int:
        """Return the last own entry that the server acknowledged; 0 before any. Raises LedgerError."""
        return self._number(cursors.SENT) or 0

    @property
    def waiting(self) -> int:
        """Return how many own entries the server has not acknowledged, those of former ledgers included."""
        return self.head.seq - self.sent + sum(self._beyond(name, sent) for name, sent in self.former_ledgers.items())

    def _beyond(self, former: str, sent: int) -> int:
        with self._database.failing_as(UNREADABLE):
            return self._database.connection.execute(BEYOND, {"of_ledger": former, "sent": sent}).scalar_one()

    @property
    def cursor(self) -> str | None:
        """Return where the server's feed continues; None at first, or when a snapshot is to be fetched."""
        with self._database.failing_as(UNREADABLE):
            connection = self._database.connection
            if cursors.read(connection, cursors.NEEDS_SNAPSHOT) is not None:
                return None
            return cursors.read(connection, cursors.FEED_CURSOR)

    @property
    def key_mark(self) -> bytes | None:
        """Return the mark of the key with which badges are hidden; None until a badge was found with a key."""
        with self._database.failing_as(UNREADABLE):
            kept = cursors.read(self._database.connection, cursors.BADGE_KEY)
        return None if kept is None else bytes.fromhex(kept)

    @property
    def snapshot_position(self) -> int | None:
        """Return the feed position of the snapshot that the roster is based on; None: it is folded from the entries."""
        return self._number(cursors.SNAPSHOT)

    def _number(self, name: str) -> int | None:
        with self._database.failing_as(UNREADABLE):
            return cursors.number(self._database.connection, name)

    @property
    def former_ledgers(self) -> dict[str, int]:
        """Return the former ledgers of this database, and how far the server acknowledged each."""
        with self._database.failing_as(UNREADABLE):
            return cursors.formers(self._database.connection)

    def has_entries_not_in_feed(self, ledger_id: str) -> bool:
        """Tell whether an entry of a ledger here has not come back by the server's feed yet."""
        with self._database.failing_as(UNREADABLE):
            return self._database.connection.execute(UNHEARD, {"of_ledger": ledger_id}).first() is not None

    def entries(self, *, after: int = 0, limit: int | None = None, of: str | None = None) -> Iterator[Entry]:
        """Yield this ledger's own entries with a `seq` beyond `after`, in order, read as they are asked for.

        `of` names another ledger of which entries are stored here. Raises LedgerError, also at an entry that cannot be
        what was written; `verify` lists all of those.
        """
        for entry in self._read(after, limit, of=of):
            yield sound(entry)

    def entries_backwards(self) -> Iterator[Entry]:
        """Yield this ledger's own entries, the newest first, read as they are asked for."""
        before = LAST
        while page := self._page(PAGE_BACKWARDS, before, PAGE_SIZE, of=None):
            yield from map(sound, page)
            before = page[-1].ref.seq

    def _read(self, after: int = 0, limit: int | None = None, *, of: str | None = None) -> Iterator[Entry | Fault]:
        while limit is None or limit > 0:
            size = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit)
            page = self._page(PAGE, after, size, of=of)
            yield from page
            if len(page) < size:
                return
            after, limit = page[-1].ref.seq, None if limit is None else limit - size

    def _page(self, query: Select[*tuple[Any, ...]], place: int, size: int, *, of: str | None) -> list[Entry | Fault]:
        return list(map(from_row, self._select(query, ledger_id=of or self.ledger_id, place=place, size=size)))

    def _select(self, query: Select[*tuple[Any, ...]], **values: object) -> Sequence[Row[*tuple[Any, ...]]]:
        with self._database.failing_as(UNREADABLE):
            return self._database.connection.execute(query, values).all()

    def verify(self, *, head: Head | None = None) -> tuple[Fault, ...]:
        """Return the faults of the chain: entries changed, missing, moved or inserted.

        Missing newest entries are only found by comparison with a `head` noted earlier. A ledger that is empty or
        renamed is found because its roster does not fit. Entries of other ledgers are checked one by one: their chains
        are checked by the server, which has all of them.
        """
        own = chain.check(self._read(), ledger_id=self.ledger_id, head=head)
        return (*own, *chain.check_each(self._read_foreign()), *self._strangers(), *self._emptied())

    def _strangers(self) -> Iterator[Fault]:
        """Yield a fault for entries neither of this ledger nor from the feed: the ledger was renamed."""
        with self._database.failing_as(UNREADABLE):
            rows = self._database.connection.execute(STRANGERS, {"own_ledger": self.ledger_id}).all()
        formers = self.former_ledgers
        for name, first, count in rows:
            if name in formers:
                continue
            what = f"and {count - 1} more are of another ledger than this one, {self.ledger_id}"
            yield Fault(ref=Ref(ledger_id=name, seq=first), what=what)

    def _emptied(self) -> Iterator[Fault]:
        if self.snapshot_position is not None:
            return
        with self._database.failing_as(UNREADABLE):
            connection = self._database.connection
            filled = any(connection.execute(select(table).limit(1)).first() for table in ROSTER.sorted_tables)
            if filled and connection.execute(select(entries.c.seq).limit(1)).first() is None:
                what = "is missing, as are all after it, and yet the roster is not empty"
                yield Fault(ref=Ref(ledger_id=self.ledger_id, seq=1), what=what)

    def erased(self) -> int:
        """Return how many entries have no body: erased on purpose, or by somebody who had the file."""
        with self._database.failing_as(UNREADABLE):
            return self._database.connection.execute(ERASED).scalar_one()

    def facts_about(self, member_id: str) -> Iterator[tuple[datetime, AnyFact]]:
        """Yield the facts about a member, sales included, in order, each with its instant."""
        with self._database.failing_as(UNREADABLE):
            found = erasing.facts_naming(self._database.connection, entries, true(), [member_id])
            yield from ((instant(row.at), fact) for row, fact in found)

    @property
    def never_synced(self) -> bool:
        """Tell whether this ledger never exchanged anything with a server."""
        return self.cursor is None and self.sent == 0

    def _read_foreign(self) -> Iterator[Entry | Fault]:
        ledger_id, seq = "", 0
        while page := self._select(FOREIGN, own=self.ledger_id, ledger_id=ledger_id, seq=seq, size=PAGE_SIZE):
            yield from map(from_row, page)
            ledger_id, seq = page[-1].ledger_id, page[-1].seq

    def damage(self) -> tuple[str, ...]:
        """Return what SQLite's own check finds wrong with the database; it reads all of it.

        Damage can be so severe that it raises LedgerError.
        """
        with self._database.failing_as(UNREADABLE):
            return check(self._database.connection)

    def roster_differences(self) -> tuple[Difference, ...]:
        """Fold all entries anew and return where the roster is not what they add up to.

        A roster based on a snapshot (`snapshot_position`) is only compared where the entries here alone decide a row.
        """
        with (
            self._database.failing_as(UNREADABLE),
            one_state(self._database.connection),
            folded_anew(in_fold_order(self._database.connection, own=self.ledger_id)) as folded,
        ):
            found = differences(self._database.connection, folded)
            if self.snapshot_position is not None:
                found = provable(found)
            return tuple(found)
