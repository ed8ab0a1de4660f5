"""When the screen becomes dim or dark, and when it wakes. Time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.notices import Idle


class Light(StrEnum):
    """How bright the idle screen is."""

    AWAKE = "awake"
    DIM = "dim"
    DARK = "dark"


@dataclass(frozen=True, kw_only=True)
class Sleep:
    """The seconds without tap or touch after which the screen goes dim or dark; None: never."""

    dim: float | None = 180.0
    dark: float | None = 600.0

    def light(self, view: Idle, quiet: float) -> Light:
        """Return how bright the idle screen is, `quiet` seconds after the last tap, touch or expected arrival."""
        if not view.rests:
            return Light.AWAKE
        if self.dark is not None and quiet >= self.dark:
            return Light.DARK
        return Light.DIM if self.dim is not None and quiet >= self.dim else Light.AWAKE
