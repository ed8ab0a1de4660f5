"""The fonts, and which of them draws which letter; puts right-to-left text in drawing order.

Atkinson Hyperlegible draws Latin letters. Names in Hebrew and Arabic are drawn with DejaVu Sans, those in Chinese,
Japanese and Korean with WenQuanYi Micro Hei, both from Debian's packages. Without these, and for Greek and Cyrillic,
which hosts read in Latin letters, substitutes are drawn (kiosk.screen.drawing.substitutes).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import fontpkg_atkinson_hyperlegible
from arabic_reshaper import reshape
from bidi import get_display

from kiosk.screen.drawing.substitutes import readable
from kiosk.screen.sdl import pygame

SMALLEST = 7
"""Pixels; below this nothing can be read anyway."""
GLYPH_SIZE = 24
SPACES = (" ", "\u00a0")
MISSING = "\uffff"
"""No font has this character."""
DEBIAN = Path("/usr/share/fonts/truetype")


class Face(NamedTuple):
    """The files of a font."""

    regular: Path
    bold: Path


_OWN = fontpkg_atkinson_hyperlegible.ROOT / "files"
_DEJAVU, _MICRO_HEI = DEBIAN / "dejavu", DEBIAN / "wqy" / "wqy-microhei.ttc"
FACES = (
    Face(_OWN / "AtkinsonHyperlegible-Regular.ttf", _OWN / "AtkinsonHyperlegible-Bold.ttf"),
    Face(_DEJAVU / "DejaVuSans.ttf", _DEJAVU / "DejaVuSans-Bold.ttf"),
    Face(_MICRO_HEI, _MICRO_HEI),
)
"""The font of the screen first, then Debian's packages fonts-dejavu-core and fonts-wqy-microhei."""
_CONTROL = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode categories of characters for which nothing is drawn."""
_IN_LATIN = ("LATIN", "GREEK", "CYRILLIC", "MODIFIER", "COMBINING")
"""First words of the names of letters that the screen's font draws, or for which Latin letters stand."""
_LETTER = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_BACKWARDS = re.compile(rf"[{_LETTER}]+(?:[\s\u00a0'’-]+[{_LETTER}]+)*")
"""Words of Hebrew and Arabic."""


class Run(NamedTuple):
    """A part of a line that one font draws; `face` is its index in FACES."""

    text: str
    face: int


@lru_cache(maxsize=128)
def font(size: int, *, bold: bool, face: int = 0) -> pygame.font.Font:
    """A font in a size in pixels."""
    if not pygame.font.get_init():
        pygame.font.init()
    return pygame.font.Font(str(FACES[face].bold if bold else FACES[face].regular), max(SMALLEST, size))


def drawable(text: str) -> str:
    """Return the text in characters that a font has, without control characters, some of which SDL refuses."""
    if not text.isprintable():
        text = "".join(sign for sign in text if unicodedata.category(sign) not in _CONTROL)
    return readable(text, lambda sign: has_glyph(sign) or _is_foreign(sign))


def runs(text: str) -> Iterator[Run]:
    """Split a line into the parts that each font draws, from left to right."""
    text = _from_left_to_right(text)
    for face, signs in groupby(text, key=_face_of):
        yield Run("".join(signs), face)


@lru_cache(maxsize=1024)
def _from_left_to_right(text: str) -> str:
    """Put words of Hebrew and Arabic in drawing order, with Arabic letters joined.

    The text around them, such as a time or a number, keeps its place in the sentence: each name is reordered by itself.
    """
    return _BACKWARDS.sub(lambda words: str(get_display(reshape(words[0]))), text)


@lru_cache(maxsize=4096)
def _face_of(sign: str) -> int:
    return next((face for face in range(len(FACES)) if has_glyph(sign, face)), 0)


def _is_foreign(sign: str) -> bool:
    """Tell whether a letter of an alphabet without a substitute can be drawn by another font."""
    if unicodedata.category(sign)[0] not in "LM":
        return False
    return not unicodedata.name(sign, "LATIN").startswith(_IN_LATIN) and _face_of(sign) > 0


@lru_cache(maxsize=4096)
def has_glyph(sign: str, face: int = 0) -> bool:
    """Tell whether a font has a picture for a character, other than its box for missing characters."""
    if sign.isspace():  # of the narrow one the font has neither a picture nor a width
        return sign in SPACES
    if not FACES[face].regular.exists():
        return False
    letters = font(GLYPH_SIZE, bold=False, face=face)
    if letters.metrics(sign) == [None]:
        return False
    drawn, missing = (pygame.image.tostring(letters.render(one, True, (0, 0, 0)), "RGBA") for one in (sign, MISSING))
    return drawn != missing
