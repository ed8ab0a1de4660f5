"""Colours, type sizes and measures. No drawing, no pygame.

All measures are in points of a screen of 800x480 (7 inches wide, 5.2 to the millimetre); the canvas scales them.
Every pair of text and ground has a contrast of at least 7:1 (WCAG 2, level AAA), which a test computes.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.model import Signal

Colour = tuple[int, int, int]

PAPER: Colour = (250, 246, 238)
CARD: Colour = (255, 253, 249)
INK: Colour = (28, 36, 33)
QUIET: Colour = (78, 84, 79)
"""For what is read second."""
LINE: Colour = (221, 212, 196)
SHADE: Colour = (236, 229, 216)
NIGHT: Colour = (0, 0, 0)
NIGHT_INK: Colour = (158, 164, 160)
NIGHT_VEIL = 150
"""How much light the dim screen takes away, of 255."""
FOCUS: Colour = (250, 190, 64)
"""Of the line around what the keyboard would press."""
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class Tone:
    """The colours of one signal."""

    band: Colour
    on_band: Colour
    accent: Colour
    """The same hue, dark enough to be read on paper and card."""


TONES = {
    Signal.GRANTED: Tone(band=(14, 92, 58), on_band=WHITE, accent=(14, 92, 58)),
    Signal.RE_ENTRY: Tone(band=(21, 76, 121), on_band=WHITE, accent=(21, 76, 121)),
    Signal.ATTENTION: Tone(band=(250, 190, 64), on_band=(43, 28, 0), accent=(115, 66, 0)),
    Signal.DENIED: Tone(band=(150, 27, 30), on_band=WHITE, accent=(150, 27, 30)),
    Signal.FAULT: Tone(band=(62, 64, 70), on_band=WHITE, accent=(62, 64, 70)),
}
OPEN = TONES[Signal.GRANTED]
ACTION = TONES[Signal.RE_ENTRY]
"""The main button of a scene."""
DANGER = TONES[Signal.DENIED]
CLOSED = Tone(band=(45, 55, 86), on_band=WHITE, accent=(45, 55, 86))

# The type scale, in points; a step is about 1.3. Nothing that must be read at a metre is below BODY (5 mm is 26).
CLOCK = 128
CODE = 92
STATE = 68
TITLE = 44
LEAD = 42
LEAD_SHORT = 54
"""For a lead that stays on one line all the same."""
BODY = 28
SMALL = 24
"""For what is read with the card in hand: names on the pass, the health line."""
DETAIL = 20
"""For second lines on the hosts' side, read with the finger on the screen."""
LEGIBLE = 14.5
"""Below this nothing shrinks to make room: 2.8 mm."""

MARGIN = 30
GAP = 14
RADIUS = 16
BUTTON = 60
"""Height of a button: 11.5 mm on a 7-inch screen; nothing to touch is below TOUCH."""
TOUCH = 48
PICTOGRAM = 148


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as defined by WCAG 2 from relative luminance."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pairs() -> list[tuple[str, Colour, Colour]]:
    """Return every text colour with every ground it is used on."""
    found = [(f"{name} on paper", colour, PAPER) for name, colour in (("ink", INK), ("quiet", QUIET))]
    found += [(f"{name} on card", colour, CARD) for name, colour in (("ink", INK), ("quiet", QUIET))]
    found.append(("night ink on night", NIGHT_INK, NIGHT))
    found.append(("ink on shade", INK, SHADE))
    for name, tone in [*TONES.items(), ("open", OPEN), ("closed", CLOSED)]:
        found.append((f"{name} on band", tone.on_band, tone.band))
        found += [(f"{name} on paper", tone.accent, PAPER), (f"{name} on card", tone.accent, CARD)]
    return found


def _luminance(colour: Colour) -> float:
    """Return the relative luminance of an sRGB colour, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
