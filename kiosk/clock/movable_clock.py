"""A clock that can be moved, for the demo and the tests."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from kiosk.clock.wall_clock import WallClock
from kiosk.model import ClockQuality


class MovableClock(WallClock):
    """A clock that runs on from any instant and can be moved.

    It is always trusted.
    """

    def __init__(self, start: datetime | None = None, *, runs: bool = True) -> None:
        super().__init__()
        self._runs = runs
        self._frozen = time.monotonic()
        self._aged = 0.0
        """Seconds that it was moved forward in all."""
        self._offset = (start or datetime.now(UTC)) - datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        """Return seconds; moving the clock forward counts as time that passed."""
        return (time.monotonic() if self._runs else self._frozen) + self._aged

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        """Return the instant the clock was moved to and what has run since; trusted."""
        seconds = self.monotonic()
        return datetime.fromtimestamp(seconds, UTC) + self._offset, seconds, ClockQuality.TRUSTED

    def set(self, at: datetime) -> None:
        """Move the clock to an instant (aware)."""
        self._aged += max((at - self.now()).total_seconds(), 0.0)
        self._offset = at.astimezone(UTC) - datetime.fromtimestamp(self.monotonic(), UTC)

    def move(self, by: timedelta) -> None:
        """Move the clock by a duration, either way."""
        self.set(self.now() + by)

    def set_by_host(self, at: datetime, monotonic: float) -> None:
        """Move the clock to the time that a host gives."""
        self.set(at + timedelta(seconds=self.monotonic() - monotonic))

    def hear_server(self, at: datetime, monotonic: float) -> None:
        """Do nothing: this clock is always right."""

    def is_witnessed(self) -> bool:
        """Return True: this clock is always right."""
        return True

    def chip_is_right(self) -> None:
        """Return None: there is no chip."""
