"""The demo's terminal: which log lines are printed, and reading what is typed."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from kiosk.demo.bench import BenchError
from kiosk.demo.prompt import Prompt

FIRST_TRIES_SECONDS = 20.0
"""How long the simulated reader may take to answer for the first time, on a machine that is busy starting."""


class FirstTries(logging.Filter):
    """Log filter: drops the messages about a silent reader until it first answered, for at most 20 s."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic, self._end = monotonic, monotonic() + FIRST_TRIES_SECONDS

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to print a line."""
        if str(record.msg).startswith("reader up"):
            self._end = self._monotonic()
        return not str(record.msg).startswith("reader down") or self._monotonic() >= self._end


def log_to_terminal() -> None:
    """Print warnings, and each reader that comes and goes."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    daemon = logging.getLogger("kiosk.daemon")
    daemon.setLevel(logging.INFO)
    daemon.addFilter(FirstTries())
    logging.getLogger("nfc").setLevel(logging.CRITICAL)  # its errors are what `reader down` sums up


def read_commands(prompt: Prompt, stop: Callable[[], None]) -> None:
    """Run the commands that are typed or piped in.

    The end of the input stops the demo, unless there was no input at all.
    """
    done = 0
    for line in _lines():
        if line.strip().casefold() in ("quit", "q"):
            stop()
            return
        try:
            said = prompt.run_line(line)
        except BenchError as error:
            said = str(error)
        if said:
            print(said, flush=True)
        done += 1
    if done or sys.stdin.isatty():
        stop()


def _lines() -> Iterator[str]:
    """Yield what is typed, with a prompt and a history where somebody types."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    with suppress(ImportError):
        import readline  # noqa: F401 - input() gets a history and arrow keys by it
    with suppress(EOFError):
        while True:
            yield input("kiosk> ")
