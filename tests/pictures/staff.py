"""The pictures of the hosts’ own screens: menu, PIN, who is in, today, evacuation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from kiosk.screen.scenes.menu import Menu
from kiosk.screen.scenes.visits.today import Today
from kiosk.screen.scenes.visits.who_is_in import WhoIsIn
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk
from tests.pictures.picture import Picture

LONG = "Jean-Baptiste Delacroix-Montgolfier"


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "staff-"."""
    with tempfile.TemporaryDirectory() as folder, closing(SteppedKiosk(Path(folder))) as counter:
        counter.joins("claire", staff=True)
        for badge in [counter.joins(name) for name in ("Camille", "Théo", "Inès", LONG, "Hugo", "Zoé", "Nadia")]:
            counter.tap(badge)
            counter.later(minutes=4)
        counter.tap(bytes.fromhex("04112233445566"))
        counter.tap(counter.joins("Karim", units=0))
        for name, side in _sides(counter, language):
            yield Picture(f"staff-{name}", side.stage, language)


def _sides(counter: SteppedKiosk, language: str) -> Iterator[tuple[str, HostsSide]]:
    def begin(to, *touches: str) -> HostsSide:
        side = HostsSide(counter, to, language=language)
        for target in touches:
            side.touch(target)
        return side

    yield "pin", begin("desk", "pad:4", "pad:8", "pad:2", "pad:6")
    yield "menu", begin(Menu)
    yield "now", begin(WhoIsIn)
    yield "door", begin(WhoIsIn, "door")
    yield "check-in", begin(WhoIsIn, "check_in")
    yield "here", begin(WhoIsIn, f"row:{LONG}")
    yield "reverse", begin(WhoIsIn, "row:Camille", "reverse")
    yield "today", begin(Today)
    yield "today-all", begin(Today, "all")
    yield "evacuation", begin("evacuation", "row:Camille")
