"""Drawing and measuring lines, line breaks, fitting texts into a rectangle.

Texts wrap, then shrink together; only `abridged` cuts. kiosk.screen.drawing.fonts decides which font has which letter.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from kiosk.screen.drawing.fonts import SMALLEST, Run, drawable, font, runs
from kiosk.screen.drawing.theme import Colour
from kiosk.screen.sdl import pygame

LEADING = 1.16
"""Line height over font size."""
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


@lru_cache(maxsize=48)
def rendered(text: str, size: int, colour: Colour, *, bold: bool) -> pygame.Surface:
    """Return a line of text as a picture.

    Only few are cached: the time changes every minute and must not fill the memory.
    """
    drawn = [part for part in runs(drawable(text)) if part.text]
    own = font(size, bold=bold)
    if not width(text, size, bold=bold):
        return pygame.Surface((1, own.get_height()), pygame.SRCALPHA)  # SDL refuses to draw nothing
    if len(drawn) == 1:
        return font(size, bold=bold, face=drawn[0].face).render(drawn[0].text, True, colour)
    return _side_by_side(drawn, size, colour, bold=bold)


def _side_by_side(parts: Sequence[Run], size: int, colour: Colour, *, bold: bool) -> pygame.Surface:
    """Return parts of a line in several fonts on one base line."""
    used = [font(size, bold=bold, face=part.face) for part in parts]
    top = max(one.get_ascent() for one in used)
    pictures = [one.render(part.text, True, colour) for one, part in zip(used, parts, strict=True)]
    places = [top - one.get_ascent() for one in used]
    high = max(place + picture.get_height() for place, picture in zip(places, pictures, strict=True))
    line = pygame.Surface((sum(picture.get_width() for picture in pictures), high), pygame.SRCALPHA)
    left = 0
    for place, picture in zip(places, pictures, strict=True):
        line.blit(picture, (left, place))
        left += picture.get_width()
    return line


@lru_cache(maxsize=4096)
def width(text: str, size: int, *, bold: bool) -> int:
    """Return the width of a line in pixels."""
    return sum(font(size, bold=bold, face=part.face).size(part.text)[0] for part in runs(drawable(text)))


def wrap(text: str, room: int, *, size: int, bold: bool) -> list[str]:
    """Break at spaces (never at no-break spaces) into as few lines as fit; after a colon if that costs no line."""
    lines = _evened(text, room, size=size, bold=bold)
    before, colon, after = text.partition(": ")
    if not colon or len(lines) == 1:
        return lines
    parts = [*_evened(before + ":", room, size=size, bold=bold), *_evened(after, room, size=size, bold=bold)]
    return parts if len(parts) == len(lines) else lines


def _evened(text: str, room: int, *, size: int, bold: bool) -> list[str]:
    """Return as few lines as fit, of similar lengths."""
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
    """Return the words, and what stands before each; a word too long for a line comes in pieces."""
    for word in text.split(" "):
        pieces = [word] if not _ENDLESS.search(word) else re.findall(f".{{1,{PIECE}}}", word, re.DOTALL)
        yield from zip([" ", *[""] * (len(pieces) - 1)], pieces, strict=True)


def fitting(column: Sequence[Line], room: tuple[int, int]) -> list[Line]:
    """Return the texts of a column broken into lines and, if needed, all made smaller to fit (w, h)."""
    factor = 1.0
    while True:
        lines = _broken(column, room[0], factor)
        too_small = all(line.size <= SMALLEST for line in lines)
        if too_small or (height(lines) <= room[1] and _widest(lines) <= room[0]):
            return lines
        factor *= 0.96


def abridged(column: Sequence[Line], room: tuple[int, int], smallest: int) -> list[Line]:
    """Return the texts of a column made to fit, cutting the first where the others would get too small.

    `smallest` is in pixels. For a row of a list, where a touch shows the whole name; what is below a name is never cut.
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
    """Return the height of a column of single lines in pixels, without the space above the first one."""
    return sum(round(line.size * LEADING) + line.before for line in lines) - (lines[0].before if lines else 0)


def _widest(lines: Sequence[Line]) -> int:
    return max((width(line.text, line.size, bold=line.bold) for line in lines), default=0)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A line of text and its position."""

    line: Line
    rect: pygame.Rect


def place(
    column: Sequence[Line],
    rect: pygame.Rect,
    *,
    align: Literal["left", "center", "right"] = "left",
    valign: Literal["top", "middle", "bottom"] = "top",
) -> list[Placed]:
    """Place texts below one another in a rectangle, broken and shrunk as needed."""
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
