"""The demo's tray below the kiosk's picture: badges to put on the reader, strike and lamp, a clock to move.

It is drawn darker than the kiosk, to show that it is not a part of the product.
"""

from __future__ import annotations

from datetime import timedelta

from kiosk.demo.tray_words import Tray, VirtualBadge
from kiosk.model import Noun, Signal
from kiosk.notices import Button
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import CARD, INK, QUIET, TONES, WHITE, Colour
from kiosk.screen.sdl import pygame

TRAY: Colour = (48, 52, 56)
TRAY_LIT: Colour = (250, 190, 64)
"""Colour of a badge that lies on the reader."""
TRAY_SHARE = 1 / 3
"""Share of the demo's window."""
TRAY_BASE = (800, 240)
PER_ROW = 6
STRIP = 52
GAP = 10


class BadgeClicked(Noun, frozen=True, kw_only=True):
    """A virtual badge was clicked: it goes onto the reader, or off it when it lies there."""

    id: str


class ClockMoved(Noun, frozen=True, kw_only=True):
    """The clock is to be moved by this duration."""

    by: timedelta


class ExitPressed(Noun, frozen=True, kw_only=True):
    """The exit button was clicked."""


Action = BadgeClicked | ClockMoved | ExitPressed


def action_of(target: str) -> Action:
    """Return the action that a click on a target of the tray stands for."""
    kind, _, value = target.partition(":")
    if kind == "badge":
        return BadgeClicked(id=value)
    if kind == "clock":
        return ClockMoved(by=timedelta(minutes=int(value)))
    return ExitPressed()


class TrayPanel:
    """The tray as the window's panel. `view` may be set from any thread."""

    share, base = TRAY_SHARE, TRAY_BASE

    def __init__(self) -> None:
        self.view: Tray | None = None

    def draw(self, canvas: Canvas) -> None:
        """Draw it over the whole canvas."""
        if self.view:
            draw_tray(canvas, self.view)


def draw_tray(canvas: Canvas, tray: Tray) -> None:
    """Draw the tray over the whole canvas."""
    canvas.fill(canvas.rect, TRAY)
    inner = canvas.rect.inflate(-2 * canvas.px(14), -2 * canvas.px(GAP))
    strip, inner = canvas.split(inner, STRIP, side="bottom")
    badges = canvas.split(inner, GAP, side="bottom")[1]
    _badges(canvas, badges, tray)
    _strip(canvas, strip, tray)


def _badges(canvas: Canvas, rect: pygame.Rect, tray: Tray) -> None:
    gap = canvas.px(GAP)
    rows = max(2, -(-len(tray.badges) // PER_ROW))
    wide = (rect.width - gap * (PER_ROW - 1)) // PER_ROW
    high = (rect.height - gap * (rows - 1)) // rows
    for number, badge in enumerate(tray.badges):
        row, column = divmod(number, PER_ROW)
        place = pygame.Rect(rect.left + column * (wide + gap), rect.top + row * (high + gap), wide, high)
        _badge(canvas, place, badge, tray)
        canvas.targets.append((place, f"badge:{badge.id}"))


def _badge(canvas: Canvas, rect: pygame.Rect, badge: VirtualBadge, tray: Tray) -> None:
    lies = badge.id == tray.on_reader
    ground, ink = (TRAY_LIT, TONES[Signal.ATTENTION].on_band) if lies else (CARD, INK)
    canvas.rounded(rect, ground, radius=9)
    inner = rect.inflate(-2 * canvas.px(10), -2 * canvas.px(7))
    detail = tray.on_reader_word if lies else badge.detail
    column = [
        canvas.line(badge.name, 18, ink, bold=True),
        canvas.line(detail, 15, ink if lies else QUIET, before=1),
    ]
    canvas.column(inner, column, valign="middle")


def _strip(canvas: Canvas, rect: pygame.Rect, tray: Tray) -> None:
    left, right = canvas.split(rect, 318, side="left")
    half = left.width // 2
    strike = pygame.Rect(left.left, left.top, half, left.height)
    door, colour = ("open", TRAY_LIT) if tray.strike_open else ("closed", WHITE)
    _state(canvas, strike, door, tray.strike, colour)
    lamp = pygame.Rect(left.left + half, left.top, left.width - half, left.height)
    _state(canvas, lamp, "disc" if tray.light else "ring", tray.lamp, tray.light or WHITE)
    _clock(canvas, right, tray)


def _state(canvas: Canvas, rect: pygame.Rect, picture: str, words: str, colour: Colour) -> None:
    icon, rest = canvas.split(rect, 28, side="left")
    canvas.picture(picture, icon, colour)
    rest = canvas.split(canvas.split(rest, 8, side="left")[1], 8, side="right")[1]
    canvas.column(rest, [canvas.line(words, 16, WHITE)], valign="middle")


def _clock(canvas: Canvas, rect: pygame.Rect, tray: Tray) -> None:
    upper, lower = canvas.split(rect, 18, side="top")
    canvas.column(upper, [canvas.line(tray.clock, 15, WHITE)], align="left", valign="middle")
    lower = canvas.split(lower, 4, side="top")[1]
    buttons = (*tray.clock_buttons, Button(id="exit", label=tray.exit_button))
    gap = canvas.px(6)
    wide = (lower.width - gap * len(buttons)) // (len(buttons) + 1)
    left = lower.left
    for button in buttons:
        last = button.id == "exit"
        place = pygame.Rect(left, lower.top, wide * 2 + gap if last else wide, lower.height)
        canvas.outlined(place, TRAY, WHITE, radius=7, thick=1)
        line = canvas.line(button.label, 15, WHITE, bold=True)
        canvas.column(place.inflate(-canvas.px(6), 0), [line], align="center", valign="middle")
        canvas.targets.append((place, "exit" if last else f"clock:{button.id}"))
        left = place.right + gap
