"""Waiting times: pure numbers, with the random part as an argument."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.backoff import CAP_SECONDS, LONGEST_ASKED_SECONDS, after_failure, delay, pause, requested_pause

JITTER = st.floats(0, 1, exclude_max=True)
KIOSKS = 500
OUTAGE_SECONDS = 1800
SECONDS_LOOKED_AT = 300


@given(st.integers(1, 10**9), JITTER)
def test_a_delay_is_never_longer_than_ten_minutes(failures, jitter):
    assert 0 <= delay(failures, jitter) < CAP_SECONDS


def test_the_ceiling_doubles_from_one_second_up_to_the_cap():
    almost = 1 - 2**-53
    assert [round(delay(failures, almost)) for failures in range(1, 13)] == [
        1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600,
    ]  # fmt: skip


def test_chance_reaches_from_nothing_to_the_ceiling():
    assert delay(5, 0.0) == 0
    assert delay(5, 0.5) == 8


@given(st.integers(1, 50), JITTER, st.floats(0, LONGEST_ASKED_SECONDS))
def test_a_server_that_asks_for_a_pause_gets_no_less(failures, jitter, asked):
    assert after_failure(failures, jitter, asked=asked) >= asked


def test_a_pause_asked_for_is_spread_so_that_not_all_come_back_as_one():
    assert (requested_pause(60, 0.0), requested_pause(60, 0.5)) == (60, 90)


def test_a_server_that_asks_for_ever_is_looked_for_within_two_hours():
    assert requested_pause(10.0**9, 0.999) < 2 * LONGEST_ASKED_SECONDS


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 24.0), (0.5, 30.0), (1.0, 36.0)])
def test_the_usual_pause_is_half_a_minute_give_or_take_a_fifth(jitter, seconds):
    assert pause(jitter) == pytest.approx(seconds)


# ---------------------------------------------------------------- 500 kiosks come back


def peak_over_mean(next_delay: Callable[[int, float], float]) -> float:
    """Let a server be gone for half an hour; tell the busiest second afterwards over the mean one."""
    chance = random.Random(1)
    arrivals: Counter[int] = Counter()
    for _ in range(KIOSKS):
        at, failures = 0.0, 0
        while at < OUTAGE_SECONDS:
            failures += 1
            at += next_delay(failures, chance.random())
        while at < OUTAGE_SECONDS + SECONDS_LOOKED_AT:
            arrivals[int(at - OUTAGE_SECONDS)] += 1
            at += pause(chance.random())
    return max(arrivals.values()) / (sum(arrivals.values()) / SECONDS_LOOKED_AT)


def test_kiosks_that_lost_the_server_together_do_not_come_back_together():
    assert peak_over_mean(delay) <= 3


def test_the_twin_that_retries_every_thirty_seconds_comes_back_as_a_herd():
    assert peak_over_mean(lambda failures, jitter: 30.0) > 10
