"""Approved reference pictures, and the comparison of a new picture with its reference.

Every version of FreeType draws letters a little differently: a stem may be half a pixel to the right, a line a pixel
lower. So both pictures are made much smaller, where that is a small change of shade, which is allowed. Whatever a
person would notice (another colour, another word, a button that moved) is a much larger difference.
"""

from dataclasses import dataclass
from pathlib import Path

from kiosk.screen.sdl import pygame
from tests.pictures.palette_png import write
from tests.pictures.picture import SMALL, UPRIGHT, WIDE

FOLDER = Path(__file__).parent / "references"
DIFFERENCES = Path(__file__).parents[2] / "build" / "differences"
CELL = 16
"""Pixels of the picture to one of the compared."""
TOLERANCE = 36
"""Of 255, by which a cell may differ in red, green or blue."""
MEAN_TOLERANCE = 3.0
"""By which they may differ on average."""


@dataclass(frozen=True)
class Reference:
    """A picture to compare: its name in the lists, language and size."""

    name: str
    language: str = "fr"
    size: tuple[int, int] = WIDE

    @property
    def file(self) -> str:
        return f"{self.name}-{self.language}-{self.size[0]}x{self.size[1]}.png"


DOOR = (
    Reference("idle-open"),
    Reference("idle-holiday", "en"),
    Reference("idle-reader-left"),
    Reference("idle-long", size=SMALL),
    Reference("idle-open", size=UPRIGHT),
    Reference("entry"),
    Reference("entry-short", "en"),
    Reference("re-entry", size=SMALL),
    Reference("re-entry", "en", UPRIGHT),
    Reference("low", size=(1024, 600)),
    Reference("debt", size=(1280, 800)),
    Reference("unlimited", "en"),
    Reference("no-entries", size=UPRIGHT),
    Reference("unknown"),
    Reference("holiday", "en", SMALL),
    Reference("out-of-service"),
)
"""Each shows something that the others do not; together every kind of screen, size and language."""

MIDDLE = (1024, 600)
LARGE = (1280, 800)
HOSTS = (
    Reference("account-entries"),
    Reference("account-settings", "en", SMALL),
    Reference("night-dim"),
    Reference("night-dark", "en", SMALL),
    Reference("staff-pin", "en", SMALL),
    Reference("staff-menu"),
    Reference("staff-now", size=UPRIGHT),
    Reference("staff-door", "en", SMALL),
    Reference("staff-check-in"),
    Reference("staff-here", "en", SMALL),
    Reference("staff-reverse", "en"),
    Reference("staff-today-all", size=SMALL),
    Reference("staff-evacuation", "en", MIDDLE),
    Reference("people-unknown-badge", size=SMALL),
    Reference("people-search", "en"),
    Reference("people-claim", size=SMALL),
    Reference("people-member"),
    Reference("people-badge", "en", SMALL),
    Reference("people-one-badge", size=SMALL),
    Reference("people-note", "en", SMALL),
    Reference("people-more", size=SMALL),
    Reference("people-kept", "en", SMALL),
    Reference("people-sell"),
    Reference("people-pay", "en", SMALL),
    Reference("people-receipt", size=SMALL),
    Reference("people-take-back", "en", SMALL),
    Reference("people-till", size=UPRIGHT),
    Reference("place-hours"),
    Reference("place-hours-until", "en", SMALL),
    Reference("place-hours-close", size=SMALL),
    Reference("place-exceptions", "en"),
    Reference("place-exceptions-days", size=SMALL),
    Reference("place-exceptions-why", "en", SMALL),
    Reference("place-exceptions-own", size=SMALL),
    Reference("place-exceptions-preview", "en", LARGE),
    Reference("place-week", size=SMALL),
    Reference("place-week-day", "en", SMALL),
    Reference("place-week-examples", size=SMALL),
    Reference("place-health"),
    Reference("place-health-reader", "en", SMALL),
    Reference("place-clock", size=SMALL),
    Reference("place-pair", "en", SMALL),
    Reference("place-export", size=SMALL),
    Reference("place-export-copying", "en", SMALL),
    Reference("place-set-up-1-language"),
    Reference("place-set-up-2-where", "en", SMALL),
    Reference("place-set-up-2-letters", size=SMALL),
    Reference("place-set-up-2-countries", "en", SMALL),
    Reference("place-set-up-3-name", size=SMALL),
    Reference("place-set-up-4-hours", "en", SMALL),
    Reference("place-set-up-5-tariff", size=SMALL),
    Reference("place-set-up-5-price", "en", SMALL),
    Reference("place-set-up-6-host", size=SMALL),
    Reference("place-set-up-7-badge", "en", SMALL),
    Reference("place-set-up-8-pin", size=SMALL),
    Reference("place-set-up-9-trial", "en", SMALL),
    Reference("place-set-up-10-summary", size=UPRIGHT),
    Reference("place-set-up-11-ready", "en", SMALL),
)
"""Each scene at least once, most of them small: what is small there is small in the repository too."""

REPRESENTATIVE = DOOR + HOSTS


@dataclass(frozen=True)
class Difference:
    """The difference of two pictures: the worst cell, and the average, 0 to 255."""

    worst: int
    mean: float

    @property
    def is_small(self) -> bool:
        return self.worst <= TOLERANCE and self.mean <= MEAN_TOLERANCE


def difference(one: pygame.Surface, other: pygame.Surface) -> Difference:
    """Compare two pictures; those of different sizes are as far apart as can be."""
    if one.get_size() != other.get_size():
        return Difference(255, 255.0)
    pairs = zip(_cells(one), _cells(other), strict=True)
    apart = [abs(a - b) for a, b in pairs]
    return Difference(max(apart), sum(apart) / len(apart))


def _cells(surface: pygame.Surface) -> bytes:
    wide, high = surface.get_size()
    return pygame.image.tostring(_scaled(surface, (wide // CELL, high // CELL)), "RGB")


def _scaled(surface: pygame.Surface, size: tuple[int, int]) -> pygame.Surface:
    plain = pygame.Surface(surface.get_size(), 0, 24)  # a palette's picture cannot be scaled smoothly
    plain.blit(surface, (0, 0))
    return pygame.transform.smoothscale(plain, size)


def show(name: str, stored: pygame.Surface | None, drawn: pygame.Surface, folder: Path = DIFFERENCES) -> Path:
    """Write what is stored, what was drawn, and where they differ, side by side; return the file."""
    wide, high = drawn.get_size()
    whole = pygame.Surface((wide * 3 if stored else wide, high))
    whole.blit(drawn, (wide if stored else 0, 0))
    if stored:
        whole.blit(stored, (0, 0))
        apart = pygame.Surface((wide, high))
        apart.blit(drawn, (0, 0))
        _subtract(apart, stored)
        whole.blit(apart, (2 * wide, 0))
    path = folder / name
    write(whole, path)
    return path


def _subtract(surface: pygame.Surface, other: pygame.Surface) -> None:
    """Leave the difference of the two, either way."""
    plain = pygame.Surface(surface.get_size())
    plain.blit(other, (0, 0))
    rest = plain.copy()
    rest.blit(surface, (0, 0), special_flags=pygame.BLEND_RGB_SUB)
    surface.blit(plain, (0, 0), special_flags=pygame.BLEND_RGB_SUB)
    surface.blit(rest, (0, 0), special_flags=pygame.BLEND_RGB_ADD)
