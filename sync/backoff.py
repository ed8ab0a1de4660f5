"""Computes the waiting times between exchanges with the server. Pure; the random number is an argument.

`jitter` is a random number of [0, 1). Kiosks that lost the server together must not come back together: what is waited
after a failure is drawn from all of [0, ceiling), not from a narrow band around it.
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
    """Return the seconds to wait after so many failures in a row: full jitter under a ceiling that doubles."""
    doublings = min(max(failures, 1) - 1, _ENOUGH_DOUBLINGS)
    return jitter * min(CAP_SECONDS, BASE_SECONDS * float(1 << doublings))


def requested_pause(asked: float, jitter: float) -> float:
    """Return the seconds to wait after a Retry-After of the server: never less, up to twice as long.

    All kiosks may have been asked for the same number at the same moment; within it they would come back as one.
    """
    return min(max(asked, 0.0), LONGEST_ASKED_SECONDS) * (1.0 + jitter)


def after_failure(failures: int, jitter: float, *, asked: float | None = None) -> float:
    """Return the seconds to wait after a failure, at least as long as the server asked for."""
    waited = delay(failures, jitter)
    return waited if asked is None else max(waited, requested_pause(asked, jitter))


def pause(jitter: float, *, seconds: float = PAUSE_SECONDS) -> float:
    """Return the seconds between two exchanges that went well."""
    return seconds * (1.0 - SPREAD + 2 * SPREAD * jitter)
