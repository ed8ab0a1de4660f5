"""Countries, time zones and currencies, by their names in the CLDR (from Babel).

Used by the first start, which asks once where the kiosk is. Opening hours of a country are in kiosk.hours.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location
from babel.numbers import get_currency_name, get_territory_currencies

from kiosk.notices.language import Language, sentence

OVERSEAS = {"RE": "FR", "GP": "FR", "MQ": "FR", "GF": "FR", "YT": "FR", "BL": "FR", "MF": "FR"}
"""Parts of a country that the CLDR counts as lands of their own: they keep its public holidays and its money."""
REGIONS = {
    "GP": "FR-971",
    "MQ": "FR-972",
    "GF": "FR-973",
    "RE": "FR-974",
    "YT": "FR-976",
    "BL": "FR-BL",
    "MF": "FR-MF",
}
"""Which of them are regions with public holidays beside the country's (kiosk.hours.holidays)."""
IN_THE_HOME_ZONE = {"FR-6AE": "Alsace", "FR-57": "Moselle"}
"""Regions of that kind whose clocks show what those of the rest of the country show, by their names."""


class Place(NamedTuple):
    """The place of a kiosk: a country's code, an IANA zone, a currency's code."""

    country: str
    zone: str
    currency: str
    region: str = ""
    """A region with public holidays of its own; empty: the country's alone."""


FIRST_PLACE = Place("FR", "Europe/Paris", "EUR")
"""The place of a kiosk before it is set."""


def place_at(zone: str | None, among: tuple[str, ...]) -> Place | None:
    """Return the place of a time zone, if it is in one of the countries `among`; None for a zone like UTC."""
    found = next((country for country in among if zone in zones(country)), None)
    return None if found is None or zone is None else place(found, zone)


def place(country: str, zone: str) -> Place:
    """Return the place of a time zone in a country, with its region if the zone determines it."""
    return Place(country, zone, currency(country), REGIONS.get(get_global("zone_territories").get(zone, ""), ""))


def regions_here(at: Place) -> tuple[str, ...]:
    """Return the regions that a place may be in, if its time zone does not determine one."""
    return tuple(IN_THE_HOME_ZONE) if (at.country, at.zone) == (FIRST_PLACE.country, FIRST_PLACE.zone) else ()


def region_name(words: Language, region: str) -> str:
    """Return the name of a region: Moselle, La Réunion."""
    land = next((land for land, one in REGIONS.items() if one == region), "")
    return IN_THE_HOME_ZONE.get(region) or country_name(words, land)


def zones(country: str) -> tuple[str, ...]:
    """Return the time zones of a country, sorted by city; for France, Paris before those overseas."""
    return _zones().get(country, ())


def currency(country: str) -> str:
    """Return the present currency of a country."""
    found = get_territory_currencies(country)
    return found[0] if found else FIRST_PLACE.currency


def country_name(words: Language, country: str) -> str:
    """Return the name of a country: Italie."""
    return str(words.locale.territories.get(country, country))


def zone_name(words: Language, zone: str) -> str:
    """Return the name of a time zone, by its city: heure de Rome."""
    return words.say("{city} time", city=city(words, zone))


def city(words: Language, zone: str) -> str:
    """Return the city of a time zone."""
    return str(get_timezone_location(zone, locale=words.locale, return_city=True))


def currency_name(words: Language, code: str) -> str:
    """Return the name of a currency: euro."""
    return str(get_currency_name(code, locale=words.locale))


def by_letter(words: Language, countries: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Group countries by the first letter of their names, ignoring accents; both sorted."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for country in countries:
        plain = _plain(country_name(words, country))
        found[plain[:1].upper()].append((plain, country))
    return {letter: tuple(country for _, country in sorted(found[letter])) for letter in sorted(found)}


def own_name(code: str) -> str:
    """Return a language's name for itself: Français."""
    words = Language(code, FIRST_PLACE.zone)
    return sentence(str(words.locale.get_language_name() or code))


@cache
def _zones() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    known = available_timezones()
    for zone, land in get_global("zone_territories").items():
        if zone in known:
            found[OVERSEAS.get(land, land)].append(zone)
    return {country: tuple(sorted(of_it, key=_home_first)) for country, of_it in found.items()}


def _home_first(zone: str) -> tuple[bool, str]:
    return (zone != FIRST_PLACE.zone, zone.rpartition("/")[2])


def _plain(name: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(one))
