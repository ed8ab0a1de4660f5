"""Pulling the power and the network never opens the door outside hours: a sample of `make clocks`."""

from datetime import datetime

import pytest

from kiosk.clock import WallClock
from kiosk.model import ClockQuality
from tests.clocks.history import History

LIVES = 150


def wrong(make) -> list[str]:
    return [line for seed in range(LIVES) for line in History(seed, make).live().wrong]


def test_no_history_of_cuts_steps_and_lost_clocks_opens_the_door_outside_hours() -> None:
    lives = [History(seed).live() for seed in range(LIVES)]
    assert [line for life in lives for line in life.wrong] == []
    judged = {what for life in lives for what in life.taps}
    assert judged >= {
        "trusted ENTRY_USED", "trusted CLOSED", "holdover ENTRY_USED", "holdover CLOSED", "untrusted CLOCK_UNTRUSTED"
    }  # fmt: skip


class BelievesTheWall(WallClock):
    """The bad twin: takes the wall clock for the time."""

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        return self._machine.wall(), self._machine.monotonic(), ClockQuality.TRUSTED


class BelievesTheChip(WallClock):
    """The bad twin: a clock chip is there, so the time is known."""

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        at, seconds, quality = super().reading()
        return (
            (at, seconds, quality)
            if self._machine.battery() is None
            else (self._machine.wall(), seconds, ClockQuality.TRUSTED)
        )


class FollowsTheWall(WallClock):
    """The bad twin: once it knew the time, it goes on by the wall clock, which anybody may set."""

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        at, seconds, quality = super().reading()
        return (self._machine.wall() if quality is ClockQuality.HOLDOVER else at), seconds, quality


class ForgetsItsBoot(WallClock):
    """The bad twin: what an entry of any boot was sure of, it is sure of."""

    def remember(self, stamp) -> None:
        if stamp:
            self.anchor(stamp.at, self._machine.monotonic())


@pytest.mark.parametrize("twin", [BelievesTheWall, BelievesTheChip, FollowsTheWall, ForgetsItsBoot])
def test_a_clock_that_believes_too_much_lets_people_in_at_night(twin) -> None:
    assert wrong(twin)
