"""Preview of a change of the opening hours, and its confirmation."""

from __future__ import annotations

from datetime import datetime

from kiosk.answers import Answered, Done, HoursPreview
from kiosk.commands import CloseToday, Command, HoursChange, PreviewHours, RemoveException
from kiosk.model import Opening
from kiosk.notices import Language
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, DANGER, INK, SMALL
from kiosk.screen.scene import Ask, Back, Context, Effects, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, row
from kiosk.screen.widgets.message import Message
from kiosk.screen.widgets.week import draw_week


def opening_text(words: Language, opening: Opening, now: datetime) -> str:
    """`Open until 17:00`, `Closed, opens Thursday at 14:00`."""
    changes = opening.changes_at
    if opening.is_open:
        return (
            words.say("Open {until}", until=words.until(changes, now)) if changes else words.say("Open day and night")
        )
    if changes is None:
        return words.say("Closed, no opening planned")
    return words.say("Closed, opens {moment}", moment=words.moment(changes, now))


class Preview(Scene):
    """Shows the first week of a change, before and after, and what is given back; a button makes the change."""

    default = "do"

    def __init__(self, context: Context, change: HoursChange, home: type[Scene]) -> None:
        """`home`: the scene to show after the change."""
        super().__init__(context)
        self.change, self._home = change, home
        self.preview: HoursPreview | None = None

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("What members will see")

    def opened(self) -> Effects:
        """Ask for the preview."""
        return Ask(PreviewHours(change=self.change))

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the preview; after the change go back with a message."""
        match answer:
            case HoursPreview():
                self.preview = answer
            case Done():
                return Back(to=self._home, message=Message(self.words.say("Done. Members see it from now on.")))
            case _:
                return super().answered(command, answer)
        return None

    def touched(self, target: str) -> Effects:
        """Make the change, or go back."""
        return Ask(self.change) if target == "do" else Back()

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the preview."""
        preview = self.preview
        if preview is None:
            return
        foot, rect = canvas.split(rect, 66, side="bottom")
        self._buttons(canvas, foot, preview)
        head, rect = canvas.split(rect, 40 + 30 * len(self._consequences(preview)), side="top")
        column = [canvas.line(self._now(preview), BODY, INK, bold=True)]
        column += [canvas.line(one, SMALL, DANGER.accent) for one in self._consequences(preview)]
        canvas.column(head, column, valign="middle")
        changed = {
            after.on for before, after in zip(preview.before, preview.days, strict=True) if before.open != after.open
        }
        middle = canvas.split(canvas.split(rect, 6, side="top")[1], 6, side="bottom")[1]
        draw_week(canvas, middle, preview.days, words=self.words, today=preview.now.date(), changed=changed)

    def _now(self, preview: HoursPreview) -> str:
        if not preview.changes:
            return self.words.say("It is like this already")
        if preview.first > preview.now.date():
            return self.words.say("First change: {day}", day=self.words.weekday_of(preview.first, preview.now.date()))
        return opening_text(self.words, preview.opening, preview.now)

    def _consequences(self, preview: HoursPreview) -> list[str]:
        if not isinstance(self.change, CloseToday) or not preview.inside:
            return []
        inside = self.words.count("{n} person is in", "{n} people are in", preview.inside)
        if not preview.given_back:
            return [sentence(inside)]
        back = self.words.count("{n} entry is given back", "{n} entries are given back", preview.given_back)
        return [f"{sentence(inside)}, {back}"]

    def _buttons(self, canvas: Canvas, rect: pygame.Rect, preview: HoursPreview) -> None:
        is_grave = isinstance(self.change, (CloseToday, RemoveException))
        yes = Choice(
            target="do",
            label=self.words.say("Yes, change the hours"),
            look="danger" if is_grave else "main",
            enabled=preview.changes,
        )
        row(canvas, rect, [Choice(target="no", label=self.words.say("No, go back")), yes])
