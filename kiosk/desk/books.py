"""The books that the desk reads and writes: a kiosk's ledger, or the central server's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from kiosk.facts import AnyFact, Entry
from kiosk.roster import Roster


class Books(Protocol):
    """A ledger that the desk reads, and to which it adds facts."""

    @property
    def roster(self) -> Roster:
        """Return the roster, for reading."""

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts, all or none. Raises LedgerError."""

    def facts_about(self, member_id: str) -> Iterable[tuple[datetime, AnyFact]]:
        """Return the facts about a member, sales included, in order, each with its instant (UTC)."""
