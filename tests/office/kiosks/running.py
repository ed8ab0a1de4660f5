"""A whole running kiosk on a bench, for tests and measurements: real threads, nfcpy's driver, a dummy display."""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path
from time import monotonic

from msgspec.structs import replace

from kiosk.answers import Answered
from kiosk.commands import Command
from kiosk.daemon import Kiosk, World
from kiosk.demo.bench import Bench
from kiosk.facts import Tapped
from kiosk.health import machine
from kiosk.ledger import decode_fact, open_reader
from kiosk.messages import ReaderUp
from kiosk.model import Verdict
from kiosk.screen.window import Screen
from tests.office.ledgers.small_house import lay_new_ledger

SIZE = (480, 320)


class RunningKiosk:
    """A kiosk in a folder, and what it decided. Use it with `with`."""

    def __init__(
        self,
        folder: Path,
        *,
        unlock_seconds: float = 5.0,
        wire: bool = False,
        is_blank: bool = False,
        root: Path = machine.ROOT,
        every_seconds: float = 30.0,
        state: Path | None = None,
    ) -> None:
        """`state`: where the ledger is, in place of the folder. `root`: where the system tells of itself.

        `every_seconds`: between two exchanges with a server.
        """
        self.bench = Bench(folder, wire=wire)
        self.verdicts: queue.Queue[Verdict] = queue.Queue()
        self.folder = folder
        self._unlock_seconds, self._is_blank = unlock_seconds, is_blank
        self._state = state or folder
        self._root, self._every_seconds = root, every_seconds

    def __enter__(self) -> RunningKiosk:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        self.bench.__enter__()
        config = self.bench.config(SIZE)
        door, server = config.door, config.server
        config = replace(
            config,
            paths=replace(config.paths, state=self._state),
            door=replace(door, unlock_seconds=self._unlock_seconds),
            server=replace(server, every_seconds=self._every_seconds),
        )
        self.socket = config.paths.socket
        if not self._is_blank:
            if not config.paths.ledger.exists():
                lay_new_ledger(config.paths.ledger)
            self.bench.prepare(config)
        self.screen = Screen(SIZE, picture=self.folder / "screen.png")
        world = World(
            clock=self.bench.clock,
            pin_factory=self.bench.board.factory,
            simulated=True,
            display=self.bench.watch,
            on_verdict=lambda verdict, case, now: self.verdicts.put(verdict),
            on_reader=lambda said: self.bench.reader_is(up=isinstance(said, ReaderUp)),
            root=self._root,
            disk_seconds=0.2,
        )
        self.kiosk = Kiosk(config, world, self.screen)
        self.kiosk.__enter__()
        self.main = threading.Thread(target=self.kiosk.serve, name="screen")
        self.main.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kiosk.stop()
        self.main.join(10)
        self.kiosk.__exit__()
        self.screen.close()
        self.bench.__exit__()

    def tap(self, card: str) -> Verdict:
        """Lay a card on the reader, wait for the verdict, take it away; again where the reader was being reopened."""
        self.bench.tap(card)
        return self.verdicts.get(timeout=10)

    def asks(self, command: Command) -> Answered:
        """Have a command answered, as the screen has it."""
        return self.kiosk.answering.answer(command)

    def stored(self) -> list[Tapped]:
        """Every tap in the ledger, oldest first."""
        with open_reader(self._state / "ledger.db") as ledger:
            facts = [decode_fact(entry.body) for entry in ledger.entries() if entry.body]
        return [fact for fact in facts if isinstance(fact, Tapped)]

    def seconds_to_strike(self, card: str) -> float:
        """Lay a card on the reader; return the time until the strike moved. The strike is shut before and after."""
        board = self.bench.board
        self.bench.put(card)
        laid = monotonic()
        self.verdicts.get(timeout=10)
        self.bench.take()
        if not board.wait_for(lambda state: not state["strike"]):
            raise TimeoutError("the strike was not shut")
        return next(edge.at for edge in board.strike_edges[::-1] if edge.on) - laid
