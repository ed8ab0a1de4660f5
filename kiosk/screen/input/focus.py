"""Moves the keyboard's focus from target to target, by arrows and Tab."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.screen.input.keys import Key
from kiosk.screen.sdl import pygame

Target = tuple[pygame.Rect, str]
ASIDE = 2.5
"""Factor by which distance counts more to the side than in the direction of the arrow."""


def moved(targets: Sequence[Target], focus: str | None, key: Key) -> str | None:
    """Return the focused target after a key; the first one when none had the focus."""
    names = [name for _, name in targets]
    if key.name not in ("tab", "back_tab", "up", "down", "left", "right") or not names:
        return focus
    if focus not in names:
        return names[-1] if key.name == "back_tab" else names[0]
    here = names.index(focus)
    if key.name in ("tab", "back_tab"):
        return names[(here + (1 if key.name == "tab" else -1)) % len(names)]
    return _nearest(targets, targets[here][0], key.name) or focus


def _nearest(targets: Sequence[Target], rect: pygame.Rect, way: str) -> str | None:
    """Return the nearest target in that direction."""
    far = [(_distance(rect, other, way), name) for other, name in targets]
    ahead = [(distance, name) for distance, name in far if distance is not None]
    return min(ahead)[1] if ahead else None


def _distance(rect: pygame.Rect, other: pygame.Rect, way: str) -> float | None:
    """Return how far away a target counts, None when it is not in that direction."""
    ahead = {
        "up": rect.top - other.bottom,
        "down": other.top - rect.bottom,
        "left": rect.left - other.right,
        "right": other.left - rect.right,
    }[way]
    if ahead < -2:
        return None
    across = rect.centerx - other.centerx if way in ("up", "down") else rect.centery - other.centery
    overlaps = (
        other.left < rect.right and rect.left < other.right
        if way in ("up", "down")
        else other.top < rect.bottom and rect.top < other.bottom
    )
    return ahead + abs(across) * (0.01 if overlaps else ASIDE)
