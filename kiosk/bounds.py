"""The bounds of everything that the ledger keeps: lengths of texts, ranges of numbers and dates, zones. Pure.

One table for three places: the desk refuses what somebody typed beyond a bound; the central server puts such an entry
into quarantine when it arrives; and no roster, of a kiosk or of the server, is changed by one that is stored already.
The bounds are generous: they keep out what would break a database, a page or a sum, and what no site can mean. What
is sensible for a field is judged by who asks for it.

A field is bounded by its name (`FIELDS`), or else by the kind of its value (`_value`); so a new field has bounds
before anybody writes some for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

import msgspec

from kiosk.facts import Entry, Fact
from kiosk.local_time import is_zone
from kiosk.model import ClockQuality, Noun

# ---------------------------------------------------------------- the table


class Text(NamedTuple):
    """At most so many letters, none of them a control character; `lines`: but for tabs and ends of lines."""

    most: int
    lines: bool = False


class Number(NamedTuple):
    """From `least` to `most`, both included."""

    least: int
    most: int


class Zone(NamedTuple):
    """The IANA name of a time zone that is known on this machine."""


Bound = Text | Number | Zone

ID = Text(200)
"""PostgreSQL indexes no row above 2704 bytes, and an index has up to three ids."""
WORD = Text(200)
"""Names, notes, reasons, codes."""
RULE = Text(1_000, lines=True)
"""Opening hours, or one exception."""
STORY = Text(2_000, lines=True)
"""What happened, in sentences."""
LARGEST = 2**63 - 1
"""The greatest number that both databases keep."""
PLACE = Number(0, LARGEST)
"""Numbers of entries."""
COUNT = Number(-1_000_000, 1_000_000)
"""Entries of passes, people, days, minutes."""
CENTS = Number(0, 100_000_000)
"""Money: a million of the currency."""
WINDOW_MINUTES = Number(0, 40 * 24 * 60)
"""kiosk.store.fold.visits looks no further back."""
DAYS = Number(0, 36_525)
MONTHS = Number(0, 1_200)

FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
"""Of dates, and of instants in UTC."""
FIRST_UNTRUSTED = 1970
"""The year in which a machine without a clock wakes."""

SHORT_LIST = 200
"""Members of what people put together: holders, sites, spans, exceptions of the hours, fields that were changed."""
SUMS = frozenset({"times", "uses", "credits", "last_seen", "counts", "answers", "present", "sessions", "came_last"})
"""Fields with a row for each entry, pass or member of a stretch of the ledger."""
LONG_LIST = 1_000_000
LISTS = {"exceptions": 2_000, "changed": 2_500, "saw": 10_000, **dict.fromkeys(SUMS, LONG_LIST)}
"""Field -> its most members, where these are more than SHORT_LIST."""

FIELDS: dict[str, Bound] = {
    **dict.fromkeys(("seq", "first", "last", "position"), PLACE),
    **dict.fromkeys(("Timed.seq", "Debt.first"), PLACE),
    "monotonic_ns": Number(-LARGEST, LARGEST),
    **dict.fromkeys(("price_cents", "converts_cents", "credit_cents", "cents"), CENTS),
    "minutes": WINDOW_MINUTES,
    **dict.fromkeys(("valid_days", "staff_undo_days"), DAYS),
    "valid_months": MONTHS,
    "zone": Zone(),
    **dict.fromkeys(("hours", "exceptions", "access_hours", "converts_hours", "changed"), RULE),
    **dict.fromkeys(("detail", "facts"), STORY),
    "pin": Text(500),
    **dict.fromkeys(("country", "currency", "language", "region"), Text(20)),
    "month": Text(7),
}
"""Field, or class and field -> its bound."""


# ---------------------------------------------------------------- what is beyond


class Excess(NamedTuple):
    """A field that is beyond its bound: a code for the words of a refusal, and the facts of them."""

    field: str
    """`member.name`."""
    code: str
    """TOO_LONG, CONTROL_CHARACTER, NUMBER_RANGE, DATE_RANGE, TOO_MANY, NO_SUCH_ZONE or OTHER_KIND."""
    facts: dict[str, str]

    def __str__(self) -> str:
        return f"{self.field}: {SENTENCES[self.code].format(**self.facts)}"


SENTENCES = {
    "TOO_LONG": "a text has {most} letters at most here",
    "CONTROL_CHARACTER": "it has a control character, which cannot be written or read",
    "NUMBER_RANGE": "a number is from {least} to {most} here",
    "DATE_RANGE": "a date is from {first} to {last} here",
    "TOO_MANY": "there are {most} at most",
    "NO_SUCH_ZONE": "this time zone is not known here",
    "OTHER_KIND": "the entry calls itself otherwise than what it tells",
}


class OutOfBoundsError(ValueError):
    """An entry tells what is beyond the bounds: the roster does not change by it."""


def excess(fact: Fact, *, clock: ClockQuality = ClockQuality.TRUSTED) -> Excess | None:
    """Return the first field of a fact that is beyond its bound, None where all are within.

    `clock` is of the entry: one that did not know the time tells dates from 1970 on.
    """
    return next(_struct(fact, "", FIRST.year if clock is not ClockQuality.UNTRUSTED else FIRST_UNTRUSTED), None)


def noun_excess(noun: Noun) -> Excess | None:
    """Return the first field of a noun that is beyond its bound, None where all are within."""
    return next(_struct(noun, "", FIRST_UNTRUSTED), None)


def check(entry: Entry, fact: Fact) -> None:
    """Raise OutOfBoundsError for an entry that is beyond the bounds, or of another kind than the fact in it."""
    found = stamp_excess(entry) or excess(fact, clock=entry.stamp.clock)
    if found is None and entry.kind != fact.__struct_config__.tag:
        found = Excess("kind", "OTHER_KIND", {})
    if found is not None:
        raise OutOfBoundsError(str(found))


def stamp_excess(entry: Entry) -> Excess | None:
    """Return what of an entry's name and stamp is beyond its bound: a clock may have woken in 1970."""
    return next(_struct(entry.ref, "", FIRST_UNTRUSTED), None) or next(
        _struct(entry.stamp, "stamp", FIRST_UNTRUSTED), None
    )


def refuse_unstorable(entry: Entry) -> None:
    """Raise OutOfBoundsError for an entry whose numbers or instant no database keeps."""
    numbers = (entry.ref.seq, entry.stamp.monotonic_ns)
    if not entry.ref.seq > 0 or max(map(abs, numbers)) > LARGEST or entry.stamp.at.tzinfo is None:
        raise OutOfBoundsError("a number is out of range, or the instant has no time zone")


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@cache
def _bounds(kind: type[msgspec.Struct]) -> tuple[tuple[str, Bound | None, int], ...]:
    """Return for each field its name, its own bound if it has one, and its most members."""
    return tuple(
        (name, FIELDS.get(f"{kind.__name__}.{name}", FIELDS.get(name)), LISTS.get(name, SHORT_LIST))
        for name in kind.__struct_fields__
    )


def _struct(value: msgspec.Struct, path: str, first_year: int) -> Iterator[Excess]:
    for name, bound, most in _bounds(type(value)):
        told = getattr(value, name)
        if told is None or isinstance(told, bool | Enum):
            continue
        yield from _value(told, f"{path}.{name}" if path else name, first_year, bound=bound, most=most)


def _value(value: Any, path: str, first_year: int, *, bound: Bound | None, most: int) -> Iterator[Excess]:
    match value:
        case str():
            yield from _text(value, path, bound)
        case int() if not isinstance(value, bool):
            least, greatest = bound if isinstance(bound, Number) else COUNT
            if not least <= value <= greatest:
                yield Excess(path, "NUMBER_RANGE", {"least": str(least), "most": str(greatest)})
        case date():
            yield from _day(value, path, first_year)
        case msgspec.Struct():
            yield from _struct(value, path, first_year)
        case tuple() | dict() if len(value) > most:
            yield Excess(path, "TOO_MANY", {"most": str(most)})
        case tuple() | dict():
            parts = (*value, *value.values()) if isinstance(value, dict) else value
            for one in parts:
                yield from _value(one, path, first_year, bound=bound, most=most)


def _text(value: str, path: str, bound: Bound | None) -> Iterator[Excess]:
    if isinstance(bound, Zone):
        if not is_zone(value):
            yield Excess(path, "NO_SUCH_ZONE", {"zone": value[:40]})
        return
    most, lines = bound if isinstance(bound, Text) else WORD
    if len(value) > most:
        yield Excess(path, "TOO_LONG", {"most": str(most)})
    elif (_CONTROL_BUT_LINES if lines else _CONTROL).search(value):
        yield Excess(path, "CONTROL_CHARACTER", {})


def _day(value: date, path: str, first_year: int) -> Iterator[Excess]:
    year = value.astimezone(UTC).year if isinstance(value, datetime) and 1 < value.year < 9999 else value.year
    if not first_year <= year <= LAST.year:
        yield Excess(path, "DATE_RANGE", {"first": str(first_year), "last": str(LAST.year)})
