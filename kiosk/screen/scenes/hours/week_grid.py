"""Weekly hours composed by touch: presets, a day's times by steps, the same for other days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from msgspec.structs import replace

from kiosk.model import Span, WeekHours
from kiosk.notices import Language
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, DETAIL, GAP, INK, LEAD, QUIET
from kiosk.screen.scene import Back, Context, Effects, Go, Scene
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, Look, button, grid, row
from kiosk.screen.widgets.week import hours_text

STEP = 30
"""Minutes that a touch moves a time by."""
NOON, DAY_END = 12 * 60, 24 * 60


def span(begin: int, end: int) -> Span:
    """Return a part of the day from minutes to minutes."""
    return Span(start=_clock(begin), end=_clock(end))


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def _edges(one: Span) -> tuple[int, int]:
    return one.start.hour * 60 + one.start.minute, one.end.hour * 60 + one.end.minute or DAY_END


# ---------------------------------------------------------------- presets


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Weekly hours that many places have."""

    target: str
    label: Callable[[Language], str]
    week: WeekHours


def _weekdays(*spans: Span, saturday: tuple[Span, ...] = ()) -> WeekHours:
    return WeekHours(days=(*(spans,) * 5, saturday, ()))


WHOLE, MORNING, AFTERNOON = span(9 * 60, 17 * 60), span(9 * 60, 12 * 60), span(14 * 60, 18 * 60)
PRESETS = (
    Preset(target="whole", label=lambda words: words.say("Mon–Fri, 9 to 17"), week=_weekdays(WHOLE)),
    Preset(
        target="noon",
        label=lambda words: words.say("Mon–Fri, closed at noon"),
        week=_weekdays(MORNING, AFTERNOON),
    ),
    Preset(
        target="long",
        label=lambda words: words.say("Mon–Sat, 8 to 20"),
        week=_weekdays(span(8 * 60, 20 * 60), saturday=(span(8 * 60, 20 * 60),)),
    ),
    Preset(
        target="always",
        label=lambda words: words.say("Day and night"),
        week=WeekHours(days=((span(0, DAY_END),),) * 7, closed_on_holidays=False),
    ),
)


# ---------------------------------------------------------------- the grid


class WeekGrid(Scene):
    """Seven days to touch; below, presets and public holidays. The result is passed to `done`."""

    def __init__(
        self, context: Context, week: WeekHours, done: Callable[[WeekHours], Effects], *, more: bool = False
    ) -> None:
        """`more`: the present hours contain more than a grid can show."""
        super().__init__(context)
        self.week, self._done, self._more = week, done, more

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Usual week")

    def touched(self, target: str) -> Effects:
        """Change a day, choose a preset, or finish."""
        kind, _, what = target.partition(":")
        if kind == "day":
            day = int(what)
            return self._within(DayTimes(self.context, self.week.days[day], self._take(day), day=day))
        if target == "holidays":
            self.week = replace(self.week, closed_on_holidays=not self.week.closed_on_holidays)
        elif target == "presets":
            return self._within(Presets(self.context, self._preset))
        elif target == "done":
            return self._done(self.week)
        return None

    def _within(self, scene: Scene) -> Go:
        """Open a part of this scene, with the same time limit, if any."""
        scene.quiet_seconds, scene.outlasts_notices = self.quiet_seconds, self.outlasts_notices
        return Go(scene)

    def _preset(self, week: WeekHours) -> None:
        self.week, self._more = week, False

    def _take(self, day: int) -> Callable[[tuple[Span, ...], Reach], None]:
        def take(spans: tuple[Span, ...], reach: Reach) -> None:
            last = {"day": day, "weekdays": 4, "all": 6}[reach]
            first = day if reach == "day" else 0
            days = tuple(spans if first <= number <= last else old for number, old in enumerate(self.week.days))
            self.week = replace(self.week, days=days)

        return take

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the grid and the buttons."""
        words = self.words
        foot, rect = canvas.split(rect, 62, side="bottom")
        row(
            canvas,
            foot,
            [
                Choice(target="presets", label=words.say("Examples")),
                Choice(target="done", label=words.say("Go on"), look="main"),
            ],
        )
        head, rect = canvas.split(rect, 40, side="top")
        hint = words.say("Touch a day to change its hours")
        if self._more:
            hint = words.say("The present hours contain more than a week; this would replace them")
        canvas.column(head, [canvas.line(hint, DETAIL + 2, QUIET)], valign="middle")
        middle = canvas.split(rect, GAP, side="bottom")[1]
        grid(canvas, middle, self._days(), columns=2 if canvas.is_portrait else 4, highest=150)

    def _days(self) -> list[Choice]:
        words, closed = self.words, self.week.closed_on_holidays
        days = [
            Choice(
                target=f"day:{number}",
                label=sentence(words.day_name(number)),
                detail=hours_text(words, spans),
                look="plain" if spans else "quiet",
            )
            for number, spans in enumerate(self.week.days)
        ]
        holidays = words.say("closed") if closed else words.say("as usual")
        look: Look = "quiet" if closed else "plain"
        return [*days, Choice(target="holidays", label=words.say("Holidays"), detail=holidays, look=look)]


class Presets(Scene):
    """Weeks to start from."""

    def __init__(self, context: Context, chosen: Callable[[WeekHours], None]) -> None:
        super().__init__(context)
        self._chosen = chosen

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Examples of hours")

    def touched(self, target: str) -> Effects:
        """Choose one."""
        self._chosen(next(one.week for one in PRESETS if one.target == target))
        return Back()

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw them."""
        grid(canvas, rect, preset_choices(self.words), columns=1 if canvas.is_portrait else 2, highest=120)


def preset_choices(words: Language) -> list[Choice]:
    """Return the presets as buttons, with their hours."""
    return [
        Choice(target=one.target, label=one.label(words), detail=hours_text(words, one.week.days[0])) for one in PRESETS
    ]


# ---------------------------------------------------------------- one day

Reach = Literal["day", "weekdays", "all"]
"""What the times of a day are for: that day, Monday to Friday, every day."""


class DayTimes(Scene):
    """The hours of a day: none, one span or two, changed by half hours."""

    def __init__(
        self,
        context: Context,
        spans: tuple[Span, ...],
        done: Callable[[tuple[Span, ...], Reach], Effects | None],
        *,
        day: int | date,
    ) -> None:
        """`day`: a weekday (0 is Monday), or a date, which stands for itself alone."""
        super().__init__(context)
        self.spans, self._done, self._day = list(spans[:2]), done, day

    def title(self) -> str:
        """The title of the scene."""
        if isinstance(self._day, date):
            return sentence(self.words.weekday(self._day, self.context.now()))
        return sentence(self.words.day_name(self._day))

    def touched(self, target: str) -> Effects:
        """Move a time, add or remove a span, or finish."""
        kind, _, what = target.partition(":")
        if kind == "move":
            self._move(*(int(part) for part in what.split(",")))
        elif target == "closed":
            self.spans = []
        elif target == "once":
            self.spans = [WHOLE]
        elif target == "twice":
            self.spans = [MORNING, AFTERNOON]
        elif kind == "done":
            return self._done(tuple(self.spans), what) or Back()  # type: ignore[arg-type]
        return None

    def _move(self, number: int, edge: int, step: int) -> None:
        edges = [list(_edges(one)) for one in self.spans]
        flat = [minute for pair in edges for minute in pair]
        place = number * 2 + edge
        low = flat[place - 1] + STEP if place else 0
        high = flat[place + 1] - STEP if place + 1 < len(flat) else DAY_END
        flat[place] = min(max(flat[place] + step * STEP, low), high)
        self.spans = [span(flat[one], flat[one + 1]) for one in range(0, len(flat), 2)]

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the kind of day, its times, and which days get them."""
        head, rect = canvas.split(rect, 62, side="top")
        chosen = ("closed", "once", "twice")[len(self.spans)]
        kinds = {
            "closed": self.words.say("Closed"),
            "once": self.words.say("Without a break"),
            "twice": self.words.say("With a break"),
        }
        looks = [
            Choice(target=target, label=label, look="main" if target == chosen else "quiet")
            for target, label in kinds.items()
        ]
        row(canvas, head, looks, gap=8)
        reaches = self._reaches()
        rows = len(reaches) if canvas.is_portrait else 1
        foot, rect = canvas.split(rect, rows * 72 - 10, side="bottom")
        grid(canvas, foot, reaches, columns=len(reaches) // rows, gap=10)
        rect = rect.inflate(0, -2 * canvas.px(GAP))
        if not self.spans:
            said = canvas.line(sentence(self.words.say("closed all day")), BODY, INK)
            canvas.column(rect, [said], align="center", valign="middle")
        high = min(rect.height // max(1, len(self.spans)), canvas.px(190))
        for number, one in enumerate(self.spans):
            place = pygame.Rect(rect.left, rect.top + number * high, rect.width, high - canvas.px(10))
            self._stretch(canvas, place, number, one)

    def _reaches(self) -> list[Choice]:
        if isinstance(self._day, date):
            return [Choice(target="done:day", label=self.words.say("Go on"), look="main")]
        name = self.words.say("This day only")
        return [
            Choice(target="done:day", label=name, look="main"),
            Choice(target="done:weekdays", label=self.words.say("Monday to Friday")),
            Choice(target="done:all", label=self.words.say("Every day")),
        ]

    def _stretch(self, canvas: Canvas, rect: pygame.Rect, number: int, one: Span) -> None:
        gap = canvas.px(GAP)
        if canvas.is_portrait:
            half = (rect.height - gap) // 2
            halves = [pygame.Rect(rect.left, rect.top + place * (half + gap), rect.width, half) for place in (0, 1)]
        else:
            half = (rect.width - gap) // 2
            halves = [pygame.Rect(rect.left + place * (half + gap), rect.top, half, rect.height) for place in (0, 1)]
        labels = (self.words.say("from"), self.words.say("to"))
        for edge, (place, label) in enumerate(zip(halves, labels, strict=True)):
            clock = f"{(one.start, one.end)[edge]:%H:%M}"
            shown = "24:00" if edge and clock == "00:00" else clock
            self._stepper(canvas, place, (number, edge), label=label, shown=shown)

    def _stepper(self, canvas: Canvas, rect: pygame.Rect, name: tuple[int, int], *, label: str, shown: str) -> None:
        high = min(rect.height, canvas.px(84))
        rect = pygame.Rect(rect.left, rect.centery - high // 2, rect.width, high)
        less, rest = canvas.split(rect, 84, side="left")
        more, middle = canvas.split(rest, 84, side="right")
        place = f"{name[0]},{name[1]}"
        button(canvas, less, "–", f"move:{place},-1", size=LEAD)
        button(canvas, more, "+", f"move:{place},1", size=LEAD)
        column = [canvas.line(label, DETAIL, QUIET), canvas.line(shown, LEAD, INK, bold=True)]
        canvas.column(middle, column, align="center", valign="middle")
