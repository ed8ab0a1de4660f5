"""Entries that arrive in the feed: stored byte for byte, once, all of a page or nothing; faulty ones are not stored."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack
from hashlib import sha256

import msgspec
import pytest

from kiosk.facts import Entry, Happened, MemberSet
from kiosk.ledger import LedgerError, open_ledger, open_reader
from kiosk.model import Debt, Member, Ref
from kiosk.store import chain
from kiosk.store.chain import Head
from tests.office.ledgers.feed import Feed, Node
from tests.office.ledgers.small_house import StampClock, house_facts, let_in, sold_to


@pytest.fixture
def nodes(tmp_path):
    with ExitStack() as stack:
        yield tuple(stack.enter_context(Node(tmp_path, name)) for name in "ab")


@pytest.fixture
def feed():
    return Feed()


def foreign(node, count=3):
    """A feed of a house and some taps of `node`."""
    feed = Feed()
    node.writes(*house_facts(), *(let_in(node.moment.moves(hours=4), "ten") for _ in range(count)))
    feed.takes(node)
    return feed


def kept(node):
    """All that is in the tables of entries and cursors, and the roster."""
    with sqlite3.connect(node.path) as connection:
        entries = connection.execute("SELECT * FROM entries ORDER BY ledger_id, seq").fetchall()
        cursors = connection.execute("SELECT * FROM cursors ORDER BY name").fetchall()
    connection.close()
    return entries, cursors, node.roster()


def test_foreign_entries_are_kept_byte_for_byte_with_their_places(nodes):
    a, b = nodes
    feed = foreign(a)
    assert b.ledger.add_from_feed(feed.entries, cursor="g1:25") == ()
    with sqlite3.connect(b.path) as connection, sqlite3.connect(a.path) as source:
        wanted = source.execute("SELECT * FROM entries ORDER BY seq").fetchall()
        found = connection.execute("SELECT * FROM entries ORDER BY seq").fetchall()
    connection.close()
    source.close()
    assert [row[:-2] for row in found] == [row[:-2] for row in wanted]
    assert [row[-2] for row in found] == [position for position, _ in feed.entries]
    assert b.ledger.cursor == "g1:25"
    assert b.roster() == a.roster()


def test_foreign_entries_do_not_stand_among_the_own(nodes):
    a, b = nodes
    feed = foreign(a)
    (own,) = b.writes(Happened(what="started"))
    b.learns(feed.entries)
    assert tuple(b.ledger.entries()) == (own,)
    assert b.ledger.head == Head(seq=1, hash=own.hash)
    assert b.writes(Happened(what="door"))[0].ref == Ref(ledger_id="b", seq=2)
    assert b.ledger.verify() == ()


def test_an_own_entry_only_gets_its_place(nodes):
    a, _ = nodes
    feed = foreign(a)
    before = a.roster()
    a.learns(feed.entries)
    assert a.roster() == before
    assert [row[-2] for row in kept(a)[0]] == [position for position, _ in feed.entries]
    assert a.ledger.roster_differences() == ()


def test_a_page_that_comes_again_changes_nothing(nodes):
    a, b = nodes
    feed = foreign(a)
    b.ledger.add_from_feed(feed.entries, cursor="one")
    before = kept(b)
    b.ledger.add_from_feed(feed.entries, cursor="one")
    b.ledger.add_from_feed([*feed.entries[::-1], *feed.entries], cursor="one")
    assert kept(b) == before


def test_a_page_with_an_entry_twice_keeps_it_once(nodes):
    a, b = nodes
    feed = foreign(a)
    b.learns([*feed.entries, *feed.entries])
    assert b.roster() == a.roster()


def test_a_page_can_be_given_in_parts_and_the_cursor_with_the_last(nodes):
    a, b = nodes
    feed = foreign(a)
    b.learns(feed.entries[:4])
    before = b.ledger.cursor
    b.ledger.add_from_feed(feed.entries[4:], cursor="end")
    assert before is None
    assert b.ledger.cursor == "end"
    assert b.roster() == a.roster()


def test_an_empty_page_moves_the_cursor_and_an_empty_one_at_the_same_cursor_writes_nothing(nodes):
    a, _ = nodes
    a.ledger.add_from_feed([], cursor="one")
    assert a.ledger.cursor == "one"
    a.ledger.checkpoint()
    a.ledger.add_from_feed([], cursor="one")
    a.ledger.mark_acknowledged(0)
    assert a.path.with_name("a.db-wal").stat().st_size == 0


def test_cursors_are_there_after_a_restart_and_for_readers(nodes):
    a, _ = nodes
    a.writes(*house_facts())
    with open_reader(a.path) as reader:
        assert (reader.sent, reader.waiting, reader.cursor, reader.snapshot_position) == (0, 6, None, None)
        a.ledger.mark_acknowledged(4)
        a.ledger.add_from_feed([], cursor="one")
        assert (reader.sent, reader.waiting, reader.cursor) == (4, 2, "one")
    a.stops()
    a.starts()
    assert (a.ledger.sent, a.ledger.waiting, a.ledger.cursor) == (4, 2, "one")


def test_a_server_that_was_set_back_is_believed(nodes):
    a, _ = nodes
    a.writes(*house_facts())
    a.ledger.mark_acknowledged(6)
    a.ledger.mark_acknowledged(2)
    assert (a.ledger.sent, a.ledger.waiting) == (2, 4)


def test_a_server_that_has_more_than_this_ledger_does_not_keep_the_next_entries_from_being_sent(nodes):
    a, _ = nodes
    a.writes(*house_facts())
    a.ledger.mark_acknowledged(100)
    a.writes(Happened(what="door"))
    assert (a.ledger.sent, a.ledger.waiting) == (6, 1)


# ---------------------------------------------------------------- what is not sound


def test_a_kind_of_a_newer_version_is_kept_and_passed_over(nodes):
    _, b = nodes
    stranger = sealed(b'{"kind":"locker","number":12}', "locker")
    nonsense = sealed(b"\xff not JSON", "locker", seq=2)
    b.learns([(1, stranger), (2, nonsense)])
    assert [row[6] for row in kept(b)[0]] == ["locker", "locker"]
    assert b.ledger.verify() == ()
    assert b.ledger.roster_differences() == ()


def sealed(body, kind, *, ledger_id="x", seq=1, salt=bytes(16)):
    """An entry as another machine may write it, with hashes that are right."""
    ref, stamp = Ref(ledger_id=ledger_id, seq=seq), StampClock()()
    body_hash = sha256(salt + body).digest()
    digest = chain.entry_hash(ref=ref, stamp=stamp, kind=kind, body_hash=body_hash, previous=chain.FIRST)
    return Entry(
        ref=ref, stamp=stamp, kind=kind, body=body, salt=salt, body_hash=body_hash, previous=chain.FIRST, hash=digest
    )


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"body": b'{"kind":"incident","what":"forged"}'}, "its body was changed"),
        ({"kind": "tap"}, "was changed: its hash does not fit what it says"),
        ({"hash": bytes(32)}, "was changed: its hash does not fit what it says"),
        ({"salt": None}, "is half erased: of body and salt one is left"),
    ],
)
def test_an_entry_that_does_not_verify_is_kept_out_and_told_and_delays_nothing(nodes, change, what):
    a, b = nodes
    feed = foreign(a)
    position, third = feed.entries[2]
    page = [*feed.entries[:2], (position, msgspec.structs.replace(third, **change)), *feed.entries[3:]]
    (fault,) = b.ledger.add_from_feed(page, cursor="on")
    assert (fault.ref, fault.what) == (third.ref, what)
    assert b.ledger.cursor == "on"
    assert len(kept(b)[0]) == len(feed.entries) - 1
    assert b.ledger.add_from_feed(feed.entries) == ()
    assert b.roster() == a.roster()


def test_an_erased_entry_is_kept_as_it_is_and_tells_the_roster_nothing(nodes):
    a, b = nodes
    feed = foreign(a)
    position, tap = feed.entries[-1]
    erased = msgspec.structs.replace(tap, body=None, salt=None)
    b.learns([*feed.entries[:-1], (position, erased)])
    assert b.ledger.verify() == ()
    assert b.ledger.roster.holdings("lea", a.moment.now)[0].used == 2


def test_another_entry_under_a_known_name_is_kept_out_and_told(nodes):
    a, b = nodes
    feed = foreign(a)
    b.learns(feed.entries)
    before = kept(b)
    fork = sealed(b'{"kind":"incident","what":"cloned"}', "incident", ledger_id="a", seq=2)
    (fault,) = b.ledger.add_from_feed([(1000, fork)])
    assert str(fault) == "entry 2 of ledger a: is another one here: two ledgers of one name"
    assert kept(b) == before


def test_an_entry_of_this_ledger_that_it_does_not_have_is_kept_out_and_told(nodes):
    """As after an old copy of the database was put back: the server knows of a life that this one forgot."""
    a, _ = nodes
    a.writes(Happened(what="started"))
    (fault,) = a.ledger.add_from_feed(
        [(1, sealed(b'{"kind":"incident","what":"lost"}', "incident", ledger_id="a", seq=2))]
    )
    assert fault.what == "is beyond entry 1, the last of this ledger, or missing"
    assert a.writes(Happened(what="door"))[0].ref.seq == 2
    assert a.ledger.verify() == ()


TOO_MUCH = sold_to("lea", pass_id="huge", settles=(Debt(pass_id="ten", units=2**63),))
"""More units than any database counts."""
WITH_A_NUL = MemberSet(member=Member(id="nul", name="a\0b"))


def test_an_entry_that_cannot_be_applied_is_kept_and_told_and_delays_nothing(nodes, feed):
    a, b = nodes
    poison = chain.encode_fact(TOO_MUCH)
    a.writes(*house_facts())
    feed.takes(a)
    page = [(1, sealed(poison, "sale")), *((position + 1, entry) for position, entry in feed.entries)]
    (fault,) = b.ledger.add_from_feed(page, cursor="on")
    assert str(fault) == "entry 1 of ledger x: cannot be applied: OutOfBoundsError"
    assert len(kept(b)[0]) == len(page)
    assert b.roster() == a.roster()
    assert b.ledger.roster_differences() == ()


def test_a_text_that_not_every_database_can_keep_does_nothing_anywhere(nodes):
    a, b = nodes
    a.writes(WITH_A_NUL)
    (fault,) = b.ledger.add_from_feed([(1, sealed(chain.encode_fact(WITH_A_NUL), "member"))])
    assert str(fault) == "entry 1 of ledger x: cannot be applied: OutOfBoundsError"
    assert a.ledger.roster.members() == b.ledger.roster.members() == ()


def test_a_foreign_entry_that_was_changed_here_is_found_and_gaps_of_other_ledgers_are_not_ours_to_judge(nodes):
    a, b = nodes
    b.learns(foreign(a).entries[3:])
    assert b.ledger.verify() == ()
    with sqlite3.connect(b.path) as connection:
        connection.execute("UPDATE entries SET kind = 'incident' WHERE ledger_id = 'a' AND seq = 5")
    connection.close()
    assert [str(fault) for fault in b.ledger.verify()] == [
        "entry 5 of ledger a: was changed: its hash does not fit what it says"
    ]


# ---------------------------------------------------------------- all of a page or nothing


def test_a_page_that_the_disk_does_not_take_leaves_nothing_and_can_come_again(nodes):
    a, b = nodes
    a.writes(*(Happened(what="much", detail="x" * 2_000) for _ in range(1_000)))
    feed = foreign(a)
    before = kept(b)
    connection = b.ledger._database.connection
    size = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={size + 3}")
    with pytest.raises(LedgerError, match="the ledger cannot be written"):
        b.ledger.add_from_feed(feed.entries, cursor="on")
    assert kept(b) == before
    b.ledger._database.connection.exec_driver_sql(f"PRAGMA max_page_count={2**32 - 2}")
    assert b.ledger.add_from_feed(feed.entries, cursor="on") == ()
    assert b.roster() == a.roster()


ABSORBING = """
import sys
from pathlib import Path
from kiosk.ledger import open_ledger, open_reader
from tests.office.ledgers.small_house import StampClock
with open_reader(Path(sys.argv[1])) as source, open_ledger(Path(sys.argv[2]), stamp=StampClock()) as ledger:
    entries = [(entry.ref.seq, entry) for entry in source.entries()]
    for start in range(0, len(entries), 5):
        ledger.add_from_feed(entries[start : start + 5], cursor=str(start + 5))
        print(start + 5, flush=True)
"""


def test_a_kill_in_between_leaves_whole_pages_and_the_cursor_that_goes_with_them(nodes):
    a, b = nodes
    foreign(a, count=300)
    b.stops()
    for pages in (1, 4, 9):
        command = [sys.executable, "-c", ABSORBING, str(a.path), str(b.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as life:
            assert life.stdout is not None
            said = [life.stdout.readline() for _ in range(pages)]
            os.kill(life.pid, signal.SIGKILL)
            acknowledged = int([*said, *life.stdout][-1])
        with open_ledger(b.path, stamp=b.moment) as ledger:
            cursor = int(ledger.cursor or 0)
            assert cursor in (acknowledged, acknowledged + 5)
            assert ledger._database.connection.exec_driver_sql("SELECT count(*) FROM entries").scalar() == cursor
            assert ledger.roster_differences() == ()
    b.starts()


def test_a_long_page_in_any_order_is_what_the_entries_add_up_to(nodes):
    a, b = nodes
    feed = foreign(a, count=494)
    assert len(feed.entries) == 500
    page = list(feed.entries)
    random.Random(7).shuffle(page)
    b.learns(page)
    assert b.roster() == a.roster()
