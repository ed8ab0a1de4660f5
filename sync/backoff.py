"""Computes the waiting times between exchanges with the server. Pure; the random number is an argument.

`jitter` is a random number in [0, 1). Kiosks that lost the server together must not all return at once: the time after
a failure is drawn from all of [0, ceiling), not from a narrow band around it.
"""

from __future__ import annotations

BASE_SECONDS = 1.0
CAP_SECONDS = 600.0
PAUSE_SECONDS = 30.0
"""Between two exchanges that went well."""
SPREAD = 0.2
"""The pause is longer or shorter by up to this part, so that kiosks switched on together drift apart."""
LONGEST_ASKED_SECONDS = 3600.0
"""A server that asks to be left alone for longer than this is mistaken: the kiosk looks again after an hour."""
_ENOUGH_DOUBLINGS = 20


def delay(failures: int, jitter: float) -> float:
    """Return the seconds to wait after so many failures in a row: random, below a ceiling that doubles."""
    doublings = min(max(failures, 1) - 1, _ENOUGH_DOUBLINGS)
    return jitter * min(CAP_SECONDS, BASE_SECONDS * float(1 << doublings))


def requested_pause(asked: float, jitter: float) -> float:
    """Return the seconds to wait after a Retry-After of the server: never less, at most twice as long.

    All kiosks may have received the same number at the same moment; without the random part they would all return at
    once.
    """
    return min(max(asked, 0.0), LONGEST_ASKED_SECONDS) * (1.0 + jitter)


def after_failure(failures: int, jitter: float, *, asked: float | None = None) -> float:
    """Return the seconds to wait after a failure, at least as long as the server asked for."""
    waited = delay(failures, jitter)
    return waited if asked is None else max(waited, requested_pause(asked, jitter))


def pause(jitter: float, *, seconds: float = PAUSE_SECONDS) -> float:
    """Return the seconds between two exchanges that went well."""
    return seconds * (1.0 - SPREAD + 2 * SPREAD * jitter)
