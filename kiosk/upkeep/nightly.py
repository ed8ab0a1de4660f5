"""The nightly worker: each night it erases old data and copies the ledger; after a start it checks every page.

It reads on connections of its own; the controller writes for it. What erasing means is in kiosk.desk.forgetting, what a
copy is in kiosk.upkeep.backup; here is only when. A kiosk that is off at night does this when it is on again. A slow
stick may block this thread for minutes, so the watchdog does not watch it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from kiosk.answers import Answered, Done, Refused
from kiosk.clock import WallClock
from kiosk.commands import Command, ForgetOld
from kiosk.ledger import LedgerDamagedError, LedgerError, open_reader
from kiosk.model import ClockQuality
from kiosk.settings.config import Config
from kiosk.upkeep import backup

log = logging.getLogger(__name__)

AFTER_START_SECONDS = 20.0
"""After so long a start is over, and the disk idle."""
EVERY_SECONDS = 600.0
"""How often the worker looks whether the night's work is due."""
NIGHT = time(2, 0)
"""UTC: the small hours in Europe, the evening before in America. A day's work is not begun before."""
PAUSE_SECONDS = 2.0
"""Between two parts of what is forgotten: taps come first."""
PARTS = 1000
"""At most in one night: the rest waits for the next."""


class NightlyWorker:
    """The body of a thread: checks the ledger's pages once, then does the night's work until it is stopped."""

    def __init__(
        self,
        config: Config,
        clock: WallClock,
        *,
        forget_part: Callable[[], bool],
        on_damage: Callable[[str], None],
        pause_seconds: float = PAUSE_SECONDS,
        device: Callable[[Path], int] = backup.device_of,
    ) -> None:
        """`forget_part` erases some old data and tells if there is more; `on_damage` is called with the faults."""
        self._config, self._clock = config, clock
        self._forget_part, self._on_damage, self._pause = forget_part, on_damage, pause_seconds
        self._device = device
        self._forgot_on: date | None = None
        self._tried: dict[Path, tuple[date, bool]] = {}

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Do each job when it is due; one that fails unexpectedly is logged and tried again, and delays no other."""
        if stop.wait(AFTER_START_SECONDS):
            return
        self._try(self.check_pages)
        while True:
            beat()
            self._try(lambda: self.forget_old_data(stop))
            self._try(self.copy_ledger)
            if stop.wait(EVERY_SECONDS):
                return

    def _try(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            log.exception("a part of the nightly work failed: it is tried again")

    def check_pages(self) -> None:
        """Have SQLite check every page of the ledger, and report damage."""
        try:
            with open_reader(self._config.paths.ledger) as reading:
                found = reading.damage()
        except LedgerDamagedError as error:
            found = (str(error),)
        except LedgerError as error:
            log.warning("the ledger could not be checked: %s", error)
            return
        if found:
            self._on_damage(found[0])

    def forget_old_data(self, stop: threading.Event) -> None:
        """Erase all old data, once a night, with a pause after each part; the controller checks the date."""
        night = last_night(self._clock.now())
        if night == self._forgot_on or not self._clock.is_witnessed():
            return
        self._forgot_on = night
        for _ in range(PARTS):
            if not self._forget_part() or stop.wait(self._pause):
                return

    def copy_ledger(self) -> None:
        """Copy the ledger into each folder that has no copy of this night yet, if the date is sure.

        A folder that cannot be written is tried again in the next night, or once its medium is plugged in again.
        """
        now = self._clock.now()
        if self._clock.quality() is ClockQuality.UNTRUSTED:
            return
        night, due = last_night(now), []
        for last in backup.last_copies(self._config, now.date(), device=self._device):
            if copy_is_due(now, last.on) and self._tried.get(last.folder) != (night, last.is_there):
                self._tried[last.folder] = (night, last.is_there)
                due.append(last.folder)
        try:
            for made in backup.make(self._config, now.date(), due, device=self._device):
                log.info("the ledger was copied to %s", made)
        except LedgerError as error:
            log.error("%s", error)  # noqa: TRY400 - it is a sentence


def last_night(now: datetime) -> date:
    """Return the day (UTC) on which the last night began."""
    return (now - timedelta(hours=NIGHT.hour)).date()


def copy_is_due(now: datetime, newest: date | None) -> bool:
    """Tell whether a copy is due at `now` (UTC): there is none of this night yet."""
    return newest is None or (newest < now.date() and now.time() >= NIGHT)


def forget_part(answer: Callable[[Command], Answered]) -> bool:
    """Erase a part of the old data through `answer`; tell whether there is more."""
    told = answer(ForgetOld())
    if isinstance(told, Refused):
        log.warning("old data was not erased: %s", told.message)
    return isinstance(told, Done) and told.changed
