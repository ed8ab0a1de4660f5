"""Prints verdicts, draws the tray beside the screen, and handles clicks on it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from kiosk import notices
from kiosk.answers import Done, Refused
from kiosk.commands import TapCard
from kiosk.demo.bench import SENSE_SECONDS, Bench, BenchError
from kiosk.demo.people import cards, tray_badges
from kiosk.demo.tray import BadgeClicked, ClockMoved, ExitPressed, TrayPanel, action_of
from kiosk.demo.tray_words import Tray, outcome, put_into_words
from kiosk.model import Case, Denied, Signal, Site, Verdict
from kiosk.notices.language import Language
from kiosk.screen.panel import PanelTouch
from kiosk.screen.window import Screen

if TYPE_CHECKING:
    pass

LAMPS = {
    "red": (214, 60, 44), "green": (52, 178, 92), "blue": (70, 130, 235), "yellow": (240, 190, 40),
    "magenta": (208, 70, 190), "cyan": (40, 190, 200), "white": (255, 255, 255),
}  # fmt: skip
"""How the colours of the bench's lamp look on the tray."""


class Show:
    """Prints verdicts, draws the tray and handles clicks on it."""

    def __init__(self, bench: Bench, site: Site, screen: Screen, panel: TrayPanel) -> None:
        self._bench, self._site, self.screen, self._panel = bench, site, screen, panel
        self._verdicts: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._words = Language(site.language, site.zone)

    def on_verdict(self, verdict: Verdict, case: Case, now: datetime) -> None:
        """Print a verdict and what the door and the light did; called when all of it is done."""
        board = self._bench.board.state()
        did = outcome(
            self._site,
            strike_open=board["strike"],
            was_denied=isinstance(verdict, Denied),
            signal=Signal(board["signal"] or "idle"),
            language=case.member.language if case.member else None,
        )
        told = f"{notices.log_line(verdict, case, now)}\n      {did}"
        print(told, flush=True)
        self._verdicts.put(told)

    def lay(self, card: str) -> str:
        """Tap with a card and return the verdict. Raises BenchError."""
        before = self._bench.watching.last if self._bench.watching else None
        answer = self._bench.tap(card)
        if answer is None:
            raise BenchError(self._words.say("The kiosk did not answer: is its reader out of order?"))
        if answer.number and before and answer.number == before.number:
            return self._words.say("The same tap again: nothing is stored, and its notice is shown again")
        return self._verdicts.get(timeout=SENSE_SECONDS) if answer.number else answer.title

    def tap_card(self, command: TapCard) -> Done | Refused:
        """Answer `kiosk tap`: lay the card on the reader, or list the cards."""
        try:
            if command.card is None:
                return Done(said=("cards: " + ", ".join(cards()),), changed=False)
            return Done(said=(self.lay(command.card),))
        except BenchError as error:
            return Refused(message=str(error), code="NOT_HERE")

    def tap(self, card: str) -> str:
        """Tap with a card; return what to print beside the verdict, which `on_verdict` prints. Raises BenchError."""
        told = self.lay(card)
        return "" if "\n" in told else told

    def tray(self) -> Tray:
        """Return the present state of the bench for the tray."""
        board, now = self._bench.board.state(), self._bench.clock.now()
        return put_into_words(
            self._site,
            now,
            badges=tuple(tray_badges()),
            on_reader=self._bench.lying,
            strike_open=board["strike"],
            signal=Signal(board["signal"] or "idle"),
            light=LAMPS.get(board["light"]),
        )

    def refresh(self) -> None:
        """Draw the tray again if it changed; from any thread."""
        self._panel.view = self.tray()

    def react(self, event: object, wake: Callable[[], None]) -> None:
        """Carry out a click on the tray; cards move in a thread of their own, because that waits for the reader."""
        match action_of(event.target) if isinstance(event, PanelTouch) else None:
            case BadgeClicked() as clicked:
                threading.Thread(target=self._click, args=(clicked.id,), daemon=True).start()
            case ClockMoved() as moved:
                self._bench.clock.move(moved.by)
                wake()
            case ExitPressed():
                self._bench.board.press_exit()
        self.refresh()

    def _click(self, card: str) -> None:
        if self._bench.lying == card:
            self._bench.take()
        else:
            self._bench.put(card)
        self.refresh()
