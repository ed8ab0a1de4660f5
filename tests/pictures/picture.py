"""One picture of one screen: what to draw, in which language, and as a surface. The lists are in other modules."""

from dataclasses import dataclass
from typing import Protocol

from kiosk.notices import Idle, Notice
from kiosk.screen.door.idle import draw_idle
from kiosk.screen.door.night import draw_dim, draw_night
from kiosk.screen.door.notice import draw_notice
from kiosk.screen.door.sleep import Light
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.sdl import pygame

WIDE = (800, 480)
SMALL = (480, 320)
UPRIGHT = (720, 1280)
SIZES = (WIDE, SMALL, (1024, 600), (1280, 800), UPRIGHT)
"""What the gallery shows. Nothing is made for one of them: the canvas scales, and turns with the screen."""


class Scene(Protocol):
    """Anything that draws itself: every scene of the hosts' screens."""

    def draw(self, canvas: Canvas) -> None: ...


@dataclass(frozen=True)
class Asleep:
    """The idle screen at night."""

    view: Idle
    light: Light

    def draw(self, canvas: Canvas) -> None:
        (draw_dim if self.light is Light.DIM else draw_night)(canvas, self.view)


@dataclass(frozen=True)
class Picture:
    """A screen to draw: `name` is that of its file, the same in all languages; it begins with the area's name."""

    name: str
    view: Notice | Idle | Scene
    language: str


def drawn(view: Notice | Idle | Scene, size: tuple[int, int]) -> Canvas:
    """Draw one view on a surface of its own; the canvas also knows what can be read and touched."""
    canvas = Canvas(pygame.Surface(size))
    if isinstance(view, Notice):
        draw_notice(canvas, view)
    elif isinstance(view, Idle):
        draw_idle(canvas, view)
    else:
        view.draw(canvas)
    return canvas


def draw(view: Notice | Idle | Scene, size: tuple[int, int]) -> pygame.Surface:
    """Draw one view on a surface of its own."""
    return drawn(view, size).surface
