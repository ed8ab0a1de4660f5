"""The server's books for desk commands of one account: every entry is stored with its name."""

from __future__ import annotations

from datetime import datetime

from kiosk.facts import AnyFact, Entry
from kiosk.roster import Roster
from sync.central.roster.books import ServerBooks


class AccountBooks:
    """The server's books as one account writes them."""

    def __init__(self, books: ServerBooks, *, by: str) -> None:
        self._books, self._by = books, by

    @property
    def roster(self) -> Roster:
        """The roster as it is folded now."""
        return self._books.roster

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts into the server's ledger, all or none. Raises LedgerError."""
        return self._books.append(*facts, by=self._by)

    def facts_about(self, member_id: str) -> list[tuple[datetime, AnyFact]]:
        """Return all facts about a member, each with its instant, in their order."""
        return self._books.facts_about(member_id)
