"""Writes words, times, dates, durations and money in one language, in the zone of a site.

The catalogues are the `.po` files in kiosk/locale, read as they are: there is no compiled copy that could be stale. All
files of a language together are its catalogue: one for the door, one for each part of the hosts' screen. English is
the source text and needs no catalogue. What is said, and when, is in the other modules of this package.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from kiosk.languages import DEFAULT, SOURCE, catalogue_files, languages

__all__ = ["DEFAULT", "SOURCE", "Language", "catalogue_files", "choose", "languages", "sentence"]

MINUS = "\u2212"
"""As wide as a plus and never taken for a hyphen."""
A_MONDAY = date(2024, 1, 1)
LOCALES = {"en": "en_GB"}
"""The English of Europe: 24 hours, day before month."""


@cache
def catalogue(code: str) -> gettext.NullTranslations:
    """The translations into a language of `languages()`."""
    if code == SOURCE:
        return gettext.NullTranslations()
    whole = Catalog(locale=code)
    for path in catalogue_files(code):
        with path.open("rb") as file:
            for message in read_po(file, locale=code):
                whole[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def choose(*wishes: str | None) -> str:
    """Return the first available language among the wishes, French if there is none."""
    return next((wish for wish in wishes if wish in languages()), DEFAULT)


class Language:
    """One language, in the zone of one site. Texts hold `{name}` where a fact belongs."""

    def __init__(self, code: str, zone: str) -> None:
        """`code` is one of `languages()`, `zone` an IANA name."""
        self.code, self.zone = code, zone
        self._words = catalogue(code)
        self._locale = Locale.parse(LOCALES.get(code, code))
        self._zone = ZoneInfo(zone)

    @property
    def locale(self) -> Locale:
        """What the CLDR knows of the language."""
        return self._locale

    # ------------------------------------------------------------ words

    def say(self, text: str, **facts: object) -> str:
        """Translate a text and fill in its facts."""
        return self._words.gettext(text).format(**facts)

    def count(self, one: str, many: str, n: int, **facts: object) -> str:
        """Translate a text in the form that fits the number `n`."""
        return self._words.ngettext(one, many, n).format(n=n, **facts)

    # ------------------------------------------------------------ times

    def local(self, at: datetime) -> datetime:
        """The instant on the site's wall clock."""
        return at.astimezone(self._zone)

    def time(self, at: datetime) -> str:
        """Hours and minutes: 17:00."""
        local = self.local(at)
        return format_time(local.timetz(), "short", tzinfo=self._zone, locale=self._locale)

    def dated(self, day: date, now: datetime) -> str:
        """Day and month, and the year unless it is this one: 14 juillet, 4 janvier 2027."""
        if day.year == self.local(now).year:
            return self._write(day, self.say("d MMMM"))
        return self._write(day, self.say("d MMMM y"))

    def short_day(self, day: date) -> str:
        """A day of a week that is shown: Tue 14."""
        return format_date(day, "EEE d", locale=self._locale)

    def day_name(self, number: int, *, short: bool = False) -> str:
        """The name of a day of the week, Monday is 0."""
        return format_date(A_MONDAY + timedelta(days=number), "EEE" if short else "EEEE", locale=self._locale)

    def month(self, day: date) -> str:
        """The month and year of a day: July 2026."""
        return format_date(day, "MMMM y", locale=self._locale)

    def weekday(self, day: date, now: datetime) -> str:
        """Day of the week, day, month, and the year unless it is this one: mardi 14 juillet."""
        return self.weekday_of(day, self.local(now).date())

    def weekday_of(self, day: date, today: date) -> str:
        """The same, for who knows only the local date."""
        if day.year == today.year:
            return self._write(day, self.say("EEEE d MMMM"))
        return self._write(day, self.say("EEEE d MMMM y"))

    def day(self, day: date, now: datetime) -> str:
        """The shortest unmistakable name of a day: today, tomorrow, Thursday, or the date."""
        ahead = (day - self.local(now).date()).days
        if ahead == 0:
            return self.say("today")
        if ahead == 1:
            return self.say("tomorrow")
        if 1 < ahead < 7:
            return format_date(day, "EEEE", locale=self._locale)
        return self.weekday(day, now)

    def moment(self, at: datetime, now: datetime) -> str:
        """A day and a time, for a sentence that goes on: `today at 14:00`."""
        return self.say("{day} at {time}", day=self.day(self.local(at).date(), now), time=self.time(at))

    def until(self, at: datetime, now: datetime) -> str:
        """The end of something: `until 17:00`, with the date when that is another day."""
        local, today = self.local(at), self.local(now).date()
        if local.time() == local.time().min and local.date() == today + timedelta(days=1):
            return self.say("until midnight")
        if local.date() == today:
            return self.say("until {time}", time=self.time(at))
        return self.say("until {day} at {time}", day=self.weekday(local.date(), now), time=self.time(at))

    def length(self, span: timedelta) -> str:
        """How long, in whole minutes begun: 1 h 50. Somebody who has 20 seconds left has a minute."""
        minutes = -(-max(0, int(span.total_seconds())) // 60)
        hours, minutes = divmod(minutes, 60)
        if not hours:
            return self.say("{n} min", n=minutes)
        if not minutes:
            return self.say("{n} h", n=hours)
        return self.say("{hours} h {minutes:02} min", hours=hours, minutes=minutes)

    def _write(self, day: date, pattern: str) -> str:
        text = format_date(day, pattern, locale=self._locale)
        # French counts the first of a month as an ordinal; the locale data does not know.
        return re.sub(r"\b1(?=\s[^\W\d])", "1er", text, count=1) if self.code == "fr" else text

    # ------------------------------------------------------------ money and texts

    def money(self, cents: int, currency: str) -> str:
        """An amount, without the cents if there are none: 50 EUR, 2.50 EUR; what goes back has a true minus sign."""
        pattern = self._locale.currency_formats["standard"].pattern
        whole = cents % 100 == 0
        said = format_currency(
            Decimal(cents) / 100,
            currency,
            pattern.replace(".00", "") if whole else pattern,
            locale=self._locale,
            currency_digits=not whole,
        )
        return said.replace("-", MINUS) if cents < 0 else said

    def decimal(self, number: float) -> str:
        """A number with one decimal, if it has any: 12,5."""
        return format_decimal(round(number, 1), locale=self._locale)


def sentence(text: str) -> str:
    """The text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def sentences(texts: Iterable[str]) -> str:
    """Texts in one paragraph, each with a stop at its end unless it has one: of `!`, `?`, `…` or a stop."""
    return " ".join(text if text.endswith((".", "!", "?", "…")) else f"{text}." for text in texts if text)
