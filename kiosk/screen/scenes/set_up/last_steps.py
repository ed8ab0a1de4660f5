"""The second half of the first start: tariff, first host and badge, and the summary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kiosk.answers import Answered, Done, Refused
from kiosk.commands import Command, SetUp
from kiosk.notices import places
from kiosk.notices.language import sentence
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY, GAP, INK, LEAD, OPEN, QUIET, SMALL
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Back, Context, Effects, Go, Quit, Swap
from kiosk.screen.scenes.set_up.pin import HASHING_SECONDS, HostPin
from kiosk.screen.scenes.set_up.steps import STEPS, Draft, NameStep, Step, place_name
from kiosk.screen.scenes.set_up.tariffs import TARIFFS, Tariff
from kiosk.screen.scenes.set_up.trial import StepWithParts, Trial
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, button, grid, row
from kiosk.screen.widgets.listing import Listing, Row
from kiosk.screen.widgets.number_pad import OK, NumberPad
from kiosk.screen.widgets.week import week_text

PIN_REFUSALS = ("PIN_LENGTH", "PIN_EASY")


class SpaceTariff(Step):
    """The first product; hosts can add more."""

    number = 5

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("What do members buy?")

    def touched(self, target: str) -> Effects:
        """Go on to its price, or on without a tariff."""
        tariff = next((one for one in TARIFFS if one.product.id == target), None)
        if tariff:
            return Go(Price(self.context, self.draft, tariff))
        self.draft.product = None
        return Go(HostName(self.context, self.draft))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the tariffs."""
        foot, rect = canvas.split(rect, 66, side="bottom")
        button(canvas, foot, self.words.say("Later"), "later", look="quiet")
        choices = [
            Choice(target=one.product.id, label=one.name(self.words), detail=one.detail(self.words)) for one in TARIFFS
        ]
        rect = canvas.split(rect, GAP, side="bottom")[1]
        grid(canvas, rect, choices, columns=1 if canvas.is_portrait else 2, highest=130)


class Price(Step):
    """The price, in the local currency."""

    number = 5
    default = OK

    def __init__(self, context: Context, draft: Draft, tariff: Tariff) -> None:
        super().__init__(context, draft)
        self._tariff = tariff
        self._pad = NumberPad(longest=6, decimals=2)
        self._pad.digits = str(tariff.product.price_cents // 100)

    def question(self) -> str:
        """The question of the step."""
        return self._tariff.name(self.words)

    def touched(self, target: str) -> Effects:
        """Handle a digit, or go on to the host."""
        if self._pad.touched(target) or target != OK or not self._pad.digits:
            return None
        self.draft.product = self._tariff.made(self.words, price_cents=self._pad.hundredths)
        return Go(HostName(self.context, self.draft))

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Handle a digit of a keyboard."""
        return None if self._pad.typed(key) else False

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the price and the pad."""
        high = canvas.is_portrait
        said, rect = canvas.split(rect, 260, side="top") if high else canvas.split(rect, 330, side="left")
        way, said = canvas.split(said, 76, side="bottom")
        way = way.inflate(-canvas.px(GAP), -canvas.px(GAP))
        button(canvas, way, self.words.say("Go on"), OK, look="main", enabled=bool(self._pad.digits))
        column = [
            canvas.line(self.words.say("Price"), BODY, QUIET),
            canvas.line(self.words.money(self._pad.hundredths, self.draft.place.currency), LEAD, INK, bold=True),
            canvas.line(self._tariff.detail(self.words), SMALL, INK, before=8),
        ]
        canvas.column(said, column, align="center", valign="middle")
        self._pad.draw(canvas, rect, ok="")


class HostName(NameStep):
    """The name of the first host."""

    number = 6

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft, text=draft.host or context.words.say("Front desk"))

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("First host")

    def example(self) -> str:
        """An example of an answer."""
        return self.words.say("For instance: Claire")

    def taken(self, text: str) -> Effects:
        """Go on to the badge."""
        self.draft.host = text
        return Go(HostBadge(self.context, self.draft))


class HostBadge(StepWithParts):
    """The first host's badge, tapped at the reader."""

    number = 7

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("The host’s badge")

    def touched(self, target: str) -> Effects:
        """Go on, with or without a badge."""
        if target == "without":
            self.draft.code = None
        return Go(HostPin(self.context, self.draft, lambda context, draft: Trial(context, draft, Summary)))

    def badge(self, code: str) -> Effects:
        """Record the badge; its code is shown in the middle of the screen, not on the message line."""
        self.draft.code = code
        return None

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the instructions, the state of the reader, and the buttons."""
        foot, rect = canvas.split(rect, 66, side="bottom")
        is_read = self.draft.code is not None
        without = Choice(target="without", label=self.words.say("Without a badge"), look="quiet")
        row(
            canvas,
            foot,
            [without, Choice(target="on-we-go", label=self.words.say("Go on"), look="main", enabled=is_read)],
        )
        line, rect = canvas.split(rect, 50, side="bottom")
        reader = self.part("reader")
        if reader:
            ink = INK if reader[0].state == "good" else QUIET
            canvas.column(line, [canvas.line(reader[1], SMALL, ink)], align="center", valign="middle")
        picture, rect = canvas.split(rect, rect.height * 0.5 / canvas.unit, side="top")
        canvas.picture(
            "tick" if is_read else "badge", picture.inflate(0, -canvas.px(20)), OPEN.accent if is_read else INK
        )
        said = self.words.say("Lay the host’s badge on the reader")
        if is_read:
            said = self.words.say("Badge {code} was read", code=self.draft.code)
        canvas.column(rect, [canvas.line(said, LEAD - 6, INK, bold=True)], align="center", valign="middle")


class Summary(StepWithParts):
    """All answers on one page, with the state of reader and door; one touch completes the set-up."""

    number = STEPS
    default = "start"

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft)
        self._list = Listing()
        self._is_done = False

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("All right?")

    def opened(self) -> Effects:
        """Ask for the state of the parts, unless the set-up is complete."""
        return Quit() if self._is_done else super().opened()

    def touched(self, target: str) -> Effects:
        """Turn the page, or complete the set-up."""
        self._list.chosen(target)
        return Ask(self.draft.command(), seconds=HASHING_SECONDS) if target == "start" else None

    def answered(self, command: Command, answer: Answered) -> Effects:
        """Go on when everything is written. If the PIN is too easy, nothing was written and it is asked for again."""
        if isinstance(command, SetUp) and isinstance(answer, Done):
            self._is_done = True
            return Swap(Ready(self.context, self.draft))
        if isinstance(answer, Refused) and answer.code in PIN_REFUSALS:
            return Back(to=HostPin, message=self.refused(answer))
        return super().answered(command, answer)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the answers and the button."""
        foot, rect = canvas.split(rect, 72, side="bottom")
        button(canvas, foot, self.words.say("Start"), "start", look="main", picture="tick")
        self._list.show(self._rows())
        self._list.draw(canvas, canvas.split(rect, 8, side="bottom")[1])

    def _rows(self) -> list[Row]:
        words, draft, product = self.words, self.draft, self.draft.product
        place = draft.place
        sold = f"{product.name}, {words.money(product.price_cents, place.currency)}" if product else words.say("later")
        badge = words.say("badge {code}", code=draft.code) if draft.code else words.say("no badge yet")
        rows = [
            Row(title=draft.name, detail=week_text(words, draft.week), picture="open"),
            Row(title=f"{draft.host}, {badge}", detail=words.say("Tariff: {sold}", sold=sold), picture="badge"),
            Row(title=place_name(words, place), detail=self._clock(), picture="re_entry"),
        ]
        return [*rows, *self._parts()]

    def _parts(self) -> Iterator[Row]:
        """Return the state of reader and door, and the result of trying the door."""
        tried = {"opens": self.words.say("The door opens"), "stuck": self.words.say("The door did not open")}
        for name in ("reader", "door"):
            found = self.part(name)
            if found:
                vital, said = found
                is_stuck = name == "door" and self.draft.door == "stuck"
                is_wrong = is_stuck or vital.state in ("fault", "attention")
                detail = tried.get(self.draft.door, "") if name == "door" else ""
                yield Row(title=said, detail=detail, picture="alert" if is_wrong else "tick")

    def _clock(self) -> str:
        name = sentence(places.zone_name(self.words, self.draft.place.zone))
        return f"{name} · {places.currency_name(self.words, self.draft.place.currency)}"


class Ready(Step):
    """The set-up is done; says what to do next."""

    number = STEPS
    outlasts_notices = False
    waits_for_badge = False

    def title(self) -> str:
        """The title of the scene."""
        return self.draft.name

    def touched(self, target: str) -> Effects:
        """Go to the idle screen."""
        return Quit()

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw that the set-up is complete."""
        foot, rect = canvas.split(rect, 66, side="bottom")
        button(canvas, foot, self.words.say("To the door’s screen"), "finish", look="main")
        picture, rect = canvas.split(rect, rect.height * 0.45 / canvas.unit, side="top")
        canvas.picture("tick", picture.inflate(0, -canvas.px(20)), OPEN.accent)
        column = [canvas.line(self.words.say("The kiosk is ready"), LEAD, INK, bold=True)]
        if self.draft.code:
            column.append(canvas.line(self.words.say("Tap the host’s badge: the door opens"), BODY, INK, before=8))
        canvas.column(rect, column, align="center", valign="middle")
