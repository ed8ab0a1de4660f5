"""Fonts, line breaks, and fitting texts into a rectangle: they wrap, then shrink together; only `abridged` cuts."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import fontpkg_atkinson_hyperlegible

from kiosk.screen.drawing.substitutes import readable
from kiosk.screen.drawing.theme import Colour
from kiosk.screen.sdl import pygame

FILES = fontpkg_atkinson_hyperlegible.ROOT / "files"
SMALLEST = 7
"""Pixels; below this nothing can be read anyway."""
GLYPH_SIZE = 24
SPACES = (" ", "\u00a0")
MISSING = "\uffff"
"""No font has this character."""
LEADING = 1.16
"""Line height over font size."""
_CONTROL = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Unicode categories of characters for which nothing is drawn."""
_ENDLESS = re.compile(r"[^\s\-]{25,}")
"""Longer than any word of French or English without a hyphen."""
PIECE = 20
"""Letters of such a word to a line at most: else all that is written beside it would shrink with it."""

_SHARE = {"left": 0.0, "top": 0.0, "center": 0.5, "middle": 0.5, "right": 1.0, "bottom": 1.0}
"""How much of the free space comes before."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A text of a column. `size` in pixels; `before`: space above it, in pixels."""

    text: str
    size: int
    colour: Colour
    bold: bool = False
    before: int = 0


@lru_cache(maxsize=128)
def font(size: int, *, bold: bool) -> pygame.font.Font:
    """The font in a size in pixels."""
    if not pygame.font.get_init():
        pygame.font.init()
    weight = "Bold" if bold else "Regular"
    return pygame.font.Font(str(FILES / f"AtkinsonHyperlegible-{weight}.ttf"), max(SMALLEST, size))


@lru_cache(maxsize=48)
def rendered(text: str, size: int, colour: Colour, *, bold: bool) -> pygame.Surface:
    """A line of text as a picture. Few are kept: a new time every minute must not fill the memory."""
    if not width(text, size, bold=bold):
        return pygame.Surface((1, font(size, bold=bold).get_height()), pygame.SRCALPHA)  # SDL refuses to draw nothing
    return font(size, bold=bold).render(drawable(text), True, colour)


def drawable(text: str) -> str:
    """The text without control characters, of which SDL refuses some, and in characters that the font has."""
    if not text.isprintable():
        text = "".join(sign for sign in text if unicodedata.category(sign) not in _CONTROL)
    return readable(text, has_glyph)


@lru_cache(maxsize=2048)
def has_glyph(sign: str) -> bool:
    """Whether the font has a picture of a character of its own, and not the crossed box of all that it has not."""
    if sign.isspace():  # of the narrow one the font has neither a picture nor a width
        return sign in SPACES
    letters = font(GLYPH_SIZE, bold=False)
    if letters.metrics(sign) == [None]:
        return False
    drawn, missing = (pygame.image.tostring(letters.render(one, True, (0, 0, 0)), "RGBA") for one in (sign, MISSING))
    return drawn != missing


@lru_cache(maxsize=4096)
def width(text: str, size: int, *, bold: bool) -> int:
    """Width of a line in pixels."""
    return font(size, bold=bold).size(drawable(text))[0]


def wrap(text: str, room: int, *, size: int, bold: bool) -> list[str]:
    """Break at spaces (never at no-break spaces) into as few lines as fit: after a colon if that costs nothing."""
    lines = _evened(text, room, size=size, bold=bold)
    before, colon, after = text.partition(": ")
    if not colon or len(lines) == 1:
        return lines
    parts = [*_evened(before + ":", room, size=size, bold=bold), *_evened(after, room, size=size, bold=bold)]
    return parts if len(parts) == len(lines) else lines


def _evened(text: str, room: int, *, size: int, bold: bool) -> list[str]:
    """As few lines as fit, of lengths as equal as can be."""
    lines = _greedy(text, room, size=size, bold=bold)
    if len(lines) == 1:
        return lines
    low, high = room // 2, room
    while high - low > 4:
        middle = (low + high) // 2
        tried = _greedy(text, middle, size=size, bold=bold)
        fits = len(tried) == len(lines) and all(width(line, size, bold=bold) <= middle for line in tried)
        low, high = (low, middle) if fits else (middle, high)
    return _greedy(text, high, size=size, bold=bold)


def _greedy(text: str, room: int, *, size: int, bold: bool) -> list[str]:
    lines: list[str] = []
    for glue, word in _words(text.replace(" · ", "\u00a0· ")):  # no line begins with a dot
        longer = f"{lines[-1]}{glue}{word}" if lines else word
        if lines and width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _words(text: str) -> Iterator[tuple[str, str]]:
    """The words, and what stands before each; one that is far too long for any word comes in pieces."""
    for word in text.split(" "):
        pieces = [word] if not _ENDLESS.search(word) else re.findall(f".{{1,{PIECE}}}", word, re.DOTALL)
        yield from zip([" ", *[""] * (len(pieces) - 1)], pieces, strict=True)


def fitting(column: Sequence[Line], room: tuple[int, int]) -> list[Line]:
    """The texts of a column broken into lines and, where needed, all made smaller so that they fit into (w, h)."""
    factor = 1.0
    while True:
        lines = _broken(column, room[0], factor)
        too_small = all(line.size <= SMALLEST for line in lines)
        if too_small or (height(lines) <= room[1] and _widest(lines) <= room[0]):
            return lines
        factor *= 0.96


def abridged(column: Sequence[Line], room: tuple[int, int], smallest: int) -> list[Line]:
    """The texts of a column made to fit, the first one cut short where the others would become smaller than `smallest`.

    In pixels. For a row of a list, which is a touch away from the whole name; what stands below a name is never cut.
    """
    first, *rest = column

    def fitted(letters: int) -> list[Line]:
        text = first.text if letters == len(first.text) else f"{first.text[:letters].rstrip(' -')}…"
        return fitting([replace(first, text=text), *rest], room)

    def is_too_small(letters: int) -> bool:
        return min(line.size for line in fitted(letters)) < smallest

    whole = len(first.text)
    if not is_too_small(whole):
        return fitted(whole)
    return fitted(max(0, bisect_left(range(whole), True, key=is_too_small) - 1))


def _broken(column: Sequence[Line], room: int, factor: float) -> list[Line]:
    lines = []
    for text in column:
        size = max(SMALLEST, round(text.size * factor))
        for number, part in enumerate(wrap(text.text, room, size=size, bold=text.bold)):
            before = 0 if number else round(text.before * factor)
            lines.append(Line(text=part, size=size, colour=text.colour, bold=text.bold, before=before))
    return lines


def height(lines: Sequence[Line]) -> int:
    """Height of a column of single lines in pixels; the space above the first one does not count."""
    return sum(round(line.size * LEADING) + line.before for line in lines) - (lines[0].before if lines else 0)


def _widest(lines: Sequence[Line]) -> int:
    return max((width(line.text, line.size, bold=line.bold) for line in lines), default=0)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A line of text and where it goes."""

    line: Line
    rect: pygame.Rect


def place(
    column: Sequence[Line],
    rect: pygame.Rect,
    *,
    align: Literal["left", "center", "right"] = "left",
    valign: Literal["top", "middle", "bottom"] = "top",
) -> list[Placed]:
    """Put texts under one another into a rectangle, broken and shrunk as needed."""
    lines = fitting(column, rect.size)
    y = rect.top + round((rect.height - height(lines)) * _SHARE[valign])
    placed = []
    for number, line in enumerate(lines):
        wide = width(line.text, line.size, bold=line.bold)
        y += line.before if number else 0
        step = round(line.size * LEADING)
        left = rect.left + round((rect.width - wide) * _SHARE[align])
        placed.append(Placed(line=line, rect=pygame.Rect(left, y, wide, step)))
        y += step
    return placed
