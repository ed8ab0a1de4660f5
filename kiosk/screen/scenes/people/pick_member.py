"""Choosing a member by a part of the name; accents and small typing errors are forgiven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from kiosk.answers import Answered, People, Person
from kiosk.commands import Command, ListMembers
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Context, Effects, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard
from kiosk.screen.widgets.listing import Listing, Row


class PickMember(Scene):
    """A search field, the members found, and a keyboard."""

    def __init__(self, context: Context, title: str, then: Callable[[Scene, Person], Effects]) -> None:
        """`then` is called with this scene and the chosen member."""
        super().__init__(context)
        self._title, self._then = title, then
        self._field = TextField(hint=self.words.say("A part of the name"))
        self._keys = Keyboard(self.words.code)
        self._list = Listing(empty=self.words.say("Nobody is called that"))
        self._people: dict[str, Person] = {}

    def title(self) -> str:
        """The title of the scene: what will be done with the member."""
        return self._title

    def opened(self) -> Effects:
        """Ask for the members that match the field."""
        return Ask(ListMembers(text=self._field.text), blocks=False)

    def touched(self, target: str) -> Effects:
        """Choose a member, or type."""
        chosen = self._list.chosen(target)
        if chosen is not None:
            return self._then(self, self._people[chosen])
        key = self._keys.touched(target)
        return self.typed(key) or None if key else None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Type, and search again with every letter."""
        if self._list.typed(key):
            return None
        return self.opened() if self._field.typed(key) else False

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the members that match; ignore an answer to an earlier text."""
        if not isinstance(answer, People):
            return super().answered(command, answer)
        if isinstance(command, ListMembers) and command.text == self._field.text:
            self._people = {person.id: person for person in answer.people}
            self._list.show([Row(id=one.id, title=one.name, right=self._left(one)) for one in answer.people])
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw field, list and keyboard."""
        field, rest = canvas.split(rect, 50, side="top")
        self._field.draw(canvas, field)
        keys, rest = canvas.split(rest, HEIGHT, side="bottom")
        rest = canvas.split(canvas.split(rest, 6, side="top")[1], 2, side="bottom")[1]
        self._list.draw(canvas, rest)
        self._keys.draw(canvas, keys, enter=self.words.say("Search"))

    def _left(self, person: Person) -> str:
        if person.role == "staff":
            return self.words.say("Host")
        if person.unlimited:
            return self.words.say("Unlimited")
        return self.words.count("{n} entry", "{n} entries", person.left) if person.left is not None else ""
