"""The base class of scenes that ask for a line of text: a field and an on-screen keyboard."""

from __future__ import annotations

from typing import Literal

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Context, Effects, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard


class TextEntry(Scene):
    """A scene with a text field; Enter, or the large key, calls `written`."""

    def __init__(
        self, context: Context, text: str = "", *, hint: str = "", longest: int = 60, names: bool = False
    ) -> None:
        super().__init__(context)
        self.field = TextField(text, hint=hint, longest=longest)
        self._keyboard = Keyboard(self.words.code, names=names)
        self._keyboard.follow(text)

    def written(self, text: str) -> Effects:
        """Handle the text that was entered."""
        raise NotImplementedError

    def key(self) -> str:
        """Return the word on the large key."""
        return self.words.say("Save")

    def touched(self, target: str) -> Effects:
        """Handle a key of the on-screen keyboard."""
        key = self._keyboard.touched(target)
        return self.typed(key) or None if key else None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Handle a key of any keyboard."""
        if key.name == "enter":
            return self.written(" ".join(self.field.text.split()))
        if not self.field.typed(key):
            return False
        self._keyboard.follow(self.field.text)
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw field and keyboard."""
        keys, rect = canvas.split(rect, min(HEIGHT + 8, rect.height / canvas.unit - 60), side="bottom")
        self.field.draw(canvas, canvas.split(rect, 66, side="top")[0])
        self._keyboard.draw(canvas, keys, enter=self.key())
