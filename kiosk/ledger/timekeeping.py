"""What the ledger knows about time: the last sure moment, and corrected times of entries with wrong stamps.

How sure the present time is, is decided in kiosk.clock; how corrections change the roster, in kiosk.store.fold.times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from msgspec.structs import replace

from kiosk.clock.sources import DRIFT
from kiosk.facts import Entry, Happened, Reversed, Timed, TimesCorrected
from kiosk.ledger import Ledger, LedgerReader, decode_fact
from kiosk.messages import BY_CLOCK
from kiosk.model import ClockQuality, Ref, Stamp, Visit, Window
from kiosk.rules.corrections import charged_twice

BATCH = 500
"""Entries that one correction speaks of at most."""
APART = timedelta(seconds=5)
"""How far the time of an entry may be off before it is corrected."""
LOOK_BACK = 2000
"""Entries in which the last sure stamp, and notes of hosts and chip, are looked for."""
KIND = str(TimesCorrected.__struct_config__.tag)
INCIDENT = str(Happened.__struct_config__.tag)
PAID_ALREADY = "paid already"
"""Why a charge is given back: by its corrected time an earlier one covers it."""
CLOCK_SET = "clock_set"
"""As earlier releases noted a time that a host set without a second look at the date."""
CLOCK_CONFIRMED = "clock_confirmed"
CHIP_WRONG, CHIP_RIGHT = "clock_chip_wrong", "clock_chip_right"
Told = dict[int, dict[str, datetime]]
"""Corrected times by the entry's number and by the boot that told them, the newest first."""
BY_HOST, BY_CHIP = (CLOCK_SET, CLOCK_CONFIRMED), (CHIP_WRONG, CHIP_RIGHT)


class NewestFirst(Protocol):
    """A ledger whose own entries can be read backwards."""

    def entries_backwards(self) -> Iterator[Entry]:
        """Yield the entries, newest first. Raises LedgerError."""


class LearningClock(Protocol):
    """A clock that takes in what the ledger knows of the time."""

    def remember(self, last: Stamp | None, *, firm: Stamp | None, chip_was_right: bool, is_confirmed: bool) -> None:
        """Learn the last stamp that was sure, and the last that rests on more than a host's word."""


@dataclass
class KnownTimes:
    """What the newest entries say about the time."""

    last: Stamp | None = None
    """Of the last entry that was sure of its time."""
    firm: Stamp | None = None
    """Of the last that rests on more than a host's word: TRUSTED, or counted on from such a time in one boot."""
    chip_was_right: bool = False
    """The time was known in the last boot, and the clock chip agreed with it."""
    is_confirmed: bool = False
    """When the clock was set last, the host confirmed the date."""


def tell_known_times(clock: LearningClock, ledger: NewestFirst) -> None:
    """At the start, give a clock what the ledger knows about the time. Raises LedgerError."""
    known = known_times(ledger)
    clock.remember(known.last, firm=known.firm, chip_was_right=known.chip_was_right, is_confirmed=known.is_confirmed)


def known_times(ledger: NewestFirst) -> KnownTimes:
    """Read backwards from the newest entry which stamp was sure last, and what vouches for it. Raises LedgerError."""
    known = KnownTimes(firm=_firm(ledger))
    newest_boot = host = chip = ""
    for entry in islice(ledger.entries_backwards(), LOOK_BACK):
        newest_boot = newest_boot or entry.stamp.boot_id
        what = _happened(entry)
        if what in BY_HOST:
            host = host or (what if known.last else "not yet")  # a setting counts once an entry goes by it
        elif what in BY_CHIP:
            chip = chip or what
        if known.last is None and entry.stamp.clock is not ClockQuality.UNTRUSTED:
            known.last = entry.stamp
    known.last = known.last or known.firm
    was_known = known.last is not None and known.last.boot_id == newest_boot
    known.chip_was_right = was_known and chip != CHIP_WRONG
    known.is_confirmed = host == CLOCK_CONFIRMED
    return known


def _firm(ledger: NewestFirst) -> Stamp | None:
    """Return the last stamp that rests on more than a host's word.

    A clock set by a host and kept by nothing else rests on the host's word for the rest of that boot.
    """
    counted_on: Stamp | None = None
    for entry in ledger.entries_backwards():
        stamp = entry.stamp
        if counted_on and stamp.boot_id != counted_on.boot_id:
            return counted_on
        if stamp.clock is ClockQuality.TRUSTED:
            return counted_on or stamp
        is_set_here = _happened(entry) in BY_HOST
        if stamp.clock is ClockQuality.UNTRUSTED:
            counted_on = None if is_set_here else counted_on
        elif counted_on is None or is_set_here:
            counted_on = stamp
    return counted_on


def _happened(entry: Entry) -> str:
    """Return the code of an incident, empty for other entries."""
    fact = decode_fact(entry.body) if entry.kind == INCIDENT and entry.body else None
    return fact.what if isinstance(fact, Happened) else ""


class TimeCorrector:
    """Corrects the times of entries that were written while the time was unknown or wrong, once it is known."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._base: datetime | None = None
        """The instant at which the monotonic clock of this boot stood at nought, as it was known last."""

    def correct(self, moment: Stamp) -> None:
        """Write corrected times for such entries if they are known now. After LedgerError it is tried again."""
        if moment.clock is ClockQuality.UNTRUSTED:
            self._base = None
            return
        base = _boot(moment)
        if self._base is None or abs(base - self._base) > APART:
            moved = tuple(corrections(self._ledger, moment))
            self._ledger.append(*given_back(self._ledger, moved), *moved)  # in this order the server tells no conflict
            self._base = base


class ChipNotes:
    """Records whether the clock chip agrees with the time, for the next start without a network."""

    def __init__(self) -> None:
        self._was_right = True

    def changed(self, is_right: bool | None, site_id: str) -> Happened | None:
        """Return the fact to record, if it changed; `is_right` is that of WallClock.chip_is_right."""
        if is_right is None or is_right == self._was_right:
            return None
        self._was_right = is_right
        return Happened(what=CHIP_RIGHT if is_right else CHIP_WRONG, site_id=site_id)


def corrections(ledger: LedgerReader, now: Stamp) -> Iterator[TimesCorrected]:
    """Yield the corrected times of entries with wrong stamps, by a stamp that is sure. Raises LedgerError.

    Entries of this boot are corrected exactly, by the monotonic clock; TRUSTED ones only among the newest `LOOK_BACK`
    entries and only if they are ahead, because their source has taken its time back. Of an earlier boot only entries
    are moved that a wrong time put after the start of this boot (TRUSTED ones only by a time that is TRUSTED too): by
    the monotonic clock of their boot from the last entry before them that was sure; if there is none, to before this
    boot, with their distances kept, because nobody knows how long the power was off. Entries that a later boot with a
    clock behind had moved get their own times back.
    """
    if now.clock is ClockQuality.UNTRUSTED:
        return
    told: Told = {}
    wrong: list[Timed] = []
    ahead = _Ahead(_boot(now))
    for number, entry in enumerate(ledger.entries_backwards()):
        stamp, seq = entry.stamp, entry.ref.seq
        _read_correction(entry, told)
        its = told.get(seq, {})
        known = next(iter(its.values()), None if stamp.clock is ClockQuality.UNTRUSTED else stamp.at)
        if stamp.boot_id == now.boot_id:
            if stamp.clock is ClockQuality.TRUSTED and number >= LOOK_BACK:
                break
            at = now.at - timedelta(microseconds=(now.monotonic_ns - stamp.monotonic_ns) // 1000)
            if not its and _is_firm(stamp, at, now):
                continue
        else:
            at = its.get(stamp.boot_id, stamp.at)
            if _is_of_later(at, stamp, now):
                ahead.add(entry, at, known)
                continue
            wrong += ahead.placed(entry, known)
            if not its.keys() - {stamp.boot_id}:
                break
        if known is None or abs(at - known) > APART:
            wrong.append(Timed(seq=seq, at=at))
    wrong += ahead.placed(None, None)
    for some in _in_parts(wrong[::-1]):
        yield TimesCorrected(times=tuple(some))


class _Ahead:
    """Entries of earlier boots that a wrong time put after their end, until the time is found at which they were."""

    def __init__(self, end: datetime) -> None:
        self._end = end
        self._newest: datetime | None = None
        self._waiting: list[tuple[Entry, datetime, datetime | None]] = []

    def add(self, entry: Entry, at: datetime, known: datetime | None) -> None:
        """Keep an entry that is stamped with `at`, and was `known` to be at another time before."""
        self._newest = self._newest or at
        self._waiting.append((entry, at, known))

    def placed(self, before: Entry | None, known: datetime | None) -> Iterator[Timed]:
        """Yield the times of the waiting entries; `known` is when the entry `before` them was, None: not sure."""
        for entry, at, was in self._waiting:
            right = self._end - ((self._newest or at) - at)
            if before and known and entry.stamp.boot_id == before.stamp.boot_id:
                counted = timedelta(microseconds=(entry.stamp.monotonic_ns - before.stamp.monotonic_ns) // 1000)
                right = min(known + counted, self._end)
            if was is None or abs(right - was) > APART:
                yield Timed(seq=entry.ref.seq, at=right)
        self._waiting.clear()


def _is_firm(stamp: Stamp, at: datetime, now: Stamp) -> bool:
    """Tell whether a stamp is TRUSTED, and not later than the true time by more than two crystals can drift apart."""
    since = (now.monotonic_ns - stamp.monotonic_ns) / 1e9
    return stamp.clock is ClockQuality.TRUSTED and stamp.at - at <= APART + timedelta(seconds=DRIFT * since)


def _is_of_later(at: datetime, stamp: Stamp, now: Stamp) -> bool:
    """Tell whether an earlier boot's time is after its end; of a TRUSTED one only a time that is TRUSTED can tell."""
    slack = APART + timedelta(seconds=DRIFT * now.monotonic_ns / 1e9)
    is_sure = now.clock is ClockQuality.TRUSTED or stamp.clock is not ClockQuality.TRUSTED
    return is_sure and at > _boot(now) + slack


def _boot(now: Stamp) -> datetime:
    """Return when the boot of a stamp began: the monotonic clock counts from there."""
    return now.at - timedelta(microseconds=now.monotonic_ns // 1000)


def given_back(ledger: LedgerReader, moved: Sequence[TimesCorrected]) -> Iterator[Reversed]:
    """Yield the reversals of what was charged twice, by the corrected times of entries. Raises LedgerError."""
    times = {Ref(ledger_id=ledger.ledger_id, seq=timed.seq): timed.at for fact in moved for timed in fact.times}
    charged = [visit for ref in times if (visit := ledger.roster.visit(ref)) and visit.charges]
    for member_id in {visit.member_id: None for visit in charged}:
        since = min(min(times[visit.ref], visit.at) for visit in charged if visit.member_id == member_id)
        theirs = [_at(times.get(visit.ref), visit) for visit in ledger.roster.visits_of(member_id, since)]
        for visit in charged_twice(theirs, times):
            yield Reversed(ref=visit.ref, reason=PAID_ALREADY, by=BY_CLOCK)


def _at(at: datetime | None, visit: Visit) -> Visit:
    """Return a visit as if it had been at another time, if one is given."""
    if at is None or visit.window is None:
        return visit
    later = at - visit.at
    return replace(visit, at=at, window=Window(start=visit.window.start + later, end=visit.window.end + later))


def _read_correction(entry: Entry, told: Told) -> None:
    """Add the times that an entry corrects to those that newer ones told."""
    fact = decode_fact(entry.body) if entry.kind == KIND and entry.body else None
    for timed in fact.times if isinstance(fact, TimesCorrected) else ():
        told.setdefault(timed.seq, {}).setdefault(entry.stamp.boot_id, timed.at)


def _in_parts(times: list[Timed]) -> Iterator[list[Timed]]:
    for start in range(0, len(times), BATCH):
        yield times[start : start + BATCH]
