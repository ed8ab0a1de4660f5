"""A simulated board: gpiozero's mock pins with a door, an exit button and lamps.

The kiosk uses the same code as on real lines. The simulated strike line has no pull-down: if the kiosk releases the
line without releasing the strike, it stays on, which is the worst case of a real board.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from gpiozero.pins.mock import MockFactory, MockPin

from hardware.errors import HardwareError
from hardware.indicator import PATTERNS

WIRING: Mapping[str, int | None] = {
    "strike": 17,
    "contact": 27,
    "exit_button": 22,
    "red": 23,
    "green": 24,
    "blue": 25,
    "buzzer": 16,
}
"""The lines used in docs/wiring.md, BCM numbers."""

_COLOURS = {
    frozenset(): "off",
    frozenset({"red"}): "red",
    frozenset({"green"}): "green",
    frozenset({"blue"}): "blue",
    frozenset({"red", "green"}): "yellow",
    frozenset({"red", "blue"}): "magenta",
    frozenset({"green", "blue"}): "cyan",
    frozenset({"red", "green", "blue"}): "white",
}
_LAMPS = {"red", "green", "blue"}
_SIGNALS = {pattern.colour: name for name, pattern in PATTERNS.items()}


class BoardState(TypedDict):
    """State of the board: strike, door, light and buzzer."""

    strike: bool
    door_open: bool
    light: str
    """The colour at this moment, `off` between two blinks."""
    signal: str
    """The signal whose colour was lit last; empty before the first."""
    buzzer: bool


@dataclass(frozen=True)
class Edge:
    """A switching of the strike, on or off, at a time of `time.monotonic`."""

    on: bool
    at: float


class BenchPin(MockPin):  # type: ignore[misc]
    """A pin that reports what the kiosk writes and can be tied to ground."""

    grounded = False

    def _set_pull(self, value: str) -> None:
        # A switch to ground is stronger than the resistor inside the chip.
        if self.grounded:
            self._pull = value
        else:
            super()._set_pull(value)

    def _set_state(self, value: float) -> None:
        super()._set_state(value)
        self.factory.written(self)

    def ground(self) -> None:
        """Connect this pin to ground."""
        self.grounded = True
        self.drive_low()

    def let_go(self) -> None:
        """Disconnect this pin from ground: the pull-up applies."""
        self.grounded = False
        self.drive_high()


class BenchFactory(MockFactory):  # type: ignore[misc]
    """A factory of pins that report what is written to them."""

    def __init__(self, written: Callable[[BenchPin], None]) -> None:
        super().__init__(pin_class=BenchPin)
        self.written = written


class Board:
    """A door, closed at first, with the parts in `wiring`. Give `factory` to Door and Indicator.

    `on_change` is called after every change of the state, from the thread that caused it. All methods may be called
    from any thread.
    """

    def __init__(
        self,
        wiring: Mapping[str, int | None] = WIRING,
        *,
        active_high: bool = True,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.wiring = dict(wiring)
        self._active_high = active_high
        self._on_change = on_change
        self._changed = threading.Condition()
        self._edges: list[Edge] = []
        self._state: BoardState = {"strike": False, "door_open": False, "light": "off", "signal": "", "buzzer": False}
        self._fresh: set[str] = set()
        self.factory: Any = BenchFactory(self._written)
        self._pins: dict[str, BenchPin] = {
            part: self.factory.pin(number) for part, number in self.wiring.items() if number is not None
        }
        self._parts = {pin: part for part, pin in self._pins.items()}
        if "contact" in self._pins:
            self._pins["contact"].ground()

    def press_exit(self) -> None:
        """Press the exit button and let it go."""
        self._pin("exit_button").ground()
        self._pin("exit_button").let_go()

    def open_door(self) -> None:
        """Push the door open, strike or no strike."""
        self._pin("contact").let_go()
        self._change({"door_open": True})

    def close_door(self) -> None:
        """Close the door."""
        self._pin("contact").ground()
        self._change({"door_open": False})

    def state(self) -> BoardState:
        """Return the state of strike, door, lamps and buzzer."""
        with self._changed:
            return self._state.copy()

    @property
    def strike_edges(self) -> tuple[Edge, ...]:
        """Return every switching of the strike so far, oldest first."""
        with self._changed:
            return tuple(self._edges)

    def wait_for(self, test: Callable[[BoardState], bool], *, seconds: float = 5.0) -> bool:
        """Wait until `test(state)` is true, testing at each change; False when it was not within `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: test(self._state), seconds)

    def _written(self, pin: BenchPin) -> None:
        part = self._parts.get(pin, "")
        if part in _LAMPS:
            self._lamp_written(part)
        elif part == "buzzer":
            self._change({"buzzer": bool(pin.state)})
        elif part == "strike":
            self._strike_written(bool(pin.state) == self._active_high)

    def _strike_written(self, on: bool) -> None:
        with self._changed:
            if on != self._state["strike"]:
                self._edges.append(Edge(on, time.monotonic()))
        self._change({"strike": on})

    def _lamp_written(self, lamp: str) -> None:
        """Take the colour once every lamp was written: nobody can see what is between."""
        self._fresh.add(lamp)
        if self._fresh >= _LAMPS & self._pins.keys():
            self._fresh.clear()
            lit = frozenset(lamp for lamp in _LAMPS & self._pins.keys() if self._pins[lamp].state)
            signal = _SIGNALS.get(lit, self._state["signal"])
            self._change({"light": _COLOURS[lit], "signal": signal})

    def _change(self, what: Mapping[str, Any]) -> None:
        with self._changed:
            if all(self._state.get(key) == value for key, value in what.items()):
                return
            self._state = cast(BoardState, {**self._state, **what})
            self._changed.notify_all()
        if self._on_change is not None:
            self._on_change()

    def _pin(self, part: str) -> BenchPin:
        try:
            return self._pins[part]
        except KeyError:
            raise HardwareError(f"this bench has no {part}: give it a line in its wiring") from None
