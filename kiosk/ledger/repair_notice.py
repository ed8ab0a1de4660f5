"""What was done about a damaged database, told until a host has seen it: at the door, on the server, by `kiosk status`.

What can be done about it is in kiosk.ledger.repair. The story is an entry of the ledger, so that a restart forgets
nothing; a host's badge means that it was read.
"""

from __future__ import annotations

from itertools import islice

from kiosk.facts import AnyFact, Happened, Tapped
from kiosk.ledger import LedgerReader, decode_fact
from kiosk.model import Reason

MENDED = "ledger_mended"
LONGEST = 1000
"""Characters of a story that are kept."""
LOOK_BACK = 2000
"""Entries; where no host tapped for so long, the story is not told any more."""


def entry(story: str, site_id: str) -> Happened:
    """Return what is to be written down of a mending."""
    return Happened(what=MENDED, detail=story[:LONGEST], site_id=site_id)


def unseen(ledger: LedgerReader) -> str:
    """Return what no host has seen yet, empty when there is nothing. Raises LedgerError."""
    for one in islice(ledger.entries_backwards(), LOOK_BACK):
        fact = decode_fact(one.body) if one.body else None
        if isinstance(fact, Happened) and fact.what == MENDED:
            return fact.detail
        if is_seen_by(fact):
            break
    return ""


def is_seen_by(fact: AnyFact | None) -> bool:
    """Tell whether this is a host's badge at the door."""
    return isinstance(fact, Tapped) and fact.verdict.reason is Reason.STAFF
