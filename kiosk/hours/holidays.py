"""Public holidays: the countries whose calendars are known, which days are holidays and what they are called."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from string import ascii_uppercase

import opening_hours
from opening_hours import OpeningHours

from kiosk import local_time
from kiosk.model import Site

NAMES = {
    "FR": 'Jan 01 "Jour de l’an"; May 01 "Fête du Travail"; May 08 "Victoire de 1945"; Jul 14 "Fête nationale"; '
    'Aug 15 "Assomption"; Nov 01 "Toussaint"; Nov 11 "Armistice de 1918"; Dec 25 "Noël"; '
    'easter +1 day "Lundi de Pâques"; easter +39 days "Ascension"; easter +50 days "Lundi de Pentecôte"'
}
"""The country's own names of its holidays, as rules with comments; which days are holidays the library knows."""


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """Codes of the countries whose public holidays the library knows."""
    return tuple(first + last for first in ascii_uppercase for last in ascii_uppercase if has_calendar(first + last))


def has_calendar(country: str) -> bool:
    """Tell whether the library knows the public holidays of a country."""
    try:
        OpeningHours("PH", country=country)
    except opening_hours.UnknownCountryError:  # type: ignore[attr-defined]
        return False
    return True


def is_holiday(site: Site, at: datetime) -> bool:
    """Whether the local date is a public holiday of the site's country."""
    return _is_holiday(site.country, local_time.today(local_time.zone(site.zone), at))


def holiday_name(site: Site, at: datetime) -> str | None:
    """What the country calls the public holiday of the local date, where that is known."""
    names = NAMES.get(site.country)
    noon = datetime.combine(local_time.today(local_time.zone(site.zone), at), time(12))
    return schedule(names, site.country).state(noon)[1] or None if names else None


@lru_cache(maxsize=256)
def schedule(expression: str, country: str) -> OpeningHours:
    """An expression, read with the public holidays of a country; with none where no calendar of it is known."""
    try:
        return OpeningHours(expression, country=country, auto_country=False, auto_timezone=False)
    except opening_hours.UnknownCountryError:  # type: ignore[attr-defined]
        return OpeningHours(expression, auto_country=False, auto_timezone=False)


@lru_cache(maxsize=512)
def _is_holiday(country: str, day: date) -> bool:
    return schedule("PH", country).is_open(datetime.combine(day, time(12)))
