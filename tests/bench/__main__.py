"""Measures: `python -m tests.bench tap [ROUNDS]`, or another word of the list below.

Prints a table and writes build/bench-WORD.json. No value fails a test.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.bench import flood, kiosk, server, sync


def _shown(name: str, measure: Callable[[], sync.Result]) -> Callable[[], None]:
    return lambda: sync.show(measure(), kiosk.write, name)


WITHOUT_NUMBER = {
    "drain": _shown("drain", sync.drain),
    "poison": _shown("poison", server.poison),
    "rush": _shown("rush", server.rush),
    "gaps": _shown("gaps", server.gaps),
    "ingest": _shown("ingest", server.ingesting),
    "guesses": _shown("guesses", flood.guesses),
    "waiting": _shown("waiting", flood.waiting),
    "hostile": _shown("hostile", flood.hostile),
}


def _network(rounds: int) -> None:
    sync.show(sync.network(rounds), kiosk.write, "network")


WITH_NUMBER: dict[str, tuple[Callable[[int], None], int]] = {
    "tap": (kiosk.bench_tap, 60),
    "screen": (kiosk.bench_screen_frames, 100),
    "idle": (kiosk.bench_idle, 60),
    "network": (_network, 15),
}
"""With how many rounds, or seconds, unless told otherwise."""


def main() -> int:
    """Run the measurement named on the command line; return 2 for an unknown name."""
    what, *number = sys.argv[1:] or ["tap"]
    if what in WITHOUT_NUMBER:
        WITHOUT_NUMBER[what]()
    elif what in WITH_NUMBER:
        measure, usual = WITH_NUMBER[what]
        measure(int(number[0]) if number else usual)
    else:
        print(f"nothing called {what} is measured: {', '.join((*WITH_NUMBER, *WITHOUT_NUMBER))}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
