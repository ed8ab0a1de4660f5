"""Words of conflicts: fields by their names, in every language."""

from __future__ import annotations

import pytest

from kiosk.codes import FIELDS
from kiosk.languages import SOURCE, languages
from kiosk.model import Badge
from kiosk.notices import Language
from kiosk.notices.conflicts import changed_fields
from kiosk.store.fold import fields
from tests.rules.house import LEA, SERRE, TEN


def test_every_field_that_two_may_change_apart_has_words() -> None:
    nouns = (LEA, SERRE, TEN, Badge(id="b", member_id=None))
    named = {field for noun in nouns for field in fields.parts(noun)} | {fields.OVERRIDE}
    assert sorted(named - FIELDS.keys()) == []
    assert FIELDS.keys() <= named


@pytest.mark.parametrize("language", sorted(set(languages()) - {SOURCE}))
def test_no_field_is_english_elsewhere(language: str) -> None:
    words = Language(language, "Europe/Paris")
    same = {field for field, text in FIELDS.items() if words.say(text) == text}
    assert same <= {"note"}, "the same word in French"


def test_fields_are_named_in_words_and_an_exception_by_its_text() -> None:
    words = Language("fr", "Europe/Paris")
    told = 'zone, policy.guests, exceptions/2026 Aug 03-14 off "congés, été", of a later release'
    assert changed_fields(words, told) == (
        'fuseau horaire, invités, l’exception 2026 Aug 03-14 off "congés, été", of a later release'
    )
