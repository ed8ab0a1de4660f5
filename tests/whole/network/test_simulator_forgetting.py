"""Erasing among several kiosks and their server: erased data is gone on all of them, and no balance changes.

Each case is shown with a correct kiosk, and with one that leaves out the mechanism in question: then the network must
be found broken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select

from kiosk.facts import Condensed, Entry, Erased, MemberSet
from kiosk.ledger import Fault, Ledger
from kiosk.model import Member, Tap
from kiosk.store.chain import decode_fact
from kiosk.store.forgetting import erasing
from kiosk.store.tables import entries, stretches, uses
from sync.central.roster import retention
from tests.office.servers.postgres import cluster
from tests.simulator import forgetting as forgetting
from tests.simulator import invariants, trouble
from tests.simulator.kiosk import Kiosk
from tests.simulator.life import uid
from tests.simulator.simulate import after_all
from tests.simulator.world import World

Life = Callable[[World], None]


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def lived(folder: Path, live: Life, *, ledger: type[Ledger] = Ledger, postgres: str | None = None) -> set[str]:
    """Live with two kiosks, come to rest, let a quarter pass, and return the names of what does not hold."""
    world = World(folder, seed=1, kiosks=(2, 2), ledger_type=ledger, postgres=postgres)
    try:
        for kiosk in world.kiosks:
            kiosk.exchange()
        live(world)
        world.come_to_rest()
        found = [*world.violations, *invariants.violations(after_all(world))]
        later = [f"D4: {what}" for what in forgetting.a_quarter_later(world)]
        found += [*later, *invariants.violations(after_all(world))]
        return {what.partition(":")[0] for what in found}
    finally:
        world.close()


def taps(world: World, kiosk: Kiosk, name: str) -> None:
    tap = Tap(uid=uid(name), monotonic=kiosk.clock.monotonic(), technology="NTAG213")
    kiosk.does(lambda: kiosk.controller.handle(tap))
    world.seconds += 4000


def people_come(world: World) -> None:
    for name in ("lea", "sam", "lea"):
        for kiosk in world.kiosks:
            taps(world, kiosk, name)
            kiosk.exchange()


# ---------------------------------------------------------------- passages


class NeverErases(Ledger):
    """A kiosk that counts what it hears was condensed, and keeps it all the same."""

    def _forget(self, connection: Connection, arrived: Sequence[Entry], faults: Sequence[Fault]) -> None:
        return


class LosesSums(Ledger):
    """A kiosk that forgets the passages of a stretch and does not count what stands for them."""

    def add_from_feed(self, arriving: Sequence[tuple[int, Entry]], *, cursor: str | None = None) -> tuple[Fault, ...]:
        faults = super().add_from_feed(arriving, cursor=cursor)
        for _, entry in arriving:
            if entry.kind == "condensed":
                is_sum = (uses.c.ledger_id == entry.ref.ledger_id) & (uses.c.seq == entry.ref.seq)
                self._database.connection.execute(delete(uses).where(is_sum))
        return faults


def test_after_a_quarter_nobody_knows_who_came_and_the_balances_are_as_before(tmp_path):
    assert lived(tmp_path, people_come) == set()


def test_the_same_is_so_on_postgresql(tmp_path):
    assert lived(tmp_path, people_come, postgres=cluster().url("postgres")) == set()


def test_a_kiosk_that_keeps_passages_is_found_out(tmp_path):
    assert lived(tmp_path, people_come, ledger=NeverErases) == {"D4"}


def test_a_kiosk_that_loses_their_sums_is_found_out(tmp_path):
    assert {"D4", "I3", "I4"} <= lived(tmp_path, people_come, ledger=LosesSums)


def a_place_stays_empty(world: World) -> None:
    """An entry that nobody can read lies between passages: its place at the server is never filled."""
    people_come(world)
    trouble._unreadable(world.kiosks[0])
    people_come(world)


def test_an_entry_that_never_comes_keeps_no_passage_after_it_from_being_forgotten(tmp_path):
    assert lived(tmp_path, a_place_stays_empty) == set()


# ---------------------------------------------------------------- sums that only kiosks have


class KeepsSumsToItself(Ledger):
    """A kiosk that does not say again what a server that was put back has lost."""

    def _read_condensed(self, *_: object) -> None:  # type: ignore[override]
        return None


def loses_the_sums(world: World) -> None:
    """A kiosk was dark for a quarter; what it sends is condensed at once, and the server put back to before that."""
    people_come(world)
    dark, other = world.kiosks
    dark.line.is_cut_out = True
    taps(world, dark, "noor")
    forgetting.months_pass(world, world.random)
    retention.forget_old(world.server.central.books)
    other.exchange()
    place = world.server.copy()
    dark.line.is_cut_out = False
    dark.exchange()
    retention.forget_old(world.server.central.books)
    dark.exchange()
    world.server.put_back(place)
    world.acked = {}


def test_a_server_put_back_to_before_it_condensed_hears_the_sums_from_the_kiosks(tmp_path):
    assert lived(tmp_path, loses_the_sums) == set()


def test_without_a_kiosk_that_says_them_again_a_balance_is_lost(tmp_path):
    def is_counted(world: World) -> int:
        return forgetting.balances(world.kiosks[0].ledger._database.connection)["pass noor-0"]

    counts = []
    for ledger in (Ledger, KeepsSumsToItself):
        world = World(tmp_path / ledger.__name__, seed=1, kiosks=(2, 2), ledger_type=ledger)
        for kiosk in world.kiosks:
            kiosk.exchange()
        loses_the_sums(world)
        world.come_to_rest()
        counts.append(is_counted(world))
        world.close()
    assert counts == [1, 0]


# ---------------------------------------------------------------- what only kiosks have


class KeepsWhatIsLeft(Ledger):
    """A kiosk that erases what others condense, and no more."""

    def _forget(self, connection: Connection, arrived: Sequence[Entry], faults: Sequence[Fault]) -> None:
        told = [decode_fact(one.body) for one in arrived if one.kind == "condensed" and one.body is not None]
        erasing.carry_out(connection, entries, entries.c.seq > 0, [fact for fact in told if fact])


def nobody_has_it_any_more(world: World) -> None:
    """A server is put back to before a passage of a kiosk that is then gone; another has heard of it."""
    gone, other = world.kiosks
    people_come(world)
    place = world.server.copy()
    taps(world, gone, "noor")
    gone.exchange()
    other.exchange()
    world.server.put_back(place)
    world.acked = {}
    world.image_anew(gone)


def test_a_passage_that_only_another_kiosk_knows_of_is_forgotten_as_well(tmp_path):
    assert lived(tmp_path, nobody_has_it_any_more) == set()


def test_a_kiosk_that_waits_for_its_sum_is_found_out(tmp_path):
    assert lived(tmp_path, nobody_has_it_any_more, ledger=KeepsWhatIsLeft) == {"D4"}


# ---------------------------------------------------------------- persons


class RemembersPersons(Ledger):
    """A kiosk that takes an erased person out of its roster, and leaves what was told of them in the entries."""

    def _forget(self, connection: Connection, arrived: Sequence[Entry], faults: Sequence[Fault]) -> None:
        words = [entry for entry in arrived if entry.kind != "erasure"]
        super()._forget(connection, words, faults)

    def _write_tombstones_again(self, connection: Connection, members: Collection[str]) -> None:
        return


def somebody_is_forgotten(world: World) -> None:
    """At the server, while a kiosk that has not heard of it goes on to let them in."""
    people_come(world)
    other = world.kiosks[1]
    other.line.is_cut_out = True
    other.ledger.append(MemberSet(member=Member(id="lea", name="lea renamed")))
    world.server.central.books.append(Erased(member_id="lea"), by="host")
    taps(world, other, "lea")
    other.line.is_cut_out = False


def test_who_is_forgotten_is_so_on_all_nodes_also_where_it_was_heard_of_late(tmp_path):
    assert lived(tmp_path, somebody_is_forgotten) == set()


def test_a_kiosk_that_keeps_what_was_told_of_them_is_found_out(tmp_path):
    assert "I8, persons" in lived(tmp_path, somebody_is_forgotten, ledger=RemembersPersons)


# ---------------------------------------------------------------- what comes late


def test_a_passage_that_comes_when_its_stretch_was_forgotten_is_kept_without_its_body(tmp_path):
    """Its place was given up; whoever has the sums has not counted it, and does not count it now."""
    world = World(tmp_path, seed=1, kiosks=(2, 2))
    for kiosk in world.kiosks:
        kiosk.exchange()
    late, other = world.kiosks
    taps(world, late, "lea")
    at = hide(late)
    taps(world, late, "sam")
    late.exchange()
    forgetting.months_pass(world, world.random)
    retention.forget_old(world.server.central.books)
    show(late, at)
    late.stop()
    late.start()
    world.come_to_rest()
    (fact,) = (decode_fact(entry.body) for _, entry in world.server.feed() if entry.kind == "condensed" and entry.body)
    assert isinstance(fact, Condensed)
    for kept in invariants.everywhere(after_all(world)).values():
        assert [one.body for one in kept if one.kind == "tap"] == [None, None]
    assert not invariants.violations(after_all(world))
    assert other.ledger._database.connection.execute(select(stretches)).first() is not None
    world.close()


def hide(kiosk: Kiosk) -> int:
    """Make the last entry unreadable, as a damaged page does; return what stood there."""
    last = kiosk.ledger.head.seq
    connection = kiosk.ledger._database.connection
    at: int = connection.execute(
        select(entries.c.at).filter_by(ledger_id=kiosk.ledger.ledger_id, seq=last)
    ).scalar_one()
    connection.exec_driver_sql("UPDATE entries SET at = 'yesterday' WHERE seq = ?", (last,))
    return at


def show(kiosk: Kiosk, at: int) -> None:
    kiosk.ledger._database.connection.exec_driver_sql("UPDATE entries SET at = ? WHERE at = 'yesterday'", (at,))
