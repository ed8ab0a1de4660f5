"""Draws the notice of a tap: a coloured band with picture and title, and a sheet with the rest."""

from __future__ import annotations

from kiosk.notices import Button, Notice
from kiosk.screen.door.punch_card import draw_punch_card
from kiosk.screen.drawing.canvas import Canvas, cut
from kiosk.screen.drawing.lettering import Line, fitting, height, width
from kiosk.screen.drawing.theme import (
    BODY,
    BUTTON,
    CARD,
    CODE,
    GAP,
    INK,
    LEAD,
    LEAD_SHORT,
    LINE,
    MARGIN,
    PAPER,
    PICTOGRAM,
    RADIUS,
    SHADE,
    TITLE,
    TONES,
    Tone,
)
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Choice, grid

BAND = 0.36
"""Share of the screen."""
HERO = {False: (0.39, 0.5), True: (0.2, 0.27)}
"""Least and greatest share of the screen's height for the card or code, by portrait."""
TILES = 1.25
"""Height of a tile of the code over its share of the width."""


LARGEST = 66
LARGER = 1.5
"""Of the words for those who asked for large ones; the card gives its place to them."""
FEW = 2
"""Buttons that fit beside the words; more of them are put into a strip across the foot."""
PER_ROW = {False: 5, True: 3}
"""Buttons to a row of that strip at most, by portrait."""
STRIP_BUTTON = BUTTON + 3
"""Height of its buttons: a label may need two lines."""
STEPS = 4
"""Frames in which the hole of an entry appears on the card."""
STEP_SECONDS = 0.11


def draw_notice(canvas: Canvas, notice: Notice, step: int = STEPS) -> None:
    """Draw a notice over the whole canvas; before the last step the punched hole is still being animated."""
    tone = TONES[notice.signal]
    area, few = canvas.rect, len(notice.buttons) <= FEW
    if not few:
        strip, area = _strip(canvas, notice.buttons)
        _draw_strip(canvas, strip, notice.buttons)
    band, sheet = split_band(canvas, BAND, area=area)
    canvas.fill(sheet, PAPER)
    canvas.fill(band, tone.band)
    _band(canvas, band, notice, tone)
    sheet = sheet.inflate(-2 * canvas.px(MARGIN), -2 * canvas.px(MARGIN - 2))
    if notice.buttons and few:
        row, sheet = canvas.split(sheet, BUTTON, side="bottom")
        _draw_buttons(canvas, row, notice.buttons, per_row=FEW)
        sheet = canvas.split(sheet, GAP + 4, side="bottom")[1]
    larger = LARGER if notice.large else 1.0
    has_hero = notice.code is not None or (notice.punch is not None and not notice.large)
    column = _column(canvas, notice, tone, room=sheet.width, larger=larger if has_hero else 1.15 * larger)
    if has_hero:
        hero, sheet = cut(sheet, _hero_height(canvas, sheet, column, code=notice.code), side="bottom")
        sheet = canvas.split(sheet, GAP + 4, side="bottom")[1]
        _hero(canvas, hero, notice, tone, grown=step / STEPS)
    canvas.column(sheet, column, valign="middle")


def split_band(
    canvas: Canvas, share: float, *, right: bool = False, area: pygame.Rect | None = None
) -> tuple[pygame.Rect, pygame.Rect]:
    """Return band and sheet: side by side, or one above the other on a portrait screen.

    `area` None: the whole canvas.
    """
    area = area or canvas.rect
    if canvas.is_portrait:
        return cut(area, round(canvas.rect.height * share * 0.9), side="top")
    return cut(area, round(area.width * share), side="right" if right else "left")


def _hero_height(canvas: Canvas, sheet: pygame.Rect, column: list[Line], *, code: str | None) -> int:
    """Return the height left for the card, within its bounds; a code has the height of its tiles."""
    if code:
        return round(sheet.width * TILES / len(code))
    words = height(fitting(column, (sheet.width, sheet.height * 10)))
    least, most = (round(canvas.rect.height * share) for share in HERO[canvas.is_portrait])
    return max(least, min(most, sheet.height - words - canvas.px(GAP + 12)))


def _hero(canvas: Canvas, rect: pygame.Rect, notice: Notice, tone: Tone, *, grown: float) -> None:
    if notice.code:
        _code(canvas, rect, notice.code)
    elif notice.punch:
        draw_punch_card(canvas, rect, notice.punch, tone, grown=grown)


def _band(canvas: Canvas, band: pygame.Rect, notice: Notice, tone: Tone) -> None:
    inner = band.inflate(-2 * canvas.px(20), -2 * canvas.px(MARGIN - 6))
    gap = canvas.px(GAP + 6)
    side = min(canvas.px(PICTOGRAM), inner.height * 3 // 5)
    words = canvas.line(notice.title, TITLE, tone.on_band, bold=True)
    title = fitting([words], (inner.width, inner.height - side - gap))
    top = inner.top + (inner.height - side - gap - height(title)) // 2
    picture = pygame.Rect(inner.centerx - side // 2, top, side, side)
    canvas.picture(notice.picture or notice.signal, picture, tone.on_band)
    below = pygame.Rect(inner.left, picture.bottom + gap, inner.width, inner.bottom - picture.bottom - gap)
    canvas.column(below, title, align="center")


def _column(canvas: Canvas, notice: Notice, tone: Tone, *, room: int, larger: float) -> list[Line]:
    column = []
    if notice.greeting:
        column.append(canvas.line(notice.greeting, BODY * larger, INK))
    for number, text in enumerate(notice.lines):
        if number == 0:
            short = LARGEST if larger >= LARGER else LEAD_SHORT
            size = short if width(text, canvas.px(short), bold=True) <= room else LEAD * larger
            column.append(canvas.line(text, size, tone.accent, bold=True, before=4))
        else:
            column.append(canvas.line(text, BODY * larger, INK, before=6))
    return column


def _code(canvas: Canvas, rect: pygame.Rect, code: str) -> None:
    """Draw the claim code, each character on a tile: it is read aloud character by character."""
    gap = canvas.px(GAP)
    side = (rect.width - gap * (len(code) - 1)) // len(code)
    for number, character in enumerate(code):
        tile = pygame.Rect(rect.left + number * (side + gap), rect.top, side, rect.height)
        canvas.outlined(tile, CARD, LINE, radius=RADIUS)
        line = canvas.line(character, CODE, INK, bold=True)
        canvas.column(tile, [line], align="center", valign="middle")


def _strip(canvas: Canvas, buttons: tuple[Button, ...]) -> tuple[pygame.Rect, pygame.Rect]:
    """Return the strip for many buttons at the foot of the screen, and the rest above it."""
    rows = -(-len(buttons) // PER_ROW[canvas.is_portrait])
    return canvas.split(canvas.rect, rows * STRIP_BUTTON + (rows + 1) * GAP, side="bottom")


def _draw_strip(canvas: Canvas, strip: pygame.Rect, buttons: tuple[Button, ...]) -> None:
    canvas.fill(strip, SHADE)
    inner = strip.inflate(-2 * canvas.px(GAP), -2 * canvas.px(GAP))
    rows = -(-len(buttons) // PER_ROW[canvas.is_portrait])
    _draw_buttons(canvas, inner, buttons, per_row=-(-len(buttons) // rows))


def _draw_buttons(canvas: Canvas, rect: pygame.Rect, buttons: tuple[Button, ...], *, per_row: int) -> None:
    choices = [Choice(target=button.id, label=button.label) for button in buttons]
    columns = min(per_row, len(buttons))
    grid(canvas, rect, choices, columns=columns, highest=STRIP_BUTTON, gap=GAP, size=BODY)
