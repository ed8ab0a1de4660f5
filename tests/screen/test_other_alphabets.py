"""Names in other alphabets, with rare signs and emoji: always something to read, never a box, never a crash."""

from __future__ import annotations

import pytest

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import drawable, has_glyph
from kiosk.screen.drawing.substitutes import readable
from kiosk.screen.drawing.theme import INK
from kiosk.screen.sdl import pygame
from tests.pictures.picture import WIDE

NAMES = {
    "Élise Le Goff": "Élise Le Goff",
    "Anne\u2011Sophie": "Anne-Sophie",
    "Жанна Щукина": "Zhanna Shchukina",
    "Олена Ґудзь": "Olena Gudz",
    "Γιώργος Παπαδόπουλος": "Giorgos Papadopoylos",
    "Prolonger\u202f?": "Prolonger\u00a0?",
    "Ḥasan": "Hasan",
    "李小龍": "…",
    "محمد علي": "…",
    "דוד כהן": "…",
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
