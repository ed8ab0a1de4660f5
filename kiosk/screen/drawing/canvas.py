"""A canvas with measures in points, so that the same call looks the same on every screen size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from kiosk.screen.drawing.lettering import Line, Placed, place, rendered
from kiosk.screen.drawing.pictograms import pictogram
from kiosk.screen.drawing.theme import FOCUS, INK, RADIUS, Colour
from kiosk.screen.sdl import pygame

BASE = (800, 480)


class Canvas:
    """A part of a surface, with its scale, its touch targets and its texts."""

    def __init__(self, surface: pygame.Surface, base: tuple[int, int] | None = None) -> None:
        """`base` is the size in points that fills the surface; None: the theme's screen, upright if the surface is."""
        self.surface = surface
        self.rect = surface.get_rect()
        wide, high = base or (BASE[::-1] if self.is_portrait else BASE)
        self.unit = min(self.rect.width / wide, self.rect.height / high)
        """Pixels to the point."""
        self.targets: list[tuple[pygame.Rect, str]] = []
        """Touch targets: where, and their names."""
        self.pressed: str | None = None
        """The target that a finger lies on."""
        self.written: list[Placed] = []
        """The lines of text that were drawn."""

    @property
    def is_portrait(self) -> bool:
        """Whether it is higher than wide: bands then lie across the top instead of at the side."""
        return self.rect.height > self.rect.width

    def px(self, points: float) -> int:
        """Return the pixels for a measure in points, at least one."""
        return max(1, round(points * self.unit))

    def line(self, text: str, size: float, colour: Colour, *, bold: bool = False, before: float = 0) -> Line:
        """Return a text for a column, with measures in points."""
        space = self.px(before) if before else 0
        return Line(text=text, size=self.px(size), colour=colour, bold=bold, before=space)

    def column(
        self,
        rect: pygame.Rect,
        column: Sequence[Line],
        *,
        align: Literal["left", "center", "right"] = "left",
        valign: Literal["top", "middle", "bottom"] = "top",
    ) -> None:
        """Write texts below one another into a rectangle; they wrap, then shrink, until they fit."""
        for placed in place(column, rect, align=align, valign=valign):
            line = placed.line
            letters = rendered(line.text, line.size, line.colour, bold=line.bold)
            self.surface.blit(letters, letters.get_rect(center=placed.rect.center))
            self.written.append(placed)

    def fill(self, rect: pygame.Rect, colour: Colour) -> None:
        """Fill a rectangle with square corners."""
        # Clipped here: pygame shifts a rectangle that begins left of the surface instead of cutting it.
        self.surface.fill(colour, rect.clip(self.surface.get_rect()))

    def picture(self, name: str, rect: pygame.Rect, ink: Colour, *, turn: int = 0) -> None:
        """Draw a pictogram as large as fits, in the middle of a rectangle; `turn` in degrees, anticlockwise."""
        side = min(rect.size)
        drawn = pictogram(name, side, ink)
        drawn = pygame.transform.rotate(drawn, turn) if turn else drawn
        self.surface.blit(drawn, drawn.get_rect(center=rect.center))

    def rounded(self, rect: pygame.Rect, colour: Colour, *, radius: float) -> None:
        """Fill a rectangle with round, smooth corners; `radius` in points."""
        r = min(self.px(radius), rect.width // 2, rect.height // 2)
        disc = pictogram("disc", 2 * r, colour)
        for x, y, part in (
            (rect.left, rect.top, (0, 0)),
            (rect.right - r, rect.top, (r, 0)),
            (rect.left, rect.bottom - r, (0, r)),
            (rect.right - r, rect.bottom - r, (r, r)),
        ):
            self.surface.blit(disc, (x, y), pygame.Rect(part, (r, r)))
        self.fill(pygame.Rect(rect.left + r, rect.top, rect.width - 2 * r, rect.height), colour)
        self.fill(pygame.Rect(rect.left, rect.top + r, rect.width, rect.height - 2 * r), colour)

    def outlined(self, rect: pygame.Rect, fill: Colour, border: Colour, *, radius: float, thick: float = 2) -> None:
        """Fill a rounded rectangle and draw a line along its inside."""
        self.rounded(rect, border, radius=radius)
        self.rounded(rect.inflate(-2 * self.px(thick), -2 * self.px(thick)), fill, radius=radius - thick)

    def ring(self, rect: pygame.Rect) -> None:
        """Mark the target with the keyboard's focus: a dark and a bright line, visible on every ground."""
        thick = self.px(4)
        pygame.draw.rect(self.surface, INK, rect.inflate(thick, thick), 2 * thick, border_radius=self.px(RADIUS))
        pygame.draw.rect(self.surface, FOCUS, rect, thick, border_radius=self.px(RADIUS - 4))

    def dim(self, rect: pygame.Rect) -> None:
        """Darken a rectangle, so that what is drawn over it stands out."""
        veil = pygame.Surface(rect.size, pygame.SRCALPHA)
        veil.fill((*INK, 150))
        self.surface.blit(veil, rect)

    def split(
        self, rect: pygame.Rect, points: float, *, side: Literal["left", "right", "top", "bottom"]
    ) -> tuple[pygame.Rect, pygame.Rect]:
        """Cut so many points off one side of a rectangle; return the piece and the rest."""
        return cut(rect, self.px(points), side=side)


def cut(
    rect: pygame.Rect, pixels: int, *, side: Literal["left", "right", "top", "bottom"]
) -> tuple[pygame.Rect, pygame.Rect]:
    """Cut so many pixels off one side of a rectangle; return the piece and the rest."""
    x, y, w, h = rect
    match side:
        case "left":
            return pygame.Rect(x, y, pixels, h), pygame.Rect(x + pixels, y, w - pixels, h)
        case "right":
            return pygame.Rect(x + w - pixels, y, pixels, h), pygame.Rect(x, y, w - pixels, h)
        case "top":
            return pygame.Rect(x, y, w, pixels), pygame.Rect(x, y + pixels, w, h - pixels)
        case _:
            return pygame.Rect(x, y + h - pixels, w, pixels), pygame.Rect(x, y, w, h - pixels)
