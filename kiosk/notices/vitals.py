"""Words for the state of each part, with advice. The codes come from kiosk.health.vitals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from kiosk.codes import HEALTH, PARTS, Count
from kiosk.notices.conflicts import changed_fields
from kiosk.notices.language import Language

GIGABYTE = 10**9


class PartWords(NamedTuple):
    """A part in words: its name, its state, and advice; no advice when there is nothing to do."""

    part: str
    said: str
    advice: str = ""


def part_words(words: Language, part: str, code: str, facts: Mapping[str, str], *, now: datetime) -> PartWords:
    """Return the state of a part in words; a code of a newer release is shown as it is."""
    found = HEALTH.get(code)
    name = words.say(PARTS[part]) if part in PARTS else part
    if found is None:
        return PartWords(name, code)
    shown = _shown(words, facts, now)
    if isinstance(found.said, Count):
        said = words.count(found.said.one, found.said.many, int(facts[found.said.fact]))
    else:
        said = words.say(found.said, **shown)
    return PartWords(name, said, words.say(found.advice, **shown) if found.advice else "")


def _shown(words: Language, facts: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the facts as people read them: bytes in gigabytes, a date by its day."""
    shown = dict(facts)
    for name in ("free", "total"):
        if name in facts:
            shown[name] = words.decimal(int(facts[name]) / GIGABYTE)
    if "field" in facts:
        shown["field"] = changed_fields(words, facts["field"])
    if "on" in facts:
        shown["day"] = words.day(date.fromisoformat(facts["on"]), now)
    return shown
