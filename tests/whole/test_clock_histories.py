"""Failures of power and network never open the door outside hours: a sample of `make clocks`."""

from datetime import datetime

import pytest

from kiosk.clock import WallClock
from kiosk.clock.sources import TimeSources
from kiosk.model import ClockQuality
from tests.clocks.charges import ChargeHistory
from tests.clocks.history import History

LIVES = 150


def wrong(make) -> list[str]:
    return [line for seed in range(LIVES) for line in History(seed, make).live().wrong]


def test_no_history_of_cuts_and_clocks_that_lie_opens_the_door_outside_hours_or_forgets_anybody() -> None:
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

    def remember(self, last, **_) -> None:
        if last:
            self.set_by_host(last.at, self._machine.monotonic())


class NetworkIsBelievedAtOnce(TimeSources):
    def _is_to_be_believed(self, source, claim, seconds) -> bool:
        return source == "kernel" or super()._is_to_be_believed(source, claim, seconds)


class BelievesTheNetworkAtOnce(WallClock):
    """The bad twin: the kernel says that it is synchronised, so the time is known."""

    def __init__(self, machine) -> None:
        super().__init__(machine)
        self._sources = NetworkIsBelievedAtOnce(machine.monotonic())


class NeverLooksAtItsChip(WallClock):
    """The bad twin: a chip that agrees with the wall clock is right, whatever it was before."""

    def chip_is_right(self) -> bool | None:
        return None if super().chip_is_right() is None else True


class IsItsOwnWitness(WallClock):
    """The bad twin: what it goes by is good enough for what cannot be undone."""

    def is_witnessed(self) -> bool:
        return self.quality() is not ClockQuality.UNTRUSTED


RARE = 921
"""A life in which a chip that went wrong is all there is to go by at the next start."""
TWINS = [BelievesTheWall, BelievesTheChip, FollowsTheWall, ForgetsItsBoot, BelievesTheNetworkAtOnce]


@pytest.mark.parametrize("twin", TWINS)
def test_a_clock_that_believes_too_much_lets_people_in_at_night(twin) -> None:
    assert any("let in" in line for line in wrong(twin))


def test_a_chip_that_nobody_looked_at_lets_people_in_at_night() -> None:
    assert History(RARE).live().wrong == []
    assert any("let in" in line for line in History(RARE, NeverLooksAtItsChip).live().wrong)


def test_a_clock_that_is_its_own_witness_has_members_forgotten_too_early() -> None:
    assert any("would forget" in line for line in wrong(IsItsOwnWitness))


def test_nobody_is_charged_twice_because_the_clock_was_wrong(tmp_path) -> None:
    folders = [tmp_path / str(seed) for seed in range(25)]
    for folder in folders:
        folder.mkdir()
    lives = [ChargeHistory(seed, folder).live() for seed, folder in enumerate(folders)]
    assert [line for life in lives for line in life.wrong] == []
    assert any(life.charged + life.given_back > life.owed for life in lives), "some would have been"


@pytest.mark.parametrize("seed", [198, 366, 469])
def test_entries_of_an_earlier_boot_that_a_lying_network_put_after_its_end_get_their_times(tmp_path, seed) -> None:
    assert ChargeHistory(seed, tmp_path).live().wrong == []


@pytest.mark.parametrize("seed", [182, 218, 370, 964])
def test_entries_of_an_earlier_boot_that_a_clock_behind_had_moved_get_their_times_back(tmp_path, seed: int) -> None:
    assert ChargeHistory(seed, tmp_path).live().wrong == []
