"""The server sums the months of a site with several kiosks, and of the network, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import select

from kiosk.facts import MemberSet, MonthSummed, SiteSet, Tapped
from kiosk.model import Member
from kiosk.store.tables import months
from sync.central.roster import retention
from sync.central.server import Central
from tests.office.ledgers.small_house import MONDAY, let_in
from tests.office.servers.server import ServerClock, serving
from tests.rules.house import SERRE
from tests.sync.central.roster.test_forgetting import folded_again
from tests.sync.central.roster.test_roster import Doors

BUIS = replace(SERRE, id="les-tuves", name="Les Tuves")
AUGUST = MONDAY + timedelta(days=35)
IN_OCTOBER = datetime(2026, 10, 15, 3, 0, tzinfo=UTC)
"""July is due."""
IN_NOVEMBER = datetime(2026, 11, 15, 3, 0, tzinfo=UTC)


def summed(central: Central) -> dict[tuple[str, str, bool], MonthSummed]:
    """The sums, by site, month, and whether they are late."""
    with central.storage.reader() as connection:
        facts = [msgspec.json.decode(row.doc, type=MonthSummed) for row in connection.execute(select(months))]
    return {(one.site_id, one.month, one.is_late): one for one in facts}


def people(of: MonthSummed) -> dict[str, int]:
    return {one.month: one.people for one in of.came_last}


def comes(doors: Doors, kiosk: str, at: datetime, member: str, site_id: str = SERRE.id) -> Tapped:
    fact = let_in(at, member=member, site_id=site_id)
    doors.hears(kiosk, fact, at=at)
    return fact


def lives(central: Central, hands: ServerClock) -> Doors:
    """Léa comes to both doors of La Serre, Sam to one of them and to Les Tuves, in July; Sam again in August."""
    doors = Doors(central)
    central.books.append(SiteSet(site=BUIS), MemberSet(member=Member(id="sam", name="Sam")), by="anne")
    comes(doors, "north", MONDAY, "lea")
    comes(doors, "south", MONDAY + timedelta(days=7), "lea")
    comes(doors, "south", MONDAY + timedelta(days=7), "sam")
    comes(doors, "elsewhere", MONDAY + timedelta(days=2), "sam", BUIS.id)
    comes(doors, "elsewhere", AUGUST, "sam", BUIS.id)
    comes(doors, "north", AUGUST, "sam")
    hands.now = IN_OCTOBER
    return doors


def test_somebody_who_came_to_two_doors_or_two_sites_is_one_person(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        lives(central, hands)
        assert retention.forget_old(central.books).stretches == 3
        found = summed(central)
        assert set(found) == {(SERRE.id, "2026-07", False), (BUIS.id, "2026-07", False), ("", "2026-07", False)}
        serre, buis, network = (found[site, "2026-07", False] for site in (SERRE.id, BUIS.id, ""))
        assert (people(serre), serre.visits) == ({"": 2}, 3)
        assert (people(buis), buis.visits) == ({"": 1}, 1)
        assert people(network) == {"": 2}, "not three"
        assert [one.visits for one in serre.sessions if one.visits] == [1, 2]


def test_who_came_before_is_known_by_site_and_in_the_network(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        lives(central, hands)
        hands.now = IN_NOVEMBER
        retention.forget_old(central.books)
        found = summed(central)
        assert people(found[BUIS.id, "2026-08", False]) == {"2026-07": 1}
        assert people(found[SERRE.id, "2026-08", False]) == {"2026-07": 1}
        assert people(found["", "2026-07", False]) == {"": 2}
        assert people(found["", "2026-08", False]) == {"2026-07": 1}


def test_what_a_dark_kiosk_brings_later_is_summed_into_its_month_as_late_and_nobody_is_counted_twice(database) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        doors = lives(central, hands)
        central.books.append(MemberSet(member=Member(id="zoe", name="Zoé")), by="anne")
        retention.forget_old(central.books)
        for member in ("lea", "zoe"):
            comes(doors, "south", MONDAY + timedelta(days=14), member)
        retention.forget_old(central.books)
        late = summed(central)[SERRE.id, "2026-07", True]
        assert late.visits == 2
        assert people(late) == {"": 1}, "Léa was counted"
        assert (late.seen_later, late.planned) == (0, 0)
        hands.now = IN_NOVEMBER
        retention.forget_old(central.books)
        comes(doors, "south", MONDAY + timedelta(days=15), "sam")
        retention.forget_old(central.books)
        with central.storage.reader() as connection:
            told = [row.doc for row in connection.execute(select(months).where(months.c.month == "2026-07"))]
        lates = [one for one in (msgspec.json.decode(doc, type=MonthSummed) for doc in told) if one.is_late]
        assert [one.visits for one in lates] == [2, 1]
        assert [one.seen_later for one in lates] == [0, 0], "he was counted in July, and is known to have been"


def test_sums_fold_to_the_same_whatever_happens_to_the_roster(database: str) -> None:
    hands = ServerClock()
    with serving(database, hands) as central:
        lives(central, hands)
        retention.forget_old(central.books)
        before = summed(central)
        folded_again(central)
    with serving(database, hands) as central:
        central.books.fold()
        assert summed(central) == before
