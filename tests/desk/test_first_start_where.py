"""The place of a kiosk, chosen at its first start: country, time zone and currency."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from kiosk import hours
from kiosk.answers import Answered, FirstStart
from kiosk.commands import Command
from kiosk.facts import SiteSet
from kiosk.health import machine
from kiosk.messages import Tick
from kiosk.notices import Language, languages, places
from kiosk.notices.places import Place
from kiosk.screen.scenes.set_up.where import SpaceWhere
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk

ZONE = "Europe/Paris"


class Elsewhere(HostsSide):
    """A first start on a machine with a given time zone."""

    def __init__(self, counter: SteppedKiosk, zone: str | None) -> None:
        self._zone = zone
        super().__init__(counter, "set_up", member_id="")

    def perform(self, command: Command) -> Answered:
        """Answer as the daemon does."""
        answer = super().perform(command)
        return replace(answer, zone=self._zone) if isinstance(answer, FirstStart) else answer


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path, is_blank=True)
    counter.controller.handle(Tick())
    yield counter
    counter.close()


def begun(counter: SteppedKiosk, zone: str | None) -> Elsewhere:
    side = Elsewhere(counter, zone)
    side.touch("language:fr")
    assert isinstance(side.scene, SpaceWhere)
    return side


def finish(side: HostsSide) -> None:
    """Finish the first start as briefly as possible; a card of entries is sold."""
    side.touch("here")
    side.type("Hub")
    side.press("enter")
    side.touch("noon")
    side.touch("carte-10")
    side.press("enter")
    side.press("enter")
    side.touch("without")
    for key in (*"4711", "ok", *"4711", "ok"):
        side.touch(f"pad:{key}")
    side.touch("go-on")
    side.touch("start")


@pytest.mark.parametrize("zone", [None, "Etc/UTC", "Europe/Paris", "nowhere/at-all"])
def test_a_machine_that_nobody_told_where_it_is_offers_france(counter, zone):
    side = begun(counter, zone)
    assert "France\nHeure locale\N{NARROW NO-BREAK SPACE}: Paris\N{NO-BREAK SPACE}· 09:05" in side.reads()
    finish(side)
    site = counter.ledger.roster.site("la-serre")
    assert (site.zone, site.country, site.currency) == ("Europe/Paris", "FR", "EUR")


def test_the_machine_s_own_clock_tells_the_country(counter):
    side = begun(counter, "Europe/London")
    assert "Royaume-Uni\nHeure locale\N{NARROW NO-BREAK SPACE}: Londres\N{NO-BREAK SPACE}· 08:05" in side.reads()
    finish(side)
    site = counter.ledger.roster.site("la-serre")
    assert (site.zone, site.country, site.currency) == ("Europe/London", "GB", "GBP")


def test_another_country_is_found_by_its_letter_and_its_money_is_asked_for(counter):
    side = begun(counter, None)
    side.touch("elsewhere")
    side.touch("letter:S")
    side.touch("row:>")
    side.touch("row:CH")
    assert "Suisse" in side.reads()
    assert "franc suisse" in side.reads()
    side.touch("here")
    side.type("Hub")
    side.press("enter")
    side.touch("noon")
    side.touch("carte-10")
    assert "CHF" in side.reads()


def test_a_country_with_several_clocks_is_asked_which(counter):
    side = begun(counter, "Europe/Paris")
    side.touch("elsewhere")
    side.touch("letter:P")
    side.touch("row:>")
    side.touch("row:PT")
    side.touch("row:Atlantic/Azores")
    assert "Açores" in side.reads()
    finish(side)
    site = counter.ledger.roster.site("la-serre")
    assert (site.zone, site.country) == ("Atlantic/Azores", "PT")


def test_a_choice_by_hand_is_not_taken_back_by_the_machine_s_clock(counter):
    side = begun(counter, "Europe/London")
    side.touch("elsewhere")
    side.touch("letter:B")
    side.touch("row:BE")
    side.wait(30)
    assert "Belgique" in side.reads()


def test_the_overseas_keep_the_holidays_of_their_country():
    assert places.place_at("Indian/Reunion", hours.countries()) == Place("FR", "Indian/Reunion", "EUR", "FR-974")
    assert places.zones("FR")[0] == "Europe/Paris"


@pytest.mark.parametrize("code", languages())
def test_every_country_that_can_be_chosen_has_a_name_a_clock_and_money(code):
    words = Language(code, ZONE)
    countries = hours.countries()
    assert len(countries) > 100
    assert {country for some in places.by_letter(words, countries).values() for country in some} == set(countries)
    for country in countries:
        hours.check("Mo-Fr 09:00-17:00; PH off", (), country)
        assert places.country_name(words, country) != country
        assert len(places.currency(country)) == 3
        assert [ZoneInfo(zone).key for zone in places.zones(country)], country


def test_the_machine_s_zone_is_read_from_where_the_system_keeps_it(tmp_path):
    etc = tmp_path / "etc"
    etc.mkdir()
    assert machine.zone(tmp_path) is None
    (etc / "timezone").write_text("Europe/Brussels\n")
    assert machine.zone(tmp_path) == "Europe/Brussels"
    (etc / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Rome")
    assert machine.zone(tmp_path) == "Europe/Rome"


def test_in_alsace_and_moselle_the_region_is_chosen_at_the_first_start(counter: SteppedKiosk) -> None:
    side = begun(counter, ZONE)
    side.touch("region")
    side.touch("row:FR-57")
    assert "Moselle" in side.reads()
    finish(side)
    assert counter.stored(SiteSet)[-1].site.region == "FR-57"
