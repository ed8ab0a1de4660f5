"""The pictures of the hosts’ own screens: menu, PIN, who is in, today, evacuation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.counter import Counter
from tests.hosts_side import HostsSide
from tests.picture import Picture

LONG = "Jean-Baptiste Delacroix-Montgolfier"


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "staff-"."""
    with tempfile.TemporaryDirectory() as folder:
        counter = Counter(Path(folder))
        for badge in [counter.joins(name) for name in ("Camille", "Théo", "Inès", LONG, "Hugo", "Zoé", "Nadia")]:
            counter.tap(badge)
            counter.later(minutes=4)
        side = HostsSide(counter, "evacuation", language=language)
        side.touch("row:Camille")
        yield Picture("staff-evacuation", side.stage, language)
        counter.close()
