"""Setting the clock by hand: year, month, day, hour and minute by steps."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

from kiosk.answers import Answered, Done, Refused
from kiosk.commands import Command, SetClock
from kiosk.notices import refusal
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import DETAIL, GAP, INK, LEAD, QUIET
from kiosk.screen.scene import Ask, Back, Context, Effects, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import button
from kiosk.screen.widgets.message import Message

PARTS = ("day", "month", "year", "hour", "minute")
FIRST_YEAR, LAST_YEAR = 2024, 2099


class ClockSet(Scene):
    """The present time of the kiosk, to be corrected."""

    default = "set"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.at = self.words.local(context.now()).replace(second=0, microsecond=0, tzinfo=None)

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Set the clock")

    def touched(self, target: str) -> Effects:
        """Change a part, or ask whether the time is right."""
        kind, _, what = target.partition(":")
        if kind in PARTS:
            self.at = moved(self.at, kind, 1 if what == "+" else -1)
            return None
        self._ask(self.words.say("Is this the time?"), self.words.say("Entries from now on carry this time."))
        return None

    def _ask(self, question: str, *lines: str, confirmed: bool = False) -> None:
        on = self.at.date()
        date = sentence(f"{self.words.weekday_of(on, on)} {on.year}")
        said = self.words.say("{date}, {time}", date=date, time=f"{self.at:%H:%M}")
        then = Ask(SetClock(at=self.at, by=self.context.by, confirmed=confirmed))
        self.confirm(question, said, *lines, yes=self.words.say("Yes, set it"), then=then)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Report that the clock is set; ask about a date far from the last entry's, or that need not be set."""
        if isinstance(answer, Done):
            said = self.words.say("The clock is set") if answer.id else self.words.say("The date is confirmed")
            return Back(message=Message(said))
        if isinstance(answer, Refused) and answer.code == "CLOCK_KEPT":
            self.at = self.words.local(self.context.now()).replace(second=0, microsecond=0, tzinfo=None)
            self._ask(self.words.say("Is this really the date?"), refusal(self.words, answer), confirmed=True)
            return None
        if isinstance(answer, Refused) and answer.code in ("CLOCK_FAR", "CLOCK_BEFORE"):
            self._ask(self.words.say("Is this really the date?"), refusal(self.words, answer), confirmed=True)
            return None
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw a column for each part."""
        foot, rect = canvas.split(rect, 66, side="bottom")
        button(canvas, foot, self.words.say("Set the clock"), "set", look="main")
        rect = canvas.split(rect, GAP, side="bottom")[1]
        labels = {
            "day": self.words.say("day"),
            "month": self.words.say("month"),
            "year": self.words.say("year"),
            "hour": self.words.say("hour"),
            "minute": self.words.say("minute"),
        }
        gap = canvas.px(8)
        wide = (rect.width - gap * (len(PARTS) - 1)) // len(PARTS)
        for number, part in enumerate(PARTS):
            place = pygame.Rect(rect.left + number * (wide + gap), rect.top, wide, min(rect.height, canvas.px(360)))
            self._column(canvas, place, part, label=labels[part])

    def _column(self, canvas: Canvas, rect: pygame.Rect, part: str, *, label: str) -> None:
        more, rest = canvas.split(rect, 84, side="top")
        less, middle = canvas.split(rest, 84, side="bottom")
        button(canvas, more, "+", f"{part}:+", size=LEAD)
        button(canvas, less, "–", f"{part}:-", size=LEAD)
        value = getattr(self.at, part)
        shown = str(value) if part in ("day", "month", "year") else f"{value:02}"
        column = [
            canvas.line(label, DETAIL, QUIET),
            canvas.line(shown, LEAD - 12 if canvas.is_portrait else LEAD, INK, bold=True),
        ]
        canvas.column(middle, column, align="center", valign="middle")


def moved(at: datetime, part: str, by: int) -> datetime:
    """Return the time with one part changed by one step, wrapping around; the day stays within its month."""
    if part == "year":
        return _within(at, year=min(max(at.year + by, FIRST_YEAR), LAST_YEAR))
    if part == "month":
        return _within(at, month=(at.month - 1 + by) % 12 + 1)
    if part == "day":
        days = monthrange(at.year, at.month)[1]
        return at.replace(day=(at.day - 1 + by) % days + 1)
    if part == "hour":
        return at.replace(hour=(at.hour + by) % 24)
    return at.replace(minute=(at.minute + by) % 60)


def _within(at: datetime, *, year: int | None = None, month: int | None = None) -> datetime:
    year, month = year or at.year, month or at.month
    return at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
