"""Protocols of the devices that the controller drives; the hardware and the screen implement them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from kiosk.model import Case, Sound, Stamp, Verdict
from kiosk.notices import Admission, Idle, Notice, Side


class Clock(Protocol):
    """A clock: kiosk.clock.WallClock."""

    def now(self) -> datetime:
        """The instant, UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    def stamp(self) -> Stamp:
        """The moment by both clocks."""

    def chip_is_right(self) -> bool | None:
        """Whether the clock chip agrees with the time; None where that is not known."""


class Door(Protocol):
    """The door's strike: hardware.door.Door."""

    def unlock(self, seconds: float) -> None:
        """Release the strike for so many seconds from now."""


class Indicator(Protocol):
    """The light and the buzzer: hardware.indicator.Indicator."""

    def signal(self, name: str, sound: Sound = "usual") -> None:
        """Begin one of kiosk.model.Signal; `sound` is the buzzer's sound."""


class Display(Protocol):
    """The screen: kiosk.screen.window.Screen."""

    def show(self, notice: Notice) -> None:
        """Show a notice for its duration."""

    def idle(self, view: Idle) -> None:
        """Show this while there is no notice."""

    def enter(self, admission: Admission) -> None:
        """Open a scene for somebody."""


@dataclass(frozen=True, kw_only=True)
class DoorDevices:
    """The devices of a door, and their settings."""

    door: Door
    indicator: Indicator
    display: Display
    unlock_seconds: float = 5.0
    language: str | None = None
    """The screen's; None: the site's."""
    reader_side: Side = "right"
    quiet: tuple[time, time] | None = None
    """Local times between which nothing sounds: from 22:00 to 07:00 goes over midnight."""
    on_verdict: Callable[[Verdict, Case, datetime], None] | None = None
    """Called with every verdict after everything was done; the demo prints them."""
