"""The hours for hosts: a week as a picture, closing now, staying open, exceptions and the usual week."""

from __future__ import annotations

from datetime import date, timedelta

from kiosk import answers, commands
from kiosk.answers import Answered
from kiosk.commands import BackToHours, CloseToday, Command, ShowWeek, StayOpen
from kiosk.model import WeekHours
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, GAP, INK, TOUCH
from kiosk.screen.scene import Ask, Context, Effects, Go, Scene
from kiosk.screen.scenes.hours.exceptions import Exceptions
from kiosk.screen.scenes.hours.preview import Preview, opening_text
from kiosk.screen.scenes.hours.week_grid import WeekGrid
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, button, grid
from kiosk.screen.widgets.week import draw_week

WEEK = timedelta(days=7)
MOST_TIMES = 15
TIMES_AFTER_CLOSING = 8
"""Half hours to choose from: with midnight they fill the screen."""
NO_HOURS = WeekHours(days=((),) * 7)


class OpeningHours(Scene):
    """This week and later ones, and buttons to change them."""

    every_seconds = 30.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.week: answers.Week | None = None
        self._on: date | None = None

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Opening hours")

    def opened(self) -> Effects:
        """Ask for the week shown."""
        return Ask(ShowWeek(on=self._on), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the week."""
        if isinstance(answer, answers.Week):
            self.week = answer
            return None
        return super().answered(command, answer)

    def touched(self, target: str) -> Effects:
        """Turn the page, or open a change."""
        if self.week is None:
            return None
        if target in ("earlier", "later"):
            step = WEEK if target == "later" else -WEEK
            self._on = self.week.days[0].on + step
            return Ask(ShowWeek(on=self._on), blocks=False)
        return Go(self._way(target, self.week))

    def _way(self, target: str, week: answers.Week) -> Scene:
        match target:
            case "close":
                return Preview(self.context, CloseToday(by=self.context.by), OpeningHours)
            case "stay":
                return StayUntil(self.context, times_ahead(week))
            case "back-to-hours":
                return Preview(self.context, BackToHours(by=self.context.by), OpeningHours)
            case "exceptions":
                return Exceptions(self.context)
        return WeekGrid(self.context, week.usual or NO_HOURS, self._changed, more=week.usual is None)

    def _changed(self, grid: WeekHours) -> Effects:
        return Go(Preview(self.context, commands.SetWeek(week=grid), OpeningHours))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the present state, the week, and the buttons."""
        if self.week is None:
            return
        head, rect = canvas.split(rect, TOUCH + 4, side="top")
        self._head(canvas, head, self.week)
        foot, rect = canvas.split(rect, 2 * 62 + 10 if canvas.is_portrait else 62, side="bottom")
        grid(canvas, foot, self._choices(self.week), columns=2 if canvas.is_portrait else 4, gap=10)
        middle = canvas.split(canvas.split(rect, 8, side="top")[1], 6, side="bottom")[1]
        draw_week(canvas, middle, self.week.days, words=self.words, today=self.week.now.date())

    def _head(self, canvas: Canvas, rect: pygame.Rect, week: answers.Week) -> None:
        right, words = canvas.split(rect, 2 * 70 + 8, side="right")
        earlier, rest = canvas.split(right, 70, side="left")
        button(canvas, earlier, "", "earlier", picture="chevron", look="quiet", enabled=_may_go_back(week))
        button(canvas, canvas.split(rest, 8, side="left")[1], "", "later", picture="chevron", turn=180, look="quiet")
        said = opening_text(self.words, week.opening, week.now)
        words = canvas.split(words, GAP, side="right")[1]
        canvas.column(words, [canvas.line(said, BODY, INK, bold=True)], valign="middle")

    def _choices(self, week: answers.Week) -> list[Choice]:
        words = self.words
        stay = Choice(target="stay", label=words.say("Stay open") if week.opening.is_open else words.say("Open now"))
        if week.override:
            now = [Choice(target="back-to-hours", label=words.say("Usual hours"), look="main"), stay]
        else:
            close = Choice(target="close", label=words.say("Close now"), look="danger", enabled=_may_close(week))
            now = [close, stay]
        return [
            *now,
            Choice(target="exceptions", label=words.say("Exceptions")),
            Choice(target="grid", label=words.say("Usual week")),
        ]


def _may_close(week: answers.Week) -> bool:
    """Tell whether it is open now, or later today."""
    changes = week.opening.changes_at
    return week.opening.is_open or (changes is not None and changes.date() == week.now.date())


def _may_go_back(week: answers.Week) -> bool:
    """Tell whether there is an earlier week to show: not before this week."""
    return week.days[0].on > week.now.date()


def times_ahead(week: answers.Week) -> list[str]:
    """Return the half hours of today to choose from: those after the closing time first, then those before."""
    now, closing = week.now, week.opening.changes_at if week.opening.is_open else None
    ahead = [f"{number // 2:02}:{number % 2 * 30:02}" for number in range(now.hour * 2 + now.minute // 30 + 1, 48)]
    if closing is None or closing.astimezone(now.tzinfo).date() != now.date():
        return ahead[:MOST_TIMES]
    at = f"{closing.astimezone(now.tzinfo):%H:%M}"
    sooner, later = [one for one in ahead if one < at], [one for one in ahead if one > at]
    later = later[: TIMES_AFTER_CLOSING if sooner else MOST_TIMES]
    room = MOST_TIMES - len(later)
    if len(sooner) > room:
        sooner = [one for one in sooner if one.endswith(":00")][-room:]
    return sooner + later


class StayUntil(Scene):
    """Chooses until when to stay open today, by half hours."""

    def __init__(self, context: Context, times: list[str]) -> None:
        super().__init__(context)
        self._times = [*times, "00:00"]

    def title(self) -> str:
        """The title of the scene."""
        return sentence(self.words.say("open until when?"))

    def touched(self, target: str) -> Effects:
        """Preview the chosen time."""
        return Go(Preview(self.context, StayOpen(until=target, by=self.context.by), OpeningHours))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the times."""
        choices = [
            Choice(target=one, label=self.words.say("midnight") if one == "00:00" else one) for one in self._times
        ]
        grid(canvas, rect, choices, columns=3 if canvas.is_portrait else 4, highest=88)
