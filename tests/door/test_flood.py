"""Repeated events are stored a few times, then only as a number per minute."""

import pytest

from kiosk.door.flood import STORED, FloodLimiter


def stored_in_an_hour(flood: FloodLimiter, times: list[float]) -> list[float]:
    """Let one source repeat an event at these seconds; return when entries were written."""
    stored = []
    for now in times:
        stored += [now] * flood.admit("contact", now)
        stored += [now for _ in flood.counted(now)]
    return stored


def most_in_a_minute(stored: list[float]) -> int:
    return max(sum(end - 60 < at <= end for at in stored) for end in stored)


@pytest.mark.parametrize("every", [0.05, 0.15, 1.0, 5.0, 7.0])
def test_an_hour_of_flood_writes_at_most_ten_entries_in_any_minute(every: float) -> None:
    stored = stored_in_an_hour(FloodLimiter(), [step * every for step in range(int(3600 / every))])
    assert most_in_a_minute(stored) <= 10
    assert len(stored) < 100


@pytest.mark.parametrize("pause", [1, 59, 60, 61])
def test_floods_with_pauses_write_no_more(pause: int) -> None:
    times = [start + step * 0.2 for start in range(0, 3600, 12 + pause) for step in range(60)]
    assert most_in_a_minute(stored_in_an_hour(FloodLimiter(), times)) <= 10


class Unbounded(FloodLimiter):
    """The bad twin: it admits everything."""

    def admit(self, source: str, now: float) -> bool:
        super().admit(source, now)
        return True


def test_a_flood_that_nothing_bounds_is_found_out() -> None:
    assert most_in_a_minute(stored_in_an_hour(Unbounded(), [step * 0.15 for step in range(2000)])) > 300


def test_each_source_is_counted_by_itself_and_forgotten_when_it_is_quiet() -> None:
    flood = FloodLimiter()
    assert [flood.admit("a", 1.0) for _ in range(STORED + 2)] == [True] * STORED + [False, False]
    assert flood.admit("b", 1.0)
    assert flood.flooding() == {"a"}
    assert flood.counted(60.9) == []
    assert flood.counted(61.1) == [("a", 2)]
    assert flood.counted(61.2) == []
    assert flood.flooding() == set()
    assert flood.admit("a", 62.0)
