"""The first start: tries the reader with a badge, and opens the door once."""

from __future__ import annotations

from typing import Literal

from kiosk.answers import Answered, DoorOpened, FirstStart, Refused, Vital
from kiosk.commands import Command, ShowFirstStart, TryDoor
from kiosk.notices.vitals import part_words
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, CARD, DANGER, DETAIL, GAP, INK, LINE, OPEN, QUIET, RADIUS, SMALL, Colour
from kiosk.screen.scene import Ask, Context, Effects, Go
from kiosk.screen.scenes.set_up.steps import Draft, NextStep, Step
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, button, row

BUTTON = 62
Door = Literal["untried", "asked", "opens", "stuck"]


class StepWithParts(Step):
    """A step that shows the state of the reader and the other parts."""

    every_seconds = 2.0

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        self.vitals: tuple[Vital, ...] = ()

    def opened(self) -> Effects:
        """Ask for the state of the parts, repeatedly: a cable may be plugged in meanwhile."""
        return Ask(ShowFirstStart(), blocks=False)

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Show the state of the parts."""
        if isinstance(answer, FirstStart):
            self.vitals = answer.status.vitals
            return None
        return super().answered(command, answer)

    def part(self, name: str) -> tuple[Vital, str] | None:
        """Return a part and its state as a sentence."""
        vital = next((one for one in self.vitals if one.part == name), None)
        if vital is None:
            return None
        said = part_words(self.words, vital.part, vital.code, vital.facts, now=self.context.now())
        return vital, f"{said.part} · {said.said}"


class Trial(StepWithParts):
    """Two halves: the reader with the badge read last, and a button that opens the door once."""

    number = 9
    default = "go-on"

    def __init__(self, context: Context, draft: Draft, then: NextStep) -> None:
        super().__init__(context, draft)
        self._then = then

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("Reader and door")

    def badge(self, code: str) -> Effects:
        """Show the badge in the reader's half. The host's badge stays the one recorded in its step."""
        self.draft.tried_code = code
        return None

    def touched(self, target: str) -> Effects:
        """Open the door, record whether it opened, or go on."""
        match target:
            case "open":
                return Ask(TryDoor())
            case "opened":
                self.draft.door = "opens"
            case "stuck":
                self.draft.door = "stuck"
            case "go-on":
                return Go(self._then(self.context, self.draft))
        return None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Ask whether the door opened."""
        if isinstance(answer, DoorOpened):
            self.draft.door = "asked"
            return None
        if isinstance(command, TryDoor) and isinstance(answer, Refused):
            self.draft.door = "stuck"
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw both halves, and the button to go on."""
        foot, rect = canvas.split(rect, 66, side="bottom")
        button(canvas, foot, self.words.say("Go on"), "go-on", look="main" if self._is_done() else "plain")
        rect = canvas.split(rect, GAP, side="bottom")[1]
        gap = canvas.px(GAP)
        if canvas.is_portrait:
            high = (rect.height - gap) // 2
            halves = [pygame.Rect(rect.left, rect.top + (high + gap) * place, rect.width, high) for place in (0, 1)]
        else:
            wide = (rect.width - gap) // 2
            halves = [pygame.Rect(rect.left + (wide + gap) * place, rect.top, wide, rect.height) for place in (0, 1)]
        self._reader(canvas, _card(canvas, halves[0]))
        self._door(canvas, _card(canvas, halves[1]))

    def _is_done(self) -> bool:
        return self.draft.read() is not None and (self.draft.door == "opens" or not self._is_wired())

    def _is_wired(self) -> bool:
        door = self.part("door")
        return door is None or door[0].code != "door_not_wired"

    def _reader(self, canvas: Canvas, rect: pygame.Rect) -> None:
        code, reader = self.draft.read(), self.part("reader")
        rect = canvas.split(rect, BUTTON, side="bottom")[1]
        said = self.words.say("Lay a badge on the reader")
        if code is not None:
            said = self.words.say("Badge {code} was read", code=code)
        is_wrong = code is None and reader is not None and reader[0].state == "fault"
        picture = "cross" if is_wrong else "badge" if code is None else "tick"
        ink = DANGER.accent if is_wrong else INK if code is None else OPEN.accent
        self._half(canvas, rect, (picture, ink), said=said, below=reader[1] if reader else "")

    def _door(self, canvas: Canvas, rect: pygame.Rect) -> None:
        door, wired = self.part("door"), self._is_wired()
        foot, rect = canvas.split(rect, BUTTON, side="bottom")
        if wired:
            self._door_buttons(canvas, foot)
        pictures: dict[Door, tuple[str, Colour]] = {
            "untried": ("open", INK),
            "asked": ("open", INK),
            "opens": ("tick", OPEN.accent),
            "stuck": ("cross", DANGER.accent),
        }
        said = {
            "untried": self.words.say("Does the door open?"),
            "asked": self.words.say("Did the door open?"),
            "opens": self.words.say("The door opens"),
            "stuck": self.words.say("Look at the strike’s cable and supply, and try again"),
        }[self.draft.door]
        below = door[1] if door and self.draft.door != "stuck" else ""
        if not wired:
            said, below = self.words.say("No strike is wired: entries are only counted"), ""
        self._half(canvas, rect, pictures[self.draft.door] if wired else ("ring", QUIET), said=said, below=below)

    def _door_buttons(self, canvas: Canvas, rect: pygame.Rect) -> None:
        if self.draft.door == "asked":
            no = Choice(target="stuck", label=self.words.say("No"))
            row(canvas, rect, [no, Choice(target="opened", label=self.words.say("Yes"), look="main")])
            return
        label = self.words.say("Open it once") if self.draft.door == "untried" else self.words.say("Open it once more")
        look: Literal["main", "plain", "quiet"] = "quiet" if self.draft.door == "opens" else "plain"
        button(canvas, rect, label, "open", look=look)

    def _half(self, canvas: Canvas, rect: pygame.Rect, picture: tuple[str, Colour], *, said: str, below: str) -> None:
        icon, rect = canvas.split(rect, rect.height * 0.42 / canvas.unit, side="top")
        canvas.picture(picture[0], icon.inflate(0, -canvas.px(16)), picture[1])
        column = [canvas.line(said, BODY - 2, INK, bold=True)]
        if below:
            column.append(canvas.line(below, min(SMALL, DETAIL + 2), INK, before=4))
        canvas.column(rect, column, align="center", valign="top")


def _card(canvas: Canvas, rect: pygame.Rect) -> pygame.Rect:
    """Draw the sheet of a half; return the room within."""
    canvas.outlined(rect, CARD, LINE, radius=RADIUS - 4)
    return rect.inflate(-2 * canvas.px(10), -2 * canvas.px(10))
