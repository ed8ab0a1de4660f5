"""A kiosk as a process of its own, on a simulated bench, with an empty ledger.

`python -m tests.office.kiosks.process FOLDER`. It reads commands on its input (`tap NAME`), ends with it, and prints
what its screen shows as lines of JSON. Everything else, and its screen.png, is the real kiosk. Its clock is the
machine's.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from kiosk.daemon import Kiosk, World
from kiosk.demo.bench import Bench
from kiosk.door.devices import Display
from kiosk.notices import Idle, Notice
from kiosk.notices.view import Admission
from kiosk.screen.window import Screen
from kiosk.settings.config import resolved

SIZE = (800, 480)


class ReportingDisplay:
    """A display that also tells what it shows."""

    def __init__(self, display: Display) -> None:
        self._display = display

    def show(self, notice: Notice) -> None:
        self._display.show(notice)
        tell("notice", notice)

    def idle(self, view: Idle) -> None:
        self._display.idle(view)
        tell("idle", view)

    def enter(self, admission: Admission) -> None:
        self._display.enter(admission)


def tell(what: str, view: Idle | Notice) -> None:
    print(msgspec.json.encode({"shows": what, **asdict(view)}, enc_hook=str).decode(), flush=True)


def obey(bench: Bench, kiosk: Kiosk) -> None:
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "tap":
            bench.tap(rest)
    kiosk.stop()


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    with Bench(folder) as bench:
        config = bench.config(SIZE)
        (folder / "kiosk.toml").write_text(resolved(config))
        screen = Screen(SIZE, picture=folder / "screen.png")
        world = World(
            clock=bench.clock,
            pin_factory=bench.board.factory,
            simulated=True,
            display=lambda screen: ReportingDisplay(bench.watch(screen)),
        )
        with Kiosk(config, world, screen) as kiosk:
            threading.Thread(target=obey, args=(bench, kiosk), daemon=True).start()
            kiosk.serve()
        screen.close()


if __name__ == "__main__":
    main()
