"""What a kiosk shows of the server's news: what was set aside, and a change of its own that does not stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk.facts import AnyFact, Happened, MemberSet, SiteSet
from kiosk.messages import FeedArrived, SnapshotArrived
from kiosk.model import Granted, Member
from kiosk.store import chain
from kiosk.store.chain import Head
from tests.office.kiosks.stepped import SERRES, SteppedKiosk


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[SteppedKiosk]:
    found = SteppedKiosk(tmp_path)
    yield found
    found.close()


def hears(kiosk: SteppedKiosk, *facts: AnyFact, unreadable: int = 0) -> None:
    sealed = chain.seal(facts, ledger_id="server", head=Head(), stamp=kiosk.clock.stamp())
    kiosk.hears(FeedArrived(entries=tuple(enumerate(sealed, 1)), cursor="c", unreadable=unreadable)).result(0)


SENT: dict[str, AnyFact] = {
    "an unknown zone": SiteSet(site=replace(SERRES, zone="Mars/Phobos", hours="24/7")),
    "a long id": MemberSet(member=Member(id="x" * 10_000, name="X")),
    "a zero byte": MemberSet(member=Member(id="x", name="X\0")),
}


@pytest.mark.parametrize("what", SENT)
def test_what_the_feed_brings_beyond_the_bounds_is_set_aside_and_the_door_goes_on(kiosk, what: str) -> None:
    lea = kiosk.joins("lea")
    hears(kiosk, SENT[what], MemberSet(member=Member(id="next", name="Suivante")))
    assert kiosk.controller.health() == ("feed_set_aside",)
    assert kiosk.ledger.roster.member("next") is not None
    assert kiosk.ledger.roster.site(SERRES.id) == SERRES
    assert isinstance(kiosk.tap(lea), Granted)
    kiosk.tap(kiosk.joins("host", staff=True))
    assert kiosk.controller.health() == ()


def test_what_cannot_be_read_of_a_page_is_told_as_well(kiosk) -> None:
    hears(kiosk, unreadable=1)
    assert kiosk.controller.health() == ("feed_set_aside",)


def test_a_snapshot_goes_on_without_the_site_that_cannot_be(kiosk) -> None:
    doc = '{"id":"la-serre","name":"X","zone":"Mars/Phobos","hours":"24/7"}'
    row: dict[str, Any] = {"id": "la-serre", "doc": doc, "ledger_id": "server", "seq": 1, "position": 1, "fields": None}
    rows = {"heads": (), "sites": (row,)}
    kiosk.hears(SnapshotArrived(rows=rows, position=1, cursor="c", last=False)).result(0)
    assert kiosk.controller.health() == ("feed_set_aside",)
    assert kiosk.ledger.roster.site(SERRES.id) == SERRES


def told_of(kiosk: SteppedKiosk, ledger_id: str) -> None:
    facts: dict[str, str | int] = {"member": "lea", "field": "name", "ledger": ledger_id, "n": 3}
    hears(kiosk, Happened(what="changed_apart", note="member_changed", facts=facts))


def test_a_change_made_here_that_does_not_stand_is_shown_until_a_host_has_tapped(kiosk) -> None:
    told_of(kiosk, kiosk.ledger.ledger_id)
    assert kiosk.controller.health() == ("change_lost",)
    assert kiosk.controller.lost_change == "name"
    kiosk.tap(kiosk.joins("host", staff=True))
    assert (kiosk.controller.health(), kiosk.controller.lost_change) == ((), "")


def test_a_change_lost_elsewhere_is_not_shown_here(kiosk) -> None:
    told_of(kiosk, "another")
    assert kiosk.controller.health() == ()
