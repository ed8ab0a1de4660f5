"""Restored copies: kiosk and server that both lost entries go on, and everybody else agrees with the feed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random
from shutil import copy

import msgspec
import pytest
from sqlalchemy import select

from kiosk.facts import Happened, MemberSet
from kiosk.model import Member
from sync.central.storage.tables import quarantine
from sync.client import HttpAnswer
from tests.office.ledgers.feed import Feed, Node
from tests.office.ledgers.small_house import edit, house_facts
from tests.office.servers.postgres import cluster
from tests.rules.house import LEA
from tests.simulator import invariants, trouble
from tests.simulator.line import Line, plain
from tests.simulator.simulate import after_all
from tests.simulator.world import World
from tests.store.test_snapshot import adopts


@pytest.fixture
def nodes(tmp_path):
    with ExitStack() as stack:
        yield tuple(stack.enter_context(Node(tmp_path, name)) for name in "ab")


def test_an_entry_that_all_forgot_but_one_kiosk_gives_way_to_the_one_that_took_its_name(nodes, tmp_path):
    a, b = nodes
    feed, renamed = Feed(), MemberSet(member=LEA)
    a.writes(*house_facts())
    feed.takes(a)
    a.ledger.checkpoint()
    copy(a.path, tmp_path / "card.db")
    a.writes(Happened(what="forgotten"))
    remembered = Feed()
    remembered.takes(a)
    b.learns(remembered.entries)

    a.stops()
    copy(tmp_path / "card.db", a.path)  # the kiosk is put back, and so was the server: its feed has no more
    a.starts()
    adopts(b, feed)
    a.writes(renamed)
    feed.takes(a)

    b.learns(feed.entries[-1:])
    assert b.roster() == feed.roster()
    assert b.ledger.verify() == ()


def test_a_kiosk_with_a_hole_in_its_ledger_believes_the_feed_after_a_snapshot(tmp_path):
    world = World(tmp_path, seed=1, kiosks=(1, 1))
    world.troubles = {}
    kiosk = world.kiosks[0]
    trouble._unreadable(kiosk)
    kiosk.ledger.append(MemberSet(member=Member(id="lea", name="by the kiosk")))
    kiosk.exchange()
    _forget_cursor(kiosk)
    kiosk.exchange()
    world.server.central.books.append(MemberSet(member=Member(id="lea", name="by the server")), by="host")
    world.come_to_rest()
    name = kiosk.ledger.roster.member("lea")
    world.close()
    assert name == Member(id="lea", name="by the server")


def _forget_cursor(kiosk):
    kiosk.stop()
    edit(kiosk.folder / "ledger.db", "DELETE FROM cursors WHERE name = 'seen'")
    kiosk.start()


def test_a_ledger_that_was_cut_off_is_seen_although_it_has_a_hole(tmp_path):
    world = World(tmp_path, seed=1, kiosks=(1, 1))
    kiosk = world.kiosks[0]
    card = kiosk.copied()
    trouble._unreadable(kiosk)
    kiosk.ledger.append(Happened(what="forgotten"))
    kiosk.exchange()
    kiosk.put_in(card)
    kiosk.exchange()
    kinds = {alarm.kind for alarm in world.server.central.alarms.listed()}
    world.close()
    assert kinds == {"gap", "truncated"}


@pytest.fixture(params=["sqlite", "postgresql"])
def postgres(request):
    return cluster().url("postgres") if request.param == "postgresql" else None


def test_a_cloned_card_is_seen_to_although_both_copies_live(tmp_path, postgres):
    assert both_copies_lived(tmp_path, postgres, Line) == []


class TellsNoPlace(Line):
    """The bad twin: a kiosk that says where its ledger ends, and not how far in the feed it is."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        push = msgspec.json.decode(plain(body or b"{}"))
        if "beacon" in push:
            push["beacon"].pop("seen", None)
            headers = {name: value for name, value in headers.items() if name != "content-encoding"}
            body = msgspec.json.encode(push)
        return super().__call__(method, path, headers, body)


def test_without_the_place_in_the_feed_nobody_learns_of_the_clone(tmp_path, postgres):
    assert "I4" in {what.partition(":")[0] for what in both_copies_lived(tmp_path, postgres, TellsNoPlace)}


def both_copies_lived(home: Path, postgres: str | None, line_type: type[Line]) -> list[str]:
    """A card is copied and runs in two kiosks; one of them works, and speaks last. Returns what is wrong in the end."""
    world = World(home, seed=1, kiosks=(1, 1), postgres=postgres, line_type=line_type)
    (idle,) = world.kiosks
    idle.exchange()
    assert trouble.clone_card(world, Random(1))
    busy = world.kiosks[1]
    busy.ledger.append(MemberSet(member=Member(id="lea", name="by the copy at work")))
    for kiosk in (busy, idle, idle, busy):
        kiosk.exchange()
    world.come_to_rest()
    found = [*world.violations, *invariants.violations(after_all(world))]
    world.close()
    return found


def test_two_copies_of_a_card_that_each_go_on_in_a_ledger_of_their_own_do_not_put_each_other_out(tmp_path, postgres):
    world = World(tmp_path, seed=1, kiosks=(1, 1), postgres=postgres)
    (one,) = world.kiosks
    one.exchange()
    assert trouble.clone_card(world, Random(1))
    for kiosk in world.kiosks:
        kiosk.renew()
        kiosk.ledger.append(Happened(what="started"))
        world.pair(kiosk)
    world.come_to_rest()
    found = [*world.violations, *invariants.violations(after_all(world))]
    known = {(one.ledger_id, one.revoked_at is None) for one in world.server.central.kiosks.listed()}
    kinds = [alarm.kind for alarm in world.server.central.alarms.listed()]
    world.close()
    assert found == []
    assert known == {(kiosk.ledger.ledger_id, True) for kiosk in world.kiosks}
    assert kinds == ["renewed", "renewed"]


def test_what_each_of_two_copies_wrote_before_it_went_on_is_heard(tmp_path, postgres):
    world = World(tmp_path, seed=1, kiosks=(1, 1), postgres=postgres)
    (one,) = world.kiosks
    one.exchange()
    assert trouble.clone_card(world, Random(1))
    shared, other = one.ledger.ledger_id, world.kiosks[1]
    for kiosk in world.kiosks:
        kiosk.ledger.append(Happened(what=f"written by {kiosk.name}"))
        kiosk.renew()
        world.pair(kiosk)
    other.renew()
    world.come_to_rest()
    found = [*world.violations, *invariants.violations(after_all(world))]
    with world.server.central.storage.reader() as connection:
        aside = connection.execute(select(quarantine.c.ledger_id, quarantine.c.reason)).all()
    world.close()
    assert found == []
    assert [(row.ledger_id, row.reason.partition(":")[0]) for row in aside] == [(shared, "fork")]
