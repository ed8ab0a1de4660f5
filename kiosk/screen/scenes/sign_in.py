"""Signing in with a PIN after a host's badge; leads to the menu."""

from __future__ import annotations

from typing import Literal

from kiosk.answers import Answered, Done
from kiosk.commands import Command, SignIn
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, INK, QUIET
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Context, Effects, Scene, Swap
from kiosk.screen.scenes.menu import Menu
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.number_pad import OK, NumberPad

SHORTEST, LONGEST = 4, 8
"""Digits of a PIN."""
CHECK_SECONDS = 20.0
"""Hashing a PIN takes a while on a small machine, on purpose."""


class SignInScene(Scene):
    """The PIN pad; it does not show how many digits the PIN has."""

    default = OK

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._pad = NumberPad(longest=LONGEST, hidden=True)

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Hosts")

    def touched(self, target: str) -> Effects:
        """Handle a digit, or check the PIN."""
        if target == OK:
            pin, self._pad.digits = self._pad.digits, ""
            return Ask(SignIn(member=self.context.member_id, pin=pin), seconds=CHECK_SECONDS)
        self._pad.touched(target)
        return None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Take a digit."""
        return None if self._pad.typed(key) else False

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go to the menu if the PIN was right."""
        if isinstance(answer, Done):
            return Swap(Menu(self.context))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the host's name, the digits, the keys."""
        words, pad = canvas.split(rect, 190, side="top") if canvas.is_portrait else canvas.split(rect, 330, side="left")
        pad = canvas.split(pad, 12, side="top" if canvas.is_portrait else "left")[1]
        digits, words = canvas.split(words, 70, side="bottom")
        told = [
            canvas.line(self.context.name, BODY + 6, INK, bold=True),
            canvas.line(self.words.say("Type your PIN"), BODY, QUIET, before=6),
        ]
        canvas.column(words, told, valign="middle")
        self._pad.draw_digits(canvas, digits)
        self._pad.draw(canvas, pad, ok=self.words.say("OK"), ready=len(self._pad.digits) >= SHORTEST)
