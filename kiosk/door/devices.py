"""What the controller drives, declared by shape: hardware and screen satisfy these without knowing them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol

from kiosk.model import Case, Sound, Stamp, Verdict
from kiosk.notices import Admission, Idle, Notice, Side


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """The instant, UTC."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    def stamp(self) -> Stamp:
        """The moment by both clocks."""


class Door(Protocol):
    """What opens."""

    def unlock(self, seconds: float) -> None:
        """Let people in for so long from now."""


class Indicator(Protocol):
    """What lights up and beeps."""

    def signal(self, name: str, sound: Sound = "usual") -> None:
        """Begin one of kiosk.model.Signal; `sound` is how the buzzer goes with it."""


class Display(Protocol):
    """What people read."""

    def show(self, notice: Notice) -> None:
        """Show a notice for its seconds."""

    def idle(self, view: Idle) -> None:
        """Show this when there is no notice."""

    def enter(self, admission: Admission) -> None:
        """Let somebody in behind the notices."""


@dataclass(frozen=True, kw_only=True)
class Front:
    """What faces people at this door."""

    door: Door
    indicator: Indicator
    display: Display
    unlock_seconds: float = 5.0
    language: str | None = None
    """The screen's; None: the site's."""
    reader_side: Side = "right"
    quiet: tuple[time, time] | None = None
    """Local times between which nothing sounds: from 22:00 to 07:00 goes over midnight."""
    witness: Callable[[Verdict, Case, datetime], None] | None = None
    """Told of every verdict after everything was done; the demo prints them."""
