"""When things really were that a kiosk wrote down before it knew the time.

An entry is never edited: a later one of the same ledger tells when those before it were, and the roster goes by that.
Only the times of taps and departures matter there: when a visit began, when its window ends, when it was used. Both
orders lead to the same: an entry that arrives asks for its correction, a correction that arrives moves what is there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update

from kiosk.facts import AnyFact, Entry, Tapped, TimesCorrected
from kiosk.model import Granted, Ref, Window
from kiosk.store.fold import visits
from kiosk.store.tables import corrections, uses


def corrected(connection: Connection, entry: Entry, fact: AnyFact) -> tuple[Entry, AnyFact]:
    """Return an entry of unsure time and its fact as if it had been written when it really was, if that is known."""
    at = _known(connection, entry.ref)
    if at is None:
        return entry, fact
    later = at - entry.stamp.at
    if isinstance(fact, Tapped) and isinstance(fact.verdict, Granted):
        fact = replace(fact, verdict=_moved(fact.verdict, later))
    return replace(entry, stamp=replace(entry.stamp, at=at)), fact


def correct(connection: Connection, ledger_id: str, fact: TimesCorrected) -> None:
    """Move what is known of entries of a ledger to when they were. Of two corrections the earlier counts."""
    for timed in fact.times:
        ref = Ref(ledger_id=ledger_id, seq=timed.seq)
        known = _known(connection, ref)
        if known is not None and known <= timed.at:
            continue
        _keep(connection, ref, timed.at, is_new=known is None)
        visits.move(connection, ref, timed.at)
        connection.execute(update(uses).filter_by(ledger_id=ref.ledger_id, seq=ref.seq).values(at=timed.at))


def _known(connection: Connection, ref: Ref) -> datetime | None:
    query = select(corrections.c.at).filter_by(ledger_id=ref.ledger_id, seq=ref.seq)
    at: datetime | None = connection.execute(query).scalar()
    return at


def _keep(connection: Connection, ref: Ref, at: datetime, *, is_new: bool) -> None:
    if is_new:
        connection.execute(insert(corrections).values(ledger_id=ref.ledger_id, seq=ref.seq, at=at))
    else:
        connection.execute(update(corrections).filter_by(ledger_id=ref.ledger_id, seq=ref.seq).values(at=at))


def _moved(verdict: Granted, later: timedelta) -> Granted:
    window, until = verdict.window, verdict.present_until
    return replace(
        verdict,
        window=Window(start=window.start + later, end=window.end + later) if window else None,
        present_until=until + later if until else None,
    )
