"""The base of the steps of the first start, and the draft of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kiosk.commands import SetUp
from kiosk.model import Product, WeekHours
from kiosk.notices import Language, places
from kiosk.notices.places import FIRST_PLACE, Place
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Context, Effects, Scene
from kiosk.screen.scenes.hours.week_grid import PRESETS
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import HEIGHT, Keyboard
from kiosk.screen.widgets.message import Message

STEPS = 10
LONGEST_NAME = 60


@dataclass
class Draft:
    """The answers given so far."""

    language: str = "fr"
    place: Place = FIRST_PLACE
    is_placed: bool = False
    """Whether the place was confirmed."""
    countries: tuple[str, ...] = ()
    """Those that can be chosen."""
    name: str = ""
    week: WeekHours = PRESETS[0].week
    product: Product | None = None
    host: str = ""
    code: str | None = None
    """Claim code of the badge that was laid on the reader last."""
    pin: str = ""
    tried_code: str | None = None
    """Of a badge that was laid on the reader to try it."""
    door: Literal["untried", "asked", "opens", "stuck"] = "untried"
    """Whether the door opened when it was tried."""

    def read(self) -> str | None:
        """The claim code of the badge read last."""
        return self.tried_code or self.code

    def command(self) -> SetUp:
        """Return the command that sets up the kiosk."""
        return SetUp(
            name=self.name,
            host=self.host,
            week=self.week,
            products=(self.product,) if self.product else (),
            code=self.code,
            pin=self.pin,
            language=self.language,
            zone=self.place.zone,
            country=self.place.country,
            region=self.place.region,
            currency=self.place.currency,
        )


def place_name(words: Language, place: Place) -> str:
    """Return the country, with the region if it has public holidays of its own."""
    country = places.country_name(words, place.country)
    return f"{country}, {places.region_name(words, place.region)}" if place.region else country


class Step(Scene):
    """A step of the first start, without a time limit; every step records a tapped badge."""

    quiet_seconds = None
    waits_for_badge = True
    outlasts_notices = True
    number = 1

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context)
        self.draft = draft

    def title(self) -> str:
        """The title of the scene, with the number of the step."""
        return self.words.say("{step}/{steps} · {title}", step=self.number, steps=STEPS, title=self.question())

    def question(self) -> str:
        """The question of the step."""
        raise NotImplementedError

    def badge(self, code: str) -> Effects:
        """Record a badge laid on the reader."""
        self.draft.code = code
        self.message = Message(self.words.say("Badge {code} was read", code=code))
        return None


NextStep = Callable[[Context, Draft], Scene]
"""The step that follows one, where steps could not name each other."""


class NameStep(Step):
    """A step that asks for a name."""

    hint = ""

    def __init__(self, context: Context, draft: Draft, *, text: str) -> None:
        super().__init__(context, draft)
        self._field = TextField(text, hint=self.example(), longest=LONGEST_NAME)
        self._keyboard = Keyboard(self.words.code, names=True)
        self._keyboard.follow(text)

    def example(self) -> str:
        """An example of an answer."""
        raise NotImplementedError

    def taken(self, text: str) -> Effects:
        """Go on with the typed text."""
        raise NotImplementedError

    def touched(self, target: str) -> Effects:
        """Handle a key of the on-screen keyboard."""
        key = self._keyboard.touched(target)
        return self.typed(key) or None if key else None

    def typed(self, key: Key) -> Effects | Literal[False]:
        """Handle a key of any keyboard."""
        if key.name == "enter":
            text = " ".join(self._field.text.split())
            if text:
                return self.taken(text)
            self.message = Message(self.words.say("Write a name first"), is_good=False)
            return None
        taken = self._field.typed(key)
        self._keyboard.follow(self._field.text)
        return None if taken else False

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw field and keyboard."""
        keys, rect = canvas.split(rect, min(HEIGHT + 12, rect.height / canvas.unit - 72), side="bottom")
        self._field.draw(canvas, canvas.split(rect, 66, side="top")[0])
        self._keyboard.draw(canvas, keys, enter=self.words.say("Go on"))
