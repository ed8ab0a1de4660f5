"""Public holidays of regions: Alsace and Moselle, and overseas."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from kiosk import hours
from kiosk.notices import Language, languages, places
from tests.rules.house import SERRE

LAW = {
    "FR-6AE": {date(2027, 3, 26), date(2027, 12, 26)},
    "FR-57": {date(2027, 3, 26), date(2027, 12, 26)},
    "FR-971": {date(2027, 5, 27)},
    "FR-972": {date(2027, 5, 22)},
    "FR-973": {date(2027, 6, 10)},
    "FR-974": {date(2027, 12, 20)},
    "FR-976": {date(2027, 4, 27)},
    "FR-BL": {date(2027, 10, 9)},
    "FR-MF": {date(2027, 5, 28)},
}
"""Read in the French labour code, articles L3134-13 and L3422-2, for 2027, when Easter is on 28 March."""
DAYS = [datetime(2027, 1, 1, 12, tzinfo=UTC) + timedelta(days=number) for number in range(365)]


def holidays(region: str, country: str = "FR") -> set[date]:
    site = replace(SERRE, zone="UTC", region=region, country=country)
    return {at.date() for at in DAYS if hours.is_holiday(site, at)}


@pytest.mark.parametrize("region", LAW)
def test_a_region_has_the_holidays_of_the_country_and_those_of_the_labour_code(region):
    assert holidays(region) - holidays("") == LAW[region]
    assert holidays(region) > holidays("")


def test_every_region_is_compared_with_the_law():
    assert set(hours.all_regions()) == set(LAW)


def test_a_holiday_of_a_region_closes_and_says_its_name():
    site = replace(SERRE, hours="Mo-Su 09:00-17:00; PH off", exceptions=(), region="FR-57")
    at = datetime(2027, 3, 26, 10, tzinfo=UTC)
    opening = hours.opening(site, None, at)
    assert (opening.is_open, opening.is_holiday, opening.because) == (False, True, "Vendredi saint")
    assert hours.opening(replace(site, region=""), None, at).is_open


def test_an_exception_opens_on_a_holiday_of_a_region():
    site = replace(SERRE, hours="Mo-Su 09:00-17:00; PH off", exceptions=("2027 Mar 26 10:00-12:00",), region="FR-57")
    assert hours.opening(site, None, datetime(2027, 3, 26, 10, tzinfo=UTC)).is_open


def test_a_region_of_another_country_says_nothing():
    assert holidays("FR-57", country="DE") == holidays("", country="DE")


def test_public_holidays_together_with_dates_are_refused_in_a_region():
    rule = "Mo-Fr 09:00-17:00; Jul-Aug PH off"
    hours.check(rule, (), "FR")
    with pytest.raises(hours.HoursError) as error:
        hours.check(rule, (), "FR-57")
    assert (error.value.code, error.value.column) == ("HOURS_REGION", 20)


@pytest.mark.parametrize("calendar", ["FR-99", "DE-BY"])
def test_a_region_of_which_nothing_is_known_is_refused(calendar):
    with pytest.raises(hours.HoursError):
        hours.check("Mo 09:00-17:00", (), calendar)


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("Europe/Paris", ""),
        ("Indian/Reunion", "FR-974"),
        ("America/Martinique", "FR-972"),
        ("America/Cayenne", "FR-973"),
        ("Indian/Mayotte", "FR-976"),
        ("America/Guadeloupe", "FR-971"),
    ],
)
def test_overseas_the_clock_tells_the_region(zone, region):
    assert places.place_at(zone, hours.countries()) == ("FR", zone, "EUR", region)


@pytest.mark.parametrize("language", languages())
def test_every_region_has_a_name_for_people(language):
    names = [places.region_name(Language(language, "Europe/Paris"), region) for region in hours.all_regions()]
    assert len(set(names)) == len(LAW)
    assert not any("FR" in name for name in names)
