"""What a kiosk does for its ledger while nobody waits: a look at every page after a start, and a copy each night.

Both read on connections of their own, beside the work. What is found is told to the daemon.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date, datetime, time

from kiosk.door.devices import Clock
from kiosk.ledger import LedgerDamagedError, LedgerError, open_reader
from kiosk.model import Clock as Quality
from kiosk.settings.config import Config
from kiosk.upkeep import backup

log = logging.getLogger(__name__)

AFTER_START_SECONDS = 20.0
"""When a start is over, and the card has time."""
EVERY_SECONDS = 600.0
"""How often the calendar is looked at."""
NIGHT = time(2, 0)
"""UTC. No copy of a day is made before; a machine that is switched on later makes it then."""


class Upkeep:
    """The body of a worker."""

    def __init__(self, config: Config, clock: Clock, *, on_damage: Callable[[str], None]) -> None:
        self._config, self._clock, self._on_damage = config, clock, on_damage

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Look at the ledger once, then copy it each night, until `stop`."""
        if stop.wait(AFTER_START_SECONDS):
            return
        self.look()
        while True:
            beat()
            self.copy()
            if stop.wait(EVERY_SECONDS):
                return

    def look(self) -> None:
        """Have SQLite look at every page."""
        try:
            with open_reader(self._config.paths.ledger) as reading:
                found = reading.damage()
        except LedgerDamagedError as error:
            found = (str(error),)
        except LedgerError as error:
            log.warning("the ledger could not be looked at: %s", error)
            return
        if found:
            self._on_damage(found[0])

    def copy(self) -> None:
        """Copy the ledger if there is no copy of this night yet, and the day is known."""
        now = self._clock.now()
        if self._clock.stamp().clock is Quality.UNTRUSTED or not is_due(now, backup.newest(self._config)):
            return
        try:
            for made in backup.make(self._config, now.date()):
                log.info("the ledger was copied to %s", made)
        except LedgerError as error:
            log.error("%s", error)  # noqa: TRY400 - it is a sentence


def is_due(now: datetime, newest: date | None) -> bool:
    """Tell whether a copy is to be made (`now` in UTC): there is none of this night yet."""
    return newest is None or (newest < now.date() and now.time() >= NIGHT)
