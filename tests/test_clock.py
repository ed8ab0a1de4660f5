"""The machine's clocks, and the one that can be moved."""

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.clock import MovableClock, WallClock, kernel_is_synchronised
from kiosk.clock.machine_clocks import BOOT_ID, TIME_ERROR, ask_kernel
from kiosk.model import ClockQuality

MONDAY = datetime(2026, 6, 1, 7, 5, tzinfo=UTC)


def test_a_stamp_names_the_boot_and_both_clocks() -> None:
    clock = WallClock()
    before = clock.monotonic()
    stamp = clock.stamp()
    assert stamp.boot_id == BOOT_ID.read_text().strip()
    assert before * 1e9 <= stamp.monotonic_ns <= clock.monotonic() * 1e9 + 1
    assert stamp.at.tzinfo is UTC


@pytest.mark.parametrize(("state", "synchronised"), [(0, True), (1, True), (5, False), (-1, False)])
def test_the_kernel_says_whether_its_clock_is_kept(state, synchronised) -> None:
    assert kernel_is_synchronised(lambda: state) is synchronised


def test_the_real_kernel_answers_with_one_of_its_six_states() -> None:
    assert 0 <= ask_kernel() <= TIME_ERROR


def test_a_standing_clock_moves_only_when_it_is_moved() -> None:
    clock = MovableClock(MONDAY, runs=False)
    assert clock.now() == MONDAY
    clock.move(timedelta(hours=3))
    assert clock.now() == MONDAY + timedelta(hours=3)


def test_time_that_goes_forward_passes_on_the_monotonic_clock_too() -> None:
    clock = MovableClock(MONDAY, runs=False)
    before = clock.monotonic()
    clock.move(timedelta(seconds=6))
    assert clock.monotonic() - before == pytest.approx(6)
    clock.move(timedelta(hours=-1))
    assert clock.monotonic() - before == pytest.approx(6)
    assert clock.now() == MONDAY + timedelta(seconds=6) - timedelta(hours=1)


def test_a_moved_clock_runs_on() -> None:
    clock = MovableClock(MONDAY)
    assert timedelta(0) <= clock.now() - MONDAY < timedelta(minutes=1)
    assert clock.quality() is ClockQuality.TRUSTED


def test_what_is_skipped_on_a_running_clock_has_passed_on_both_clocks() -> None:
    clock = MovableClock(MONDAY)
    before = clock.monotonic()
    clock.set(MONDAY + timedelta(days=1))
    assert clock.monotonic() - before == pytest.approx(86400, abs=60)
    clock.set(MONDAY)
    assert clock.monotonic() - before >= 86399
    assert clock.now() - MONDAY < timedelta(minutes=1)
