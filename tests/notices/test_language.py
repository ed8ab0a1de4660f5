"""The languages: the catalogue, French typography, and how times, days and money are written."""

import re
import string
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po

from kiosk import codes, notices, payments
from kiosk.notices import Language
from kiosk.notices.language import catalogue_files
from tests.office.ledgers.judged_taps import MONDAY
from tests.pictures.door import spoken, tray_view
from tests.rules.house import at

ROOT = Path(notices.__file__).parents[1]
WORDS = (ROOT / "notices", ROOT / "screen", ROOT / "demo")
KEYWORDS: dict[str, tuple[int, ...] | None] = {"say": None, "_": None, "count": (1, 2), "Count": (1, 2)}


def read(view) -> list[str]:
    """All texts of a notice, an idle screen or a tray."""
    found = []
    for value in (getattr(view, field) for field in view.__struct_fields__):
        for item in value if isinstance(value, tuple) else (value,):
            if type(item) is str:
                found.append(item)
            elif hasattr(item, "__struct_fields__"):
                found += read(item)
    return found


# ---------------------------------------------------------------- the catalogue


def messages() -> Catalog:
    """What the program says, in English."""
    found = Catalog()
    for folder in WORDS:
        for _, _, message, _, _ in extract_from_dir(folder, keywords=KEYWORDS):
            found.add(message)
    for module in (codes, payments):
        with Path(str(module.__file__)).open("rb") as file:
            for _, message, _, _ in extract("python", file, keywords=KEYWORDS):
                found.add(message)
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def forms(text: object) -> list[str]:
    """The singular and plurals of a text, or the text."""
    return [str(form) for form in text] if isinstance(text, (tuple, list)) else [str(text or "")]


def faults(po: str, wanted: Catalog) -> list[str]:
    """What is wrong with a catalogue: not translated, in doubt, no longer said, or with other facts in it."""
    given = read_po(BytesIO(po.encode()))
    found = [f"not said: {message.id}" for message in given if message.id and message.id not in wanted]
    for message in wanted:
        entry = given.get(message.id) if message.id else None
        if not message.id:
            continue
        texts = forms(entry.string) if entry else []
        if not entry or not all(texts) or (entry.pluralizable and len(texts) != given.num_plurals):
            found.append(f"not translated: {message.id}")
        elif entry.fuzzy:
            found.append(f"in doubt: {message.id}")
        elif any(fields(text) != fields(forms(message.id)[-1]) for text in texts):
            found.append(f"other facts: {message.id}")
    return found


def french() -> str:
    """All files of the French catalogue, one after the other under the header of the first."""
    first, *others = (path.read_text(encoding="utf-8") for path in catalogue_files("fr"))
    return first + "".join(other[other.index("\n\n") :] for other in others)


def test_no_text_is_translated_in_two_files() -> None:
    texts = [
        message.id for path in catalogue_files("fr") for message in read_po(BytesIO(path.read_bytes())) if message.id
    ]
    assert len(texts) == len(set(map(str, texts)))
    assert texts


def test_the_french_catalogue_translates_every_text_with_the_same_facts() -> None:
    assert faults(french(), messages()) == []
    assert len(messages()) > 100


def test_a_text_without_translation_is_found() -> None:
    po = french().replace('msgstr "Badge inconnu"', 'msgstr ""')
    assert faults(po, messages()) == ["not translated: Unknown badge"]


def test_a_translation_that_lost_a_fact_is_found() -> None:
    po = french().replace('msgstr "Encore {length}"', 'msgstr "Encore un peu"')
    assert faults(po, messages()) == ["other facts: {length} left"]


def test_a_translation_in_doubt_and_one_that_nothing_says_are_found() -> None:
    po = french().replace('msgid "Unknown badge"', '#, fuzzy\nmsgid "Unknown badge"')
    po += '\nmsgid "Something old"\nmsgstr "Une vieille chose"\n'
    assert faults(po, messages()) == ["not said: Something old", "in doubt: Unknown badge"]


def misprints(texts: list[str]) -> list[str]:
    """French texts with a straight apostrophe, or an ordinary space before a high punctuation mark or a unit."""
    return [text for text in texts if re.search(r"'|[ \u00a0][;:!?]|\w[;!?]|\d (?:h|min|€|jours?)(?!\w)|\.\.\.", text)]


def test_the_french_is_set_as_french_is_set() -> None:
    texts = [text for picture in spoken("fr") for text in read(picture.view)] + read(tray_view())
    assert misprints(texts) == []
    assert any("\u202f:" in text for text in texts)
    assert any("’" in text for text in texts)


def test_a_misprint_is_found() -> None:
    wrong = ["l'accueil", "Bonne journée !", "50 €", "Jour férié : Noël", "Bonne journée!"]
    assert misprints(wrong) == wrong


def left_english(language: str) -> list[str]:
    """Texts that read the same as in English, though they are words."""
    pairs = zip(spoken(language), spoken("en"), strict=True)
    texts = [pair for one, other in pairs for pair in zip(read(one.view), read(other.view), strict=True)]
    return [one for one, other in texts if one == other and re.search("[a-z]{3}", one) and one not in PROPER]


def test_nothing_stays_english_in_french() -> None:
    assert left_english("fr") == []


def test_a_text_that_stays_english_is_found() -> None:
    assert "Entry recorded" in left_english("en")


PROPER = {
    "La Serre", "right", "left", "top", "bottom", "Atelier couture", "Congés", "Mois illimité", "10 demi-journées",
    "3 entrées par semaine", "10 entrées", "undo", "leave", "idle", "granted", "re_entry", "attention", "denied",
    "fault", "usual", "none", "question",
    "guest", "guest_yes", "extend", "extend_yes", "keep", "account",
    "Camille, Hugo, Marie-Antoinette, Zoé, Karim", "Camille, Hugo, Marie-Antoinette, Zoé, Karim …",
    "Maison des associations et du télétravail de Villefranche-de-Rouergue",
}  # fmt: skip
"""Names that people gave, and codes that nobody reads."""


# ---------------------------------------------------------------- words, times, money


@pytest.fixture
def words() -> Language:
    return Language("fr", "Europe/Paris")


def test_days_are_called_by_their_shortest_unmistakable_name(words) -> None:
    today = words.local(MONDAY).date()
    names = [words.day(today + timedelta(days=n), MONDAY) for n in (0, 1, 2, 6, 7, -1)]
    assert names == ["aujourd’hui", "demain", "mercredi", "dimanche", "lundi 20 juillet", "dimanche 12 juillet"]


def test_another_year_is_named(words) -> None:
    assert words.weekday(date(2027, 1, 4), MONDAY) == "lundi 4 janvier 2027"
    assert words.dated(date(2027, 1, 1), MONDAY) == "1er janvier 2027"
    assert words.dated(date(2026, 7, 31), MONDAY) == "31 juillet"


def test_the_end_of_a_window_on_another_day_is_told_with_its_day(words) -> None:
    assert words.until(at("2026-07-14 00:00"), MONDAY) == "jusqu’à minuit"
    assert words.until(at("2026-07-14 04:00"), MONDAY) == "jusqu’au mardi 14 juillet à 04:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (20, "1 min"),
        (60, "1 min"),
        (3540, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 01"),
        (6600, "1 h 50"),
        (-5, "0 min"),
    ],
)
def test_lengths_are_told_in_minutes_begun(words, seconds, text) -> None:
    assert words.length(timedelta(seconds=seconds)).replace("\u00a0", " ") == text


def test_money_is_told_without_empty_cents(words) -> None:
    assert words.money(5000, "EUR") == "50\u00a0€"
    assert words.money(250, "EUR") == "2,50\u00a0€"
    assert words.money(123456700, "EUR") == "1\u202f234\u202f567\u00a0€"
    assert Language("en", "Europe/Paris").money(5000, "EUR") == "€50"


def test_times_are_those_of_the_site_s_wall() -> None:
    assert Language("en", "Europe/Paris").time(MONDAY) == "09:05"
    assert Language("en", "America/New_York").time(MONDAY) == "03:05"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_french_counts_nothing_as_one(words, n) -> None:
    text = words.count("You have {n} entry left", "You have {n} entries left", n)
    assert text == f"Il vous reste {n} entrée{'s' if n > 1 else ''}"
