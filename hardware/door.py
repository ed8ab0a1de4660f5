"""Drives the door: the strike, the door contact and the exit button.

The strike is released in every case: when its pulse ends, when a pulse fails at its start, when the door is closed
down, when the process ends. Who may come in is not decided here, and leaving never depends on this module: the way out
is mechanical (docs/wiring.md).
"""

from __future__ import annotations

import atexit
import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol, Self

from gpiozero import DigitalInputDevice, DigitalOutputDevice

from hardware.errors import HardwareError
from hardware.pins import require_factory

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
"""After the strike let go a door may still be on its way: somebody held the handle in time."""
SPRING_SECONDS = 3.0
"""After an expected closing: the latch did not catch, or the wind or the closer's spring pushes the door back."""
EXIT_SECONDS = 10.0
"""The time to walk from the exit button to the door, coat on."""
STUCK_SECONDS = 30.0
"""Nobody presses a button for so long: it is jammed, wet, or its lead is cut through to ground."""
BOUNCE_SECONDS = 0.05
"""Reed contacts and push buttons chatter for some milliseconds."""


class DoorError(HardwareError, RuntimeError):
    """The door cannot do what was asked."""


What = Literal["opened", "closed", "held_open", "forced_open", "exit_pressed", "exit_stuck", "exit_released"]


@dataclass(frozen=True)
class DoorEvent:
    """An event of the door contact or the exit button.

    `held_open` comes once until the door is closed again, `exit_stuck` once until `exit_released`.
    """

    what: What


class Timer(Protocol):
    """A delayed call that can be cancelled."""

    def cancel(self) -> None:
        """Cancel the call; does nothing when it has run."""


After = Callable[[float, Callable[[], None]], Timer]


def start_timer(seconds: float, call: Callable[[], None]) -> Timer:
    """Run `call` in a thread of its own after `seconds` of monotonic time."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer


class Door:
    """Represents the door: strike, door contact and exit button, each of them optional.

    The contact is a switch to ground that is closed while the door is closed, so that a cut lead reads as an open door.
    The exit button is a switch to ground too; wire the handle's own switch to it, if there is one.

    `emit` is called with a DoorEvent from gpiozero's or a timer's thread, in the order of events: it should only put
    the event into a queue. A door opened with neither an unlock nor an exit press shortly before is `forced_open`. This
    is only reported where strike and exit button are both wired, because without the button leaving looks the same as a
    break-in. Nor is it reported for a door that opens again within `spring_seconds` of closing after an expected
    opening: it did not latch, however often that happens in a row.
    """

    def __init__(
        self,
        *,
        strike: int | None = None,
        contact: int | None = None,
        exit_button: int | None = None,
        active_high: bool = True,
        held_open_seconds: float = 30.0,
        spring_seconds: float = SPRING_SECONDS,
        emit: Callable[[DoorEvent], None],
        pin_factory: Any = None,
        monotonic: Callable[[], float] = time.monotonic,
        after: After = start_timer,
    ) -> None:
        require_factory(pin_factory, strike, contact, exit_button)
        self._lock = threading.RLock()
        self._emit = emit
        self._monotonic = monotonic
        self._held_open_seconds, self._spring_seconds = held_open_seconds, spring_seconds
        self._was_expected = False
        self._pulse = _Alarm(self._lock, after, self._release)
        self._held = _Alarm(self._lock, after, partial(self._tell, "held_open"))
        self._stuck = _Alarm(self._lock, after, self._exit_sticks)
        self._pulse_ends = self._longest_until = self._expected_until = -math.inf
        self._is_stuck = False
        self._closed = self._told_no_strike = False
        with ExitStack() as stack:
            self._strike = self._output(stack, strike, active_high, pin_factory)
            stack.callback(self.secure)  # the last in is the first out: secured before any line is let go
            self._exit = self._input(stack, exit_button, pin_factory)
            self._contact = self._input(stack, contact, pin_factory)
            self._watch()
            self._stack = stack.pop_all()
        atexit.register(self.close)

    @property
    def is_open(self) -> bool | None:
        """Whether the door is open; None without a door contact."""
        return None if self._contact is None else not self._contact.is_active

    def unlock(self, seconds: float) -> None:
        """Unlock the door for so many seconds from now. A running pulse is lengthened, never shortened.

        However often this is called meanwhile, a pulse lasts at most twice the time of its first call. Raises DoorError
        after `close`, ValueError for an invalid time.
        """
        if not 0 < seconds < math.inf:
            raise ValueError(f"an unlock lasts a positive number of seconds, not {seconds}")
        with self._lock:
            if self._closed:
                raise DoorError("the door was closed down and is not unlocked any more")
            if self._strike is None:
                self._tell_no_strike()
                return
            now = self._monotonic()
            if now >= self._pulse_ends:
                self._longest_until = now + 2 * seconds
            self._pulse_ends = max(self._pulse_ends, min(now + seconds, self._longest_until))
            self._expect_until(self._pulse_ends + GRACE_SECONDS)
            self._pull(self._pulse_ends - now)

    def secure(self) -> None:
        """Release the strike at once: the door is locked when it is shut."""
        with self._lock:
            self._pulse.clear()
            self._release()

    def close(self) -> None:
        """Secure the door and release its lines; each step is done even if an earlier one failed."""
        with self._lock:
            self._closed = True
            self._held.clear()
            self._stuck.clear()
        atexit.unregister(self.close)
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _output(self, stack: ExitStack, pin: int | None, active_high: bool, pin_factory: Any) -> Any:
        if pin is None:
            return None
        line = DigitalOutputDevice(pin, active_high=active_high, initial_value=False, pin_factory=pin_factory)
        stack.callback(line.close)
        return line

    def _input(self, stack: ExitStack, pin: int | None, pin_factory: Any) -> Any:
        if pin is None:
            return None
        line = DigitalInputDevice(pin, pull_up=True, bounce_time=BOUNCE_SECONDS, pin_factory=pin_factory)
        stack.callback(line.close)
        return line

    def _watch(self) -> None:
        if self._exit is not None:
            self._exit.when_activated = self._exit_pressed
            self._exit.when_deactivated = self._exit_let_go
            if self._exit.is_active:
                self._stuck.set(STUCK_SECONDS)
        if self._contact is not None:
            self._contact.when_activated = self._door_closed
            self._contact.when_deactivated = self._door_opened
            if self.is_open:
                self._held.set(self._held_open_seconds)

    def _pull(self, seconds: float) -> None:
        """Begin or lengthen the pulse: what will end it comes first, and if that or the line fails, nothing opens."""
        try:
            self._pulse.set(seconds)
            self._strike.on()
        except BaseException:
            self.secure()
            raise

    def _release(self) -> None:
        self._pulse_ends = -math.inf
        if self._strike is not None and not self._strike.closed:
            self._strike.off()

    def _exit_pressed(self) -> None:
        with self._lock:
            self._expect_until(self._monotonic() + EXIT_SECONDS)
            self._stuck.set(STUCK_SECONDS)
            self._tell("exit_pressed")

    def _exit_sticks(self) -> None:
        self._is_stuck = True
        self._tell("exit_stuck")

    def _exit_let_go(self) -> None:
        with self._lock:
            self._stuck.clear()
            if self._is_stuck:
                self._is_stuck = False
                self._tell("exit_released")

    def _door_opened(self) -> None:
        with self._lock:
            self._tell("opened")
            self._was_expected = not self._is_unexpected()
            if not self._was_expected:
                self._tell("forced_open")
            self._held.set(self._held_open_seconds)

    def _door_closed(self) -> None:
        with self._lock:
            self._held.clear()
            if self._was_expected:
                self._expect_until(self._monotonic() + self._spring_seconds)
            self._tell("closed")

    def _expect_until(self, instant: float) -> None:
        self._expected_until = max(self._expected_until, instant)

    def _is_unexpected(self) -> bool:
        knows = self._strike is not None and self._exit is not None
        return knows and self._monotonic() >= self._expected_until

    def _tell(self, what: What) -> None:
        self._emit(DoorEvent(what))

    def _tell_no_strike(self) -> None:
        if not self._told_no_strike:
            self._told_no_strike = True
            log.info("no strike is wired: taps are recorded, the door is opened by hand")


class _Alarm:
    """A timer that can be reset: only the last setting calls back, under the owner's lock."""

    def __init__(self, lock: threading.RLock, after: After, ring: Callable[[], None]) -> None:
        self._lock = lock
        self._after = after
        self._ring = ring
        self._setting = 0
        self._timer: Timer | None = None

    def set(self, seconds: float) -> None:
        self.clear()
        self._timer = self._after(seconds, partial(self._due, self._setting))

    def clear(self) -> None:
        self._setting += 1
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _due(self, setting: int) -> None:
        # A timer that was called off too late waits here for the lock, and finds that it was replaced.
        with self._lock:
            if setting == self._setting:
                self._ring()
