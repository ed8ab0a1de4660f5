"""The stages of `make vm`, in their order; each can be run alone once `image` and `install` have been."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.machine import enduring, installing, seeing
from tests.machine.bench import Bench


class Stage(NamedTuple):
    """What is done, and within how many minutes of an emulated machine on two busy cores."""

    run: Callable[[Bench], None]
    minutes: float


STAGES = {
    "image": Stage(installing.make_image, 20),
    "install": Stage(installing.install, 60),
    "taps": Stage(seeing.taps, 20),
    "ready": Stage(seeing.ready, 20),
    "touch": Stage(seeing.touch, 25),
    "turned": Stage(seeing.turned, 25),
    "compositor": Stage(seeing.compositor, 25),
    "pulled": Stage(seeing.pulled, 25),
    "again": Stage(installing.again, 45),
    "strike": Stage(enduring.strike, 20),
    "cuts": Stage(enduring.cuts, 90),
    "watchdogs": Stage(enduring.watchdogs, 45),
    "upgrades": Stage(installing.upgrades, 75),
    "idle": Stage(enduring.idle, 45),
}
