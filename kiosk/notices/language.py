"""Writes words, times, dates, durations and money in one language, in the zone of a site.

The catalogues are the `.po` files in kiosk/locale, read directly: there is no compiled copy that could be out of date.
All files of a language together are its catalogue: one for the door, one for each part of the hosts' screen. English is
the source text and needs no catalogue. The texts themselves are in the other modules of this package.
"""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal

from kiosk import local_time
from kiosk.languages import DEFAULT, SOURCE, catalogue_files, languages

__all__ = ["DEFAULT", "SOURCE", "Language", "catalogue_files", "choose", "languages", "sentence"]

MINUS = "\u2212"
"""As wide as a plus and never taken for a hyphen."""
A_MONDAY = date(2024, 1, 1)
LOCALES = {"en": "en_GB"}
"""The English of Europe: 24 hours, day before month."""


@cache
def catalogue(code: str) -> gettext.NullTranslations:
    """Return the translations into a language of `languages()`."""
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
    """Return the first available language of the wishes, French if none is."""
    return next((wish for wish in wishes if wish in languages()), DEFAULT)


class Language:
    """One language, in the zone of one site. Texts hold `{name}` where a fact belongs."""

    def __init__(self, code: str, zone: str) -> None:
        """`code` is one of `languages()`, `zone` an IANA name; UTC for an unknown one."""
        self.code, self.zone = code, zone
        self._words = catalogue(code)
        self._locale = Locale.parse(LOCALES.get(code, code))
        self._zone = local_time.zone(zone)

    @property
    def locale(self) -> Locale:
        """The CLDR locale of the language."""
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
        """Return the instant as the site's local time."""
        return local_time.within_calendar(at).astimezone(self._zone)

    def time(self, at: datetime) -> str:
        """Return hours and minutes: 17:00."""
        local = self.local(at)
        return format_time(local.timetz(), "short", tzinfo=self._zone, locale=self._locale)

    def dated(self, day: date, now: datetime) -> str:
        """Return day and month, with the year unless it is this one: 14 juillet, 4 janvier 2027."""
        if day.year == self.local(now).year:
            return self._write(day, self.say("d MMMM"))
        return self._write(day, self.say("d MMMM y"))

    def short_day(self, day: date) -> str:
        """Return a short name of a day in a week: Tue 14."""
        return format_date(day, "EEE d", locale=self._locale)

    def day_name(self, number: int, *, short: bool = False) -> str:
        """Return the name of a weekday, Monday is 0."""
        return format_date(A_MONDAY + timedelta(days=number), "EEE" if short else "EEEE", locale=self._locale)

    def month(self, day: date) -> str:
        """Return the month and year of a day: July 2026."""
        return format_date(day, "MMMM y", locale=self._locale)

    def weekday(self, day: date, now: datetime) -> str:
        """Return weekday, day and month, with the year unless it is this one: mardi 14 juillet."""
        return self.weekday_of(day, self.local(now).date())

    def weekday_of(self, day: date, today: date) -> str:
        """Return the same from two local dates."""
        if day.year == today.year:
            return self._write(day, self.say("EEEE d MMMM"))
        return self._write(day, self.say("EEEE d MMMM y"))

    def day(self, day: date, now: datetime) -> str:
        """Return the shortest clear name of a day: today, tomorrow, Thursday, or the date."""
        ahead = (day - self.local(now).date()).days
        if ahead == 0:
            return self.say("today")
        if ahead == 1:
            return self.say("tomorrow")
        if 1 < ahead < 7:
            return format_date(day, "EEEE", locale=self._locale)
        return self.weekday(day, now)

    def moment(self, at: datetime, now: datetime) -> str:
        """Return a day and a time, for use inside a sentence: `today at 14:00`."""
        return self.say("{day} at {time}", day=self.day(self.local(at).date(), now), time=self.time(at))

    def until(self, at: datetime, now: datetime) -> str:
        """Return the end of something: `until 17:00`, with the date if it is another day."""
        local, today = self.local(at), self.local(now).date()
        if local.time() == local.time().min and local.date() == today + timedelta(days=1):
            return self.say("until midnight")
        if local.date() == today:
            return self.say("until {time}", time=self.time(at))
        return self.say("until {day} at {time}", day=self.weekday(local.date(), now), time=self.time(at))

    def length(self, span: timedelta) -> str:
        """Return a duration in minutes, rounded up: 1 h 50. So 20 seconds are a minute."""
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
        """Return an amount, without cents if there are none: 50 EUR, 2.50 EUR; negative ones with a true minus sign."""
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
        """Return a number with one decimal, if it has any: 12,5."""
        return format_decimal(round(number, 1), locale=self._locale)


def sentence(text: str) -> str:
    """Return the text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def sentences(texts: Iterable[str]) -> str:
    """Join texts to a paragraph, adding a full stop to each that does not end with one, `!`, `?` or `…`."""
    return " ".join(text if text.endswith((".", "!", "?", "…")) else f"{text}." for text in texts if text)
