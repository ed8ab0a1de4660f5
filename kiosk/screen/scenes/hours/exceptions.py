"""Exceptions to the usual hours: the list of them, and adding one by touch."""

from __future__ import annotations

from datetime import date
from typing import Literal

from kiosk.answers import Answered, ExceptionLine, Week
from kiosk.commands import Command, RemoveException, SetDates, ShowWeek
from kiosk.model import DatedHours, DayHours, Span
from kiosk.notices import Language
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, GAP, INK, QUIET
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Context, Effects, Go, Scene
from kiosk.screen.scenes.hours.preview import Preview
from kiosk.screen.scenes.hours.week_grid import WHOLE, DayTimes, Reach
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, button, grid, row
from kiosk.screen.widgets.calendar import WEEKS, Calendar
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.week import hours_text


def dates_text(words: Language, line: ExceptionLine, today: date) -> str:
    """Return the dates of an exception: `Mon 3 – Fri 14 August`, or for a rule in another form its first day."""
    dates = line.dates
    if dates is None:
        return sentence(words.weekday_of(line.begins, today))
    if dates.first == dates.last:
        return sentence(words.weekday_of(dates.first, today))
    return words.say(
        "{first} to {last}",
        first=sentence(words.weekday_of(dates.first, today)),
        last=words.weekday_of(dates.last, today),
    )


class Exceptions(Scene):
    """The list of exceptions, the next one first; touching one removes it after a preview."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.week: Week | None = None
        self._list = Listing(empty=self.words.say("Nothing planned: the usual hours apply"))

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Exceptions")

    def opened(self) -> Effects:
        """Ask for the exceptions."""
        return Ask(ShowWeek(), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the exceptions."""
        if isinstance(answer, Week):
            self.week = answer
            self._list.show([self._row(line, answer.now.date()) for line in answer.exceptions])
            return None
        return super().answered(command, answer)

    def _row(self, line: ExceptionLine, today: date) -> Row:
        dates, first = line.dates, line.first_day
        spans = dates.open if dates else first.open if first else ()
        why = dates.why if dates else self._why_of_others(first)
        return Row(
            id=line.rule,
            title=dates_text(self.words, line, today),
            detail=why,
            right=hours_text(self.words, spans),
            picture="open" if spans else "closed",
        )

    def _why_of_others(self, first: DayHours | None) -> str:
        """Return what to say of a rule written elsewhere: its first day, and that there may be more to it."""
        parts = (first.because if first else None, self.words.say("written elsewhere: perhaps other days too"))
        return " · ".join(filter(None, parts))

    def touched(self, target: str) -> Effects:
        """Add an exception, or preview the removal of one."""
        if target in ("close", "open") and self.week:
            return Go(ExceptionDays(self.context, self.week.now.date(), is_open=target == "open"))
        rule = self._list.chosen(target)
        return Go(Preview(self.context, RemoveException(rule=rule), Exceptions)) if rule else None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Turn the page."""
        return None if self._list.typed(key) else False

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the list and the buttons."""
        if self.week is None:
            return
        foot, rect = canvas.split(rect, 66, side="bottom")
        choices = [
            Choice(target="close", label=self.words.say("Close on dates"), picture="closed"),
            Choice(target="open", label=self.words.say("Open on dates"), picture="open"),
        ]
        row(canvas, foot, choices)
        rect = canvas.split(rect, GAP, side="bottom")[1]
        if self.week.exceptions:
            hint, rect = canvas.split(rect, 32, side="top")
            said = canvas.line(self.words.say("Touch one to take it away"), 22, QUIET)
            canvas.column(hint, [said], valign="middle")
        self._list.draw(canvas, rect)


class ExceptionDays(Scene):
    """Chooses the days by touch, one day or the first and the last; a calendar shows the present hours."""

    def __init__(self, context: Context, today: date, *, is_open: bool) -> None:
        super().__init__(context)
        self.calendar, self._is_open = Calendar(today), is_open

    def opened(self) -> Effects:
        """Ask for the hours of the month's days."""
        return Ask(ShowWeek(on=self.calendar.month, weeks=WEEKS), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the hours."""
        if isinstance(answer, Week):
            self.calendar.show(answer.days)
            return None
        return super().answered(command, answer)

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Open on which days?") if self._is_open else self.words.say("Closed on which days?")

    def touched(self, target: str) -> Effects:
        """Choose a day, or go on."""
        month, first, last = self.calendar.month, self.calendar.first, self.calendar.last
        if self.calendar.touched(target):
            return self.opened() if self.calendar.month != month else None
        if first is None or last is None:
            return None
        if not self._is_open:
            return Go(ExceptionReason(self.context, DatedHours(first=first, last=last)))
        return Go(DayTimes(self.context, (WHOLE,), self._opened(first, last), day=first))

    def _opened(self, first: date, last: date) -> OpenTimes:
        return OpenTimes(self.context, first, last)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the month, the chosen days, and the button to go on."""
        side, rect = (
            canvas.split(rect, 210, side="bottom") if canvas.is_portrait else canvas.split(rect, 270, side="right")
        )
        month, side = canvas.split(side, 60, side="top")
        way, side = canvas.split(side, 62, side="bottom")
        legend, side = canvas.split(side, 34, side="bottom")
        self.calendar.draw_month(canvas, month, self.words)
        self.calendar.draw_legend(canvas, legend, self.words)
        canvas.column(side, [canvas.line(self._said(), BODY - 2, INK, bold=True)], align="center", valign="middle")
        go_on = self.words.say("Go on")
        button(canvas, way, go_on, "on-we-go", look="main", enabled=self.calendar.first is not None)
        rect = canvas.split(rect, GAP, side="bottom" if canvas.is_portrait else "right")[1]
        self.calendar.draw(canvas, rect, self.words)

    def _said(self) -> str:
        first, last = self.calendar.first, self.calendar.last
        if first is None or last is None:
            return self.words.say("Touch the first day")
        line = ExceptionLine(rule="", begins=first, dates=DatedHours(first=first, last=last))
        said = dates_text(self.words, line, self.calendar.today)
        return said if first != last else self.words.say("{day}; touch the last day for several", day=said)


class OpenTimes:
    """Continues with the reason once the times of an exceptional opening are chosen."""

    def __init__(self, context: Context, first: date, last: date) -> None:
        self._setting, self._first, self._last = context, first, last

    def __call__(self, spans: tuple[Span, ...], _reach: Reach) -> Effects:
        """Return the scene that asks for the reason."""
        return Go(ExceptionReason(self._setting, DatedHours(first=self._first, last=self._last, open=spans)))


class ExceptionReason(Scene):
    """Asks for the reason that members read, by a suggestion or typed; then shows the preview."""

    def __init__(self, context: Context, dates: DatedHours) -> None:
        super().__init__(context)
        self._dates = dates

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Why? Members read it")

    def _reasons(self) -> dict[str, str]:
        words = self.words
        if self._dates.open:
            return {
                "workshop": words.say("Workshop"),
                "open-day": words.say("Open day"),
                "holiday-opening": words.say("Open on the holiday"),
            }
        return {
            "annual": words.say("Annual leave"),
            "works": words.say("Works"),
            "bridge": words.say("Long weekend"),
            "training": words.say("Training"),
        }

    def touched(self, target: str) -> Effects:
        """Choose a reason."""
        if target == "own":
            return Go(WrittenReason(self.context, self._dates))
        return Go(with_reason(self.context, self._dates, self._reasons().get(target, "")))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the reasons."""
        choices = [Choice(target=target, label=label) for target, label in self._reasons().items()]
        choices.append(Choice(target="own", label=self.words.say("Other words…")))
        choices.append(Choice(target="none", label=self.words.say("No reason"), look="quiet"))
        grid(canvas, rect, choices, columns=2, highest=96)


class WrittenReason(Scene):
    """Asks for a typed reason."""

    def __init__(self, context: Context, dates: DatedHours) -> None:
        super().__init__(context)
        self._dates = dates
        self._field = TextField(hint=self.words.say("For instance: general meeting"), longest=60)
        self._keyboard = Keyboard(self.words.code)

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Why? Members read it")

    def touched(self, target: str) -> Effects:
        """Handle a key of the on-screen keyboard."""
        key = self._keyboard.touched(target)
        return self.typed(key) or None if key else None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Handle a key of any keyboard."""
        if key.name == "enter":
            return Go(with_reason(self.context, self._dates, self._field.text))
        return None if self._field.typed(key) else False

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw field and keyboard."""
        keys, rect = canvas.split(rect, HEIGHT + 8, side="bottom")
        field = canvas.split(rect, 66, side="top")[0]
        self._field.draw(canvas, field)
        self._keyboard.draw(canvas, keys, enter=self.words.say("Go on"))


def with_reason(context: Context, dates: DatedHours, why: str) -> Preview:
    """Return the preview of the exception with this reason."""
    whole = DatedHours(first=dates.first, last=dates.last, open=dates.open, why=why)
    return Preview(context, SetDates(dates=whole), Exceptions)
