"""The feed gives every entry to every kiosk, in one order, and misses none when several write at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, insert, select

from kiosk.facts import Happened
from sync.central.feed import ingest, stream
from sync.central.feed.stream import GoneError
from sync.central.kiosks.paired import Kiosk
from sync.central.server import Central
from sync.central.storage import network
from sync.central.storage.database import Turn
from sync.central.storage.tables import feed
from tests.office.servers.server import NOON, MemoryLedger, fed, new_database, pairs, sends, serving

WRITERS = 8
BATCHES = 25
BATCH = 50


def happenings(count: int) -> list[Happened]:
    return [Happened(what="tick", detail=str(number)) for number in range(count)]


def test_a_cursor_goes_on_where_the_page_before_ended(database: str) -> None:
    sent = MemoryLedger().writes(*happenings(7))
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent)
        with central.storage.reader() as connection:
            first = stream.page(connection, "main", None, size=3)
            second = stream.page(connection, "main", first.cursor, size=4)
        assert [one.position for one in first.entries] == [1, 2, 3]
        assert first.more
        assert [one.position for one in second.entries] == [4, 5, 6, 7]
        assert not second.more
        assert central.feed.page(kiosk, second.cursor).entries == ()
        assert central.feed.page(kiosk, second.cursor).cursor == second.cursor


def test_all_ledgers_are_in_one_feed(database: str) -> None:
    one, other = MemoryLedger("ledger-a"), MemoryLedger("ledger-b")
    with serving(database) as central:
        a, b = pairs(central, "ledger-a").kiosk, pairs(central, "ledger-b").kiosk
        sends(central, a, first := one.writes(*happenings(2)))
        sends(central, b, second := other.writes(*happenings(2)))
        own = central.books.append(Happened(what="hello"), by="anne")
        assert fed(central, a) == fed(central, b) == [*first, *second, *own]


@pytest.mark.parametrize("cursor", ["elsewhere.3", "", ".", "3", "{}.", "{}.-1", "{}.x", "{}.99", "{}.٣", "\0"])
def test_a_cursor_of_another_feed_is_gone(database: str, cursor: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, MemoryLedger().writes(*happenings(3)))
        with pytest.raises(GoneError):
            central.feed.page(kiosk, cursor.format(network.load(central.storage).generation))


def test_the_server_remembers_from_where_a_kiosk_asked(database: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, MemoryLedger().writes(*happenings(3)))
        central.feed.page(kiosk, central.feed.page(kiosk, None).cursor)
        assert central.kiosks.listed()[0].fetched == 3


# ---------------------------------------------------------------- many writers


@dataclass
class Reader:
    """Follows the feed in a thread until told to stop, and remembers what it saw."""

    central: Central
    kiosk: Kiosk
    seen: list[tuple[str, int]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        cursor: str | None = None
        while True:
            is_last_look = self.stop.is_set()
            page = self.central.feed.page(self.kiosk, cursor)
            self.seen += [(one.entry.ledger_id, one.entry.seq) for one in page.entries]
            cursor = page.cursor
            if is_last_look and not page.more:
                return


def writes_all(central: Central, kiosk: Kiosk, ledger: MemoryLedger) -> None:
    for _ in range(BATCHES):
        sends(central, kiosk, ledger.writes(*happenings(BATCH)))


def test_eight_writers_at_once_and_no_entry_is_passed_by(database: str) -> None:
    with serving(database) as central:
        central.start()
        names = [f"ledger-{number}" for number in range(WRITERS)]
        kiosks = [pairs(central, name).kiosk for name in names]
        reader = Reader(central, pairs(central, "reader").kiosk)
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            reading = pool.submit(reader.run)
            writing = [
                pool.submit(writes_all, central, kiosk, MemoryLedger(name))
                for kiosk, name in zip(kiosks, names, strict=True)
            ]
            for one in writing:
                one.result()
            reader.stop.set()
            reading.result()
        assert len(reader.seen) == WRITERS * BATCHES * BATCH
        assert set(reader.seen) == {(name, seq) for name in names for seq in range(1, BATCHES * BATCH + 1)}


def overlapping(central: Central, *, in_turn: bool) -> tuple[list[int], list[int]]:
    """Two writers overlap: one takes its positions first and commits last. Returns what a reader sees, and all.

    `in_turn`: as the server does it; otherwise the positions come from a sequence of PostgreSQL, as a serial column's.
    """
    reserved, go_on = threading.Event(), threading.Event()
    turns = (Turn.FEED,) if in_turn else ()

    def slow() -> None:
        with central.storage.writing(*turns) as connection:
            put(connection, "slow", position(connection))
            reserved.set()
            assert go_on.wait(20)

    def quick() -> None:
        with central.storage.writing(*turns) as connection:
            put(connection, "quick", position(connection))

    def position(connection: Connection) -> int:
        if in_turn:
            return ingest.last_position(connection, "main") + 1
        return int(connection.exec_driver_sql("SELECT nextval('naive')").scalar_one())

    seen: list[int] = []
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow)
        assert reserved.wait(20)
        second = pool.submit(quick)
        if in_turn:
            wait_until_somebody_waits(central)
        else:
            second.result()
        seen += after(central, 0)
        go_on.set()
        first.result()
        second.result()
    seen += after(central, max(seen, default=0))
    return seen, after(central, 0)


def put(connection: Connection, ledger_id: str, position: int) -> None:
    (entry,) = MemoryLedger(ledger_id).writes(*happenings(1))
    row = ingest.rows("main", [entry], after=position - 1, now=NOON)[0]
    connection.execute(insert(feed), dict(zip(ingest.COLUMNS, row, strict=True)))


def after(central: Central, position: int) -> list[int]:
    """The naive cursor: everything with a higher number than the last one seen."""
    with central.storage.reader() as connection:
        query = select(feed.c.position).where(feed.c.position > position).order_by(feed.c.position)
        return list(connection.execute(query).scalars())


def wait_until_somebody_waits(central: Central) -> None:
    """Until PostgreSQL says that a transaction is held up by another's advisory lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    for _ in range(10_000):
        with central.storage.reader() as connection:
            if connection.exec_driver_sql(waiting).scalar_one():
                return
    raise AssertionError("the second writer did not wait for the first")


def test_a_writer_waits_for_the_positions_before_its_own_to_be_committed(tmp_path) -> None:
    with serving(new_database("postgresql", tmp_path)) as central:
        seen, everything = overlapping(central, in_turn=True)
        assert seen == everything == [1, 2]


def test_numbers_from_a_sequence_let_a_reader_pass_an_entry_by(tmp_path) -> None:
    with serving(new_database("postgresql", tmp_path)) as central:
        with central.storage.writing() as connection:
            connection.exec_driver_sql("CREATE SEQUENCE naive")
        seen, everything = overlapping(central, in_turn=False)
        assert everything == [1, 2]
        assert seen == [2]


# ---------------------------------------------------------------- the generation


def test_a_new_generation_begins_when_the_network_is_renewed(database: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, MemoryLedger().writes(*happenings(3)))
        cursor = central.feed.page(kiosk, None).cursor
        with central.storage.writing() as connection:
            network.begin_generation_and_ledger(connection, "main")
        with pytest.raises(GoneError):
            central.feed.page(kiosk, cursor)
        assert len(fed(central, kiosk)) == 3
