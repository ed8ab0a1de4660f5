"""Condensing: which stretch of a ledger tells of a month that is due, and the sums that replace its passages.

The accounts need the units taken off passes and the credit given; a customer's record, the months of the last visits.
What else is counted of a month is in kiosk.sums. Nothing here writes: the entry with the sums has its effect when it is
folded (kiosk.store.fold), and the bodies are erased by kiosk.store.forgetting.erasing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, Table, and_, func, or_, select, type_coerce

from kiosk.facts import Condensed, LastSeen, Left, Owed, Tapped
from kiosk.model import Charge, ClockQuality, Reason, Ref
from kiosk.store import chain
from kiosk.store.fold.balances import charges_of
from kiosk.store.fold.visits import NOBODY
from kiosk.store.forgetting.erasing import PASSAGES
from kiosk.store.tables import corrections, credits_, instant, microseconds, stretches, visits

KEPT = timedelta(days=89)
"""How old a passage may be when the night comes: so none sees its 91st day. The CNIL's usual limit is three months."""
AHEAD = timedelta(days=1)
"""An entry stamped further ahead than this was stamped by a wrong clock: its time is ignored."""


def young(table: Table, now: datetime) -> ColumnElement[bool]:
    """Match entries stamped so recently that they must not be erased yet."""
    return table.c.at.between(microseconds(now - KEPT), microseconds(now + AHEAD))


class Passage(NamedTuple):
    """The first passage of a ledger that is not condensed."""

    at: datetime
    is_sure: bool
    """Its writer knew the time, or has corrected it since."""
    site_id: str


class Stretch(NamedTuple):
    """Entries of a ledger, from the first to the last, both included."""

    ledger_id: str
    first: int
    last: int


def known(connection: Connection) -> dict[tuple[str, int], Ref]:
    """Return the condensed stretches, by ledger and first entry: each with the entry that has its sums."""
    rows = connection.execute(select(stretches))
    return {(row.of_ledger, row.first): Ref(ledger_id=row.ledger_id, seq=row.seq) for row in rows}


def first_passage(
    connection: Connection, table: Table, scope: ColumnElement[bool], ledger_id: str, *, upto: int, now: datetime
) -> Passage | None:
    """Return the first passage of a ledger that is not condensed, up to an entry; None when there is none.

    Its time is that of the first whose time is sure, if there is one: what is stamped ahead of `now` is not.
    """
    done = _done(connection, ledger_id)
    beyond = scope & (table.c.ledger_id == ledger_id) & (table.c.seq > done) & (table.c.seq <= upto)
    passages = _timed(table).where(beyond, table.c.kind.in_(PASSAGES)).order_by(table.c.seq)
    first = connection.execute(passages.limit(1)).first()
    if first is None:
        return None
    is_past = _really(table) <= microseconds(now + AHEAD)
    sure = connection.execute(passages.where(_is_sure(table), is_past).limit(1)).first()
    site = next((found for row in connection.execute(passages.where(_is_told(table))) if (found := _site(row))), "")
    it = sure or first
    return Passage(at=instant(it.really).astimezone(UTC), is_sure=sure is not None, site_id=site)


def stretch(
    connection: Connection,
    table: Table,
    scope: ColumnElement[bool],
    ledger_id: str,
    *,
    upto: int,
    end: datetime,
    now: datetime,
    awaited: ColumnElement[bool] | None = None,
) -> Stretch | None:
    """Return the next stretch of a ledger, with all that it tells of before `end`; None when there is none.

    A stretch begins where the last one ended, so that no entry is between two: an entry that the server quarantined is
    in no feed but still on the card of its writer. It ends before the first entry from `end` to `now` that comes after
    the first passage, whatever the times before it: a clock that was once in the past makes nothing old. It also ends
    before a tap without a body that no sum replaces yet; `awaited` are those whose sum is expected to arrive. `upto` is
    the last entry up to which all are here, and folded.
    """
    done = _done(connection, ledger_id)
    beyond = scope & (table.c.ledger_id == ledger_id) & (table.c.seq > done) & (table.c.seq <= upto)
    seq = func.min(table.c.seq)
    first = connection.execute(select(seq).where(beyond, table.c.kind.in_(PASSAGES))).scalar()
    if first is None:
        return None
    is_later = _really(table).between(microseconds(end), microseconds(now + AHEAD))
    after_it = beyond & (table.c.seq > first)
    stops = [select(seq).select_from(_with_corrections(table)).where(after_it, is_later)]
    if awaited is not None:
        is_hollow = (table.c.kind == "tap") & table.c.body.is_(None) & table.c.remainder.is_(None)
        stops.append(select(seq).where(beyond, is_hollow, awaited))
    found = [connection.execute(stop).scalar() for stop in stops]
    last = min(upto, *(before - 1 for before in found if before is not None), upto)
    return Stretch(ledger_id, done + 1, last) if first <= last else None


def _done(connection: Connection, ledger_id: str) -> int:
    """Return up to which entry a ledger is condensed."""
    last = select(func.max(stretches.c.last)).where(stretches.c.of_ledger == ledger_id)
    return connection.execute(last).scalar() or 0


def _with_corrections(table: Table) -> Any:
    its = and_(corrections.c.ledger_id == table.c.ledger_id, corrections.c.seq == table.c.seq)
    return table.outerjoin(corrections, its)


def _really(table: Table) -> ColumnElement[int]:
    """Return the time of an entry in microseconds, as corrected."""
    return func.coalesce(type_coerce(corrections.c.at, BigInteger), table.c.at)


def _is_sure(table: Table) -> ColumnElement[bool]:
    return or_(corrections.c.at.is_not(None), table.c.clock != ClockQuality.UNTRUSTED.value)


def _is_told(table: Table) -> ColumnElement[bool]:
    return or_(table.c.body.is_not(None), table.c.remainder.is_not(None))


def _timed(table: Table) -> Select[Any]:
    columns = (table.c.seq, table.c.kind, table.c.body, table.c.remainder, _really(table).label("really"))
    return select(*columns).select_from(_with_corrections(table))


def _fact(row: Row[*tuple[Any, ...]]) -> Any:
    body = row.body if row.body is not None else row.remainder
    return chain.decode_fact(bytes(body)) if body is not None else None


def _site(row: Row[*tuple[Any, ...]]) -> str:
    fact = _fact(row)
    return fact.site_id if isinstance(fact, Tapped | Left) else ""


def visits_of(connection: Connection, of: Stretch) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows of the visits in a stretch, in the order of their times."""
    query = select(visits).where(_between(visits, of)).order_by(visits.c.at, visits.c.seq)
    return connection.execute(query).all()


def visits_at(connection: Connection, site_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows of all visits at a site that are not condensed, in the order of their times."""
    return connection.execute(
        select(visits).where(visits.c.site_id == site_id).order_by(visits.c.at, visits.c.seq)
    ).all()


def taps(
    connection: Connection, table: Table, scope: ColumnElement[bool], of: Stretch | None = None
) -> Iterator[tuple[str, datetime, Reason]]:
    """Yield site, time and reason of each tap that is still told, of all ledgers or in a stretch."""
    which = scope if of is None else scope & _between(table, of)
    for row in connection.execute(_timed(table).where(which, table.c.kind == "tap", _is_told(table))):
        fact = _fact(row)
        if isinstance(fact, Tapped):
            yield fact.site_id, instant(row.really).astimezone(UTC), fact.verdict.reason


def condense(
    connection: Connection,
    of: Stretch,
    rows: Sequence[Row[*tuple[Any, ...]]],
    *,
    month: str,
    seen: Mapping[tuple[str, str], str],
) -> Condensed:
    """Return the sums of a stretch; `rows` are its visits, `seen` the month of each member at each site in it."""
    units: Counter[str] = Counter()
    for row in rows:
        for charge in charges_of(row.charges) if row.reversed_at is None else ():
            units[charge.pass_id] += charge.units
    return Condensed(
        ledger_id=of.ledger_id,
        first=of.first,
        last=of.last,
        month=month,
        uses=tuple(Charge(pass_id=name, units=count) for name, count in sorted(units.items()) if count),
        credits=_credits(connection, of),
        last_seen=tuple(
            LastSeen(member_id=name, site_id=site_id, month=its)
            for (name, site_id), its in sorted(seen.items())
            if name != NOBODY
        ),
    )


def _between(table: Table, of: Stretch) -> ColumnElement[bool]:
    return (table.c.ledger_id == of.ledger_id) & table.c.seq.between(of.first, of.last)


def _credits(connection: Connection, of: Stretch) -> tuple[Owed, ...]:
    taps = select(visits.c.seq).where(visits.c.ledger_id == credits_.c.ledger_id, visits.c.seq == credits_.c.seq)
    query = select(credits_.c.member_id, func.sum(credits_.c.cents)).where(_between(credits_, of), taps.exists())
    rows = connection.execute(query.group_by(credits_.c.member_id).order_by(credits_.c.member_id))
    return tuple(Owed(member_id=name, cents=int(cents)) for name, cents in rows)
