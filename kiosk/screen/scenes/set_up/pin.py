"""The PIN of the first host, typed twice: a step of the first start."""

from __future__ import annotations

from typing import Literal

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, INK, SMALL
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Context, Effects, Go
from kiosk.screen.scenes.set_up.steps import Draft, NextStep, Step
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.message import Message
from kiosk.screen.widgets.number_pad import OK, NumberPad

SHORTEST = 4
HASHING_SECONDS = 30.0
"""A PIN is slow to hash, on a small machine."""


class HostPin(Step):
    """Asks for the PIN of the first host, twice."""

    number = 8
    default = OK

    def __init__(self, context: Context, draft: Draft, then: NextStep) -> None:
        super().__init__(context, draft)
        self._then = then
        self._pad = NumberPad(hidden=True)
        self._first = ""

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("The host’s PIN")

    def touched(self, target: str) -> Effects:
        """Handle a digit, or the end of the PIN."""
        if self._pad.touched(target) or target != OK:
            return None
        typed, self._pad.digits = self._pad.digits, ""
        if not self._first:
            self._first = typed
            return None
        first, self._first = self._first, ""
        if typed != first:
            self.message = Message(self.words.say("That was not the same: begin again"), is_good=False)
            return None
        self.draft.pin = typed
        return Go(self._then(self.context, self.draft))

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Handle a digit of a keyboard."""
        return None if self._pad.typed(key) else False

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the instructions, the dots and the pad."""
        is_high = canvas.is_portrait
        said, rect = canvas.split(rect, 210, side="top") if is_high else canvas.split(rect, 330, side="left")
        dots, words = canvas.split(said, 80, side="bottom")
        again = self.words.say("The same again") if self._first else self.words.say("Choose 4 to 8 digits")
        column = [
            canvas.line(again, BODY, INK, bold=True),
            canvas.line(self.words.say("It is asked for after the host’s badge"), SMALL, INK, before=8),
        ]
        canvas.column(words.inflate(-canvas.px(20), 0), column, align="center", valign="middle")
        self._pad.draw_digits(canvas, dots.inflate(-canvas.px(20), 0))
        ready = len(self._pad.digits) >= SHORTEST
        self._pad.draw(canvas, rect, ok=self.words.say("Go on"), ready=ready)
