"""The evacuation list: who is in, in large letters, opened by a host's badge without a PIN.

It lists too many rather than too few: people who may have left come after those who are in.
"""

from __future__ import annotations

from kiosk.answers import Answered, Inside, Present
from kiosk.commands import Command, ListInside
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, INK
from kiosk.screen.scene import Ask, Context, Effects, Scene
from kiosk.screen.scenes.wording import name_or_erased
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.listing import Listing, Row


class Evacuation(Scene):
    """Names and arrival times; touching a name marks that person as outside, on this screen only."""

    quiet_seconds = 600.0  # outside, with the screen in sight, nobody has a hand free
    every_seconds = 15.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.people: tuple[Present, ...] | None = None
        self.outside: set[str] = set()
        self._list = Listing(empty=self.words.say("Nobody is in"))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Evacuation list")

    def opened(self) -> Effects:
        """Ask who is in, repeatedly, because people keep coming and going."""
        return Ask(ListInside(doubtful=True), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show who is in."""
        if isinstance(answer, Inside):
            self.people = answer.people
            self._list.show([self._row(person) for person in answer.people])
            return None
        return super().answered(command, answer)

    def touched(self, target: str) -> Effects:
        """Tick somebody off, or undo that."""
        chosen = self._list.chosen(target)
        if chosen is not None:
            self.outside ^= {chosen}
            self._list.show([self._row(person) for person in self.people or ()])
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the number still to be found, and the names."""
        if self.people is None:
            return
        head, rest = canvas.split(rect, 44, side="top")
        missing = [person for person in self.people if person.member_id not in self.outside]
        sure = sum(not person.maybe for person in missing)
        told = self.words.count("{n} person to find", "{n} people to find", sure)
        if len(missing) > sure:
            told = self.words.say("{told}, and perhaps {n} more", told=told, n=len(missing) - sure)
        canvas.column(head, [canvas.line(told, BODY + 4, INK, bold=True)], valign="middle")
        self._list.draw(canvas, canvas.split(rest, 6, side="top")[1])

    def _row(self, person: Present) -> Row:
        is_out = person.member_id in self.outside
        since = self.words.say("since {time}", time=self.words.time(person.since)) if person.name else ""
        return Row(
            id=person.member_id,
            title=name_or_erased(self.words, person),
            detail=self.words.say("perhaps still here") if person.maybe else "",
            right=since,
            picture="tick" if is_out else "question" if person.maybe else "ring",
        )
