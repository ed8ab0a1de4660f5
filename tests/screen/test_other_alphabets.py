"""Names in other alphabets, with rare signs and emoji: always readable, never a box, never a crash."""

from __future__ import annotations

import pytest

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.fonts import FACES, drawable, has_glyph, runs
from kiosk.screen.drawing.lettering import rendered
from kiosk.screen.drawing.substitutes import readable
from kiosk.screen.drawing.theme import INK
from kiosk.screen.sdl import pygame
from tests.pictures.picture import WIDE

INSTALLED = {"hebrew and arabic": FACES[1].regular.exists(), "chinese": FACES[2].regular.exists()}
FOREIGN = {"李小龍": "chinese", "محمد علي": "hebrew and arabic", "דוד כהן": "hebrew and arabic", "김민준": "chinese"}
NAMES = {
    "Élise Le Goff": "Élise Le Goff",
    "Anne\u2011Sophie": "Anne-Sophie",
    "Жанна Щукина": "Zhanna Shchukina",
    "Олена Ґудзь": "Olena Gudz",
    "Γιώργος Παπαδόπουλος": "Giorgos Papadopoylos",
    "Prolonger\u202f?": "Prolonger\u00a0?",
    "Ḥasan": "Hasan",
    "Zoé 😀🎉": "Zoé",
    "😀": "…",
    "👩‍👩‍👧 Lea": "Lea",
    "Nguyễn Thị": "Nguyễn Thi",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items(), ids=ascii)
def test_a_name_is_shown_in_letters_that_the_font_has(name, shown) -> None:
    assert drawable(name).strip() == shown
    assert all(has_glyph(sign) for sign in drawable(name))


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_of_any_alphabet_is_drawn(name) -> None:
    canvas = Canvas(pygame.Surface(WIDE))
    canvas.column(pygame.Rect(20, 20, 400, 60), [canvas.line(name, 28, INK)])
    assert canvas.written


def test_without_substitutes_there_would_be_boxes() -> None:
    assert not any(has_glyph(sign) for sign in "Жא李😀\u2011")
    assert readable("Жан", lambda _: True) == "Жан"


@pytest.mark.parametrize(("name", "fonts"), FOREIGN.items(), ids=ascii)
def test_a_name_of_another_script_is_drawn_by_its_font_or_shown_as_an_ellipsis(name, fonts) -> None:
    assert drawable(name) == (name if INSTALLED[fonts] else "…")
    parts = list(runs(drawable(name)))
    assert all(has_glyph(sign, part.face) for part in parts for sign in part.text)
    assert rendered(name, 28, INK, bold=True).get_width() > 10


def test_hebrew_is_drawn_from_right_to_left_within_a_line() -> None:
    drawn = "".join(part.text for part in runs("Bonjour דוד, 9 entrées"))
    assert drawn == "Bonjour דוד, 9 entrées".replace("דוד", "דוד"[::-1])


def test_arabic_letters_are_joined() -> None:
    (whole,) = {"".join(part.text for part in runs("محمد"))}
    assert all(0xFE70 <= ord(sign) <= 0xFEFF for sign in whole)
    assert whole != "محمد"[::-1]
