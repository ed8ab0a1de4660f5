"""The site at which something happens on the pages: chosen, named on every page and button, never guessed."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from kiosk.facts import BadgeSet, MemberSet, SiteSet
from kiosk.model import Badge, Member
from tests.office.ledgers.small_house import MONDAY, let_in, sold_to
from tests.office.servers.office import Browser, Office, lea_comes, read, went
from tests.rules.house import SERRE
from tests.sync.central.pages.test_roles import TUVES, opens_les_tuves


def sits_at(browser: Browser, site: str) -> Browser:
    """Somebody who has chosen a desk."""
    browser.client.cookies.set("__Host-site", site)
    return browser


def buttons(page: str) -> list[str]:
    """What stands on the buttons of a page, but for signing out."""
    found = re.findall(r"<button[^>]*>(.*?)</button>", page, flags=re.DOTALL)
    return [re.sub(r"<[^>]+>", "", one) for one in found if "Se déconnecter" not in one]


# ---------------------------------------------------------------- which site


@pytest.mark.parametrize(
    "path", ["/members/lea/sell", "/members/lea", "/members", "/hours", "/sales", "/products", "/members/lea/check-in"]
)
def test_where_there_are_several_sites_one_is_chosen_first(house, path) -> None:
    opens_les_tuves(house)
    manager = house.as_("chef")
    asked = manager.get(path)
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/site?back=")
    assert went(manager.send("/site", site=TUVES.id, back=path)).startswith(path)
    assert manager.get(path).status_code == 200


def test_a_form_that_names_no_site_does_nothing_where_there_are_several(house) -> None:
    opens_les_tuves(house)
    manager = sits_at(house.as_("chef"), SERRE.id)
    before = house.central.feed.last_position()
    token = manager.seal("/hours")
    assert manager.bare("/hours/today", csrf=token, what="close").headers["location"].startswith("/site")
    assert manager.bare("/hours/today", csrf=token, what="close", desk="nowhere").headers["location"] == "/site"
    assert house.central.feed.last_position() == before


def test_a_form_counts_at_the_site_that_its_button_named_whatever_was_chosen_since(house) -> None:
    opens_les_tuves(house)
    manager = sits_at(house.as_("chef"), TUVES.id)
    page = manager.get("/members/lea/sell").text
    assert "Vendre aux Tuves" in buttons(page)
    sits_at(manager, SERRE.id)
    went(manager.send_from(page, "/members/lea/sell", product="ten", method="cash"))
    sold = house.central.books.roster.sales_of("lea")[-1]
    assert sold.site_id == TUVES.id


def test_a_form_of_a_site_that_was_retired_since_does_not_count_at_the_one_that_is_left(house) -> None:
    opens_les_tuves(house)
    manager = sits_at(house.as_("chef"), TUVES.id)
    page = manager.get("/members/lea/sell").text
    house.central.books.append(SiteSet(site=replace(TUVES, retired=True)), by="server")
    before = house.central.feed.last_position()
    sent = manager.send_from(page, "/members/lea/sell", product="ten", method="cash")
    assert sent.headers["location"].startswith("/site")
    assert house.central.feed.last_position() == before
    went(manager.send("/members/lea/sell", product="ten", method="cash"))
    assert house.central.books.roster.sales_of("lea")[-1].site_id == SERRE.id


def test_every_page_names_the_site_of_its_desk(house) -> None:
    for path in ("/", "/members", "/members/lea", "/members/lea/sell", "/hours", "/sales", "/kiosks", "/me"):
        header = house.as_("anne").get(path).text.split("</header>")[0]
        assert "Site : La Serre" in re.sub(r"\s", " ", header), path


def test_every_button_that_moves_money_or_access_at_a_site_names_it(house) -> None:
    kiosk = house.kiosk()
    kiosk.push(lea_comes())
    anne = house.as_("anne")
    assert buttons(anne.get("/members/lea/sell").text) == ["Vendre à La Serre"]
    assert buttons(anne.get(f"/members/lea/visits/{kiosk.ledger_id}/1/undo").text) == ["Rendre l’entrée à La Serre"]
    assert buttons(anne.get("/members/lea/passes/ten/cancel").text) == ["Annuler la vente à La Serre"]
    assert buttons(anne.get("/members/lea/check-in").text) == ["Enregistrer l’arrivée à La Serre"]
    assert all("La Serre" in one for one in buttons(anne.get("/hours").text))


# ---------------------------------------------------------------- not by one click


@pytest.mark.parametrize("path", ["/members/lea", "/members", "/badges", "/hours", "/kiosks", "/sales", "/"])
def test_no_page_moves_money_or_access_by_one_click(house, path) -> None:
    house.kiosk().push(lea_comes())
    page = house.as_("chef").get(path).text
    actions = set(re.findall(r'<form method="post" action="([^"]+)">', page))
    once = ("suspend", "restore", "check-in", "badges/", "revoke", "hours/today")
    assert [one for one in actions if any(word in one for word in once) and "novalidate" not in one] == []


def test_closing_for_today_shows_first_who_is_in_and_what_is_given_back(house) -> None:
    joins(house)
    kiosk = house.kiosk()
    kiosk.push(lea_comes(), let_in(MONDAY, "joe", member="joe"))
    house.moment.moves(minutes=55)
    anne = house.as_("anne")
    before = house.central.feed.last_position()
    page = read(anne.get("/hours/today?what=close"))
    assert "Léa Martin, jusqu’à 12:05" in page
    assert "Joe Petit, jusqu’à 12:05" in page
    assert "2 entrées rendues : Léa Martin, Joe Petit." in re.sub(r"\s", " ", page)
    assert "Fermer La Serre jusqu’à minuit" in page
    assert house.central.feed.last_position() == before
    went(anne.send("/hours/today?what=close", what="close"))
    assert house.central.books.roster.override(SERRE.id, house.moment.now).state == "closed"
    assert [used(house, member) for member in ("lea", "joe")] == [0, 0]


def test_going_back_to_the_hours_restores_these_and_says_whose_entries_it_does_not_take_again(house) -> None:
    house.kiosk().push(lea_comes())
    house.moment.moves(minutes=55)
    anne = house.as_("anne")
    went(anne.send("/hours/today", of="/hours", what="close"))
    house.moment.moves(minutes=1)
    page = re.sub(r"\s", " ", read(anne.get("/hours/today?what=back")))
    assert "De nouveau ouvert aussitôt." in page
    assert "ne sont pas reprises : Léa Martin." in page
    went(anne.send("/hours/today?what=back", what="back"))
    assert house.central.books.roster.override(SERRE.id, house.moment.now) is None
    assert used(house, "lea") == 0


def test_where_nobody_loses_much_no_entry_is_said_to_be_given_back(house) -> None:
    house.kiosk().push(lea_comes())
    house.moment.moves(hours=2)
    page = read(house.as_("anne").get("/hours/today?what=close"))
    assert "Aucune entrée n’est rendue" in page


def joins(house: Office) -> None:
    """Joe has a card of ten."""
    joe = Member(id="joe", name="Joe Petit")
    house.central.books.append(MemberSet(member=joe), BadgeSet(badge=Badge(id="b-joe", member_id="joe")), by="server")
    house.central.books.append(sold_to("joe", pass_id="joe"), by="server")


def used(house: Office, member: str) -> int:
    return house.central.books.roster.holdings(member, house.moment.now)[0].used
