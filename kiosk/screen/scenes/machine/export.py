"""Copying the books, or the data kept about a member, onto a USB stick."""

from __future__ import annotations

from kiosk import answers
from kiosk.answers import Answered, Done, Refused
from kiosk.commands import Command, ExportBooks, ExportMember, ListMedia
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, GAP, INK, LEAD, SMALL
from kiosk.screen.scene import Ask, Back, Context, Effects, Go, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message

WRITING_SECONDS = 600.0
"""How long the copy may take: years of entries onto a slow stick."""
GIGABYTE = 10**9


class Export(Scene):
    """The sticks that are plugged in; touching one asks, then copies the books to it."""

    every_seconds = 2.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._list = Listing(empty=self.words.say("No stick yet. Plug one into the kiosk: it shows here by itself."))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Books on a USB stick")

    def opened(self) -> Effects:
        """Ask for the sticks, repeatedly."""
        return Ask(ListMedia(), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the sticks, or that the copy is done."""
        if isinstance(answer, answers.Media):
            self._list.show([self._row(medium) for medium in answer.media])
            return None
        return super().answered(command, answer)

    def _row(self, medium: answers.Medium) -> Row:
        free = self.words.say("{free} GB free", free=self.words.decimal(medium.free / GIGABYTE))
        return Row(id=medium.path, title=medium.name, right=free, picture="usb")

    def touched(self, target: str) -> Effects:
        """Ask before personal data is copied."""
        path = self._list.chosen(target)
        if not path:
            return None
        self._ask(path)
        return None

    def _ask(self, path: str) -> None:
        self.confirm(
            self.words.say("Copy the books onto this stick?"),
            self.words.say("They hold personal data: names, and who came when."),
            self.words.say("Keep the stick locked away, and delete the files after use."),
            yes=self.words.say("Yes, copy them"),
            then=Go(Copying(self.context, self.title(), ExportBooks(medium=path, by=self.context.by))),
        )

    def what(self) -> str:
        """Return what will be on the stick."""
        return self.words.say("A journal for a spreadsheet, and the ledger for whoever checks the books.")

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw what is copied, and the sticks."""
        head, rect = canvas.split(rect, 96, side="top")
        column = [canvas.line(self.what(), SMALL, INK)]
        if self._list.rows:
            column.append(canvas.line(self.words.say("Touch the stick:"), BODY, INK, bold=True, before=6))
        canvas.column(head, column, valign="middle")
        self._list.draw(canvas, canvas.split(rect, GAP, side="top")[1])


class MemberExport(Export):
    """Copies a member's data to a stick, for the member."""

    def __init__(self, context: Context, member_id: str, name: str) -> None:
        super().__init__(context)
        self._id, self._name = member_id, name

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("For {name}", name=self._name)

    def what(self) -> str:
        """Return what will be on the stick."""
        return self.words.say("A file with all that is kept about {name}, to be given to them.", name=self._name)

    def _ask(self, path: str) -> None:
        command = ExportMember(member=self._id, medium=path, by=self.context.by)
        self.confirm(
            self.words.say("Copy it onto this stick?"),
            self.words.say("It is for {name}: give the stick to nobody else.", name=self._name),
            yes=self.words.say("Yes, copy it"),
            then=Go(Copying(self.context, self.words.say("Copy onto a USB stick"), command)),
        )


class Copying(Scene):
    """Shows that the stick is being written, and then the result."""

    quiet_seconds = None

    def __init__(self, context: Context, title: str, command: Command) -> None:
        super().__init__(context)
        self._title, self._command, self._asked = title, command, False

    def title(self) -> str:
        """The title of the scene."""
        return self._title

    def opened(self) -> Effects:
        """Start the copy, once."""
        if self._asked:
            return None
        self._asked = True
        return Ask(self._command, seconds=WRITING_SECONDS)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go back and report the result."""
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("Done. The stick can be pulled out.")))
        return Back(message=self.refused(answer)) if isinstance(answer, Refused) else None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the request to wait."""
        column = [
            canvas.line(self.words.say("Copying…"), LEAD, INK, bold=True),
            canvas.line(self.words.say("Leave the stick where it is."), BODY, INK, before=8),
        ]
        canvas.column(rect, column, align="center", valign="middle")
