"""The data stored about a member, shown to them and copied to a USB stick."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.answers import Exported
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.scene import Context, Effects, Go, Scene
from kiosk.screen.scenes.machine.export import MemberExport
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button
from kiosk.screen.widgets.listing import Listing, Row


class KeptData(Scene):
    """The data stored about a member, for the member to see; it can be copied to a stick."""

    def __init__(self, context: Context, member_id: str, answer: Exported) -> None:
        super().__init__(context)
        self._id, self._name = member_id, answer.name
        self._list = Listing(list(self._rows(answer)))

    def _rows(self, answer: Exported) -> Iterator[Row]:
        words, document = self.words, answer.document
        known = {
            "badges": words.say("Badges"),
            "passes": words.say("Passes"),
            "sales": words.say("Purchases"),
            "visits": words.say("Visits of the last 40 days"),
            "history": words.say("Ledger entries"),
        }
        member = document["member"]
        yield Row(title=answer.name, detail=words.say("Name"))
        if member.get("note"):
            yield Row(title=member["note"], detail=words.say("Note"))
        for name, label in known.items():
            yield Row(title=label, right=str(len(document[name])))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Data about {name}", name=self._name)

    def touched(self, target: str) -> Effects:
        """Turn the page, or copy all to a stick."""
        self._list.chosen(target)
        return Go(MemberExport(self.context, self._id, self._name)) if target == "stick" else None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the list, and the button to copy."""
        foot, rect = canvas.split(rect, 62, side="bottom")
        button(canvas, foot, self.words.say("The whole as a file, on a USB stick"), "stick", picture="usb")
        self._list.draw(canvas, canvas.split(rect, 12, side="bottom")[1])
