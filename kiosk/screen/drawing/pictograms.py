"""The pictograms, drawn as shapes at four times their size and scaled down for smooth edges; cached by size and colour.

Each signal has an outline and a sign of its own, so that it can be recognised without its colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from kiosk.model import Signal
from kiosk.screen.drawing.theme import Colour
from kiosk.screen.sdl import pygame

FINER = 4
Point = tuple[float, float]


class Pen:
    """Draws in one colour on a transparent square from (0, 0) to (1, 1), y downwards; `cut` erases."""

    def __init__(self, side: int, ink: Colour) -> None:
        self._side = side
        self._ink = ink
        # Transparent, but of the ink's colour: scaling mixes colours, and black would show at the edges.
        self._nothing = (*ink, 0)
        self.surface = pygame.Surface((side, side), pygame.SRCALPHA)
        self.surface.fill(self._nothing)

    def disc(self, centre: Point, radius: float, *, cut: bool = False) -> None:
        """Draw a filled circle."""
        pygame.draw.circle(self.surface, self._colour(cut=cut), self._at(centre), radius * self._side)

    def shape(self, points: Sequence[Point], *, cut: bool = False) -> None:
        """Draw a filled polygon."""
        pygame.draw.polygon(self.surface, self._colour(cut=cut), [self._at(point) for point in points])

    def stroke(self, points: Sequence[Point], thick: float, *, cut: bool = False, closed: bool = False) -> None:
        """Draw a line with round ends and corners."""
        path = [*points, points[0]] if closed else list(points)
        for point in path:
            self.disc(point, thick / 2, cut=cut)
        for (x, y), (to_x, to_y) in pairwise(path):
            length = math.hypot(to_x - x, to_y - y) or 1
            side_x, side_y = (y - to_y) / length * thick / 2, (to_x - x) / length * thick / 2
            corners = [(x + side_x, y + side_y), (to_x + side_x, to_y + side_y)]
            corners += [(to_x - side_x, to_y - side_y), (x - side_x, y - side_y)]
            self.shape(corners, cut=cut)

    def _at(self, point: Point) -> Point:
        return (point[0] * self._side, point[1] * self._side)

    def _colour(self, *, cut: bool) -> tuple[int, ...]:
        return self._nothing if cut else self._ink


def arc(centre: Point, radius: float, *, start: float, end: float) -> list[Point]:
    """Return points of a circle from one angle to another, in degrees, clockwise from the right."""
    steps = max(4, int(abs(end - start) / 4))
    angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
    return [(centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)) for angle in angles]


def corners(count: int, radius: float, *, turn: float) -> list[Point]:
    """Return the corners of a regular polygon around the middle; `turn` in degrees."""
    angles = [math.radians(turn + 360 * corner / count) for corner in range(count)]
    return [(0.5 + radius * math.cos(angle), 0.5 + radius * math.sin(angle)) for angle in angles]


# ---------------------------------------------------------------- the signals


def _granted(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.5)
    pen.stroke([(0.28, 0.53), (0.44, 0.68), (0.73, 0.35)], 0.105, cut=True)


def _re_entry(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.5)
    bend = arc((0.58, 0.53), 0.145, start=-90, end=90)
    pen.stroke([(0.30, 0.385), *bend, (0.38, 0.675)], 0.085, cut=True)
    pen.stroke([(0.405, 0.265), (0.28, 0.385), (0.405, 0.505)], 0.085, cut=True)


def _attention(pen: Pen) -> None:
    """Let in, but look: a tick, and a warning in front of it."""
    pen.disc((0.43, 0.43), 0.43)
    pen.stroke([(0.23, 0.43), (0.37, 0.56), (0.62, 0.27)], 0.09, cut=True)
    warning = [(0.74, 0.53), (0.955, 0.9), (0.525, 0.9)]
    pen.shape(warning, cut=True)
    pen.stroke(warning, 0.18, cut=True, closed=True)
    pen.shape(warning)
    pen.stroke(warning, 0.08, closed=True)
    pen.stroke([(0.74, 0.64), (0.74, 0.745)], 0.062, cut=True)
    pen.disc((0.74, 0.85), 0.038, cut=True)


def _alert(pen: Pen) -> None:
    triangle = [(0.5, 0.13), (0.93, 0.86), (0.07, 0.86)]
    pen.shape(triangle)
    pen.stroke(triangle, 0.13, closed=True)
    pen.stroke([(0.5, 0.37), (0.5, 0.6)], 0.1, cut=True)
    pen.disc((0.5, 0.765), 0.06, cut=True)


def _denied(pen: Pen) -> None:
    octagon = corners(8, 0.47, turn=22.5)
    pen.shape(octagon)
    pen.stroke(octagon, 0.06, closed=True)
    pen.stroke([(0.34, 0.34), (0.66, 0.66)], 0.105, cut=True)
    pen.stroke([(0.66, 0.34), (0.34, 0.66)], 0.105, cut=True)


def _fault(pen: Pen) -> None:
    square = [(0.14, 0.14), (0.86, 0.14), (0.86, 0.86), (0.14, 0.86)]
    pen.shape(square)
    pen.stroke(square, 0.24, closed=True)
    pen.stroke([(0.28, 0.72), (0.58, 0.42)], 0.13, cut=True)
    pen.disc((0.63, 0.37), 0.175, cut=True)
    pen.stroke([(0.65, 0.35), (0.85, 0.15)], 0.125)
    pen.disc((0.285, 0.715), 0.03)


def _question(pen: Pen) -> None:
    """A question mark."""
    pen.disc((0.5, 0.5), 0.5)
    pen.stroke([*arc((0.5, 0.38), 0.16, start=-180, end=70), (0.5, 0.62)], 0.1, cut=True)
    pen.disc((0.5, 0.79), 0.068, cut=True)


def _open(pen: Pen) -> None:
    """An open door."""
    pen.stroke([(0.2, 0.9), (0.2, 0.1), (0.8, 0.1), (0.8, 0.9)], 0.07)
    pen.stroke([(0.06, 0.9), (0.94, 0.9)], 0.07)
    leaf = [(0.2, 0.1), (0.53, 0.22), (0.53, 0.99), (0.2, 0.9)]
    pen.shape(leaf)
    pen.disc((0.455, 0.6), 0.038, cut=True)


def _closed(pen: Pen) -> None:
    """A closed door."""
    door = [(0.2, 0.1), (0.8, 0.1), (0.8, 0.9), (0.2, 0.9)]
    pen.shape(door)
    pen.stroke(door, 0.07, closed=True)
    pen.stroke([(0.06, 0.9), (0.94, 0.9)], 0.07)
    pen.disc((0.69, 0.52), 0.045, cut=True)


def _badge(pen: Pen) -> None:
    """A card with the waves of contactless reading."""
    card = [(0.08, 0.3), (0.6, 0.3), (0.6, 0.92), (0.08, 0.92)]
    pen.shape(card)
    pen.stroke(card, 0.1, closed=True)
    pen.disc((0.34, 0.52), 0.11, cut=True)
    pen.shape([*arc((0.34, 0.86), 0.19, start=180, end=360)], cut=True)
    for radius in (0.16, 0.3):
        pen.stroke(arc((0.62, 0.26), radius, start=-80, end=-10), 0.06)


def _arrow(pen: Pen) -> None:
    pen.stroke([(0.14, 0.5), (0.84, 0.5)], 0.13)
    pen.stroke([(0.54, 0.2), (0.84, 0.5), (0.54, 0.8)], 0.13)


def _people(pen: Pen) -> None:
    pen.disc((0.5, 0.27), 0.2)
    pen.shape(arc((0.5, 0.95), 0.4, start=180, end=360))


def _infinity(pen: Pen) -> None:
    points = []
    for step in range(91):
        turn = math.radians(4 * step)
        near = 1 + math.sin(turn) ** 2  # a lemniscate, a little taller than Bernoulli's
        points.append((0.5 + 0.42 * math.cos(turn) / near, 0.5 + 0.55 * math.sin(turn) * math.cos(turn) / near))
    pen.stroke(points, 0.09)


def _tick(pen: Pen) -> None:
    pen.stroke([(0.2, 0.54), (0.42, 0.76), (0.82, 0.28)], 0.16)


def _chevron(pen: Pen) -> None:
    """An arrow back."""
    pen.stroke([(0.64, 0.16), (0.3, 0.5), (0.64, 0.84)], 0.15)


def _cross(pen: Pen) -> None:
    pen.stroke([(0.2, 0.2), (0.8, 0.8)], 0.15)
    pen.stroke([(0.8, 0.2), (0.2, 0.8)], 0.15)


def _erase(pen: Pen) -> None:
    """A backspace key: a key with a cross."""
    key = [(0.06, 0.5), (0.34, 0.2), (0.92, 0.2), (0.92, 0.8), (0.34, 0.8)]
    pen.shape(key)
    pen.stroke(key, 0.08, closed=True)
    pen.stroke([(0.5, 0.38), (0.74, 0.62)], 0.09, cut=True)
    pen.stroke([(0.74, 0.38), (0.5, 0.62)], 0.09, cut=True)


def _usb(pen: Pen) -> None:
    """A USB stick."""
    pen.shape([(0.34, 0.3), (0.66, 0.3), (0.66, 0.92), (0.34, 0.92)])
    pen.shape([(0.4, 0.08), (0.6, 0.08), (0.6, 0.3), (0.4, 0.3)])
    pen.shape([(0.44, 0.14), (0.48, 0.14), (0.48, 0.22), (0.44, 0.22)], cut=True)
    pen.shape([(0.52, 0.14), (0.56, 0.14), (0.56, 0.22), (0.52, 0.22)], cut=True)


def _shift(pen: Pen) -> None:
    """Capitals: an arrow upwards."""
    pen.shape([(0.5, 0.1), (0.92, 0.54), (0.68, 0.54), (0.68, 0.88), (0.32, 0.88), (0.32, 0.54), (0.08, 0.54)])


def _disc(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.5)


def _ring(pen: Pen) -> None:
    pen.disc((0.5, 0.5), 0.5)
    pen.disc((0.5, 0.5), 0.44, cut=True)


def _hole(pen: Pen) -> None:
    """A punched place: a hole, crossed out."""
    pen.disc((0.5, 0.5), 0.5)
    pen.stroke([(0.33, 0.67), (0.67, 0.33)], 0.09, cut=True)


def _list(pen: Pen) -> None:
    """A list, line by line."""
    for y in (0.2, 0.5, 0.8):
        pen.disc((0.14, y), 0.09)
        pen.stroke([(0.38, y), (0.9, y)], 0.14)


def _coins(pen: Pen) -> None:
    """Two piles of coins, seen from the side."""
    for left, piled in ((0.12, 3), (0.58, 5)):
        for number in range(piled):
            y = 0.86 - number * 0.175
            pen.stroke([(left + 0.06, y), (left + 0.26, y)], 0.125)


_DRAWN: dict[str, Callable[[Pen], None]] = {
    Signal.GRANTED: _granted,
    Signal.RE_ENTRY: _re_entry,
    Signal.ATTENTION: _attention,
    Signal.DENIED: _denied,
    Signal.FAULT: _fault,
    "alert": _alert,
    "question": _question,
    "open": _open,
    "closed": _closed,
    "badge": _badge,
    "arrow": _arrow,
    "people": _people,
    "infinity": _infinity,
    "tick": _tick,
    "chevron": _chevron,
    "cross": _cross,
    "erase": _erase,
    "shift": _shift,
    "usb": _usb,
    "list": _list,
    "coins": _coins,
    "disc": _disc,
    "ring": _ring,
    "hole": _hole,
}
NAMES = tuple(_DRAWN)


@lru_cache(maxsize=192)
def pictogram(name: str, side: int, ink: Colour) -> pygame.Surface:
    """Return a picture of NAMES, `side` pixels wide and high, transparent where nothing is drawn."""
    pen = Pen(max(1, side) * FINER, ink)
    _DRAWN[name](pen)
    return pygame.transform.smoothscale(pen.surface, (max(1, side), max(1, side)))
