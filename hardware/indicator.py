"""Drives the light and the buzzer: one signal for each kind of answer, different in rhythm as well as in colour.

Which verdict has which signal is decided elsewhere; here is how each looks and sounds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, repeat
from typing import Any, Literal, Self

from gpiozero import DigitalOutputDevice
from gpiozero.threads import GPIOThread

from hardware.pins import require_factory


@dataclass(frozen=True)
class Beat:
    """A step of a signal: light on or off, buzzer on or off, for some seconds."""

    light: bool
    sound: bool
    seconds: float


@dataclass(frozen=True)
class Pattern:
    """A signal: the lamps of its colour, and its rhythm.

    After its beats the light returns to idle; with `lasting` the beats repeat until another signal comes. Without beats
    and with `lasting`: a steady light.
    """

    colour: frozenset[str]
    beats: tuple[Beat, ...] = ()
    lasting: tuple[Beat, ...] = ()


def _blinks(times: int, on: float, off: float) -> tuple[Beat, ...]:
    return (Beat(True, True, on), Beat(False, False, off)) * times


_STUTTER = (Beat(True, True, 0.08), Beat(True, False, 0.08)) * 6
_WINKING = (Beat(True, False, 0.25), Beat(False, False, 1.75))

PATTERNS: Mapping[str, Pattern] = {
    "idle": Pattern(frozenset({"blue"})),
    "granted": Pattern(frozenset({"green"}), (*_blinks(1, 0.15, 0.05), Beat(True, False, 1.8))),
    "re_entry": Pattern(frozenset({"green", "blue"}), (*_blinks(2, 0.15, 0.15), Beat(True, False, 1.2))),
    "attention": Pattern(frozenset({"red", "green"}), (*_blinks(1, 0.6, 0.2), *_blinks(3, 0.15, 0.15))),
    "denied": Pattern(frozenset({"red"}), (*_blinks(2, 0.6, 0.3), Beat(True, False, 1.2))),
    "fault": Pattern(frozenset({"red", "blue"}), _STUTTER, lasting=_WINKING),
}
"""Lamps are on or off, never dimmed: dimming is done in software on most lines and would wake the machine a hundred
times a second for as long as the light is on. Short means good news, long means trouble; a fault stutters. Nothing
flashes more than three times in any second (WCAG 2.3.1)."""

Sound = Literal["usual", "slow", "none"]


def with_sound(pattern: Pattern, sound: Sound) -> Pattern:
    """Return the pattern with the sound that a member chose: usual, slow or none. The light at rest does not change."""
    if sound == "usual":
        return pattern
    seconds = 2.0 if sound == "slow" else 1.0
    beats = (Beat(beat.light, beat.sound and sound != "none", beat.seconds * seconds) for beat in pattern.beats)
    return replace(pattern, beats=tuple(beats))


Pause = Callable[[threading.Event, float], bool]


class Indicator:
    """Represents a three-colour light and an active buzzer (one that sounds when powered). Every part is optional.

    A light with fewer lamps shows what it has: the rhythm still distinguishes the signals.
    """

    def __init__(
        self,
        *,
        red: int | None = None,
        green: int | None = None,
        blue: int | None = None,
        buzzer: int | None = None,
        pin_factory: Any = None,
        pause: Pause = threading.Event.wait,
    ) -> None:
        """`pause(stop, seconds)` waits so long or until `stop` is set, and returns whether it is set."""
        require_factory(pin_factory, red, green, blue, buzzer)
        self._pause = pause
        self._player: GPIOThread | None = None
        with ExitStack() as stack:
            lamps = {"red": red, "green": green, "blue": blue}
            self._lamps = {name: _line(stack, pin, pin_factory) for name, pin in lamps.items() if pin is not None}
            self._buzzer = None if buzzer is None else _line(stack, buzzer, pin_factory)
            self._stack = stack.pop_all()
        self.signal("idle")

    def signal(self, name: str, sound: Sound = "usual") -> None:
        """Start the signal of this name instead of the running one; return at once.

        With `sound` slow it takes twice as long; with none the buzzer is silent. Raises KeyError for a name that is not
        in PATTERNS.
        """
        pattern = with_sound(PATTERNS[name], sound)
        self._stop()
        if pattern.beats and (self._lamps or self._buzzer):
            self._player = GPIOThread(self._play, (pattern,), name=f"indicator-{name}")
            self._player.start()
        else:
            self._show(pattern.colour, sound=False)

    def close(self) -> None:
        """Switch everything off and release the lines; each step is done even if an earlier one failed."""
        self._stop()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _stop(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.stop()

    def _play(self, pattern: Pattern) -> None:
        stop = threading.current_thread().stopping  # type: ignore[attr-defined]
        for beat in _all_beats(pattern):
            self._show(pattern.colour if beat.light else frozenset(), sound=beat.sound)
            if self._pause(stop, beat.seconds):
                return
        self._show(PATTERNS["idle"].colour, sound=False)

    def _show(self, colour: frozenset[str], *, sound: bool) -> None:
        for name, lamp in self._lamps.items():
            lamp.value = name in colour
        if self._buzzer is not None:
            self._buzzer.value = sound


def _all_beats(pattern: Pattern) -> Iterator[Beat]:
    return chain(pattern.beats, *([chain.from_iterable(repeat(pattern.lasting))] if pattern.lasting else []))


def _line(stack: ExitStack, pin: int, pin_factory: Any) -> Any:
    line = DigitalOutputDevice(pin, pin_factory=pin_factory)
    stack.callback(line.close)
    stack.callback(line.off)
    return line
