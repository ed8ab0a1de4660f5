"""What the kiosk does by itself once a day, when hardly anybody comes: forgetting what is old.

What that means is the business of kiosk.desk.forgetting; here is only when. A kiosk that is off at night does it when
it is on again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

NIGHT = timedelta(hours=2)
"""After midnight in UTC: the small hours in Europe, the evening before in America."""
PAUSE_SECONDS = 2.0
"""Between two parts: taps come first."""
PARTS = 1000
"""At most in one night: the rest waits for the next."""


class Nights:
    """Once a day, part after part."""

    def __init__(
        self,
        forget: Callable[[Callable[[], None]], bool],
        now: Callable[[], datetime],
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        """`forget` does a part, beating where it has to wait, and tells whether there is more."""
        self._forget, self._now, self._pause = forget, now, pause_seconds
        self._done: date | None = None

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Look at the clock until `stop`: the body of a worker."""
        while not stop.wait(self._pause):
            beat()
            if self.is_due():
                self.pass_by(stop, beat)

    def is_due(self) -> bool:
        """Tell whether it was not done since the last night began."""
        return (self._now() - NIGHT).date() != self._done

    def pass_by(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Forget all that is old, with a pause after each part."""
        self._done = (self._now() - NIGHT).date()
        for _ in range(PARTS):
            beat()
            if not self._forget(beat) or stop.wait(self._pause):
                return
