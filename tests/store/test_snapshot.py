"""A snapshot of the server's roster: sent in pages, staged beside the roster, and adopted in one step."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import msgspec
import pytest
from sqlalchemy import create_engine

from kiosk.facts import BadgeSet, Happened, Left, MemberSet, Reversed
from kiosk.ledger import LedgerError, SnapshotError
from kiosk.model import Badge, Member, Reason
from kiosk.store.database import one_state, transaction
from kiosk.store.feed import snapshot
from kiosk.store.fold.refold import folded_anew
from kiosk.store.fold.safely import apply_safely
from kiosk.store.tables import ROSTER
from tests.office.ledgers.feed import Feed, Node, rows
from tests.office.ledgers.small_house import MONDAY, house_facts, let_in, sold_to
from tests.office.servers import postgres
from tests.rules.house import LEA, SERRE


@pytest.fixture
def nodes(tmp_path):
    with ExitStack() as stack:
        yield tuple(stack.enter_context(Node(tmp_path, name)) for name in "abc")


@pytest.fixture
def feed(nodes):
    """What `a` told the server: something in every table of the roster."""
    a, feed = nodes[0], Feed()
    a.writes(*house_facts(), BadgeSet(badge=Badge(id="b-host", member_id="host")))
    first, _ = a.writes(let_in(MONDAY, "ten", credit_cents=300), let_in(MONDAY, member="host", credit_cents=200))
    a.writes(Reversed(ref=first.ref, reason="by mistake", by="desk"), sold_to("lea", pass_id="new"))
    a.moment.moves(hours=1)
    a.writes(let_in(a.moment.now, "new"), Left(member_id="lea", site_id=SERRE.id))
    a.writes(*(MemberSet(member=Member(id=f"m{number}", name=f"Nr. {number}")) for number in range(12)))
    feed.takes(a)
    return feed


def travelled(page):
    """A page as it comes out of JSON."""
    return msgspec.json.decode(msgspec.json.encode(page), type=snapshot.Rows)


def snapshot_of(feed, size=5):
    """The pages of the roster at the feed's end."""
    with folded_anew(feed.entries) as server, one_state(server):
        return [travelled(page) for page in snapshot.pages(server, heads=feed.heads, size=size)]


def adopts(node, feed, pages=None):
    for page in snapshot_of(feed) if pages is None else pages:
        node.ledger.stage(page, position=feed.end)
    node.ledger.adopt(cursor=f"after {feed.end}")


def test_pages_hold_every_row_once_and_no_more_than_asked_for(feed):
    pages = snapshot_of(feed, size=5)
    assert [sum(map(len, page.values())) for page in pages[1:-1]] == [5] * (len(pages) - 2)
    assert sum(map(len, pages[-1].values())) <= 5
    with folded_anew(feed.entries) as server:
        wanted = {table: len(found) for table, found in rows(server).items() if found}
    counted: dict[str, int] = {}
    for page in pages[1:]:
        for table, found in page.items():
            counted[table] = counted.get(table, 0) + len(found)
    assert counted == wanted
    assert pages[0] == {"heads": ({"ledger_id": "a", "seq": feed.heads["a"]},)}


def test_a_new_kiosk_that_adopts_a_snapshot_knows_what_the_entries_add_up_to(nodes, feed):
    _, b, _ = nodes
    adopts(b, feed)
    assert b.roster() == feed.roster()
    assert (b.ledger.snapshot_position, b.ledger.cursor) == (feed.end, f"after {feed.end}")
    assert list(b.ledger.entries()) == []
    assert b.ledger.roster_differences() == ()


def test_the_roster_stays_as_it_is_while_pages_are_staged(nodes, feed):
    _, b, _ = nodes
    b.writes(MemberSet(member=LEA))
    before = b.roster()
    for page in snapshot_of(feed):
        b.ledger.stage(page, position=feed.end)
        assert b.roster() == before
    assert b.ledger.cursor is None


def test_own_entries_that_the_server_does_not_have_stay_on_top(nodes, feed):
    _, b, c = nodes
    b.writes(Happened(what="started"))
    feed.takes(b)
    renamed = Member(id="lea", name="Léa of b")
    b.writes(MemberSet(member=renamed), let_in(MONDAY, "new"))
    adopts(b, feed)
    assert b.ledger.roster.member("lea") == renamed
    assert {h.pass_.id: h.used for h in b.ledger.roster.holdings("lea", MONDAY)} == {"ten": 0, "new": 2}
    assert b.ledger.roster_differences() == ()
    at = feed.end
    feed.takes(b)
    b.learns([placed for placed in feed.entries if placed[0] > at])
    c.learns(feed.entries)
    assert b.roster() == c.roster() == feed.roster()
    assert b.ledger.roster_differences() == ()


def test_an_own_entry_that_the_snapshot_knows_gives_way_to_a_later_word(nodes, feed):
    """Its echo stood before the snapshot and never comes."""
    a, b, _ = nodes
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")))
    feed.takes(b)
    adopts(b, feed)
    a.writes(MemberSet(member=Member(id="lea", name="Léa of a")))
    feed.takes(a)
    b.learns(feed.entries[-1:])
    assert b.ledger.roster.member("lea").name == "Léa of a"
    assert b.roster() == feed.roster()


def test_the_feed_goes_on_after_a_snapshot_and_old_pages_change_nothing(nodes, feed):
    a, b, _ = nodes
    b.learns(feed.entries[:3])
    adopts(b, feed)
    b.learns(feed.entries[:9])
    b.learns(feed.entries)
    assert b.roster() == feed.roster()
    a.moment.moves(hours=1)
    a.writes(let_in(a.moment.now, "new", reason=Reason.RE_ENTRY), MemberSet(member=Member(id="lea", name="Léa Roux")))
    feed.takes(a)
    b.learns(feed.entries)
    assert b.roster() == feed.roster()
    assert b.ledger.roster_differences() == ()


def test_a_server_that_was_set_back_counts_places_anew(nodes, feed):
    """What it lost comes again at other places, from whoever wrote it."""
    a, b, c = nodes
    b.learns(feed.entries)
    a.learns(feed.entries)
    restored = Feed()
    restored.entries, restored.heads = feed.entries[:10], {"a": 10}
    c.writes(MemberSet(member=Member(id="m1", name="Nr. 1 of c")), Happened(what="started"))
    restored.takes(c)
    for node in nodes:
        adopts(node, restored)
    restored.takes(a)
    for node in nodes:
        node.learns(restored.entries)
        assert node.roster() == restored.roster()
        assert node.ledger.roster_differences() == ()
    assert b.ledger.roster.member("m1").name == "Nr. 1"


def test_a_snapshot_that_was_begun_is_begun_anew_from_its_first_page(nodes, feed):
    _, b, _ = nodes
    pages = snapshot_of(feed)
    for page in pages[:4]:
        b.ledger.stage(page, position=feed.end)
    adopts(b, feed)
    assert b.roster() == feed.roster()


def test_pages_of_two_snapshots_are_not_mixed(nodes, feed):
    _, b, _ = nodes
    pages = snapshot_of(feed)
    b.ledger.stage(pages[0], position=1)
    with pytest.raises(SnapshotError, match=f"the snapshot at {feed.end} cannot follow one at 1: start again"):
        b.ledger.stage(pages[1], position=feed.end)


def test_nothing_is_adopted_when_nothing_is_staged(nodes, feed):
    _, b, _ = nodes
    with pytest.raises(SnapshotError, match="no snapshot is staged"):
        b.ledger.adopt(cursor="x")
    adopts(b, feed)
    with pytest.raises(SnapshotError, match="no snapshot is staged"):
        b.ledger.adopt(cursor="x")
    assert b.roster() == feed.roster()


def test_tables_and_columns_of_a_newer_server_are_left_out(nodes, feed):
    _, b, _ = nodes
    pages = [
        *snapshot_of(feed),
        {"lockers": ({"number": 12},)},
        {
            "members": (
                {"id": "new", "folded_name": "n", "role": "member", "doc": '{"id":"new","name":"N"}', "colour": 1}
                | {"ledger_id": "a", "seq": 1, "position": 1},
            )
        },
    ]
    adopts(b, feed, pages)
    assert b.ledger.roster.member("new") == Member(id="new", name="N")


def test_a_page_that_does_not_fit_is_refused_and_leaves_what_was_staged(nodes, feed):
    _, b, _ = nodes
    for page in snapshot_of(feed):
        b.ledger.stage(page, position=feed.end)
    with pytest.raises(LedgerError, match="the ledger cannot be written"):
        b.ledger.stage({"members": ({"id": "nobody"},)}, position=feed.end)
    b.ledger.adopt(cursor="x")
    assert b.roster() == feed.roster()


# ---------------------------------------------------------------- proof


def test_what_the_entries_here_tell_is_proven_after_a_snapshot_too(nodes, feed):
    _, b, _ = nodes
    adopts(b, feed)
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")), let_in(MONDAY, "new"))
    assert b.ledger.roster_differences() == ()
    connection = b.ledger._database.connection
    connection.exec_driver_sql("UPDATE members SET role = 'staff' WHERE id = 'lea'")
    connection.exec_driver_sql("DELETE FROM uses WHERE ledger_id = 'b'")
    assert [one.table for one in b.ledger.roster_differences()] == ["members", "uses"]


def test_a_roster_from_a_snapshot_is_not_repaired_from_entries_that_do_not_tell_it(nodes, feed):
    _, b, _ = nodes
    adopts(b, feed)
    with pytest.raises(LedgerError, match="the roster is based on a snapshot of the server"):
        b.ledger.repair_roster()
    assert b.roster() == feed.roster()


# ---------------------------------------------------------------- kill in between

ADOPTING = """
import sys
from pathlib import Path
import msgspec
from kiosk.ledger import open_ledger
from tests.office.ledgers.small_house import StampClock
pages = msgspec.json.decode(sys.stdin.buffer.read())
with open_ledger(Path(sys.argv[1]), stamp=StampClock()) as ledger:
    for page in pages:
        ledger.stage(page, position=99)
        print("staged", flush=True)
    {trick}
    ledger.adopt(cursor="after 99")
    print("adopted", flush=True)
    sys.stdout.flush(); input()
"""
STOP_HALFWAY = """
    count = 0
    def stop(*_):
        global count
        count += 1
        if count == {after}: import os, signal; os.kill(os.getpid(), signal.SIGKILL)
    from sqlalchemy import event
    event.listen(ledger._database.connection, "before_cursor_execute", stop)
"""


WITHOUT_A_TRANSACTION = """
    from kiosk.store.feed import snapshot
    ledger.adopt = lambda cursor: snapshot.adopt(ledger._database.connection, own=ledger.ledger_id, cursor=cursor)
"""


def killed_while_adopting(path, pages, after, *, change=""):
    """Let another process adopt a snapshot and kill itself before so many statements."""
    trick = STOP_HALFWAY.replace("{after}", str(after)) + change
    script = ADOPTING.replace("    {trick}\n", trick)
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], input=msgspec.json.encode(pages), capture_output=True, check=False
    )
    return done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("after", [1, 3, 12, 25, 40])
def test_a_kill_while_adopting_leaves_the_old_roster(nodes, feed, after):
    _, b, _ = nodes
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")), let_in(MONDAY, "ten"))
    before = b.roster()
    b.stops()
    was_killed = killed_while_adopting(b.path, snapshot_of(feed, size=1000), after)
    b.starts()
    assert was_killed
    assert b.roster() == before
    assert (b.ledger.cursor, b.ledger.snapshot_position) == (None, None)
    assert b.ledger.roster_differences() == ()
    adopts(b, feed)
    assert b.ledger.cursor == f"after {feed.end}"


def test_a_kiosk_that_adopts_without_a_transaction_is_left_with_half(nodes, feed):
    _, b, _ = nodes
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")))
    before = b.roster()
    b.stops()
    was_killed = killed_while_adopting(b.path, snapshot_of(feed, size=1000), 25, change=WITHOUT_A_TRANSACTION)
    b.starts()
    assert was_killed
    assert b.roster() not in (before, feed.roster())


# ---------------------------------------------------------------- the server's databases


@contextmanager
def server_on_postgresql(entries):
    """The roster of a server on PostgreSQL, folded in the feed's order."""
    url = postgres.cluster().new_database().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        ROSTER.create_all(connection)
        with transaction(connection):
            for position, entry in entries:
                assert tuple(apply_safely(connection, entry, position=position)) == ()
        yield connection
    engine.dispose()


def test_postgresql_folds_the_same_roster_and_gives_the_same_snapshot(nodes, feed):
    _, b, c = nodes
    b.writes(MemberSet(member=Member(id="lea", name="Léa of b")), let_in(MONDAY, "new", reason=Reason.RE_ENTRY))
    feed.takes(b)
    backwards = feed.entries[::-1]
    with server_on_postgresql(backwards) as server:
        assert rows(server) == feed.roster()
        with one_state(server):
            pages = [travelled(page) for page in snapshot.pages(server, heads=feed.heads, size=3)]
    adopts(c, feed, pages)
    assert c.roster() == feed.roster()
