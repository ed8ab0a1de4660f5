"""The language of the staff pages: their own catalogue, with the screen's as fallback.

English is the source text. The language is the one that the reader chose, else the account's, else the browser's.
"""

from __future__ import annotations

import gettext
import io
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal
from unicodedata import normalize

from babel.dates import format_date, get_day_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from kiosk.notices import language
from kiosk.notices.language import SOURCE, Language, languages

ELIDED = tuple("aeiouhœ")
"""First letters of names before which French elides; an h is silent in nearly all first names."""
CATALOGUES = Path(__file__).parent / "locale"


def catalogue_file(code: str) -> Path:
    """Return the file of the pages' catalogue of a language."""
    return CATALOGUES / code / "LC_MESSAGES" / "pages.po"


@cache
def catalogue(code: str) -> gettext.NullTranslations:
    """Return the pages' translations into a language, with the screen's as fallback."""
    if code == SOURCE:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with catalogue_file(code).open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    found = gettext.GNUTranslations(compiled)
    found.add_fallback(language.catalogue(code))
    return found


def preferred(header: str) -> str | None:
    """Return the best available language for a browser (RFC 9110, section 12.5.4)."""
    wishes = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        wishes.append((-_number(weight), tag.split("-")[0].lower()))
    return next(
        (tag for weight, tag in sorted(wishes, key=lambda wish: wish[0]) if weight and tag in languages()), None
    )


def _number(weight: str) -> float:
    try:
        return float(weight or 1)
    except ValueError:
        return 0.0


class Words(Language):
    """Writes words, times and places of the pages in one language and time zone."""

    def __init__(self, code: str, zone: str) -> None:
        super().__init__(code, zone)
        self._words = catalogue(code)

    def say(self, text: str, **facts: object) -> str:
        """Translate a text and fill in its facts, in French with elision: `Badge d’Élodie`, `Badge de Nadia`."""
        said = self._words.gettext(text)
        for name, fact in facts.items() if self.code == "fr" else ():
            if normalize("NFD", str(fact))[:1].lower() in ELIDED:
                said = said.replace(f"de {{{name}}}", f"d’{{{name}}}")
        return said.format(**facts)

    def when(self, at: datetime, now: datetime) -> str:
        """Write an instant for a table: only the time if it is today, else with its day."""
        local = self.local(at)
        if local.date() == self.local(now).date():
            return self.time(at)
        return self.say("{day}, {time}", day=self.dated(local.date(), now), time=self.time(at))

    def at(self, place: str) -> str:
        """Write a site with its preposition: `at La Serre`; in French with its article, `aux Tuves` for Les Tuves."""
        for article, contracted in (("Le ", "au "), ("Les ", "aux ")) if self.code == "fr" else ():
            if place.startswith(article):
                return contracted + place.removeprefix(article)
        return self.say("at {site}", site=place)

    def month(self, day: date) -> str:
        """Return a month and its year."""
        return format_date(day, "LLLL y", locale=self._locale)

    def weekdays(self, width: Literal["wide", "abbreviated"] = "wide") -> list[str]:
        """Return the days of the week from Monday on."""
        names = get_day_names(width, "stand-alone", self._locale)
        return [names[number] for number in range(7)]
