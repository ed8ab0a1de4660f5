"""The pages of staff: tariffs, opening hours and their exceptions."""

from __future__ import annotations

import re
from html import unescape

import pytest
from msgspec.structs import replace

from kiosk.facts import SiteSet
from kiosk.hours import of_site
from kiosk.model import Override
from sync.central.pages.hours import week_form
from tests.office.ledgers.small_house import MONDAY
from tests.office.servers.office import Office, mistakes, read, went
from tests.rules.house import SERRE, at

# ---------------------------------------------------------------- tariffs


def test_a_tariff_is_made_and_changed_and_passes_sold_keep_their_terms(house) -> None:
    manager = house.as_("chef")
    half = {"name": "10 demi-journées", "price": "60,50 €", "cover": "08:30-12:30, 13:30-18:00", "units": "10"}
    went(manager.send("/products/new", **half, per="once", valid="6 mois", on_sale="yes"))
    made = house.central.books.roster.product("10-demi-journees")
    assert (made.price_cents, made.valid_months, len(made.cover.spans)) == (6050, 6, 2)
    shown = {"name": "10 entrées", "price": "55", "cover": "3h", "units": "10", "per": "once", "valid": ""}
    went(manager.send("/products/ten", **shown))
    assert house.central.books.roster.product("ten").price_cents == 5500
    assert not house.central.books.roster.product("ten").on_sale
    assert house.central.books.roster.holdings("lea", MONDAY)[0].pass_.terms.price_cents == 5000


def test_two_half_days_may_become_a_day_and_no_tariff_becomes_itself(house) -> None:
    manager = house.as_("chef")
    half = {"price": "5", "cover": "08:30-12:30, 13:30-18:00", "units": "10", "on_sale": "yes"}
    manager.send("/products/new", name="Demi-journée", converts_to="ten", **half)
    assert house.central.books.roster.product("demi-journee").converts_to == "ten"
    for wrong in ("demi-journee", "nothing"):
        assert mistakes(manager.send("/products/demi-journee", name="Demi-journée", converts_to=wrong, **half))
    manager.send("/products/demi-journee", name="Demi-journée", converts_to="", **half)
    assert house.central.books.roster.product("demi-journee").converts_to is None


def test_a_tariff_s_mistakes_are_told_together(house) -> None:
    wrong = {"name": "", "price": "cher", "cover": "un peu", "units": "0", "valid": "toujours", "access": "24/8"}
    said = mistakes(house.as_("chef").send("/products/new", **wrong))
    assert len(said) == 5
    assert said[0] == "Indiquez un nom"
    assert said[-1].startswith("Ces horaires ne sont pas lisibles à partir du caractère 1")


# ---------------------------------------------------------------- hours


def test_other_weekly_hours_are_kept_as_they_are_typed(house) -> None:
    host = house.as_("anne")
    week = {f"day-{n}": "" for n in range(7)} | {"day-0": "9h-12h30, 14h-17h", "day-2": "10:00-16:00"}
    went(host.send("/hours/week", of="/hours", **week, holidays="yes", seen="yes"))
    assert house.central.books.roster.site(SERRE.id).hours == "Mo 09:00-12:30,14:00-17:00; We 10:00-16:00; PH off"
    assert of_site(house.central.books.roster.site(SERRE.id))
    assert mistakes(host.send("/hours/week", of="/hours", **week | {"day-1": "le matin"}))[0].startswith("Mardi")


def test_hours_may_be_written_by_hand_and_a_slip_is_told_with_its_column(house) -> None:
    host = house.as_("anne")
    went(host.send("/hours/written", of="/hours", hours="Mo-Fr 08:00-12:00; PH off", seen="yes"))
    assert house.central.books.roster.site(SERRE.id).hours == "Mo-Fr 08:00-12:00; PH off"
    said = mistakes(host.send("/hours/written", of="/hours", hours="Mo 8-25"))
    assert said[0].startswith("Ces horaires ne sont pas lisibles à partir du caractère 4, à « 8-25 »")


def test_a_dated_exception_comes_and_goes(house) -> None:
    host = house.as_("anne")
    fields = {"first": "2026-12-24", "last": "2026-12-31", "state": "off", "label": "fêtes"}
    assert (
        went(host.send("/hours/exceptions", of="/hours", **fields, seen="yes"))
        == "/hours?on=2026-12-24&done=hours-kept"
    )
    rule = '2026 Dec 24-2026 Dec 31 off "fêtes"'
    assert rule in house.central.books.roster.site(SERRE.id).exceptions
    page = read(host.get("/hours?on=2026-12-24"))
    assert "Jeudi 24 décembre au jeudi 31 décembre Fermé – fêtes" in page
    went(host.send("/hours/exceptions/remove", of="/hours", rule=rule, seen="yes"))
    assert rule not in house.central.books.roster.site(SERRE.id).exceptions


def test_a_day_opened_as_an_exception_shows_in_the_calendar(house) -> None:
    host = house.as_("anne")
    fields = {"first": "2026-07-14", "state": "open", "times": "10h-16h"}
    went(host.send("/hours/exceptions", of="/hours", **fields, seen="yes"))
    assert "14 10:00 – 16:00" in read(host.get("/hours?view=week&on=2026-07-14"))


def test_a_change_shows_first_which_days_it_opens_and_closes(house) -> None:
    host, before = house.as_("anne"), house.central.books.roster.site(SERRE.id)
    week = {f"day-{n}": "" for n in range(7)} | {"day-0": "9h-12h30, 14h-17h"}
    asked = host.send("/hours/week", of="/hours", **week)
    assert asked.status_code == 200
    page = read(asked)
    assert "Premier changement : lundi 13 juillet" in page
    assert "Lun. 13 09:00 – 17:00 09:00 – 12:30, 14:00 – 17:00" in page
    assert "Jeu. 16 14:00 – 17:00 fermé" in page
    assert house.central.books.roster.site(SERRE.id) == before
    went(host.send_from(asked.text, "/hours/week", **hidden(asked.text)))
    assert house.central.books.roster.site(SERRE.id).hours == "Mo 09:00-12:30,14:00-17:00"


def test_an_exception_and_its_removal_are_shown_first(house) -> None:
    host = house.as_("anne")
    fields = {"first": "2026-12-24", "last": "2026-12-31", "state": "off", "label": "fêtes"}
    asked = host.send("/hours/exceptions", of="/hours", **fields)
    assert "Jeudi 24 décembre au jeudi 31 décembre : Fermé – fêtes" in read(asked)
    assert "Jeu. 24 14:00 – 17:00 fermé fêtes" in read(asked)
    went(host.send_from(asked.text, "/hours/exceptions", **hidden(asked.text)))
    rule = '2026 Dec 24-2026 Dec 31 off "fêtes"'
    assert rule in house.central.books.roster.site(SERRE.id).exceptions
    asked = host.send("/hours/exceptions/remove", of="/hours", rule=rule)
    assert "Jeu. 24 fermé 14:00 – 17:00" in read(asked)
    assert rule in house.central.books.roster.site(SERRE.id).exceptions
    went(host.send_from(asked.text, "/hours/exceptions/remove", **hidden(asked.text)))
    assert rule not in house.central.books.roster.site(SERRE.id).exceptions


def test_hours_by_season_are_shown_from_the_first_day_that_changes(house) -> None:
    hours = SERRE.hours.replace("PH off", "Sep-Oct Sa 10:00-12:00; PH off")
    page = read(house.as_("anne").send("/hours/written", of="/hours", hours=hours))
    assert "Premier changement : samedi 5 septembre" in page
    assert "Sam. 5 fermé 10:00 – 12:00" in page


def hidden(page: str) -> dict[str, str]:
    """The fields that a page of confirmation sends once more."""
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)}


def test_an_exception_s_mistakes_are_told(house) -> None:
    host = house.as_("anne")
    assert mistakes(host.send("/hours/exceptions", of="/hours", first="", state="open", times="")) == [
        "Indiquez le premier jour",
        "Écrivez les horaires comme 09:00-12:30, 14:00-17:00",
    ]
    backwards = {"first": "2026-12-31", "last": "2026-12-24"}
    assert "ne précède pas" in mistakes(host.send("/hours/exceptions", of="/hours", **backwards))[0]


def test_the_site_closes_stays_open_and_goes_back_to_its_hours(house) -> None:
    host = house.as_("anne")
    went(host.send("/hours/today", of="/hours", what="close"))
    assert (found := override(house))
    assert found.state == "closed"
    went(host.send("/hours/today", of="/hours", what="back"))
    assert override(house) is None
    assert mistakes(host.send("/hours/today", of="/hours", what="open", until="late")) == ["Ce n’est pas une heure"]
    went(host.send("/hours/today", of="/hours", what="open", until="19:30"))
    assert (found := override(house))
    assert found.until == at("2026-07-13 19:30")


def override(house: Office) -> Override | None:
    return house.central.books.roster.override(SERRE.id, house.moment.now)


def test_a_site_without_hours_gets_the_form_of_a_week(house) -> None:
    assert week_form.read("off") == ([""] * 7, True)
    house.central.books.append(SiteSet(site=replace(SERRE, hours="off")), by="chef")
    assert 'name="day-0"' in house.as_("anne").get("/hours").text


def test_a_week_survives_being_read_and_written() -> None:
    for hours in ("Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off", "Mo-Fr 08:00-12:00,13:00-18:00", "Sa,Su 22:00-02:00"):
        week = week_form.read(hours)
        assert week
        assert week_form.write(week[0], holidays=week[1]) == hours
    assert week_form.write([""] * 7, holidays=True) == "off"


@pytest.mark.parametrize("hours", ["24/7", "Jan-Mar Mo 10:00-12:00", 'Mo 09:00-17:00 "midi"', "PH off; Mo 09:00-10:00"])
def test_hours_that_a_form_cannot_say_are_left_to_be_written(hours) -> None:
    assert week_form.read(hours) is None


@pytest.mark.parametrize(
    "text", ["9", "matin", "17:00-09:00, 10:00-12:00", "25:00-26:00", "09:70-10:00", "10:00-10:00"]
)
def test_times_that_mean_nothing_are_refused_at_their_day(text) -> None:
    with pytest.raises(week_form.WeekError) as found:
        week_form.write(["", text, "", "", "", "", ""], holidays=False)
    assert found.value.day == 1
