"""Measures the first frame of a notice, with a name never drawn before, in each size."""

from __future__ import annotations

import os
import time

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from msgspec.structs import replace

from kiosk.notices import Notice
from kiosk.screen.window import Screen
from tests.pictures.door import spoken
from tests.pictures.picture import SIZES


def first_frames(rounds: int) -> dict[str, list[float]]:
    """Return the seconds from a notice's arrival to its frame, by screen size; each notice has another name."""
    views = [picture.view for picture in spoken("fr") if isinstance(picture.view, Notice)]
    found: dict[str, list[float]] = {}
    for size in SIZES:
        screen = Screen(size)
        seconds = []
        for number in range(rounds):
            view = replace(views[number % len(views)], greeting=f"Bonjour Camille {number}")
            screen.show(view)
            started = time.perf_counter()
            screen.draw()
            seconds.append(time.perf_counter() - started)
        screen.close()
        found[f"first frame of a notice, {size[0]}x{size[1]}"] = seconds
    return found
