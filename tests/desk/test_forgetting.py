"""Erasing a person, and passages that are three months old: on one kiosk, and on several."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.facts import BadgeSet, Condensed, Erased, LastSeen, Left, MemberSet, Owed, PassSold, Reversed, Tapped
from kiosk.ledger import Ledger, LedgerError, open_ledger
from kiosk.model import Badge, Charge, Denied, Member, Reason
from tests.office.ledgers.feed import Feed, Node
from tests.office.ledgers.small_house import MONDAY, StampClock, edit, fresh, house_facts, let_in, sold_to
from tests.rules.house import LEA, SERRE
from tests.store.test_snapshot import adopts

DAY_91 = MONDAY.replace(hour=2) + timedelta(days=90)
NAME = LEA.name.encode()


@pytest.fixture
def nodes(tmp_path):
    with ExitStack() as stack:
        yield tuple(stack.enter_context(Node(tmp_path, name)) for name in "abc")


def bytes_of(folder: Path) -> bytes:
    """Return all bytes in the files of a database: pages, WAL, free pages."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.db*")))


def forgets(ledger: Ledger, moment: StampClock) -> list[Condensed]:
    """Erase everything that is old on the night of the 91st day."""
    moment.now = DAY_91
    found = []
    while sums := ledger.condense(moment.now):
        found += [one for one in sums if isinstance(one, Condensed)]
    ledger.checkpoint()
    return found


def used(ledger: Ledger, moment: StampClock, member: str = "lea") -> list[int]:
    return [holding.used for holding in ledger.roster.holdings(member, moment.now)]


# ---------------------------------------------------------------- a person


def lives(book: Ledger) -> None:
    """Léa came, left, was denied, and shared a pass with Sam."""
    refused = Denied(reason=Reason.CLOSED, because="x")
    book.append(
        MemberSet(member=Member(id="sam", name="Sam")),
        sold_to("lea", "sam", pass_id="both"),
        let_in(MONDAY, "ten", credit_cents=300),
        let_in(MONDAY, "both"),
        let_in(MONDAY, "both", member="sam"),
        Left(member_id="lea", site_id=SERRE.id),
        Tapped(site_id=SERRE.id, verdict=refused, badge_id="b-lea", member_id="lea"),
    )


def test_who_is_erased_is_nowhere_in_the_files_and_the_accounts_stand(book, tmp_path, moment):
    lives(book)
    book.checkpoint()
    assert NAME in bytes_of(tmp_path)
    book.append(Erased(member_id="lea"))
    book.checkpoint()
    assert NAME not in bytes_of(tmp_path)
    assert b"lea martin" not in bytes_of(tmp_path)
    assert book.roster.member("lea") is None
    assert book.roster.visits_of("lea", moment.now) == ()
    assert book.roster.badge("b-lea") == Badge(id="b-lea", member_id=None)
    assert used(book, moment, "sam") == [2]
    told = [fact for _, fact in book.facts_about("lea")]
    assert [fact.price_cents for fact in told if isinstance(fact, PassSold)] == [5000, 5000]
    assert [fact for fact in told if not isinstance(fact, PassSold)] == [Erased(member_id="lea")]


def test_a_ledger_without_a_person_verifies_and_folds_to_the_same_roster(book):
    lives(book)
    book.append(Erased(member_id="lea"))
    assert book.verify(head=book.head) == ()
    assert book.roster_differences() == ()
    assert book.repair_roster() == ()


def test_what_is_told_of_a_person_later_is_not_kept_either(nodes):
    a, b, _ = nodes
    feed = Feed()
    a.writes(*house_facts(), let_in(MONDAY, "ten"))
    feed.takes(a)
    b.writes(Erased(member_id="lea"))
    b.learns(feed.entries)
    b.ledger.checkpoint()
    assert NAME not in b.path.read_bytes()
    feed.takes(b)
    a.learns(feed.entries)
    assert a.roster() == b.roster() == feed.roster()
    for node in (a, b):
        assert node.ledger.roster_differences() == ()
        assert node.ledger.verify() == ()


def test_a_page_that_comes_again_does_not_bring_a_person_back(nodes):
    a, b, _ = nodes
    feed = Feed()
    a.writes(*house_facts(), let_in(MONDAY, "ten"))
    feed.takes(a)
    before = list(feed.entries)
    b.learns(before)
    b.writes(Erased(member_id="lea"))
    b.learns(before)
    b.ledger.checkpoint()
    assert b.ledger.roster.member("lea") is None
    assert NAME not in b.path.read_bytes()


def test_a_server_put_back_to_an_old_copy_does_not_bring_a_person_back(nodes):
    """The server forgot that it had erased somebody; a kiosk that knows says so again, and all hear of it."""
    a, b, c = nodes
    feed, erased = Feed(), Feed()
    a.writes(*house_facts(), let_in(MONDAY, "ten"))
    feed.takes(a)
    c.writes(Erased(member_id="lea"))
    erased.takes(a)
    erased.takes(c)
    b.learns(erased.entries)
    adopts(b, feed)
    b.ledger.checkpoint()
    assert b.ledger.roster.member("lea") is None
    assert NAME not in b.path.read_bytes()
    feed.takes(b)
    a.learns(feed.entries)
    assert a.ledger.roster.member("lea") is None


def test_a_kiosk_put_back_to_an_old_copy_erases_again_whom_it_had_erased(nodes):
    a, _, _ = nodes
    feed = Feed()
    a.writes(*house_facts())
    a.ledger.checkpoint()
    copy = a.path.read_bytes()
    a.writes(Erased(member_id="lea"))
    feed.takes(a)
    a.stops()
    a.path.write_bytes(copy)
    a.starts()
    assert a.ledger.roster.member("lea") is not None
    (fault,) = a.ledger.add_from_feed(feed.entries)
    assert "is beyond entry 6" in str(fault)
    a.ledger.checkpoint()
    assert a.ledger.roster.member("lea") is None
    assert NAME not in a.path.read_bytes()


def test_a_snapshot_erases_what_a_kiosk_still_had(nodes):
    a, b, _ = nodes
    feed = Feed()
    a.writes(*house_facts(), let_in(MONDAY, "ten"))
    feed.takes(a)
    b.learns(feed.entries)
    a.writes(Erased(member_id="lea"))
    feed.takes(a)
    adopts(b, feed)
    b.ledger.checkpoint()
    assert NAME not in b.path.read_bytes()


def test_a_body_that_only_vanished_is_no_erasure(tmp_path, moment):
    """The twin: whoever empties a body by hand is found out, because nothing stands for it."""
    with fresh(tmp_path, moment) as book:
        book.append(*house_facts(), let_in(MONDAY, "ten"))
    edit(tmp_path / "kiosk.db", "UPDATE entries SET body = NULL, salt = NULL WHERE kind = 'tap'")
    with open_ledger(tmp_path / "kiosk.db", stamp=moment) as again:
        assert len(again.roster_differences()) == 2
        with pytest.raises(LedgerError, match="1 entries are erased"):
            again.repair_roster()


def test_badges_of_the_forgotten_can_be_given_to_others(book):
    book.append(Erased(member_id="lea"), BadgeSet(badge=Badge(id="b-lea", member_id="host")))
    carried = book.roster.badge("b-lea")
    assert carried is not None
    assert carried.member_id == "host"


# ---------------------------------------------------------------- the 91st day


def test_on_day_91_no_passage_is_known_and_the_balances_are_as_before(book, moment):
    lives(book)
    (undone,) = book.append(let_in(MONDAY, "ten"))
    book.append(Reversed(ref=undone.ref, reason="by mistake", by="desk"))
    before = used(book, moment), used(book, moment, "sam"), book.roster.credit_cents("lea")
    assert (before[0], before[2]) == ([2, 1], 300)
    (sums,) = forgets(book, moment)
    assert (used(book, moment), used(book, moment, "sam"), book.roster.credit_cents("lea")) == before
    assert book.roster.visits(MONDAY - timedelta(days=1), moment.now) == ()
    assert not [entry for entry in book.entries() if entry.kind in ("tap", "left") and (entry.body or entry.remainder)]
    assert sums.uses == (Charge(pass_id="both", units=2), Charge(pass_id="ten", units=1))
    assert sums.credits == (Owed(member_id="lea", cents=300),)
    assert sums.last_seen == tuple(
        LastSeen(member_id=name, month="2026-07", site_id=SERRE.id) for name in ("lea", "sam")
    )


def test_nothing_in_the_files_tells_who_came_on_a_day_that_is_forgotten(book, tmp_path, moment):
    lives(book)
    book.checkpoint()
    assert b'"present_until"' in bytes_of(tmp_path)
    forgets(book, moment)
    assert b'"present_until"' not in bytes_of(tmp_path)
    assert b'"badge_id"' not in bytes_of(tmp_path)
    assert b'"kind":"left"' not in bytes_of(tmp_path)


def test_after_day_91_the_ledger_verifies_and_folds_to_the_same_roster(book, moment):
    lives(book)
    forgets(book, moment)
    assert book.verify(head=book.head) == ()
    assert book.roster_differences() == ()
    assert book.repair_roster() == ()
    assert book.condense(moment.now) == ()


def test_what_is_younger_than_three_months_stays(book, moment):
    book.append(let_in(MONDAY, "ten"))
    moment.now = MONDAY + timedelta(days=60)
    book.append(let_in(moment.now, "ten"))
    forgets(book, moment)
    assert [visit.at for visit in book.roster.visits(MONDAY, moment.now)] == [MONDAY + timedelta(days=60)]
    assert used(book, moment) == [2]


def test_a_long_past_is_forgotten_a_month_at_a_time_and_each_month_by_itself(book, moment):
    for days in (0, 1, 20, 40):
        moment.now = MONDAY + timedelta(days=days)
        book.append(let_in(moment.now, "ten"))
    moment.now = MONDAY + timedelta(days=200)
    found = []
    while sums := book.condense(moment.now):
        found += [one for one in sums if isinstance(one, Condensed)]
    assert [one.month for one in found] == ["2026-07", "2026-08"]
    assert [sum(charge.units for charge in one.uses) for one in found] == [2, 2]
    assert found[1].first == found[0].last + 1
    assert used(book, moment) == [4]
    assert book.roster_differences() == ()


def test_a_month_is_kept_until_its_first_day_is_89_days_old(book, moment):
    """July is due on the night of 28 September, with the taps of its last day."""
    for moment.now in (MONDAY, datetime(2026, 7, 31, 14, 0, tzinfo=UTC)):
        book.append(let_in(moment.now, "ten"))
    moment.now = datetime(2026, 9, 27, 2, 0, tzinfo=UTC)
    assert book.condense(moment.now) == ()
    moment.now += timedelta(days=1)
    assert [one.month for one in book.condense(moment.now)] == ["2026-07", "2026-07"]
    assert book.roster.visits(MONDAY, moment.now) == ()


def test_a_clock_that_once_stood_in_the_past_or_future_makes_nothing_old_and_holds_nothing_up(book, moment):
    book.append(let_in(MONDAY, "ten"))
    for days in (4000, 85, -4000):
        moment.now = MONDAY + timedelta(days=days)
        book.append(let_in(moment.now, "ten"))
    (sums,) = forgets(book, moment)
    assert (sums.first, sums.last) == (1, 8)
    assert used(book, moment) == [4]


@pytest.mark.parametrize("days", [4000, -4000])
def test_a_ledger_that_begins_with_a_wrong_clock_is_forgotten_all_the_same(book, moment, days):
    moment.now = MONDAY + timedelta(days=days)
    book.append(let_in(moment.now, "ten"))
    moment.now = MONDAY
    book.append(let_in(moment.now, "ten"))
    found = forgets(book, moment)
    assert found[-1].last == 8
    assert used(book, moment) == [2]
    assert book.roster.visits(MONDAY - timedelta(days=5000), MONDAY + timedelta(days=5000)) == ()


def test_nodes_that_forget_agree_whatever_they_hear_first(nodes):
    a, b, c = nodes
    feed = Feed()
    a.writes(*house_facts(), let_in(MONDAY, "ten"), let_in(MONDAY, "ten"))
    b.moment.moves(minutes=5)
    b.writes(let_in(b.moment.now, "ten"), Left(member_id="lea", site_id=SERRE.id))
    a.moment.now = DAY_91
    a.ledger.condense(DAY_91)
    for node in (a, b):
        feed.takes(node)
    for node, order in ((a, feed.entries), (b, feed.entries[::-1]), (c, feed.entries[-1:] + feed.entries[:-1])):
        for placed in order:
            node.learns([placed])
    assert a.roster() == b.roster() == c.roster() == feed.roster()
    assert c.ledger.roster.holdings("lea", DAY_91)[0].used == 3


def test_a_passage_told_again_after_it_was_forgotten_is_neither_kept_nor_charged_twice(nodes):
    a, b, _ = nodes
    feed = Feed()
    a.writes(*house_facts(), let_in(MONDAY, "ten"))
    feed.takes(a)
    old = list(feed.entries)
    b.learns(old)
    a.moment.now = DAY_91
    a.ledger.condense(DAY_91)
    feed.takes(a)
    b.learns(feed.entries)
    b.learns(old)
    assert b.ledger.roster.holdings("lea", DAY_91)[0].used == 1
    assert b.ledger.roster.visits(MONDAY, DAY_91) == ()
    assert not [body for body in bodies(b) if b'"verdict"' in body]


def bodies(node: Node) -> list[bytes]:
    with sqlite3.connect(node.path) as connection:
        found = [row[0] for row in connection.execute("SELECT body FROM entries WHERE body IS NOT NULL")]
    connection.close()
    return found


def test_an_erased_person_is_forgotten_like_the_others_when_the_time_comes(book, moment):
    lives(book)
    book.append(Erased(member_id="lea"))
    (sums,) = forgets(book, moment)
    assert sums.last_seen == (LastSeen(member_id="sam", month="2026-07", site_id=SERRE.id),)
    assert sums.credits == (Owed(member_id="", cents=300),)
    assert used(book, moment, "sam") == [2]
    assert book.roster_differences() == ()
