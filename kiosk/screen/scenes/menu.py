"""The hosts' menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.notices import Language
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.scene import Context, Effects, Go, Scene
from kiosk.screen.scenes.hours.this_week import OpeningHours
from kiosk.screen.scenes.machine.health import HealthOfKiosk
from kiosk.screen.scenes.people.members import Members
from kiosk.screen.scenes.sales.till import SalesOfDay
from kiosk.screen.scenes.visits.evacuation import Evacuation
from kiosk.screen.scenes.visits.today import Today
from kiosk.screen.scenes.visits.who_is_in import WhoIsIn
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item of the menu. `label` returns its text in a language."""

    target: str
    label: Callable[[Language], str]
    picture: str
    scene: Callable[[Context], Scene]


ITEMS: tuple[Item, ...] = (
    Item(target="now", label=lambda words: words.say("Who is in"), picture="people", scene=WhoIsIn),
    Item(target="today", label=lambda words: words.say("Today"), picture="list", scene=Today),
    Item(target="members", label=lambda words: words.say("Members"), picture="badge", scene=Members),
    Item(target="till", label=lambda words: words.say("Till"), picture="coins", scene=SalesOfDay),
    Item(
        target="evacuation",
        label=lambda words: words.say("Evacuation list"),
        picture="alert",
        scene=Evacuation,
    ),
    Item(target="hours", label=lambda words: words.say("Opening hours"), picture="open", scene=OpeningHours),
    Item(target="health", label=lambda words: words.say("Health of the kiosk"), picture="tick", scene=HealthOfKiosk),
)
"""In the order of the menu: what is needed most comes first."""


class Menu(Scene):
    """The menu: a large button for each task of a host."""

    def title(self) -> str:
        """The title of the scene."""
        return self.words.say("Hosts")

    def touched(self, target: str) -> Effects:
        """Open the chosen task."""
        return next((Go(item.scene(self.context)) for item in ITEMS if item.target == target), None)

    def body(self, canvas: Canvas, rect: pygame.Rect) -> None:
        """Draw the buttons."""
        choices = [Choice(target=one.target, label=one.label(self.words), picture=one.picture) for one in ITEMS]
        grid(canvas, rect, choices, columns=2 if canvas.is_portrait else 3, highest=124)
