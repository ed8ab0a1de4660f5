"""The health of the kiosk, part by part, with advice; leads to clock, central server and USB stick."""

from __future__ import annotations

from kiosk.answers import Answered, Status, Vital, VitalState
from kiosk.commands import Command, ShowStatus
from kiosk.model import Signal
from kiosk.notices.vitals import PartWords, part_words
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, DANGER, GAP, INK, LEAD, OPEN, QUIET, TONES, Colour
from kiosk.screen.scene import Ask, Context, Effects, Go, Scene
from kiosk.screen.scenes.machine.clock import ClockSet
from kiosk.screen.scenes.machine.export import Export
from kiosk.screen.scenes.machine.pairing import PairWithServer
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, row
from kiosk.screen.widgets.listing import Listing, Row

LOOKS: dict[VitalState, tuple[str, Colour]] = {
    "good": ("tick", OPEN.accent),
    "attention": ("alert", TONES[Signal.ATTENTION].accent),
    "fault": ("cross", DANGER.accent),
    "absent": ("ring", QUIET),
}
"""Picture and colour of each state: they differ by shape as well."""
GRAVITY: tuple[VitalState, ...] = ("fault", "attention", "good", "absent")


class HealthOfKiosk(Scene):
    """The parts, the worst first; touching one shows the advice."""

    every_seconds = 5.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.status: Status | None = None
        self._list = Listing(empty=self.words.say("Nothing is known yet"))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Health of the kiosk")

    def opened(self) -> Effects:
        """Ask for the status."""
        return Ask(ShowStatus(), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the status."""
        if isinstance(answer, Status):
            self.status = answer
            parts = sorted(answer.vitals, key=lambda vital: GRAVITY.index(vital.state))
            self._list.show([self._row(vital, answer) for vital in parts])
            return None
        return super().answered(command, answer)

    def _row(self, vital: Vital, status: Status) -> Row:
        told = _part_words(self, vital, status)
        picture, ink = LOOKS[vital.state]
        return Row(id=vital.part, title=told.part, detail=told.said, picture=picture, ink=ink)

    def touched(self, target: str) -> Effects:
        """Open a part, or an action."""
        ways = {"clock": ClockSet, "pair": PairWithServer, "export": Export}
        if target in ways:
            return Go(ways[target](self.context))
        chosen = self._list.chosen(target)
        found = next((one for one in self.status.vitals if one.part == chosen), None) if self.status else None
        return Go(HealthPart(self.context, found, self.status)) if found and self.status else None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the parts and the buttons."""
        foot, rect = canvas.split(rect, 62, side="bottom")
        words = self.words
        choices = [
            Choice(target="clock", label=words.say("Set the clock")),
            Choice(target="pair", label=words.say("Server")),
            Choice(target="export", label=words.say("USB stick")),
        ]
        row(canvas, foot, choices, gap=10)
        self._list.draw(canvas, canvas.split(rect, GAP, side="bottom")[1])


class HealthPart(Scene):
    """One part: its state, and advice."""

    def __init__(self, context: Context, vital: Vital, status: Status) -> None:
        super().__init__(context)
        self._vital, self._status = vital, status

    def title(self) -> str:
        """The title of the scene."""
        return _part_words(self, self._vital, self._status).part

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw it large."""
        told = _part_words(self, self._vital, self._status)
        name, ink = LOOKS[self._vital.state]
        picture, rect = canvas.split(rect, rect.height * 0.3 / canvas.unit, side="top")
        canvas.picture(name, picture.inflate(0, -canvas.px(20)), ink)
        column = [canvas.line(told.said, LEAD, INK, bold=True)]
        if told.advice:
            column.append(canvas.line(told.advice, BODY, INK, before=14))
        elif self._vital.state in ("good", "absent"):
            column.append(canvas.line(self.words.say("Nothing to do"), BODY, QUIET, before=14))
        canvas.column(rect, column, align="center", valign="middle")


def _part_words(scene: Scene, vital: Vital, status: Status) -> PartWords:
    return part_words(scene.words, vital.part, vital.code, vital.facts, now=status.now)
