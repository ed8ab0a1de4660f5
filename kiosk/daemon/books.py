"""Opens the ledger and the badge key at the start: repaired if damaged, closed while the disk takes no writes."""

from __future__ import annotations

import logging
from time import monotonic, sleep

from kiosk.badges import KEY_BYTES, BadgeError, badge_key
from kiosk.clock import WallClock
from kiosk.files import takes_writes
from kiosk.ledger import ClosedLedger, Ledger, LedgerBusyError, LedgerError, LedgerTooNewError
from kiosk.ledger.repair import RepairReport, open_repaired
from kiosk.settings.config import Config
from kiosk.threads.workers import Systemd
from kiosk.upkeep import backup

log = logging.getLogger(__name__)

BUSY_SECONDS = 5.0
"""How long a ledger that somebody else holds is waited for."""
PROBE_BYTES = 4_000_000
"""A disk that takes a file of this size has room for a new ledger."""


def open_books(config: Config, clock: WallClock) -> tuple[Ledger, RepairReport | None, bytes]:
    """Return the ledger, what was repaired in it, and the badge key; a closed ledger while the disk takes no writes.

    Raises LedgerError, BadgeError or OSError for any other fault.
    """
    ledger = None
    try:
        ledger, report = _open_ledger(config, clock)
        return ledger, report, _key(config, ledger)
    except (BadgeError, OSError) as error:
        if ledger:
            ledger.close()
        if isinstance(error, BadgeError):
            raise
        if isinstance(error, LedgerBusyError | LedgerTooNewError) or takes_writes(config.paths.state, PROBE_BYTES):
            raise
        log.error("the kiosk is out of service until the disk takes writes: %s", error)  # noqa: TRY400 - a sentence
        cause = LedgerError(str(error))
        cause.__cause__ = error
        return ClosedLedger(cause), None, bytes(KEY_BYTES)


def _key(config: Config, ledger: Ledger) -> bytes:
    hidden, given = ledger.roster.badge_count(), config.badges.given
    return badge_key(config.paths.key_file, given=given, hidden=hidden, mark=ledger.key_mark)


def _open_ledger(config: Config, clock: WallClock) -> tuple[Ledger, RepairReport | None]:
    """Open the ledger, and repair it if it is damaged.

    Waits for a command that holds it for a moment because no kiosk was running.
    """
    config.paths.state.mkdir(parents=True, exist_ok=True)
    give_up = monotonic() + BUSY_SECONDS
    while True:
        try:
            return open_repaired(
                config.paths.ledger,
                stamp=clock.stamp,
                copies=backup.copies(config),
                on_repair=Systemd().extend_start,
            )
        except LedgerBusyError:
            if monotonic() >= give_up:
                raise
            sleep(BUSY_SECONDS / 20)
