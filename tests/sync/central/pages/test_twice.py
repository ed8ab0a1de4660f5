"""Forms that are sent twice (a double click, the back button), and forms that somebody else's change has overtaken."""

from __future__ import annotations

import html
import re

import pytest
from msgspec.structs import replace

from kiosk.facts import MemberSet, ProductSet, SiteSet
from tests.office.servers.office import Browser, Office, mistakes, went
from tests.rules.house import LEA, SERRE, TEN

OVERTAKEN = "Cela a été modifié entre-temps. Voici l’état actuel : refaites vos modifications si besoin"


def filled(page: str) -> dict[str, str]:
    """All fields of a page's forms as they stand there."""
    fields = dict(re.findall(r'<input (?:id="[^"]*" )?(?:type="hidden" )?name="([^"]+)"[^>]*value="([^"]*)"', page))
    for name, options in re.findall(r'(?s)<select[^>]*name="([^"]+)".*?>(.*?)</select>', page):
        fields[name] = (re.findall(r'value="([^"]*)" selected', options) or [""])[0]
    chosen = re.findall(r'type="(?:radio|checkbox)" name="([^"]+)" value="([^"]+)"( checked)?', page)
    every = {name for name, _, _ in chosen}
    found = {key: html.unescape(value) for key, value in fields.items() if key not in every}
    return found | {name: value for name, value, is_chosen in chosen if is_chosen}


def sends(browser: Browser, page: str, path: str, **changed: str):
    """Send a form of a page as it stands there, with some fields changed."""
    return browser.bare(path, **filled(page) | changed)


def written(house: Office) -> int:
    return house.central.feed.last_position()


# ---------------------------------------------------------------- sent twice


@pytest.mark.parametrize(
    ("path", "of", "fields"),
    [
        ("/members/new", "/members/new", {"name": "Rose Blanc"}),
        ("/members/new", "/members/new", {"name": "Léa Martin", "anyway": "yes"}),
        ("/members/lea/edit", "/members/lea/edit", {"name": "Léa Petit"}),
        ("/members/lea/suspend", "/members/lea/suspend", {}),
        ("/members/lea/leave", "/members/lea", {}),
        ("/members/lea/sell", "/members/lea/sell", {"product": "ten", "method": "cash"}),
        ("/products/new", "/products/new", {"name": "5 entrées", "price": "25", "cover": "3h", "units": "5"}),
        ("/products/ten", "/products/ten", {"name": "Dix entrées"}),
        ("/sites/new", "/sites/new", {"name": "Les Tuves"}),
        ("/sites/new", "/sites/new", {"name": "La Serre", "anyway": "yes"}),
        ("/sites/la-serre", "/sites/la-serre", {"name": "La Grande Serre"}),
        ("/hours/week", "/hours", {"day-0": "09:00-12:00", "seen": "yes"}),
        ("/hours/written", "/hours", {"hours": "Mo 09:00-12:00", "seen": "yes"}),
        ("/hours/exceptions", "/hours", {"first": "2026-12-24", "last": "2026-12-24", "state": "off", "seen": "yes"}),
        ("/hours/today", "/hours/today?what=close", {"what": "close"}),
    ],
)
def test_a_form_that_is_sent_twice_changes_once(house, path: str, of: str, fields: dict[str, str]) -> None:
    chef = house.as_("chef")
    chef.client.cookies.set("__Host-site", SERRE.id)
    page = chef.get(of).text
    went(sends(chef, page, path, **fields))
    once = written(house)
    again = sends(chef, page, path, **fields)
    assert again.status_code in (303, 422)
    assert written(house) == once, (again.status_code, again.text[-3000:])


# ---------------------------------------------------------------- two tabs


@pytest.mark.parametrize(
    ("path", "of", "theirs", "mine", "shown"),
    [
        ("/members/lea/edit", "/members/lea/edit", MemberSet(member=replace(LEA, name="Léa Roux")), "name", "Léa Roux"),
        ("/products/ten", "/products/ten", ProductSet(product=replace(TEN, price_cents=6050)), "name", "60,50"),
        ("/sites/la-serre", "/sites/la-serre", SiteSet(site=replace(SERRE, name="La Verrière")), "name", "La Verrière"),
        ("/hours/week", "/hours", SiteSet(site=replace(SERRE, hours="Sa 10:11-12:00")), "day-0", "10:11-12:00"),
        ("/hours/written", "/hours", SiteSet(site=replace(SERRE, hours="Sa 10:11-12:00")), "hours", "Sa 10:11-12:00"),
    ],
)
def test_a_change_that_was_overtaken_is_refused_and_the_newer_value_shown(
    house, path: str, of: str, theirs, mine: str, shown: str
) -> None:
    chef = house.as_("chef")
    chef.client.cookies.set("__Host-site", SERRE.id)
    page = chef.get(of).text
    house.central.books.append(theirs, by="anne")
    before = written(house)
    value = {"name": "Un nom", "day-0": "08:00-12:00", "hours": "Mo 08:00-12:00"}[mine]
    refused = sends(chef, page, path, **{mine: value}, seen="yes")
    assert OVERTAKEN in mistakes(refused)
    assert shown in refused.text
    assert written(house) == before
    went(sends(chef, refused.text, path, **{mine: value}, seen="yes"))
    assert written(house) > before
