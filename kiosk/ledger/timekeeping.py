"""What the ledger knows of time: the last moment that was sure, and when unsure entries of this boot really were.

How sure the time is now, the clock says (kiosk.clock); what corrections do to the roster is in kiosk.store.times.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from typing import Protocol

from kiosk.facts import Entry, Timed, TimesCorrected
from kiosk.ledger import Ledger, LedgerReader
from kiosk.model import Clock, Stamp

BATCH = 500
"""Entries that one correction speaks of at most."""
KIND = str(TimesCorrected.__struct_config__.tag)


class Remembering(Protocol):
    """A clock that learns from the past."""

    def remember(self, stamp: Stamp | None) -> None:
        """Learn from the last stamp that was sure."""


def remind(clock: Remembering, ledger: LedgerReader) -> None:
    """Tell a clock, at the start, of the last entry that was sure of its time. Raises LedgerError."""
    clock.remember(ledger.last_sure())


class Doubts:
    """Whether this boot wrote entries before its time was known, to be put right once it is."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._may_be = True

    def settle(self, moment: Stamp) -> None:
        """Write when such entries were, if that is known by now. Raises LedgerError; then it is tried again."""
        if moment.clock is Clock.UNTRUSTED:
            self._may_be = True
        elif self._may_be:
            self._ledger.append(*corrections(self._ledger, moment))
            self._may_be = False


def corrections(ledger: LedgerReader, now: Stamp) -> Iterator[TimesCorrected]:
    """Yield when the entries were that were written in this boot before its time was known, by a stamp that is sure.

    None of an earlier boot: nothing tells how long the power was off. Raises LedgerError.
    """
    if now.clock is Clock.UNTRUSTED:
        return
    this_boot = takewhile(lambda entry: entry.stamp.boot_id == now.boot_id, ledger.entries_backwards())
    not_yet = takewhile(lambda entry: entry.kind != KIND, this_boot)
    unsure = [entry for entry in not_yet if entry.stamp.clock is Clock.UNTRUSTED]
    for some in _in_parts(unsure[::-1]):
        yield TimesCorrected(times=tuple(_timed(entry, now) for entry in some))


def _in_parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    for start in range(0, len(entries), BATCH):
        yield entries[start : start + BATCH]


def _timed(entry: Entry, now: Stamp) -> Timed:
    before = timedelta(microseconds=(now.monotonic_ns - entry.stamp.monotonic_ns) // 1000)
    return Timed(seq=entry.ref.seq, at=now.at - before)
