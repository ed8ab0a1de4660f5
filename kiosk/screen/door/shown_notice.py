"""The notice on the screen: how long it stays, its animation, and its buttons."""

from __future__ import annotations

from kiosk.messages import Touch
from kiosk.notices import Notice
from kiosk.screen.door.notice import STEP_SECONDS, STEPS, draw_notice
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input import focus
from kiosk.screen.input.keys import Key

TOO_SOON_SECONDS = 0.3
"""Seconds in which touches of a new notice are ignored: they were meant for the one before."""


class ShownNotice:
    """A notice on the screen. Instants are seconds of the monotonic clock."""

    def __init__(self, notice: Notice, now: float) -> None:
        self.notice = notice
        self.ends = now + notice.seconds
        self.focus: str | None = None
        """The button that the keyboard would press."""
        self._begins, self._is_seen = now, False
        self._targets: list[focus.Target] = []

    def was_drawn(self, now: float) -> None:
        """Start counting its seconds, once it is on the display: a slow display may take long."""
        if not self._is_seen:
            self._is_seen, self._begins, self.ends = True, now, now + self.notice.seconds

    def step(self, now: float) -> int:
        """Return the step of the hole's animation, 0 to STEPS; STEPS where there is none."""
        if self.notice.punch is None or not self.notice.punch.fresh:
            return STEPS
        return min(STEPS, int((now - self._begins) / STEP_SECONDS))

    def moves(self, now: float) -> bool:
        """Tell whether the animation is running."""
        return self.step(now) < STEPS

    def draw(self, canvas: Canvas, step: int) -> None:
        """Draw the notice, and a ring around the button that has the focus."""
        draw_notice(canvas, self.notice, step)
        self._targets = list(canvas.targets)
        rect = next((rect for rect, name in self._targets if name == self.focus), None)
        if rect:
            canvas.ring(rect)

    def touched(self, at: tuple[int, int], now: float) -> list[Touch]:
        """Return the button under a finger, unless the notice has only just appeared."""
        hit = next((name for rect, name in self._targets if rect.collidepoint(at)), None)
        return self._pressed(hit, now)

    def key(self, key: Key, now: float) -> list[Touch]:
        """Handle a key: move the focus, or press the focused button."""
        if key.name == "enter" or key.text == " ":
            return self._pressed(self.focus, now)
        self.focus = focus.moved(self._targets, self.focus, key)
        return []

    def _pressed(self, button: str | None, now: float) -> list[Touch]:
        if button is None or not self._begins + TOO_SOON_SECONDS <= now < self.ends:
            return []
        return [Touch(button=button, notice=self.notice.number)]
