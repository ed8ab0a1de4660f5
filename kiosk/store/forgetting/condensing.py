"""Condensing: which stretch of a ledger is old enough to be erased, and the sums that replace its passages.

The accounts need the units taken off passes and the credit given; a customer's record, the month of the last visit; the
site, the number of visits per day. Nothing here writes: the entry with the sums has its effect when it is folded
(kiosk.store.fold), and the bodies are erased by kiosk.store.forgetting.erasing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, func, select

from kiosk.facts import Condensed, Count, LastSeen, Owed, Tapped
from kiosk.model import Charge, Reason, Ref
from kiosk.store import chain
from kiosk.store.fold.visits import NOBODY
from kiosk.store.forgetting.erasing import PASSAGES
from kiosk.store.tables import credits_, instant, microseconds, stretches, visits

KEPT = timedelta(days=89)
"""How old a passage may be when the night comes: so none sees its 91st day. The CNIL's usual limit is three months."""
AHEAD = timedelta(days=1)
"""An entry stamped further ahead than this was stamped by a wrong clock: its time is ignored."""
MOST = 500
"""Entries in one stretch: taps wait while it is condensed."""

_charges = msgspec.json.Decoder(tuple[Charge, ...]).decode


def young(table: Table, now: datetime) -> ColumnElement[bool]:
    """Match entries stamped so recently that they must not be erased yet."""
    return table.c.at.between(microseconds(now - KEPT), microseconds(now + AHEAD))


def stretch(
    connection: Connection,
    table: Table,
    scope: ColumnElement[bool],
    ledger_id: str,
    *,
    upto: int,
    now: datetime,
    awaited: ColumnElement[bool] | None = None,
) -> tuple[int, int] | None:
    """Return the first and last entry of the next stretch of a ledger that is old enough; None when there is none.

    A stretch begins where the last one ended, so that no entry is between two: an entry that the server quarantined is
    in no feed but still on the card of its writer. It ends before the first recent entry, whatever the stamps before
    it: a clock that was once in the past makes nothing old. It also ends before a tap without a body that no sum
    replaces yet; `awaited` are those whose sum is expected to arrive. `upto` is the last entry up to which all are
    here, and folded.
    """
    done = connection.execute(select(func.max(stretches.c.last)).where(stretches.c.of_ledger == ledger_id)).scalar()
    beyond = scope & (table.c.ledger_id == ledger_id) & (table.c.seq > (done or 0)) & (table.c.seq <= upto)
    passage = table.c.kind.in_(PASSAGES)
    seq = func.min(table.c.seq)
    first = connection.execute(select(seq).where(beyond, passage)).scalar()
    is_recent = young(table, now)
    recent = connection.execute(select(seq).where(beyond, is_recent)).scalar()
    is_hollow = (table.c.kind == "tap") & table.c.body.is_(None) & table.c.remainder.is_(None)
    hollow = None
    if awaited is not None:
        hollow = connection.execute(select(seq).where(beyond, is_hollow, awaited)).scalar()
    if first is None:
        return None
    last = min(upto, first + MOST - 1, *(stop - 1 for stop in (recent, hollow) if stop is not None))
    return ((done or 0) + 1, last) if first <= last else None


def known(connection: Connection) -> dict[tuple[str, int], Ref]:
    """Return the condensed stretches, by ledger and first entry: each with the entry that has its sums."""
    rows = connection.execute(select(stretches))
    return {(row.of_ledger, row.first): Ref(ledger_id=row.ledger_id, seq=row.seq) for row in rows}


def condense(
    connection: Connection, table: Table, scope: ColumnElement[bool], ledger_id: str, *, first: int, last: int
) -> Condensed:
    """Return the sums of a stretch, all of which is in the roster."""
    is_of_it = (visits.c.ledger_id == ledger_id) & visits.c.seq.between(first, last)
    rows = connection.execute(select(visits).where(is_of_it)).all()
    units: Counter[str] = Counter()
    for row in rows:
        for charge in _charges(row.charges) if row.reversed_at is None else ():
            units[charge.pass_id] += charge.units
    months = sorted((row.member_id, f"{row.at:%Y-%m}") for row in rows if row.member_id != NOBODY)
    counts = Counter(_counted(connection, scope & _between(table, ledger_id, first, last), table))
    return Condensed(
        ledger_id=ledger_id,
        first=first,
        last=last,
        uses=tuple(Charge(pass_id=name, units=count) for name, count in sorted(units.items()) if count),
        credits=_credits(connection, ledger_id, first, last),
        last_seen=tuple(LastSeen(member_id=name, month=month) for name, month in dict(months).items()),
        counts=tuple(
            Count(site_id=site, on=on, reason=reason, taps=taps) for (site, on, reason), taps in sorted(counts.items())
        ),
    )


def _between(table: Table, ledger_id: str, first: int, last: int) -> ColumnElement[bool]:
    return (table.c.ledger_id == ledger_id) & table.c.seq.between(first, last)


def _credits(connection: Connection, ledger_id: str, first: int, last: int) -> tuple[Owed, ...]:
    taps = select(visits.c.seq).where(visits.c.ledger_id == credits_.c.ledger_id, visits.c.seq == credits_.c.seq)
    query = select(credits_.c.member_id, func.sum(credits_.c.cents)).where(
        _between(credits_, ledger_id, first, last), taps.exists()
    )
    rows = connection.execute(query.group_by(credits_.c.member_id).order_by(credits_.c.member_id))
    return tuple(Owed(member_id=name, cents=int(cents)) for name, cents in rows)


def _counted(connection: Connection, which: ColumnElement[bool], table: Table) -> Iterator[tuple[str, date, Reason]]:
    """Yield site, day and reason of each tap."""
    for row in connection.execute(select(table.c.at, table.c.body, table.c.remainder).where(which)):
        body = row.body if row.body is not None else row.remainder
        fact = chain.decode_fact(bytes(body)) if body is not None else None
        if isinstance(fact, Tapped):
            yield fact.site_id, instant(row.at).astimezone(UTC).date(), fact.verdict.reason
