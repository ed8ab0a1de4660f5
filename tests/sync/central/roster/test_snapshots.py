"""A new kiosk gets the roster of one instant, whatever happens while it fetches the pages."""

from __future__ import annotations

import msgspec
import pytest

from kiosk.facts import MemberSet
from kiosk.model import Member
from sync.central.feed.stream import GoneError
from sync.central.server import Central
from sync.wire import SnapshotPage
from tests.office.ledgers.small_house import house_facts
from tests.office.servers.server import MemoryLedger, ServerClock, pairs, sends, serving


def fetched(central: Central, token: str | None = None) -> list[SnapshotPage]:
    pages = []
    while True:
        page = msgspec.json.decode(msgspec.json.encode(central.snapshots.page(token)), type=SnapshotPage)
        pages.append(page)
        token = page.next
        if token is None:
            return pages


def names(pages: list[SnapshotPage]) -> set[object]:
    return {row["id"] for page in pages for row in page.rows.get("members", ())}


def newcomer(number: int = 1) -> MemberSet:
    return MemberSet(member=Member(id=f"new-{number}", name="Nouvelle"))


def test_a_snapshot_is_the_roster_and_where_the_feed_goes_on(database: str) -> None:
    sent = MemoryLedger().writes(*house_facts())
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, sent)
        pages = fetched(central)
        assert names(pages) == {"lea", "host"}
        assert pages[0].rows == {"heads": ({"ledger_id": "ledger-a", "seq": len(sent)},)}
        assert {page.position for page in pages} == {len(sent)}
        assert central.feed.page(kiosk, pages[-1].cursor).entries == ()


def test_all_pages_are_of_one_instant(database: str) -> None:
    with serving(database) as central:
        kiosk = pairs(central).kiosk
        sends(central, kiosk, MemoryLedger().writes(*house_facts()))
        first = central.snapshots.page(None)
        central.books.append(newcomer(), by="anne")
        assert names(fetched(central, first.next)) == {"lea", "host"}
        (later,) = central.feed.page(kiosk, first.cursor).entries
        assert later.entry.kind == "member"
        assert names(fetched(central)) == {"lea", "host", "new-1"}


def test_kiosks_that_begin_together_share_a_snapshot(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        sends(central, pairs(central).kiosk, MemoryLedger().writes(*house_facts()))
        first = central.snapshots.page(None)
        assert central.snapshots.page(None).next == first.next
        hands.moves(minutes=2)
        assert central.snapshots.page(None).next != first.next


def test_a_snapshot_is_kept_for_an_hour(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        sends(central, pairs(central).kiosk, MemoryLedger().writes(*house_facts()))
        first = central.snapshots.page(None)
        hands.moves(minutes=59)
        central.snapshots.page(None)
        assert fetched(central, first.next)
        hands.moves(minutes=2)
        central.snapshots.page(None)
        with pytest.raises(GoneError):
            central.snapshots.page(first.next)


@pytest.mark.parametrize("token", ["", "x", "x.0", "x.-1", ".", "x.99999999999"])
def test_a_token_of_no_snapshot_is_gone(database: str, token: str) -> None:
    with serving(database) as central, pytest.raises(GoneError):
        central.snapshots.page(token)


def test_an_empty_network_has_a_snapshot_too(database: str) -> None:
    with serving(database) as central:
        (page,) = fetched(central)
        assert page.rows == {"heads": ()}
        assert page.position == 0
