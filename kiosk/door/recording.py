"""Writes the controller's facts into the ledger, and maintains the ledger while nobody taps.

A failing ledger is a health state: it is tried again, and light and screen show it. For the controller's thread only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk.door.devices import Clock
from kiosk.door.flood import FloodLimiter
from kiosk.facts import AnyFact, Happened
from kiosk.ledger import Ledger, LedgerDamagedError, LedgerError, disk_trouble, timekeeping
from kiosk.notices import Health

log = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
"""How often a ledger that failed is tried again while nobody taps."""
QUIET_SECONDS = 60.0
"""After so long without a message the WAL is emptied, so that a power cut has nothing to damage."""


class Recorder:
    """Writes into the ledger, and remembers whether it failed."""

    def __init__(
        self, ledger: Ledger, clock: Clock, *, site_id: str, health: set[Health], on_damage: Callable[[str], None]
    ) -> None:
        """`health` is the set that has Health.LEDGER_FAILED while the ledger fails.

        `on_damage` is called with what is wrong with a damaged database.
        """
        self._ledger, self._clock, self._site_id = ledger, clock, site_id
        self._health, self._on_damage = health, on_damage
        self._tried_at = self._worked_at = clock.monotonic()
        self._is_wal_empty = False
        self.limiter = FloodLimiter()
        """To be asked before what a source may repeat without end is written."""
        self.cause = ""
        """Health code of a disk that took nothing when the ledger failed last; empty for other causes."""
        self._time_corrector, self._chip_notes = timekeeping.TimeCorrector(ledger), timekeeping.ChipNotes()

    def write(self, fact: AnyFact) -> None:
        """Commit a fact. Raises LedgerError."""
        self._ledger.append(fact)
        self._health.discard(Health.LEDGER_FAILED)

    def write_if_possible(self, fact: AnyFact) -> bool:
        """Commit a fact if the disk allows; return whether it did."""
        try:
            self.write(fact)
        except LedgerError as error:
            self.failed(error)
            return False
        return True

    def write_repeats(self) -> None:
        """Write how often sources repeated themselves, once a minute."""
        for source, times in self.limiter.counted(self._clock.monotonic()):
            self.write_if_possible(Happened(what="repeated", detail=f"{source} {times}", site_id=self._site_id))

    def failed(self, error: LedgerError) -> None:
        """Note that the ledger could not be read or written."""
        log.error("%s", error)
        self.cause = disk_trouble(error)
        self.report_damage(error)
        self._health.add(Health.LEDGER_FAILED)
        self._tried_at = self._clock.monotonic()

    def report_damage(self, error: LedgerError) -> None:
        """Call `on_damage` if the error shows that the database is damaged."""
        if isinstance(error, LedgerDamagedError):
            self._on_damage(str(error))

    # ------------------------------------------------------------ looking after it

    def was_busy(self, *, is_more_to_do: bool) -> None:
        """Note that a message was handled; empty a large WAL if no other message waits."""
        self._worked_at, self._is_wal_empty = self._clock.monotonic(), False
        if not is_more_to_do:
            self._empty_wal(only_if_large=True)

    def look_after(self) -> None:
        """Do what is due while nothing happens: try a failed ledger again, correct doubtful times, empty the WAL."""
        now = self._clock.monotonic()
        if Health.LEDGER_FAILED in self._health and now - self._tried_at >= RETRY_SECONDS:
            self._tried_at = now
            self.write_if_possible(Happened(what="ledger_recovered", site_id=self._site_id))
        try:
            self._time_corrector.correct(self._clock.stamp())
        except LedgerError as error:
            self.failed(error)
        if noted := self._chip_notes.changed(self._clock.chip_is_right(), self._site_id):
            self.write_if_possible(noted)
        if not self._is_wal_empty and now - self._worked_at >= QUIET_SECONDS:
            self._is_wal_empty = True
            self._empty_wal()

    def _empty_wal(self, *, only_if_large: bool = False) -> None:
        try:
            if not only_if_large or self._ledger.is_wal_large():
                self._ledger.checkpoint()
        except LedgerError as error:
            log.warning("the WAL could not be emptied: %s", error)
