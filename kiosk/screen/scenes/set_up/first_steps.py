"""The first half of the first start: language, name and hours.

Each scene is a step and writes into one draft; nothing is stored before the last touch. The kiosk shows it in place of
the idle screen as long as it has neither site nor host. The steps from the tariff on are in .last_steps.
"""

from __future__ import annotations

import dataclasses

from kiosk.model import WeekHours
from kiosk.notices import Language
from kiosk.notices.language import DEFAULT, languages
from kiosk.notices.places import FIRST_PLACE, own_name
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import GAP
from kiosk.screen.scene import Context, Effects, Go
from kiosk.screen.scenes.hours.week_grid import PRESETS, WeekGrid, preset_choices
from kiosk.screen.scenes.set_up.last_steps import SpaceTariff
from kiosk.screen.scenes.set_up.steps import Draft, NameStep, Step
from kiosk.screen.scenes.set_up.where import SpaceWhere
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, button, grid


class SetUpLanguage(Step):
    """The language of the kiosk: the first step."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, Draft())

    def question(self) -> str:
        """The question of the step."""
        asked = dict.fromkeys(Language(code, FIRST_PLACE.zone).say("Language") for code in _languages())
        return " · ".join(asked)

    def touched(self, target: str) -> Effects:
        """Use this language from here on."""
        self.draft.language = target.removeprefix("language:")
        words = Language(self.draft.language, self.draft.place.zone)
        return Go(SpaceWhere(dataclasses.replace(self.context, words=words), self.draft, SpaceName))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the languages, each by its own name."""
        choices = [Choice(target=f"language:{code}", label=own_name(code), look="main") for code in _languages()]
        grid(canvas, rect, choices, columns=1 if canvas.is_portrait else 2, highest=300)


def _languages() -> tuple[str, ...]:
    """Return the available languages, the usual one first."""
    return tuple(dict.fromkeys((DEFAULT, *languages())))


class SpaceName(NameStep):
    """The name of the space."""

    number = 3

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft, text=draft.name)

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("Name of the place")

    def example(self) -> str:
        """An example of an answer."""
        return self.words.say("For instance: La Serre")

    def taken(self, text: str) -> Effects:
        """Go on to the hours."""
        self.draft.name = text
        return Go(SpaceHours(self.context, self.draft))


class SpaceHours(Step):
    """The opening hours: an example, or day by day."""

    number = 4

    def question(self) -> str:
        """The question of the step."""
        return self.words.say("When is it open?")

    def touched(self, target: str) -> Effects:
        """Choose an example, or compose a week."""
        if target == "own":
            return Go(SetUpWeek(self.context, self.draft))
        return self._taken(next(one.week for one in PRESETS if one.target == target))

    def _taken(self, week: WeekHours) -> Effects:
        self.draft.week = week
        return Go(SpaceTariff(self.context, self.draft))

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the examples."""
        foot, rect = canvas.split(rect, 72, side="bottom")
        button(canvas, foot, self.words.say("Other hours: day by day"), "own")
        rect = canvas.split(rect, GAP, side="bottom")[1]
        grid(canvas, rect, preset_choices(self.words), columns=1 if canvas.is_portrait else 2, highest=130)


class SetUpWeek(WeekGrid):
    """The hours day by day, within the first start."""

    quiet_seconds = None
    outlasts_notices = True

    def __init__(self, context: Context, draft: Draft) -> None:
        super().__init__(context, draft.week, self._keep)
        self.draft = draft

    def _keep(self, week: WeekHours) -> Effects:
        self.draft.week = week
        return Go(SpaceTariff(self.context, self.draft))
