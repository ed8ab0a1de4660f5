"""Reads prices, durations and parts of a day as people write them into the nouns of kiosk.model.

Every function takes a TOML value and raises ValueError with a sentence that shows what to write instead. Which setting
has which kind of value is defined in kiosk.settings.site_file.
"""

from __future__ import annotations

import re
from datetime import time
from itertools import pairwise
from typing import NamedTuple

from kiosk.local_time import is_zone, zone_names
from kiosk.model import Cover, Day, Duration, Span, Spans, Unlimited
from kiosk.settings.mistakes import did_you_mean

PRICE = 'a price, such as "50 EUR" or 50.00'
COVERS = (
    'what one entry covers: "3h", "90 min", "day", "day until 04:00", "unlimited", '
    'or parts of the day such as ["08:30-12:00", "13:00-18:00"]'
)
VALID = 'how long a pass is valid: "60 days", "6 months", "1 year" after the first day, "calendar month" or "same day"'
MOST_MONTHS = 1200


class Price(NamedTuple):
    """Cents, and the currency where the text names one."""

    cents: int
    currency: str | None


class Validity(NamedTuple):
    """The terms of kiosk.model.Product that say how long a pass is valid."""

    valid_days: int | None = None
    valid_months: int | None = None
    calendar_month: bool = False


def price(value: object) -> Price:
    """Read `50 EUR`, `50,00 €`, `50.00` or 50; ValueError otherwise."""
    text = "" if isinstance(value, bool) else str(value)
    match = re.fullmatch(r"(\d{1,6})(?:[.,](\d{1,2}))?\s*(€|[A-Za-z]{3})?", text.strip())
    if match is None:
        raise ValueError(f"expected {PRICE}")
    whole, cents, currency = match.groups()
    symbol = {"€": "EUR"}.get(currency or "", (currency or "").upper())
    return Price(int(whole) * 100 + int((cents or "").ljust(2, "0")), symbol or None)


def minutes(text: str) -> int | None:
    """Read `3h`, `1h30`, `1 h 30 min`, `90 min`, `90 minutes`; None when it is not a duration."""
    match = re.fullmatch(
        r"(?:(\d{1,3})\s*(?:h|hours?|heures?)\s*(?:(\d{1,2})\s*(?:min)?)?|(\d{1,4})\s*min(?:utes?)?)", text
    )
    if match is None:
        return None
    hours_, rest, only = match.groups()
    total = int(only) if only else int(hours_) * 60 + int(rest or 0)
    return total or None


def covers(value: object) -> Cover:
    """Read what one entry covers; ValueError otherwise."""
    if isinstance(value, list):
        return Spans(spans=spans(value))
    text = value.strip().lower() if isinstance(value, str) else ""
    day = re.fullmatch(r"day(?:\s+until\s+(\d{1,2}:\d\d))?", text)
    duration = minutes(text)
    if text == "unlimited":
        return Unlimited()
    if day:
        return Day(boundary=clock_time(day[1])) if day[1] else Day()
    if duration:
        return Duration(minutes=duration)
    near = did_you_mean(text, ("day", "unlimited"))
    raise ValueError(f"expected {COVERS}{near}")


def spans(parts: list[object]) -> tuple[Span, ...]:
    """Read parts of a day, in order and without overlap; ValueError otherwise."""
    found = tuple(span(part) for part in parts)
    if not found:
        raise ValueError(f"expected {COVERS}")
    for one, after in pairwise(found):
        if one.end == time(0) or one.end > after.start:
            raise ValueError(f"the part that starts at {after.start:%H:%M} overlaps the one before it")
    return found


def span(value: object) -> Span:
    """Read `08:30-12:00` or `13:30-24:00`; ValueError otherwise."""
    match = re.fullmatch(r"\s*(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)\s*", str(value))
    if match is None:
        raise ValueError(f'expected a part of the day such as "08:30-12:00", not "{value}"')
    found = Span(start=clock_time(match[1]), end=clock_time(match[2]))
    if found.end != time(0) and found.end <= found.start:
        raise ValueError(f'"{value}" ends before it starts')
    return found


def clock_time(text: str) -> time:
    """Read a time of day; 24:00 is midnight, like 00:00. ValueError otherwise."""
    hour, minute = (int(part) for part in text.split(":"))
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise ValueError(f'"{text}" is no time of day')
    return time(hour, minute)


def validity(value: object) -> Validity:
    """Read `60 days`, `6 months`, `1 year`, `calendar month` or `same day`; ValueError otherwise."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if text == "calendar month":
        return Validity(calendar_month=True)
    if text == "same day":
        return Validity(valid_days=0)
    match = re.fullmatch(r"([1-9]\d{0,3})\s*(day|month|year)s?", text)
    if match is None:
        raise ValueError(f"expected {VALID}{did_you_mean(text, ('calendar month', 'same day'))}")
    count = int(match[1])
    if match[2] == "day":
        return Validity(valid_days=count)
    months = count * (12 if match[2] == "year" else 1)
    if months > MOST_MONTHS:
        raise ValueError("expected 100 years or less; leave this out for a pass without end")
    return Validity(valid_months=months)


def zone(value: object) -> str:
    """Read the IANA name of a time zone; ValueError otherwise."""
    if not isinstance(value, str) or not is_zone(value):
        near = did_you_mean(str(value), sorted(zone_names()))
        raise ValueError(f'expected the name of a time zone, such as "Europe/Paris"{near}')
    return value
