"""However much there is of something, its list has pages, here and on the command line."""

from __future__ import annotations

import re
from datetime import timedelta

from msgspec.structs import replace

from kiosk.facts import BadgeSet, ProductSet, SiteSet, Tapped
from kiosk.model import Badge, Denied, Reason
from kiosk.store.codes import claim_code
from sync.central.accounts.staff import Role
from sync.central.orders import PAGE_LINES, ListAccounts, ListKiosks, perform
from sync.central.pages import badges, kiosks, tariffs
from sync.central.pages.management import sites
from sync.central.pages.members import members
from tests.office.ledgers.small_house import let_in
from tests.office.servers.office import PASSWORD, Office, read
from tests.rules.house import SERRE, TEN


def two_pages(house: Office, path: str, name: str, pattern: str, *, size: int, total: int) -> None:
    """Check that a list is cut in two, and that nothing of it is left out or shown twice."""
    manager = house.as_("chef")
    separator = "&" if "?" in path else "?"
    first, second = (manager.get(f"{path}{separator}{name}={number}").text for number in (1, 2))
    assert f"{name}=2" in first
    assert "Page 1 sur 2" in read(manager.get(path))
    found = [re.findall(pattern, page) for page in (first, second)]
    assert [len(one) for one in found] == [size, total - size]
    assert len(set(found[0] + found[1])) == total


def test_tariffs(house: Office) -> None:
    house.central.books.append(
        *(ProductSet(product=replace(TEN, id=f"p-{n}", name=f"Carte {n}")) for n in range(tariffs.LISTED)), by="chef"
    )
    total = len(house.central.books.roster.products())
    two_pages(house, "/products", "page", r'href="/products/((?!new)[^"/]+)"', size=tariffs.LISTED, total=total)


def test_sites(house: Office) -> None:
    house.central.books.append(
        *(SiteSet(site=replace(SERRE, id=f"s-{n}", name=f"Site {n}")) for n in range(sites.LISTED)), by="chef"
    )
    house.central.books.fold()
    manager = house.as_("chef")
    manager.client.cookies.set("__Host-site", SERRE.id)
    pages = [manager.get(f"/sites?page={number}").text for number in (1, 2)]
    found = [re.findall(r'href="/sites/((?!new)[^"/]+)"', page) for page in pages]
    assert [len(one) for one in found] == [sites.LISTED, 1]


def test_unknown_badges(house: Office) -> None:
    kiosk = house.kiosk()
    strangers = [f"{n:08x}" * 8 for n in range(badges.LISTED + 5)]
    taps = [
        Tapped(site_id=SERRE.id, verdict=Denied(reason=Reason.UNKNOWN_BADGE, claim_code=claim_code(one)), badge_id=one)
        for one in strangers
    ]
    kiosk.push(*taps)
    total = len(house.central.books.roster.recent_unknown(SERRE.id, house.moment.now - timedelta(days=1)))
    two_pages(house, "/badges", "page", r'name="code" value="([^"]+)"', size=badges.LISTED, total=total)


def test_kiosks_that_are_shut_out(house: Office) -> None:
    for number in range(kiosks.KIOSKS_LISTED + 3):
        house.moment.moves(minutes=1)
        house.kiosk(f"Porte {number}")
        for kiosk in house.central.kiosks.listed():
            house.central.kiosks.revoke(kiosk.kiosk_id)
    total = kiosks.KIOSKS_LISTED + 3
    two_pages(house, "/kiosks", "gone", r"<li>(Porte \d+),", size=kiosks.KIOSKS_LISTED, total=total)


def test_the_visits_passes_and_badges_of_a_member_have_pages_of_their_own(house: Office) -> None:
    kiosk = house.kiosk()
    kiosk.push(*(let_in(house.moment.now, reason=Reason.RE_ENTRY) for _ in range(members.VISITS_LISTED + 2)))
    house.central.books.append(
        *(BadgeSet(badge=Badge(id=f"{n:08x}" * 8, member_id="lea")) for n in range(members.HELD_LISTED)), by="chef"
    )
    manager = house.as_("chef")
    first = manager.get("/members/lea").text
    assert "visits=2" in first
    assert "badges=2" in first
    assert "passes=2" not in first
    rows = [manager.get(f"/members/lea?visits={number}").text.count("<tr>") for number in (1, 2)]
    assert rows == [members.VISITS_LISTED + 1, 2 + 1]
    shown = re.compile(r"/badges/(\w+)\?state=lost")
    codes = [shown.findall(manager.get(f"/members/lea?badges={number}").text) for number in (1, 2)]
    assert [len(one) for one in codes] == [members.HELD_LISTED, 1]


def test_the_command_prints_a_page_and_how_to_get_the_next(house: Office) -> None:
    for number in range(PAGE_LINES):
        house.central.accounts.add(f"name {number:03}", PASSWORD, Role.READ_ONLY)
    every = [one.name for one in house.central.accounts.listed()]
    answers = [perform(house.central, ListAccounts(page=page)) for page in (1, 2, 3)]
    assert answers[0].lines[-1] == "Page 1 of 2: the next by --page 2"
    lines = [*answers[0].lines[:-1], *answers[1].lines]
    assert len(answers[0].lines) == PAGE_LINES + 1
    assert [line.partition(":")[0] for line in lines] == every
    assert answers[2].refused == "there is no page 3: the last one is 2"
    assert perform(house.central, ListKiosks(page=2)).refused == "there is no page 2: the last one is 1"
