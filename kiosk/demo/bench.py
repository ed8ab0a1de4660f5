"""The simulated hardware of the demo: reader, board, cards and a clock that can be set."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

from hardware.simulator.board import WIRING, Board
from hardware.simulator.chip import FAULTS, Pn532
from kiosk.badges import badge_key
from kiosk.clock import MovableClock
from kiosk.demo.people import cards, write_history
from kiosk.door.devices import Display
from kiosk.ledger import open_ledger
from kiosk.model import Site
from kiosk.notices import Admission, Idle, Notice, lift_badge
from kiosk.notices.language import languages
from kiosk.settings.config import Config, Door, Indicator, Paths, Reader, Screen
from kiosk.settings.mistakes import fold, near

SITE = "la-serre"
_LIFT = {lift_badge(language=code).title for code in languages()}
REARM_SECONDS = 1.6
"""The reader takes the same card for the same touch until it was away for 1.5 s."""
SENSE_SECONDS = 10.0
"""How long a card is waited for; a reader that is out of order senses none."""

NOTICE_SECONDS = 10.0
"""How long the bench waits for a reader to come or go: the kiosk tries one that is down every 5 s at least."""


class BenchError(ValueError):
    """The demo cannot do this. The message is a sentence."""


class RecordingDisplay:
    """A display that records each notice and admission, and passes everything on."""

    def __init__(self, display: Display, on_idle: Callable[[], None]) -> None:
        self._display, self._on_idle = display, on_idle
        self.answers: queue.SimpleQueue[Notice | Admission] = queue.SimpleQueue()
        self.last: Notice | None = None

    def show(self, notice: Notice) -> None:
        """Pass a notice on."""
        self._display.show(notice)
        self.last = notice
        self.answers.put(notice)

    def idle(self, view: Idle) -> None:
        """Pass the idle view on."""
        self._display.idle(view)
        self._on_idle()

    def enter(self, admission: Admission) -> None:
        """Pass an admission on."""
        self._display.enter(admission)
        self.answers.put(admission)


class Bench:
    """Reader, board, cards and clock of the demo, in a folder that holds its ledger. Use it with `with`."""

    def __init__(self, folder: Path, *, wire: bool = False) -> None:
        """With `wire` the chip takes the time that a real one takes."""
        self.folder = folder
        self.on_change: Callable[[], None] = lambda: None
        """Called after every change of the board and the clock's minute, from any thread."""
        self.clock = MovableClock()
        self.chip = Pn532(wire=wire)
        self.board = Board(on_change=lambda: self.on_change())
        self.cards = cards()
        self.lying: str | None = None
        """The card on the reader."""
        self.watching: RecordingDisplay | None = None
        self.reader_up, self.reader_down = threading.Event(), threading.Event()
        """The last state of the reader that the kiosk received."""
        self._taken: dict[str, float] = {}
        self._hands = threading.RLock()

    def __enter__(self) -> Bench:
        self.chip.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.chip.stop()

    def config(self, size: tuple[int, int]) -> Config:
        """Return the settings of a kiosk on this bench."""
        state = self.folder
        return Config(
            site=SITE,
            reader=Reader(path=f"pty:{self.chip.port}"),
            door=Door(strike=WIRING["strike"], contact=WIRING["contact"], exit_button=WIRING["exit_button"]),
            indicator=Indicator(red=WIRING["red"], green=WIRING["green"], blue=WIRING["blue"], buzzer=WIRING["buzzer"]),
            screen=Screen(fullscreen=False, size=size),
            paths=Paths(state=state, socket=state / "kiosk.sock"),
        )

    def prepare(self, config: Config) -> Site:
        """Fill an empty ledger with La Serre and its people, or reopen the existing one; return the site."""
        with open_ledger(config.paths.ledger, stamp=self.clock.stamp) as ledger:
            last = next(ledger.entries_backwards(), None)
            if last is None:
                write_history(ledger, self.clock, badge_key(config.paths.key_file))
            else:
                self.clock.set(last.stamp.at)
            return next(site for site in ledger.roster.sites() if site.id == SITE)

    def watch(self, display: Display) -> Display:
        """Return a display that records notices and passes everything on to this one."""
        self.watching = RecordingDisplay(display, lambda: self.on_change())
        return self.watching

    # ------------------------------------------------------------ cards

    def put(self, name: str) -> str:
        """Put a card on the reader, replacing the one that lies there; return its full name."""
        key = self.find(name)
        self._await_reader()
        with self._hands:
            self.take()
            away = time.monotonic() - self._taken.get(key, 0.0)
            time.sleep(max(0.0, REARM_SECONDS - away))
            self.chip.put(self.cards[key])
            self.lying = key
        return key

    def take(self) -> None:
        """Take the card off the reader."""
        with self._hands:
            if self.lying is not None:
                self._taken[self.lying] = time.monotonic()
                self.lying = None
                self.chip.take()

    def find(self, name: str) -> str:
        """Return the card with this name, or the only one whose name begins so. Raises BenchError."""
        typed = fold(name)
        found = [key for key in self.cards if key == typed] or [
            key for key in self.cards if typed and key.startswith(typed)
        ]
        if len(found) == 1:
            return found[0]
        meant = near(name, self.cards)
        advice = f"; did you mean {' or '.join(meant)}?" if meant else ""
        raise BenchError(f'there is no card "{name}"{advice}\ncards: {", ".join(self.cards)}')

    def tap(self, name: str) -> Notice | None:
        """Lay a card on the reader until the screen answers, then take it away. Return the notice, or None.

        If the screen asks to lift the card and lay it again, because the reader was being opened, that is done once.
        """
        answer = self._lay(name)
        if answer is not None and answer.title in _LIFT:
            answer = self._lay(name)
        return answer

    def _lay(self, name: str) -> Notice | None:
        with self._hands:
            try:
                answer = self.answer_to(lambda: self.put(name))
                return answer if isinstance(answer, Notice) else None
            finally:
                self.take()

    def answer_to(self, deed: Callable[[], object]) -> Notice | Admission | None:
        """Call a function and return the notice or admission that answers it; None when none comes in 10 s."""
        if self.watching is None:
            raise BenchError("the kiosk is not running")
        answers = self.watching.answers
        while not answers.empty():
            answers.get_nowait()
        deed()
        try:
            return answers.get(timeout=SENSE_SECONDS)
        except queue.Empty:
            return None

    # ------------------------------------------------------------ the reader

    def reader_is(self, *, up: bool) -> None:
        """Record whether the reader works; called from the reader's thread."""
        now, before = (self.reader_up, self.reader_down) if up else (self.reader_down, self.reader_up)
        before.clear()
        now.set()

    def _await_reader(self) -> None:
        """Wait for a reader that is still starting: a card that already lies there is not a tap."""
        if self.watching is not None and not self.reader_down.is_set():
            self.reader_up.wait(SENSE_SECONDS)

    def unplug(self) -> None:
        """Pull the reader's cable, and wait until the kiosk knows."""
        self.chip.unplug()
        self.reader_down.wait(NOTICE_SECONDS)

    def replug(self) -> bool:
        """Put the reader's cable back; wait for the reader, and tell whether it works."""
        self.chip.replug()
        return self.reader_up.wait(NOTICE_SECONDS)

    def break_reader(self, fault: str | None) -> None:
        """Make the reader fail in one of the ways of hardware.simulator.chip, None: in none. Raises BenchError."""
        if fault is not None and fault not in FAULTS:
            raise BenchError(f'there is no fault "{fault}": {", ".join(FAULTS)}')
        self.chip.fault = fault
