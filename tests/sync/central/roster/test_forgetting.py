"""Erasing on the server: persons and old passages leave everything it stores and sends, on both databases."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import select, update

from kiosk.facts import Condensed, Erased, MemberSet, Reversed
from kiosk.model import Member
from sync import wire
from sync.central.accounts import audit
from sync.central.roster import retention
from sync.central.server import Central
from sync.central.storage.tables import alarms, feed, networks, quarantine, snapshots
from tests.office.ledgers.small_house import MONDAY, house_facts, let_in
from tests.office.network.linked import LiveServer
from tests.office.servers.server import MemoryLedger, ServerClock, fed, pairs, sends, serving, spoilt
from tests.sync.central.roster.test_roster import Doors, rows

DAY_91 = MONDAY.replace(hour=2) + timedelta(days=90)


def told(central: Central) -> bytes:
    """All bodies of the feed, and what lies beside it."""
    found = []
    with central.storage.reader() as connection:
        for table, column in ((feed, feed.c.body), (feed, feed.c.remainder), (quarantine, quarantine.c.raw)):
            found += [bytes(row[0]) for row in connection.execute(select(column).select_from(table)) if row[0]]
        found += [row.facts.encode() for row in connection.execute(select(alarms))]
        found += [bytes(row.rows) for row in connection.execute(select(snapshots))]
    return b"".join(found)


def folded_again(central: Central) -> None:
    """As after an upgrade that changed the shape of the roster."""
    with central.storage.writing() as connection:
        connection.execute(update(networks).values(roster_revision="older"))


def used(central: Central, member: str = "lea") -> list[int]:
    return [holding.used for holding in central.books.roster.holdings(member, DAY_91)]


def test_what_is_kept_about_somebody_has_the_conflicts_of_their_visits_in_it(database: str) -> None:
    with serving(database) as central:
        doors = Doors(central)
        doors.hears("north", let_in(MONDAY, "ten"))
        doors.hears("south", let_in(MONDAY + timedelta(hours=1), "ten"), at=MONDAY + timedelta(hours=1))
        assert "charged_twice" in str(central.books.facts_about("lea"))


def test_who_is_erased_goes_from_the_feed_and_the_rest_folds_to_the_same(database: str) -> None:
    with serving(database) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts(), let_in(MONDAY, "ten")))
        assert b"Martin" in told(central)
        central.books.append(Erased(member_id="lea"), by="anne")
        assert b"Martin" not in told(central)
        assert central.books.roster.member("lea") is None
        before = rows(central)
        folded_again(central)
    with serving(database) as central:
        central.books.fold()
        assert rows(central) == before


def test_what_a_kiosk_sends_late_of_an_erased_person_is_not_kept(database: str) -> None:
    with serving(database) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts()))
        central.books.append(Erased(member_id="lea"), by="anne")
        sends(central, kiosk, ledger.writes(MemberSet(member=Member(id="lea", name="Léa Martin")), let_in(MONDAY)))
        assert b"Martin" not in told(central)
        assert b"b-lea" not in told(central).replace(b'"id":"b-lea"', b"")
        assert central.books.roster.member("lea") is None


def test_neither_quarantine_nor_snapshots_nor_alarms_keep_an_erased_person(database: str) -> None:
    with serving(database) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts(), *(let_in(MONDAY, "ten") for _ in range(11))))
        (odd,) = ledger.writes(MemberSet(member=Member(id="lea", name="Léa Martin")))
        words = msgspec.structs.replace(wire.to_wire(odd), clock="sundial")
        central.intake.push(kiosk, spoilt(kiosk.ledger_id, msgspec.json.encode(words)))
        central.snapshots.page(None)
        assert central.quarantine.count() == 1
        assert central.alarms.listed()
        central.books.append(Erased(member_id="lea"), by="anne")
        assert central.quarantine.count() == 0
        assert told(central).find(b"Martin") == -1
        assert not [alarm for alarm in central.alarms.listed() if "lea" in str(alarm.facts)]
        with central.storage.reader() as connection:
            assert connection.execute(select(snapshots)).first() is None


def test_who_is_forgotten_takes_no_alarm_along_that_is_about_others(database: str) -> None:
    with serving(database) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts(), *(let_in(MONDAY, "ten") for _ in range(11))))
        before = central.alarms.listed()
        assert before
        for name in ("", "%", "_", "le", "ten", "1", '"'):
            central.books.append(Erased(member_id=name), by="anne")
        assert central.alarms.listed() == before


def test_on_day_91_no_passage_is_known_on_the_server_and_the_balances_are_as_before(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sent = ledger.writes(*house_facts(), let_in(MONDAY, "ten"), let_in(MONDAY - timedelta(days=1), "ten"))
        sends(central, kiosk, [*sent, *ledger.writes(Reversed(ref=sent[-1].ref, reason="mistake", by="desk"))])
        hands.now = DAY_91
        assert retention.forget_old(central.books).stretches == 1
        assert retention.forget_old(central.books).stretches == 0
        assert used(central) == [1]
        assert b'"verdict"' not in told(central)
        assert central.books.roster.visits(MONDAY, DAY_91) == ()
        before = rows(central)
        folded_again(central)
    with serving(database, hands) as central:
        central.books.fold()
        assert rows(central) == before


def test_a_kiosk_that_forgot_before_it_joined_keeps_its_balances_on_the_server(tmp_path) -> None:
    """Its old passages come without bodies; the sums that come after them are what the server believes."""
    with LiveServer(tmp_path / "hub") as hub:
        kiosk = hub.pairs(tmp_path / "a")
        counter = kiosk.counter
        counter.joins("lea")
        counter.ledger.append(let_in(counter.clock.now(), "lea-2", member="lea"))
        (holding,) = counter.ledger.roster.holdings("lea", counter.clock.now())
        counter.ledger.append(let_in(counter.clock.now(), holding.pass_.id, member="lea"))
        counter.later(days=90)
        assert counter.ledger.condense(counter.clock.now()) is not None
        kiosk.settle()
        (there,) = hub.central.books.roster.holdings("lea", counter.clock.now())
        (here,) = counter.ledger.roster.holdings("lea", counter.clock.now())
        assert (there.used, here.used) == (1, 1)
        kiosk.close()


def test_a_kiosk_erases_what_the_server_has_condensed(tmp_path) -> None:
    with LiveServer(tmp_path / "hub") as hub:
        kiosk = hub.pairs(tmp_path / "a")
        counter = kiosk.counter
        uid = counter.joins("lea")
        counter.tap(uid)
        kiosk.settle()
        assert (
            retention.forget_old(hub.central.books).stretches == 1
        )  # in the world of the server it is long after that Monday
        kiosk.settle()
        taps = [entry for entry in counter.ledger.entries() if entry.kind == "tap"]
        assert [tap.body for tap in taps] == [None]
        assert [holding.used for holding in counter.ledger.roster.holdings("lea", counter.clock.now())] == [1]
        assert counter.ledger.verify() == ()
        assert counter.ledger.roster_differences() == ()
        kiosk.close()


def test_customers_not_heard_of_for_three_years_are_forgotten_and_hosts_are_not(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts(), let_in(MONDAY, "ten")))
        hands.moves(days=1000)
        assert retention.forget_old(central.books).members == 0
        sends(central, kiosk, ledger.writes(let_in(hands.now, "ten"), at=hands.now))
        hands.moves(days=1000)
        assert retention.forget_old(central.books).members == 0
        hands.moves(days=200)
        assert retention.forget_old(central.books).members == 1
        assert (central.books.roster.member("lea"), central.books.roster.member("host") is None) == (None, False)
        assert b"Martin" not in told(central)


def test_the_feed_gives_kiosks_what_others_need_of_an_erased_passage(database: str) -> None:
    with serving(database) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts(), let_in(MONDAY, "ten")))
        central.books.append(Erased(member_id="lea"), by="anne")
        tap = next(entry for entry in fed(central, kiosk) if entry.kind == "tap")
        assert (tap.body, tap.salt) == (None, None)
        assert tap.remainder is not None
        assert b'"ten"' in tap.remainder
        assert b"lea" not in tap.remainder


def test_a_server_that_forgets_writes_one_sum_for_a_ledger(database: str) -> None:
    hands = ServerClock(now=DAY_91)
    with serving(database, hands) as central:
        kiosk, ledger = pairs(central).kiosk, MemoryLedger()
        sends(central, kiosk, ledger.writes(*house_facts(), let_in(MONDAY, "ten")))
        retention.forget_old(central.books)
        found = [line.fact for line in audit.lines(central.storage) if isinstance(line.fact, Condensed)]
        assert [(one.ledger_id, one.first, one.last) for one in found] == [("ledger-a", 1, 7)]
