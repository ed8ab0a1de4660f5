"""A kiosk in a window of its own, for tests from outside: `python -m tests.window_kiosk FOLDER WIDTHxHEIGHT LANGUAGE`.

After each frame it prints, as a line of JSON, what can be read and where it can be touched. Its standard input lays
cards on the reader (`tap camille`) and lets time go by (`later 10`); its end ends it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from kiosk.daemon import Kiosk, World
from kiosk.demo.bench import Bench
from kiosk.model import Tick
from kiosk.screen.window import Screen


class Telling(Screen):
    """A screen that tells what it has drawn."""

    def draw(self) -> bool:
        drawn = super().draw()
        if drawn:
            words = [placed.line.text for placed in self._kiosk.written]
            targets = {name: list(rect.center) for rect, name in self._kiosk.targets}
            print(json.dumps({"words": words, "targets": targets}), flush=True)
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
    kiosk.stop()


def main() -> int:
    folder, size, language = sys.argv[1:4]
    width, height = (int(side) for side in size.split("x"))
    with Bench(Path(folder)) as bench:
        config = bench.config((width, height))
        config = replace(config, screen=replace(config.screen, language=language))
        bench.prepare(config)
        screen = Telling((width, height), monotonic=bench.clock.monotonic)
        world = World(clock=bench.clock, pin_factory=bench.board.factory, simulated=True, display=bench.watch)
        with Kiosk(config, world, screen) as kiosk:
            threading.Thread(target=obey, args=(bench, kiosk), daemon=True).start()
            return 0 if kiosk.serve() else 1


if __name__ == "__main__":
    raise SystemExit(main())
