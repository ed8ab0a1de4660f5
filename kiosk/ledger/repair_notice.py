"""The notice that a damaged database was repaired, shown until a host has tapped.

Repairing is in kiosk.ledger.repair. The notice is an entry of the ledger, so that a restart does not lose it.
"""

from __future__ import annotations

from itertools import islice

from kiosk.facts import AnyFact, Happened, Tapped
from kiosk.ledger import LedgerReader, decode_fact
from kiosk.model import Reason

MENDED = "ledger_mended"
LONGEST = 1000
"""Characters of the text that are kept."""
ENTRIES_SEARCHED = 2000
"""Entries searched: where no host tapped among so many, the notice is not shown any more."""


def as_fact(text: str, site_id: str) -> Happened:
    """Return the fact that records a repair."""
    return Happened(what=MENDED, detail=text[:LONGEST], site_id=site_id)


def unacknowledged(ledger: LedgerReader) -> str:
    """Return the text of the last repair if no host has tapped since, else an empty one. Raises LedgerError."""
    for one in islice(ledger.entries_backwards(), ENTRIES_SEARCHED):
        fact = decode_fact(one.body) if one.body else None
        if isinstance(fact, Happened) and fact.what == MENDED:
            return fact.detail
        if is_acknowledged_by(fact):
            break
    return ""


def is_acknowledged_by(fact: AnyFact | None) -> bool:
    """Tell whether this is a host's badge at the door."""
    return isinstance(fact, Tapped) and fact.verdict.reason is Reason.STAFF
