"""Simulates how many kiosks call a server that was gone, with the real worker's pauses, in simulated time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from random import Random

from sync import backoff

WATCHED_SECONDS = 300
"""After the server is back."""
BUCKET_SECONDS = 5
CALLS = 2
"""Of an exchange that succeeds: a push and a page of the feed."""


def load(
    after_failure: Callable[[int, float], float], *, kiosks: int, outage_seconds: float, random: Random
) -> list[int]:
    """Return the number of calls in each five seconds of the five minutes after an outage.

    The outage begins for all kiosks at the same moment (the network switch loses power), and each has something to
    send.
    """
    due = [(0.0, number) for number in range(kiosks)]
    failures: Counter[int] = Counter()
    calls: Counter[int] = Counter()
    while due[0][0] < outage_seconds + WATCHED_SECONDS:
        now, kiosk = heapq.heappop(due)
        if now < outage_seconds:
            failures[kiosk] += 1
            pause = after_failure(failures[kiosk], random.random())
        else:
            calls[int((now - outage_seconds) // BUCKET_SECONDS)] += CALLS
            failures[kiosk] = 0
            pause = backoff.pause(random.random())
        heapq.heappush(due, (now + pause, kiosk))
    return [calls[number] for number in range(WATCHED_SECONDS // BUCKET_SECONDS)]


def peak_over_mean(calls: list[int]) -> float:
    """Return the busiest value divided by the average."""
    return max(calls) / (sum(calls) / len(calls))
