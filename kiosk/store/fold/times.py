"""Corrects the times of what a kiosk recorded before it knew the time.

An entry is never edited: a later one of the same ledger gives the true times of those before it, and the roster uses
them. Only taps, departures and sales matter: when a visit began, when its window ends, when a unit was used. The order
does not matter: an arriving entry looks for its correction, an arriving correction moves what is there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Row, insert, select, update

from kiosk.facts import AnyFact, Entry, Tapped, TimesCorrected
from kiosk.model import Granted, Ref, Window
from kiosk.store.fold import visits
from kiosk.store.tables import corrections, sales, uses


def corrected(connection: Connection, entry: Entry, fact: AnyFact) -> tuple[Entry, AnyFact]:
    """Return an entry of unsure time and its fact with the corrected time, if that is known."""
    known = _known(connection, entry.ref)
    if known is None:
        return entry, fact
    later = known.at - entry.stamp.at
    if isinstance(fact, Tapped) and isinstance(fact.verdict, Granted):
        fact = replace(fact, verdict=_moved(fact.verdict, later))
    return replace(entry, stamp=replace(entry.stamp, at=known.at)), fact


def correct(connection: Connection, told_by: Ref, fact: TimesCorrected) -> None:
    """Move what a ledger's entries did to their corrected times. Of two corrections the one written later counts."""
    for timed in fact.times:
        ref = Ref(ledger_id=told_by.ledger_id, seq=timed.seq)
        known = _known(connection, ref)
        if known is not None and known.told_by >= told_by.seq:
            continue
        key, values = {"ledger_id": ref.ledger_id, "seq": ref.seq}, {"at": timed.at, "told_by": told_by.seq}
        if known is None:
            connection.execute(insert(corrections).values(key | values))
        else:
            connection.execute(update(corrections).filter_by(**key).values(values))
        visits.move(connection, ref, timed.at)
        for table in (uses, sales):
            connection.execute(update(table).filter_by(**key).values(at=timed.at))


def _known(connection: Connection, ref: Ref) -> Row[*tuple[Any, ...]] | None:
    query = select(corrections.c.at, corrections.c.told_by).filter_by(ledger_id=ref.ledger_id, seq=ref.seq)
    return connection.execute(query).one_or_none()


def _moved(verdict: Granted, later: timedelta) -> Granted:
    window, until = verdict.window, verdict.present_until
    return replace(
        verdict,
        window=Window(start=window.start + later, end=window.end + later) if window else None,
        present_until=until + later if until else None,
    )
