"""Giving an entry back, for a reason that is chosen or typed."""

from __future__ import annotations

from typing import Literal

from kiosk.answers import Answered, Done
from kiosk.commands import Command, Undo
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Back, Context, Effects, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, row
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard
from kiosk.screen.widgets.message import Message


class GiveBack(Scene):
    """Gives an entry back, for a reason, which is stored."""

    default = "key:enter"

    def __init__(self, context: Context, *, member_id: str, name: str, seq: int) -> None:
        super().__init__(context)
        self._member_id, self._name, self._seq = member_id, name, seq
        self._field = TextField(hint=self.words.say("Or another reason"), longest=120)
        self._keys = Keyboard(self.words.code)
        self._reasons = {
            "mistake": self.words.say("Badge of somebody else"),
            "twice": self.words.say("Counted twice"),
            "goodwill": self.words.say("Goodwill"),
        }

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Give an entry back")

    def touched(self, target: str) -> Effects:
        """Choose a reason, or handle a key of the on-screen keyboard."""
        if target in self._reasons:
            self._ask(self._reasons[target])
            return None
        key = self._keys.touched(target)
        if key and key.name == "enter":
            self._ask(self._field.text.strip())
        elif key:
            self._field.typed(key)
        return None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Take a letter."""
        return None if self._field.typed(key) else False

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back with a message."""
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("Entry given back: {name}", name=self._name)))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the usual reasons, the field, the keyboard."""
        usual, rest = canvas.split(rect, 64, side="top")
        row(canvas, usual, [Choice(target=one, label=label) for one, label in self._reasons.items()])
        field, _ = canvas.split(canvas.split(rest, 10, side="top")[1], 50, side="top")
        self._field.draw(canvas, field)
        keys = canvas.split(rest, HEIGHT, side="bottom")[0]
        self._keys.draw(canvas, keys, enter=self.words.say("Give back"))

    def _ask(self, reason: str) -> None:
        if not reason:
            self.message = Message(self.words.say("Say why, for whoever reads it later"), is_good=False)
            return
        self.confirm(
            self.words.say("Give this entry back?"),
            self._name,
            self.words.say("Reason: {reason}", reason=reason),
            yes=self.words.say("Give back"),
            then=Ask(Undo(member=self._member_id, reason=reason, seq=self._seq or None, by=self.context.by)),
        )
