"""Some runs of the simulated network, and proof that it finds broken networks.

The long run is `make simulate SEEDS=1000 DATABASE=sqlite`, or postgres.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest
from msgspec.structs import replace

from kiosk.facts import AnyFact, Entry, MemberSet, NounSet, ProductSet, Tapped
from kiosk.ledger import Fault, Ledger
from kiosk.model import Granted, Member
from kiosk.store.chain import decode_fact
from kiosk.store.fold.nouns import doc
from kiosk.store.tables import members, products, uses
from sync import backoff, wire
from sync.client import HttpAnswer
from sync.wire import FeedPage
from tests.bench.fleet import load, peak_over_mean
from tests.office.servers.postgres import cluster
from tests.simulator import invariants, life
from tests.simulator.line import Line, Sent, plain
from tests.simulator.simulate import Report, after_all, simulate
from tests.simulator.world import World

SHORT = 40
FEW = (3, 4)


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_goes_wrong_nothing_is_lost_and_all_agree_in_the_end(seed):
    report = simulate(seed, steps=SHORT, kiosks=FEW)
    assert report.violations == []
    assert report.entries > 0
    assert report.faults.total() > 0


def test_the_same_holds_on_postgresql():
    assert simulate(4, steps=SHORT, kiosks=FEW, postgres=cluster().url("postgres")).violations == []


def test_a_life_can_be_lived_again():
    one, again = (simulate(5, steps=SHORT, kiosks=FEW) for _ in range(2))
    assert (one.faults, one.taps, one.requests, one.entries) == (
        again.faults,
        again.taps,
        again.requests,
        again.entries,
    )


# ---------------------------------------------------------------- broken on purpose


class NaiveCursor(Line):
    """A server that gives out positions before it commits: a reader passes by what is not committed yet."""

    passed_by = 0

    def deliver(self, request: Sent) -> HttpAnswer:
        answer = super().deliver(request)
        if not request[1].startswith(wire.FEED) or answer.status != 200:
            return answer
        page = msgspec.json.decode(plain(answer.body), type=FeedPage)
        self.passed_by += 1
        seen = page.entries[1:] if self.passed_by % 3 == 0 else page.entries
        return HttpAnswer(status=200, body=msgspec.json.encode(msgspec.structs.replace(page, entries=seen)))


class WithoutKeys(Ledger):
    """At least once, and nobody knows that it was known: what comes again is counted again."""

    again = 0

    def add_from_feed(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        known = {
            (row[0], row[1]) for row in self._database.connection.exec_driver_sql("SELECT ledger_id, seq FROM entries")
        }
        faults = super().add_from_feed(arriving, cursor=cursor)
        for _, entry in arriving:
            if (entry.ref.ledger_id, entry.ref.seq) in known:
                self._count(entry)
        return faults

    def _count(self, entry: Entry) -> None:
        fact = decode_fact(entry.body) if entry.body else None
        if isinstance(fact, Tapped) and isinstance(fact.verdict, Granted):
            for charge in fact.verdict.charges:
                WithoutKeys.again -= 1  # for all of them: a database outlives who opened it
                row = {"pass_id": charge.pass_id, "ledger_id": "again", "seq": self.again, "units": charge.units}
                self._database.connection.execute(uses.insert(), {**row, "at": entry.stamp.at})


class LastToArriveWins(Ledger):
    """A fold in the order of arrival: an own word gives way to an older one that was heard of later."""

    def add_from_feed(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        faults = super().add_from_feed(arriving, cursor=cursor)
        for _, entry in arriving:
            fact = decode_fact(entry.body) if entry.body and entry.ref.ledger_id != self.ledger_id else None
            if isinstance(fact, MemberSet):
                row = {"doc": doc(fact.member), "ledger_id": entry.ref.ledger_id, "seq": entry.ref.seq}
                self._database.connection.execute(members.update().where(members.c.id == fact.member.id).values(row))
            elif isinstance(fact, ProductSet):
                row = {"doc": doc(fact.product), "ledger_id": entry.ref.ledger_id, "seq": entry.ref.seq}
                self._database.connection.execute(products.update().where(products.c.id == fact.product.id).values(row))
        return faults


def broken(found: Report) -> set[str]:
    return {what.partition(":")[0] for what in found.violations}


def test_a_naive_cursor_is_found_out():
    assert "I4" in broken(simulate(1, steps=SHORT, kiosks=FEW, line_type=NaiveCursor))


def test_delivery_without_keys_is_found_out():
    assert "I3" in broken(simulate(1, steps=SHORT, kiosks=FEW, ledger_type=WithoutKeys))


def test_a_fold_in_the_order_of_arrival_is_found_out(tmp_path):
    assert "I4" in {what.partition(":")[0] for what in two_words(tmp_path, LastToArriveWins)}
    assert two_words(tmp_path / "sound", Ledger) == []


def two_words(folder: Path, ledger_type: type[Ledger]) -> list[str]:
    """A host says something at the server, and then a host at a kiosk that has not heard of it; what is wrong then."""
    world = World(folder, seed=1, kiosks=(1, 1), ledger_type=ledger_type)
    kiosk = world.kiosks[0]
    kiosk.exchange()
    world.server.central.books.append(MemberSet(member=Member(id="lea", name="older")), by="host")
    kiosk.ledger.append(MemberSet(member=Member(id="lea", name="newer")))
    world.come_to_rest()
    found = invariants.violations(invariants.After(world.server, world.kiosks, acked=world.acked))
    world.close()
    return found


class WritesWholeNouns(Ledger):
    """The release that named no fields: each entry carries the whole noun."""

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        return super().append(
            *(replace(one, changed=None, saw=()) if isinstance(one, NounSet) else one for one in facts)
        )


def test_entries_that_undo_what_others_changed_are_found_out(tmp_path):
    assert "I14" in {what.partition(":")[0] for what in changed_apart(tmp_path, WritesWholeNouns)}
    assert changed_apart(tmp_path / "sound", Ledger) == []


def changed_apart(folder: Path, ledger_type: type[Ledger]) -> list[str]:
    """New names at the server; at a kiosk that has not heard of it a note, an exception and an end of sale."""
    world = World(folder, seed=1, kiosks=(1, 1), ledger_type=ledger_type)
    kiosk = world.kiosks[0]
    kiosk.exchange()
    roster = kiosk.ledger.roster
    written = [
        life._means(world, roster, roster.members_of(["lea"])["lea"], note="calls first"),
        life._means(world, roster, roster.sites()[0], exceptions=("2035 Jan 01 off",)),
        life._means(world, roster, roster.products()[0], on_sale=False),
    ]
    told = [
        life._means(world, roster, roster.members_of(["lea"])["lea"], name="Lea"),
        life._means(world, roster, roster.sites()[0], name="The greenhouse"),
        life._means(world, roster, roster.products()[0], name="Ten entries"),
    ]
    world.server.central.books.append(*told, by="host")
    kiosk.ledger.append(*written)
    world.come_to_rest()
    found = invariants.violations(after_all(world))
    world.close()
    return found


# ---------------------------------------------------------------- all kiosks at once after an outage


def test_five_hundred_kiosks_come_back_after_an_outage_without_a_rush():
    requests = load(backoff.after_failure, kiosks=500, outage_seconds=1800, random=Random(1))
    assert peak_over_mean(requests) <= 3


def test_a_fixed_pause_between_tries_makes_a_rush():
    requests = load(lambda failures, jitter: 30.0, kiosks=500, outage_seconds=1800, random=Random(1))
    assert peak_over_mean(requests) > 3
