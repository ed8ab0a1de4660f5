"""The melody of each signal, as notes and as samples. Pure arithmetic; `speaker` plays them.

Good news rises, bad news falls, a fault repeats one note: they differ by direction and rhythm, so that people who hear
few of the pitches can tell them apart. The samples are computed here; no file is loaded.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from functools import lru_cache

from kiosk.model import Signal, Sound

RATE = 22050
"""Samples a second, 16 bits, one channel."""
LOUDEST = 0.85 * 32767
ATTACK = 0.006
"""Seconds in which a note comes up: at once would click."""
PARTIALS = ((1, 1.0), (2, 0.32), (3, 0.12))
"""Of a struck bar of wood, as multiples of the pitch, and how strong: small loudspeakers carry the upper ones."""
SLOWER, LOWER = 2.0, 0.75
"""The slow rhythm: twice as long, and below the pitches that go first with age."""


@dataclass(frozen=True)
class Note:
    """A pitch in hertz (0: silence) and its duration in seconds."""

    hertz: float
    seconds: float


MELODIES: dict[Signal, tuple[Note, ...]] = {
    Signal.GRANTED: (Note(659.3, 0.13), Note(987.8, 0.32)),
    Signal.RE_ENTRY: (Note(784.0, 0.10), Note(0, 0.05), Note(784.0, 0.24)),
    Signal.ATTENTION: (Note(587.3, 0.14), Note(880.0, 0.14), Note(587.3, 0.14), Note(880.0, 0.30)),
    Signal.DENIED: (Note(440.0, 0.22), Note(0, 0.04), Note(293.7, 0.55)),
    Signal.FAULT: (Note(349.2, 0.09), Note(0, 0.08)) * 5,
}


@lru_cache(maxsize=16)
def samples(signal: Signal, sound: Sound = "usual", *, volume: float = 1.0) -> bytes:
    """Return the sound of a signal as signed 16-bit samples in this machine's byte order; none for IDLE and `none`."""
    notes = () if sound == "none" else MELODIES.get(signal, ())
    slow = sound == "slow"
    whole = array("h")
    for note in notes:
        hertz, seconds = (note.hertz * LOWER, note.seconds * SLOWER) if slow else (note.hertz, note.seconds)
        whole.extend(_note(hertz, round(seconds * RATE), volume * LOUDEST))
    return whole.tobytes()


def _note(hertz: float, count: int, loud: float) -> list[int]:
    """Return the samples of a note that fades to silence."""
    if not hertz:
        return [0] * count
    strength = loud / sum(part for _, part in PARTIALS)
    found = []
    for number in range(count):
        seconds = number / RATE
        fade = min(1.0, seconds / ATTACK) * math.exp(-3.2 * number / count) * min(1.0, (count - number) / (count * 0.1))
        wave = sum(part * math.sin(math.tau * hertz * multiple * seconds) for multiple, part in PARTIALS)
        found.append(round(strength * fade * wave))
    return found
