"""The books on a USB stick: which stick, a word of warning, and that it is done."""

from __future__ import annotations

from kiosk import answers
from kiosk.answers import Answered, Done, Refused
from kiosk.commands import Command, ExportBooks, ListMedia
from kiosk.screen.canvas import Canvas
from kiosk.screen.scene import Ask, Back, Go, Scene, Setting, Wishes
from kiosk.screen.sdl import pygame
from kiosk.screen.theme import BODY, GAP, INK, LEAD, SMALL
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.message import Message

WRITING_SECONDS = 600.0
"""Years of entries onto a slow stick."""
GIGABYTE = 10**9


class Export(Scene):
    """The sticks that are plugged in; a touch on one, a yes, and the books are on it."""

    every_seconds = 2.0

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._list = Listing(empty=self.words.say("Plug a USB stick into the kiosk"))

    def title(self) -> str:
        """What the scene is called."""
        return self.words.say("Books on a USB stick")

    def opened(self) -> Wishes:
        """Ask what is plugged in, again and again."""
        return Ask(ListMedia(), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Wishes:
        """Show the sticks; or that it is done."""
        if isinstance(answer, answers.Media):
            self._list.show([self._row(medium) for medium in answer.media])
            return None
        return super().answered(command, answer)

    def _row(self, medium: answers.Medium) -> Row:
        free = self.words.say("{free} GB free", free=self.words.decimal(medium.free / GIGABYTE))
        return Row(id=medium.path, title=medium.name, right=free, picture="usb")

    def touched(self, target: str) -> Wishes:
        """Ask before names leave the house."""
        path = self._list.chosen(target)
        if not path:
            return None
        self.confirm(
            self.words.say("Copy the books onto this stick?"),
            self.words.say("They hold personal data: names, and who came when."),
            self.words.say("Keep the stick locked away, and delete the files after use."),
            yes=self.words.say("Yes, copy them"),
            wish=Go(Copying(self.setting, path)),
        )
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw what is copied, and the sticks."""
        head, rect = canvas.split(rect, 96, side="top")
        what = self.words.say("A journal for a spreadsheet, and the ledger for whoever checks the books.")
        column = [canvas.line(what, SMALL, INK)]
        if self._list.rows:
            column.append(canvas.line(self.words.say("Touch the stick:"), BODY, INK, bold=True, before=6))
        canvas.column(head, column, valign="middle")
        self._list.draw(canvas, canvas.split(rect, GAP, side="top")[1])


class Copying(Scene):
    """While the stick is written; then what came of it."""

    quiet_seconds = None

    def __init__(self, setting: Setting, path: str) -> None:
        super().__init__(setting)
        self._path, self._asked = path, False

    def title(self) -> str:
        """What the scene is called."""
        return self.words.say("Books on a USB stick")

    def opened(self) -> Wishes:
        """Begin, once."""
        if self._asked:
            return None
        self._asked = True
        return Ask(ExportBooks(medium=self._path, by=self.setting.by), seconds=WRITING_SECONDS)

    def answered(self, command: Command, answer: Answered) -> Wishes:
        """Say what came of it where one came from."""
        if isinstance(answer, Done):
            return Back(message=Message(self.words.say("Done. The stick can be pulled out.")))
        return Back(message=self.refused(answer)) if isinstance(answer, Refused) else None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw that it takes a moment."""
        column = [
            canvas.line(self.words.say("Copying …"), LEAD, INK, bold=True),
            canvas.line(self.words.say("Leave the stick where it is."), BODY, INK, before=8),
        ]
        canvas.column(rect, column, align="center", valign="middle")
