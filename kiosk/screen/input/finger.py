"""Follows one finger: the target it is on, for how long, and the one it slid to.

What that means is decided in kiosk.screen.stage.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.screen.input.focus import Target

HOLD_SECONDS, REPEAT_SECONDS = 0.5, 0.12
"""How long a key is held before it means more than a touch, and how often it erases from then on."""
SLIDES = 20
"""Points that a finger moves before it slides, and does not only tremble."""
KEYS = ("key:", "pad:")


class Finger:
    """One finger, or the mouse. Instants are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.on: str | None = None
        """The target that it lies on."""
        self.slid: str | None = None
        """The target that it has slid to since it was there for long."""
        self._until: float | None = 0.0
        """When it is there for long; None: it was, and what that means was done."""
        self._at = (0, 0)

    @property
    def over(self) -> str | None:
        """The target that lifting the finger now would choose."""
        return self.slid or self.on

    def lay(self, target: str, at: tuple[int, int], now: float) -> None:
        """Put the finger on a target."""
        self.on, self.slid, self._until, self._at = target, None, now + HOLD_SECONDS, at

    def lift(self) -> str | None:
        """Lift the finger; return the target that it slid to."""
        slid, self.on, self.slid = self.slid, None, None
        return slid

    def slide(self, at: tuple[int, int], targets: Sequence[Target], unit: float) -> bool:
        """Move the finger (`unit` pixels to the point); return whether it is over another target now."""
        if not self.on or self._until is not None:
            return False
        before, far = self.slid, max(abs(at[0] - self._at[0]), abs(at[1] - self._at[1])) >= SLIDES * unit
        self.slid = under(targets, at) if far or before else None
        return self.slid != before

    def is_held(self, now: float) -> bool:
        """Tell whether it has been held for HOLD_SECONDS, and that was not handled yet."""
        return self.on is not None and self._until is not None and now >= self._until

    def repeat_hold(self) -> None:
        """Note that the hold was handled; it repeats after REPEAT_SECONDS."""
        self._until = (self._until or 0.0) + REPEAT_SECONDS

    def end_hold(self) -> None:
        """Note that the hold was handled for good; from now on the finger may slide."""
        self._until = None


def under(targets: Sequence[Target], at: tuple[int, int]) -> str | None:
    """Return the target under a finger; between two keys, the nearer one."""
    for rect, name in reversed(targets):
        if rect.collidepoint(at):
            return name
    keys = [(rect, name) for rect, name in targets if name.startswith(KEYS)]
    near = [one for one in keys if one[0].inflate(one[0].height // 4, one[0].height // 4).collidepoint(at)]
    x, y = at
    away = {name: max(rect.left - x, x - rect.right, rect.top - y, y - rect.bottom) for rect, name in near}
    return min(away, key=lambda name: away[name]) if away else None
