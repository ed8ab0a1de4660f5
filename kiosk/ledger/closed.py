"""A stand-in for the ledger of a kiosk whose disk took no writes at the start."""

from __future__ import annotations

from typing import Any

from kiosk.ledger.ledger import Ledger
from kiosk.roster import Roster
from kiosk.store.database import Database, LedgerError


class ClosedLedger(Ledger):
    """Stands in for a ledger that cannot be opened: whatever is read or written raises LedgerError with the cause."""

    def __init__(self, cause: LedgerError) -> None:
        self.ledger_id = ""
        self._database = _NoDatabase(cause)
        self.roster = Roster(self._database)

    def close(self) -> None:
        """Do nothing: nothing is open."""


class _NoDatabase(Database):
    """A database without a connection: each attribute raises the cause."""

    def __init__(self, cause: LedgerError) -> None:
        self._cause = cause

    def __getattr__(self, name: str) -> Any:
        raise LedgerError(str(self._cause)) from self._cause
