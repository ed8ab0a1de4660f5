"""A kiosk in a window of its own, for tests: `python -m tests.pictures.window_kiosk FOLDER WIDTHxHEIGHT LANGUAGE`.

After each frame it prints, as a line of JSON, the texts and touch targets. Its standard input lays cards on the reader
(`tap camille`) and lets time pass (`later 10`); each command is answered by a line when it is done. The end of the
input ends it. With a fourth argument, a file, each frame is also written there.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kiosk.daemon import Kiosk, World
from kiosk.demo.bench import Bench
from kiosk.messages import Tick
from kiosk.screen.window import Screen

MONDAY = datetime(2027, 3, 1, 8, tzinfo=UTC)
"""Always the same day: an ordinary Monday, the house open from nine to five."""


def tell(**what: Any) -> None:
    """Print a line, whole whatever other threads print."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class ReportingScreen(Screen):
    """A screen that tells what it has drawn."""

    def draw(self) -> bool:
        drawn = super().draw()
        if drawn:
            words = [(placed.line.text, placed.rect.center) for placed in self._kiosk.written]
            tell(words=words, targets={name: tuple(rect) for rect, name in self._kiosk.targets})
        return drawn


def obey(bench: Bench, kiosk: Kiosk) -> None:
    deeds: dict[str, Callable[[str], object]] = {
        "tap": bench.tap,
        "later": lambda seconds: bench.clock.move(timedelta(seconds=float(seconds))),
    }
    for line in sys.stdin:
        word, _, what = line.strip().partition(" ")
        deeds[word](what)
        kiosk.controller.inbox.put(Tick())
        tell(done=line.strip())
    kiosk.stop()


def main() -> int:
    folder, size, language, *picture = sys.argv[1:]
    width, height = (int(side) for side in size.split("x"))
    with Bench(Path(folder)) as bench:
        bench.clock.set(MONDAY)
        config = bench.config((width, height))
        config = replace(config, screen=replace(config.screen, language=language))
        bench.prepare(config)
        seen = Path(picture[0]) if picture else None
        screen = ReportingScreen((width, height), picture=seen, monotonic=bench.clock.monotonic)
        world = World(clock=bench.clock, pin_factory=bench.board.factory, simulated=True, display=bench.watch)
        with Kiosk(config, world, screen) as kiosk:
            threading.Thread(target=obey, args=(bench, kiosk), daemon=True).start()
            return 0 if kiosk.serve() else 1


if __name__ == "__main__":
    raise SystemExit(main())
