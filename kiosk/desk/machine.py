"""Records in the ledger that a host set the clock or exported the books.

The act itself follows once it is recorded: kiosk.answering sets the clock, kiosk.export.books copies.
"""

from __future__ import annotations

from datetime import timedelta

from kiosk import local_time
from kiosk.answers import Done
from kiosk.commands import ExportBooks, SetClock
from kiosk.desk.desk import Desk, DeskError
from kiosk.facts import Happened
from kiosk.ledger import timekeeping
from kiosk.model import ClockQuality

FIRST_YEAR, LAST_YEAR = 2026, 2099
"""No kiosk ran before; a date at either end of the calendar cannot be reckoned with."""
FAR = timedelta(days=40)
"""After the last sure entry: a date so far off is confirmed in words."""


KEPT_WITHIN = timedelta(minutes=2)
"""How far what a host confirms may be from a clock that network or battery keep."""


def set_clock(desk: Desk, command: SetClock) -> Done:
    """Record the time that a host gives; `id` of the answer is the instant.

    While network or battery keep the time, the host can only confirm it, and the answer has no `id`; another time is
    refused. Without a network only such a confirmation allows old data to be erased.

    A time before the last sure entry, or more than 40 days after it, is asked about: in the past, where a clock without
    a battery starts, an expired pass would be valid again; in the future all stored data would be old enough to erase.
    A time that rests on a host's word alone does not count as a sure entry, so that a slip can be corrected at once.
    """
    if desk.clock is ClockQuality.TRUSTED:
        return _confirm_date(desk, command)
    if not FIRST_YEAR <= command.at.year <= LAST_YEAR:
        raise DeskError(f"{command.at.year} is far off: look at the year again", code="CLOCK_YEAR")
    at = local_time.to_utc(desk.zone, command.at.replace(tzinfo=None))
    firm = timekeeping.known_times(desk.ledger).firm
    if firm is not None and not command.confirmed:
        moment = f"{desk.local(firm.at):%Y-%m-%d %H:%M}"
        if at < firm.at:
            raise DeskError(f"it is later than {moment}: an entry was written then", code="CLOCK_BEFORE", moment=moment)
        if at > firm.at + FAR:
            message = f"that is long after the last entry, of {moment}: look at the date again, and confirm it"
            raise DeskError(message, code="CLOCK_FAR", moment=moment)
    before = desk.now.isoformat(timespec="seconds")
    detail = f"{before} -> {at.isoformat(timespec='seconds')} by {command.by}"
    desk.append(Happened(what=timekeeping.CLOCK_CONFIRMED, detail=detail, site_id=desk.site.id))
    return Done(said=(f"It is {desk.local(at):%Y-%m-%d %H:%M} now.",), id=at.isoformat())


def _confirm_date(desk: Desk, command: SetClock) -> Done:
    at = local_time.to_utc(desk.zone, command.at.replace(tzinfo=None))
    if not command.confirmed or abs(at - desk.now) > KEPT_WITHIN:
        raise DeskError("the network or a battery keeps this clock: it is right already", code="CLOCK_KEPT")
    detail = f"{desk.now.isoformat(timespec='seconds')} by {command.by}"
    desk.append(Happened(what=timekeeping.CLOCK_CONFIRMED, detail=detail, site_id=desk.site.id))
    return Done(said=(f"The date is confirmed: {desk.local(desk.now):%Y-%m-%d}.",))


def note_export(desk: Desk, command: ExportBooks) -> Done:
    """Record the export of the books before it is made."""
    desk.append(Happened(what="books_exported", detail=f"{command.medium} by {command.by}", site_id=desk.site.id))
    return Done(said=(f"The books are to be copied to {command.medium}.",))
