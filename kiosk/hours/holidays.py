"""Public holidays: which countries and regions have a calendar, and the names of holidays.

A calendar is that of a country (`FR`), or of a region with holidays of its own (`FR-57`, ISO 3166-2). The library knows
the countries; the holidays of regions are defined here, and added to expressions that name public holidays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from string import ascii_uppercase
from typing import NamedTuple

import opening_hours
from opening_hours import OpeningHours

from kiosk import local_time
from kiosk.hours import language
from kiosk.model import Site

NAMES = {
    "FR": 'Jan 01 "Jour de l’an"; May 01 "Fête du Travail"; May 08 "Victoire de 1945"; Jul 14 "Fête nationale"; '
    'Aug 15 "Assomption"; Nov 01 "Toussaint"; Nov 11 "Armistice de 1918"; Dec 25 "Noël"; '
    'easter +1 day "Lundi de Pâques"; easter +39 days "Ascension"; easter +50 days "Lundi de Pentecôte"'
}
"""The country's own names of its holidays, as rules with comments; which days are holidays the library knows."""


class Fixed(NamedTuple):
    """A holiday on the same date each year."""

    month: int
    day: int
    name: str

    def selector(self, later: int) -> str:
        """Return its dates, `later` days later, in the language of opening hours."""
        on = date(language.COMMON_YEAR, self.month, self.day) + timedelta(days=later)
        return f"{language.MONTHS[on.month - 1]} {on.day:02}"


class AtEaster(NamedTuple):
    """A holiday a number of days after Easter; before it if negative."""

    days: int
    name: str

    def selector(self, later: int) -> str:
        """Return its dates, `later` days later, in the language of opening hours."""
        days = self.days + later
        return f"easter {days:+d} day{'s' * (abs(days) != 1)}"


_ALSACE_MOSELLE = (AtEaster(-2, "Vendredi saint"), Fixed(12, 26, "Saint-Étienne"))
_ABOLITION = "Abolition de l’esclavage"
REGIONS: Mapping[str, tuple[Fixed | AtEaster, ...]] = {
    "FR-6AE": _ALSACE_MOSELLE,
    "FR-57": _ALSACE_MOSELLE,
    "FR-971": (Fixed(5, 27, _ABOLITION),),
    "FR-972": (Fixed(5, 22, _ABOLITION),),
    "FR-973": (Fixed(6, 10, _ABOLITION),),
    "FR-974": (Fixed(12, 20, _ABOLITION),),
    "FR-976": (Fixed(4, 27, _ABOLITION),),
    "FR-BL": (Fixed(10, 9, _ABOLITION),),
    "FR-MF": (Fixed(5, 28, _ABOLITION),),
}
"""Public holidays of regions beside those of their country: Alsace (6AE) and Moselle by article L3134-13 of the French
labour code (Good Friday: in communes with a Protestant church), overseas by article L3422-2. Days that are only kept by
custom, such as 21 July in Guadeloupe, are not in them; a site that closes then has an exception."""


def regions(country: str) -> tuple[str, ...]:
    """Return the codes of the regions of a country that have public holidays of their own."""
    return tuple(region for region in REGIONS if region.startswith(f"{country}-"))


def all_regions() -> tuple[str, ...]:
    """Return the codes of all regions that have public holidays of their own."""
    return tuple(REGIONS)


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """Return the codes of the countries whose public holidays the library knows."""
    return tuple(first + last for first in ascii_uppercase for last in ascii_uppercase if has_calendar(first + last))


def has_calendar(country: str) -> bool:
    """Tell whether the library knows the public holidays of a country."""
    try:
        OpeningHours("PH", country=country)
    except opening_hours.UnknownCountryError:  # type: ignore[attr-defined]
        return False
    return True


def is_holiday(site: Site, at: datetime) -> bool:
    """Tell whether the local date is a public holiday at the site."""
    return _is_holiday(site.calendar, local_time.today(local_time.zone(site.zone), at))


def holiday_name(site: Site, at: datetime) -> str | None:
    """Return the name of the public holiday on the local date, if known."""
    names = NAMES.get(site.country)
    if names is None:
        return None
    regional = (f'{day.selector(0)} "{day.name}"' for day in REGIONS.get(site.calendar, ()))
    noon = datetime.combine(local_time.today(local_time.zone(site.zone), at), time(12))
    return schedule("; ".join([*regional, names]), site.country).state(noon)[1] or None


@lru_cache(maxsize=256)
def schedule(expression: str, calendar: str) -> OpeningHours:
    """Return the parsed expression with the public holidays of a calendar, or with none if the calendar is unknown."""
    country, written = calendar[:2], with_region(expression, calendar)
    try:
        return OpeningHours(written, country=country, auto_country=False, auto_timezone=False)
    except opening_hours.UnknownCountryError:  # type: ignore[attr-defined]
        return OpeningHours(written, auto_country=False, auto_timezone=False)


@lru_cache(maxsize=512)
def _is_holiday(calendar: str, day: date) -> bool:
    return schedule("PH", calendar).is_open(datetime.combine(day, time(12)))


# ---------------------------------------------------------------- regions

_OFFSET = re.compile(r"PH(?: ([+-]1) day)?")


def with_region(expression: str, calendar: str) -> str:
    """Return an expression in which a rule for the region's holidays follows each rule for public holidays.

    In Moselle `Mo-Fr 09:00-17:00; PH off` becomes `Mo-Fr 09:00-17:00; PH off; easter -2 days off; Dec 26 off`. A rule
    for which that is impossible is left unchanged; `check` refuses it in such a region.
    """
    days = REGIONS.get(calendar, ())
    if not days or "PH" not in expression:
        return expression
    written = ""
    for rule in language.rules(expression):
        texts = [rule.text, *(_regional(rule, days) if is_read_in_regions(rule) else ())]
        behind = ", " if rule.is_additional else "; "
        written += behind * bool(written) + behind.join(texts)
    return written


def is_read_in_regions(rule: language.Rule) -> bool:
    """Tell whether a rule can be repeated for a region's holidays: it has no dates and no hours of the next day.

    Otherwise the rule for Good Friday would cut off the night of the Thursday before.
    """
    return rule.problem is None and not rule.on_dates and not rule.past_midnight


def _regional(rule: language.Rule, days: tuple[Fixed | AtEaster, ...]) -> Iterator[str]:
    """Return the rule for the region's holidays, once for each place where it names public holidays."""
    said = rule.text[len(rule.selector) :].lstrip(" :")
    for found in _OFFSET.finditer(rule.selector if rule.on_holidays else ""):
        yield from (f"{day.selector(int(found[1] or 0))} {said}".strip() for day in days)
