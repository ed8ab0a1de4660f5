"""What one kiosk may send to the server: enough for any queue, and not without limit."""

from __future__ import annotations

import gzip
import math

import pytest

from sync import wire
from sync.central.kiosks.rate_limit import ALLOWANCE, CALL_COST, PER_SECOND, CallsAtOnce, RateLimit
from tests.office.servers.server import MemoryLedger, ServerClock, bearer, called, pairs, push_of
from tests.sync.central.http.test_api import problem

PUSH = 500_000
"""Bytes of a full push of 500 entries, and a good part more."""


def drained(limit: RateLimit, entries: int) -> float:
    """The seconds in which a queue is sent as fast as the allowance lets it."""
    now = 0.0
    for _ in range(math.ceil(entries / 500)):
        now += limit.wait("a", now)
        limit.spend("a", CALL_COST + PUSH, now)
    return now


def test_the_queue_of_a_whole_season_never_waits() -> None:
    assert drained(RateLimit(), 60_000) == 0


def test_a_million_queued_entries_arrive_within_a_working_day() -> None:
    assert 0 < drained(RateLimit(), 1_000_000) < 5 * 3600


def test_a_kiosk_that_follows_live_and_wakes_at_every_tap_never_waits() -> None:
    limit = RateLimit()
    for tap in range(20_000):
        assert limit.wait("a", float(tap)) == 0
        for _ in range(4):  # a push, a page of the feed, a question for news, the time
            limit.spend("a", CALL_COST, float(tap))


def test_five_hundred_kiosks_that_come_back_at_once_have_an_allowance_each() -> None:
    limit = RateLimit()
    for number in range(500):
        assert limit.wait(f"kiosk {number}", 0.0) == 0
        limit.spend(f"kiosk {number}", ALLOWANCE - 1, 0.0)
    assert [limit.wait(f"kiosk {number}", 0.0) for number in range(500)] == [0.0] * 500


def test_a_mad_kiosk_brings_no_more_in_a_day_than_is_told() -> None:
    def brought(limit: RateLimit) -> float:
        total, now = 0.0, 0.0
        while now < 86_400 and total < 1e11:
            now += limit.wait("mad", now)
            limit.spend("mad", 8 << 20, now)
            total += 8 << 20
        return total

    assert brought(RateLimit()) < ALLOWANCE + 86_400 * PER_SECOND + (16 << 20) < 5.9e9
    assert brought(RateLimit(allowance=math.inf)) > 1e11, "without an allowance there is no end"


def test_a_clock_that_is_set_back_shuts_nobody_out_for_longer() -> None:
    limit = RateLimit()
    limit.spend("a", ALLOWANCE + PER_SECOND, 1e9)
    assert limit.wait("a", 0.0) == pytest.approx(2.0)
    limit.spend("a", 0, 0.0)
    assert limit.wait("a", 3.0) == 0


@pytest.mark.parametrize("limit", [RateLimit(), RateLimit(allowance=math.inf)], ids=["limited", "not limited"])
def test_a_flood_is_answered_by_429_and_when_to_come_again_and_then_goes_on(tmp_path, limit) -> None:
    now, is_limited = ServerClock(), limit.wait("", 0.0) == 0 and not math.isinf(limit._allowance)
    with called(str(tmp_path / "central.db"), now) as client:
        central = client.app.state.central
        central.rate_limit, central.calls_at_once = limit, CallsAtOnce(refused_seconds=0.0)
        mad, calm = pairs(central), pairs(central, "ledger-b", name="calm")
        flood = gzip.compress(push_of("ledger-a", []) + b" " * 7_000_000)
        headers = {**bearer(mad), "content-encoding": "gzip"}
        answers = [client.post(wire.ENTRIES, content=flood, headers=headers) for _ in range(12)]
        assert {one.status_code for one in answers} == ({200, 429} if is_limited else {200})
        if is_limited:
            assert problem(answers[-1]) == (429, "too_much")
            for path in (wire.FEED, wire.SNAPSHOT, f"{wire.NEWS}?after=x.0"):
                assert problem(client.get(path, headers=bearer(mad))) == (429, "too_much")
            now.moves(seconds=int(answers[-1].headers["retry-after"]))
        assert client.post(wire.ENTRIES, content=push_of("ledger-b", []), headers=bearer(calm)).status_code == 200
        after = push_of("ledger-a", MemoryLedger().writes())
        assert client.post(wire.ENTRIES, content=after, headers=bearer(mad)).status_code == 200
