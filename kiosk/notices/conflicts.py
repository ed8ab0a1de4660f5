"""Words of a conflict between changes that were made apart. The codes are in kiosk.codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kiosk.codes import EXCEPTION, FIELDS
from kiosk.notices.language import Language

_PREFIX = "exceptions/"
_BETWEEN = ", "


def conflict_note(words: Language, sentence: str, facts: Mapping[str, str | int]) -> str:
    """Return the note of a conflict with its facts; empty for facts of another release."""
    shown = dict(facts)
    if "field" in shown:
        shown["field"] = changed_fields(words, str(shown["field"]))
    try:
        return words.say(sentence, **shown)
    except (KeyError, TypeError):
        return ""


def changed_fields(words: Language, told: str) -> str:
    """Return the names of fields in words: `zone, policy.guests` -> `time zone, guests`."""
    return _BETWEEN.join(_named(words, told.split(_BETWEEN)))


def _named(words: Language, names: list[str]) -> Iterator[str]:
    for name in names:  # an exception may have a comma in it, and its second half stays as it is
        if name.startswith(_PREFIX):
            yield words.say(EXCEPTION, rule=name.removeprefix(_PREFIX))
        else:
            yield words.say(FIELDS[name]) if name in FIELDS else name
