"""Entries that a release stored without understanding them are folded by the next one, on kiosks and on the server."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from kiosk.facts import AnyFact, MemberSet, ProductSet
from kiosk.ledger import Ledger
from kiosk.model import Member
from kiosk.store.fold.readable import READS
from sync import wire
from sync.central.storage.tables import networks
from sync.client import HttpAnswer
from tests.office.servers.server import pairs, serving
from tests.simulator import invariants
from tests.simulator.line import Line, plain
from tests.simulator.release import OlderRelease
from tests.simulator.simulate import after_all
from tests.simulator.world import World


def test_the_mark_is_of_the_facts_as_they_are():
    schema = msgspec.json.encode(bare(msgspec.json.schema(AnyFact)), order="deterministic")
    assert sha256(schema).hexdigest()[:12] == READS, (
        "a fact has changed: put this mark into kiosk/store/fold/readable.py"
    )


def bare(schema: Any) -> Any:
    """A schema without what is said in it for people."""
    match schema:
        case dict():
            return {name: bare(value) for name, value in schema.items() if name != "description"}
        case list():
            return [bare(value) for value in schema]
    return schema


@pytest.fixture
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class NeverReadsAgain(Ledger):
    """A release that goes on with the roster that the one before it left."""

    def _read_again(self) -> None:
        return


def upgraded(folder: Path, ledger: type[Ledger], *, by_snapshot: bool = False) -> set[str]:
    """A kiosk hears of what it cannot read, is upgraded, and the network comes to rest: what does not hold then."""
    world = World(folder, seed=1, kiosks=(2, 2))
    kiosk = world.kiosks[0]
    for one in world.kiosks:
        one.exchange()
    kiosk.runs(OlderRelease)
    if by_snapshot:
        world.server.central.books.append(MemberSet(member=Member(id="lea", name="renamed")), by="host")
        world.server.put_back(world.server.copy())
        kiosk.ledger.mark_acknowledged(0, disowned=True)
        kiosk.exchange()
    product = world.server.central.books.roster.products()[0]
    changed = msgspec.structs.replace(product, price_cents=product.price_cents + 1)
    world.server.central.books.append(ProductSet(product=changed), by="host")
    kiosk.exchange()
    assert kiosk.ledger.roster.products() != world.server.central.books.roster.products()
    kiosk.runs(ledger)
    world.come_to_rest()
    found = {what.partition(":")[0] for what in invariants.violations(after_all(world))}
    world.close()
    return found


@pytest.mark.parametrize("by_snapshot", [False, True])
def test_a_kiosk_reads_again_what_it_could_not_read_before_it_was_upgraded(tmp_path, quiet, by_snapshot):
    assert upgraded(tmp_path, Ledger, by_snapshot=by_snapshot) == set()


def test_a_kiosk_that_does_not_is_found_out(tmp_path, quiet):
    assert "I4" in upgraded(tmp_path, NeverReadsAgain)


def test_a_server_that_reads_more_than_it_did_folds_anew_and_has_the_kiosks_fetch_what_it_did_not_tell(database):
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        central.books.append(MemberSet(member=Member(id="lea", name="Léa")), by="anne")
        before = central.feed.page(kiosk, None).cursor
        with central.storage.writing() as connection:
            connection.execute(update(networks).values(roster_revision="of the release before"))
    with serving(database) as central:
        central.books.fold()
        assert [one.id for one in central.books.roster.members()] == ["lea"]
        with pytest.raises(LookupError):
            central.feed.page(kiosk, before)
        after = central.feed.page(kiosk, None).cursor
    with serving(database) as central:
        assert central.feed.page(kiosk, after).cursor == after


# ---------------------------------------------------------------- words


class Strict(Line):
    """A server that refuses what has a word which it does not know."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.speaks = "newer"
        return super().__call__(method, path, headers, body)

    def deliver(self, request: tuple[str, str, Mapping[str, str], bytes | None]) -> HttpAnswer:
        if request[3] is not None and "mood" in msgspec.json.decode(plain(request[3])):
            return HttpAnswer(status=400, body=msgspec.json.encode(wire.Problem(code="malformed", detail="mood?")))
        return super().deliver(request)


class Newer(Line):
    """A kiosk of the next release, all its life."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.speaks = "newer"
        return super().__call__(method, path, headers, body)


class Older(Line):
    """A kiosk of the release before, all its life."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.speaks = "older"
        return super().__call__(method, path, headers, body)


def spoken(folder: Path, line: type[Line]) -> set[str]:
    world = World(folder, seed=1, kiosks=(2, 2), line_type=line)
    for kiosk in world.kiosks:
        kiosk.ledger.append(MemberSet(member=Member(id=kiosk.name, name="new")))
    world.come_to_rest()
    found = {what.partition(":")[0] for what in (*world.violations, *invariants.violations(after_all(world)))}
    world.close()
    return found


@pytest.mark.parametrize("line", [Newer, Older])
def test_kiosks_a_release_ahead_or_behind_come_to_the_same(tmp_path, quiet, line):
    assert spoken(tmp_path, line) == set()


def test_a_server_that_refuses_words_it_does_not_know_is_found_out(tmp_path, quiet):
    assert {"I1", "I6"} <= spoken(tmp_path, Strict)
