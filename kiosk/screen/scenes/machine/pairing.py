"""Pairing with a central server, by its address and the code that its page of kiosks shows."""

from __future__ import annotations

from typing import Literal

from kiosk.answers import Answered, Done
from kiosk.commands import Command, Pair
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import INK, SMALL
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Back, Context, Effects, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard
from kiosk.screen.widgets.message import Message

PAIRING_SECONDS = 90.0
"""How long the server is waited for: looking up its name may take a minute."""


class PairWithServer(Scene):
    """Asks for the server's address and the pairing code."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._address = TextField("https://", longest=120)
        self._code = TextField(hint="K7QM-2XRD", longest=12)
        self._keyboard = Keyboard(self.words.code)
        self._on_code = False
        self._waits = False

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Join a server")

    def touched(self, target: str) -> Effects:
        """Choose a field, or handle a key of the on-screen keyboard."""
        if target in ("address", "code"):
            self._on_code = target == "code"
            return None
        key = self._keyboard.touched(target)
        return self.typed(key) or None if key else None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Type a letter; Enter goes on to the code, and then sends it."""
        if key.name == "enter":
            return self._go_on()
        field = self._code if self._on_code else self._address
        written = Key(name="text", text=key.text.upper()) if self._on_code and key.name == "text" else key
        return None if field.typed(written) else False

    def _go_on(self) -> Effects:
        if not self._on_code:
            self._on_code = True
            return None
        code = self._code.text.strip()
        if not code:
            self.message = Message(self.words.say("Write the code that the server shows"), is_good=False)
            return None
        self._waits = True
        return Ask(Pair(url=self._address.text.strip(), code=code), seconds=PAIRING_SECONDS)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Report the result."""
        self._waits = False
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("This kiosk has joined the server")))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw both fields and the keyboard."""
        keys, rect = canvas.split(rect, min(HEIGHT + 8, rect.height / canvas.unit - 124), side="bottom")
        if self._waits:
            said = canvas.line(self.words.say("Asking the server…"), SMALL, INK, bold=True)
            canvas.column(keys, [said], align="center", valign="middle")
        else:
            enter = self.words.say("Join") if self._on_code else self.words.say("Go on")
            self._keyboard.draw(canvas, keys, enter=enter)
        high = canvas.px(56)
        first = pygame.Rect(rect.left, rect.top, rect.width, high)
        second = pygame.Rect(rect.left, first.bottom + canvas.px(6), rect.width, high)
        label = self.words.say("Address of the server")
        self._address.draw(canvas, first, label=label, target="address", active=not self._on_code)
        label = self.words.say("Code that it shows")
        self._code.draw(canvas, second, label=label, target="code", active=self._on_code)
