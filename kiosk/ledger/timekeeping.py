"""Corrected times: of entries that this boot wrote before it knew the time, and the last time that was sure.

How sure the time is now, the clock says (kiosk.clock); what corrections do to the roster is in kiosk.store.fold.times.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile
from typing import Protocol

from kiosk.facts import Entry, Timed, TimesCorrected
from kiosk.ledger import Ledger, LedgerReader
from kiosk.model import ClockQuality, Stamp

BATCH = 500
"""Entries that one correction speaks of at most."""
KIND = str(TimesCorrected.__struct_config__.tag)


class LearningClock(Protocol):
    """A clock that learns from the past."""

    def remember(self, stamp: Stamp | None) -> None:
        """Learn from the last stamp that was sure."""


def tell_last_trusted(clock: LearningClock, ledger: LedgerReader) -> None:
    """Tell a clock, at the start, of the last entry that was sure of its time. Raises LedgerError."""
    clock.remember(ledger.last_trusted_stamp())


class TimeCorrector:
    """Corrects the times of entries that this boot wrote before it knew the time, once it does."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pending = True

    def settle(self, moment: Stamp) -> None:
        """Write when such entries were, if that is known by now. Raises LedgerError; then it is tried again."""
        if moment.clock is ClockQuality.UNTRUSTED:
            self._pending = True
        elif self._pending:
            self._ledger.append(*corrections(self._ledger, moment))
            self._pending = False


def corrections(ledger: LedgerReader, now: Stamp) -> Iterator[TimesCorrected]:
    """Yield when the entries were that were written in this boot before its time was known, by a stamp that is sure.

    None of an earlier boot: nothing tells how long the power was off. Raises LedgerError.
    """
    if now.clock is ClockQuality.UNTRUSTED:
        return
    this_boot = takewhile(lambda entry: entry.stamp.boot_id == now.boot_id, ledger.entries_backwards())
    not_yet = takewhile(lambda entry: entry.kind != KIND, this_boot)
    unsure = [entry for entry in not_yet if entry.stamp.clock is ClockQuality.UNTRUSTED]
    for some in _in_parts(unsure[::-1]):
        yield TimesCorrected(times=tuple(_timed(entry, now) for entry in some))


def _in_parts(entries: list[Entry]) -> Iterator[list[Entry]]:
    for start in range(0, len(entries), BATCH):
        yield entries[start : start + BATCH]


def _timed(entry: Entry, now: Stamp) -> Timed:
    before = timedelta(microseconds=(now.monotonic_ns - entry.stamp.monotonic_ns) // 1000)
    return Timed(seq=entry.ref.seq, at=now.at - before)
