"""Visits in the roster: when each began, and what ended its window and its presence.

Entries of several kiosks arrive in any order, so the end of a visit is a function of the set of known entries, never of
their order. Facts are compared by their instants; those of one instant by ledger and number.

- Presence ends at the earliest of: its own end; the member's next visit to the site; the first time after the visit
  that they left; the visit's reversal.
- If a visit is reversed more than once, the first reversal counts.
- The free re-entries into a reversed visit's window, up to the reversal, end with it: undoing takes a second tap
  within the minute, which is a re-entry, and must not leave the member present.
- What the server gives back, because two kiosks charged for one time, is money: the person is present all the same.
  Only the window ends. The same holds for what a kiosk gives back when it learns that its clock was wrong.

Of an erased person only the row is kept, with what was charged: no name, no window, no presence. Visits in a condensed
stretch are deleted.

An arriving fact cuts the visits before it, and an arriving visit looks for the facts after it; as cutting takes the
minimum, both give the same result.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from kiosk.facts import Condensed, Entry, Left
from kiosk.messages import BY_CLOCK, BY_SERVER
from kiosk.model import Granted, Noun, Reason, Ref
from kiosk.store.tables import Instant, departures, erasures, reversals, stretches, visits

REACH = timedelta(days=40)
"""How long after a visit a re-entry into its window can come; no window is as long."""


ONLY_MONEY = (BY_SERVER, BY_CLOCK)
"""Whose reversals end no presence."""
NOBODY = ""
"""In the place of a member who is forgotten."""
_NAMELESS = dict.fromkeys(("window_start", "window_end", "present_until", "presence_end", "left_at", "window_cut")) | {
    "member_id": NOBODY
}


class AddedVisit(Noun, frozen=True, kw_only=True):
    """A visit that was added: its member now, and when it was reversed, if it was."""

    member_id: str
    reversed_at: datetime | None


def add(connection: Connection, entry: Entry, *, verdict: Granted, member_id: str, site_id: str) -> AddedVisit:
    """Store a visit. Raises AlreadyKnownError when it is stored already, or was condensed."""
    at, window = entry.stamp.at, verdict.window
    row: dict[str, Any] = {
        "ledger_id": entry.ref.ledger_id,
        "seq": entry.ref.seq,
        "at": at,
        "member_id": member_id,
        "site_id": site_id,
        "reason": verdict.reason.value,
        "window_start": window.start if window else None,
        "window_end": window.end if window else None,
        "charges": msgspec.json.encode(verdict.charges).decode(),
        "present_until": verdict.present_until,
    }
    found = _look(connection, row)
    if found.is_known or found.is_condensed:
        raise AlreadyKnownError
    ends = _ends(row, found)
    if found.is_erased:
        row, ends = row | _NAMELESS, ends | _NAMELESS | {"window_cut": ends["reversed_at"]}
    else:
        connection.execute(_CUT_EARLIER, _fact(entry, member_id, site_id))
    connection.execute(_INSERT, {**row, **ends})
    if ends["reversed_at"] is not None:
        _recompute_re_entries(connection, row)
    return AddedVisit(member_id=row["member_id"], reversed_at=ends["reversed_at"])


class AlreadyKnownError(LookupError):
    """This visit is in the roster, or was and is condensed."""


def is_condensed(connection: Connection, ref: Ref) -> bool:
    """Tell whether an entry is in a condensed stretch."""
    return connection.execute(_CONDENSED, {"by_ledger": ref.ledger_id, "by_seq": ref.seq}).first() is not None


def leave(connection: Connection, entry: Entry, fact: Left) -> None:
    """Store a departure, and end the presence at that time, if there was one."""
    is_erased = connection.execute(select(erasures.c.seq).where(erasures.c.member_id == fact.member_id)).first()
    if is_erased or is_condensed(connection, entry.ref):
        return
    key = {
        "member_id": fact.member_id,
        "site_id": fact.site_id,
        "at": entry.stamp.at,
        "ledger_id": entry.ref.ledger_id,
        "seq": entry.ref.seq,
    }
    if connection.execute(select(departures.c.seq).filter_by(**key)).first():
        return
    connection.execute(insert(departures), key)
    connection.execute(_LEAVE, _fact(entry, fact.member_id, fact.site_id))


def move(connection: Connection, ref: Ref, at: datetime) -> None:
    """Move a visit or a departure to another time; recompute how the visits around it ended."""
    left = connection.execute(departures.select().filter_by(ledger_id=ref.ledger_id, seq=ref.seq)).one_or_none()
    if left:
        connection.execute(update(departures).filter_by(ledger_id=ref.ledger_id, seq=ref.seq).values(at=at))
    visit = find(connection, ref)
    if visit:
        later = at - visit.at
        moved = {
            name: None if value is None else value + later
            for name, value in visit._asdict().items()
            if name in ("window_start", "window_end", "present_until")
        }
        connection.execute(update(visits).filter_by(ledger_id=ref.ledger_id, seq=ref.seq).values(at=at, **moved))
    if it := visit or left:
        _recompute_ends_around(connection, it.member_id, it.site_id, min(it.at, at), max(it.at, at))


def _recompute_ends_around(
    connection: Connection, member_id: str, site_id: str, start: datetime, end: datetime
) -> None:
    around = visits.select().where(
        visits.c.member_id == member_id,
        visits.c.site_id == site_id,
        visits.c.at >= start - REACH,
        visits.c.at <= end + REACH,
    )
    for found in connection.execute(around).all():
        _recompute_end(connection, found._asdict())


def find(connection: Connection, ref: Ref) -> Row[*tuple[Any, ...]] | None:
    """Return the row of a visit."""
    return connection.execute(visits.select().filter_by(ledger_id=ref.ledger_id, seq=ref.seq)).one_or_none()


def recompute_end(connection: Connection, visit: Row[*tuple[Any, ...]]) -> None:
    """Recompute when a reversed visit and the re-entries into its window ended."""
    row = visit._asdict()
    _recompute_end(connection, row)
    _recompute_re_entries(connection, row)


def forget_person(connection: Connection, member_id: str) -> None:
    """Keep of a person's visits only what was charged, and none of their departures."""
    theirs = visits.c.member_id == member_id
    connection.execute(update(visits).where(theirs).values(_NAMELESS | {"window_cut": visits.c.reversed_at}))
    connection.execute(delete(departures).where(departures.c.member_id == member_id))


def forget_stretch(connection: Connection, fact: Condensed) -> tuple[Row[*tuple[Any, ...]], ...]:
    """Delete the visits and departures of a stretch; return the visits deleted."""
    known: list[Row[*tuple[Any, ...]]] = []
    ended: set[tuple[str, str, datetime]] = set()
    for table in (visits, departures):
        is_of_it = and_(table.c.ledger_id == fact.ledger_id, table.c.seq.between(fact.first, fact.last))
        rows = connection.execute(select(table).where(is_of_it)).all()
        connection.execute(delete(table).where(is_of_it))
        ended.update((row.member_id, row.site_id, row.at) for row in rows)
        known += rows if table is visits else []
    if ended:  # what others still tell of before them: little or nothing, once a month is over
        earlier = visits.select().where(visits.c.at <= max(at for *_, at in ended), visits.c.presence_end.is_not(None))
        for row in connection.execute(earlier).all():
            if (row.member_id, row.site_id, row.presence_end) in ended:
                _recompute_end(connection, row._asdict())
    for row in known:
        if row.reversed_at is not None:
            _recompute_re_entries(connection, row._asdict())
    return tuple(known)


def _of(member_id: str, site_id: str) -> ColumnElement[bool]:
    return and_(visits.c.member_id == member_id, visits.c.site_id == site_id)


def _recompute_ends(connection: Connection, *which: ColumnElement[bool]) -> None:
    for found in connection.execute(visits.select().where(*which)).all():
        _recompute_end(connection, found._asdict())


def _recompute_end(connection: Connection, row: dict[str, Any]) -> None:
    ends = _ends(row, _look(connection, row))
    connection.execute(update(visits).filter_by(ledger_id=row["ledger_id"], seq=row["seq"]).values(ends))


def _recompute_re_entries(connection: Connection, row: dict[str, Any]) -> None:
    if row["window_end"] is None:
        return
    _recompute_ends(
        connection,
        _of(row["member_id"], row["site_id"]),
        visits.c.at >= row["at"],
        visits.c.at <= row["at"] + REACH,
        visits.c.window_end == row["window_end"],
        visits.c.reason == Reason.RE_ENTRY.value,
        or_(visits.c.ledger_id != row["ledger_id"], visits.c.seq != row["seq"]),
    )


def _look(connection: Connection, row: dict[str, Any]) -> Row[*tuple[Any, ...]]:
    """Return what ended a visit, and whether it is stored, condensed, or of an erased person."""
    is_re_entry = row["reason"] == Reason.RE_ENTRY.value
    return connection.execute(
        _ENDS,
        {
            "who": row["member_id"],
            "where": row["site_id"],
            "now": row["at"],
            "by_ledger": row["ledger_id"],
            "by_seq": row["seq"],
            "into": row["window_end"] if is_re_entry else None,
            "since": row["at"] - REACH if is_re_entry else row["at"],
        },
    ).one()


def _ends(row: dict[str, Any], found: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return the columns for the end of a visit, by everything known."""
    next_at, left_at, reversed_at, reversed_by, window_ended, *_ = found
    cut = _earliest(reversed_at, window_ended)
    undone = _earliest(None if reversed_by in ONLY_MONEY else reversed_at, found.undone)
    until = row["present_until"]
    stays = None if until is None else _earliest(until, next_at, undone)
    left = left_at if stays is not None and left_at is not None and left_at < stays else None
    return {
        "presence_end": left or stays,
        "left_at": left,
        "window_cut": cut,
        "reversed_at": reversed_at,
        "reversed_by": reversed_by,
    }


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)


# ---------------------------------------------------------------- statements, built once: a tap must be cheap


def _fact(entry: Entry, member_id: str, site_id: str) -> dict[str, object]:
    return {
        "who": member_id,
        "where": site_id,
        "now": entry.stamp.at,
        "by_ledger": entry.ref.ledger_id,
        "by_seq": entry.ref.seq,
    }


_NOW = bindparam("now", type_=Instant())
_THEIRS = and_(visits.c.member_id == bindparam("who"), visits.c.site_id == bindparam("where"))
_IS_BEFORE = tuple_(visits.c.at, visits.c.ledger_id, visits.c.seq) < tuple_(
    _NOW, bindparam("by_ledger"), bindparam("by_seq")
)

# One row with the visit that is asked about: a statement that names each value once costs half of one that repeats it.
_it = select(
    bindparam("who", type_=String).label("member_id"),
    bindparam("where", type_=String).label("site_id"),
    _NOW.label("at"),
    bindparam("by_ledger", type_=String).label("ledger_id"),
    bindparam("by_seq", type_=BigInteger).label("seq"),
    bindparam("into", type_=Instant()).label("window_end"),
    bindparam("since", type_=Instant()).label("since"),
).subquery("it")


def _first_after(table: Table) -> ScalarSelect[datetime]:
    """Return a query for the member's first instant after the visit."""
    is_after = tuple_(table.c.at, table.c.ledger_id, table.c.seq) > tuple_(_it.c.at, _it.c.ledger_id, _it.c.seq)
    query = select(func.min(table.c.at)).where(
        table.c.member_id == _it.c.member_id, table.c.site_id == _it.c.site_id, table.c.at >= _it.c.at, is_after
    )
    return query.correlate(_it).scalar_subquery()


_reversed_window = (
    select(func.min(visits.c.reversed_at))
    .where(visits.c.member_id == _it.c.member_id, visits.c.site_id == _it.c.site_id)
    .where(visits.c.at <= _it.c.at, visits.c.at >= _it.c.since)
    .where(visits.c.window_end == _it.c.window_end, visits.c.reversed_at >= _it.c.at)
)
_undone_window = _reversed_window.where(visits.c.reversed_by.not_in(ONLY_MONEY))
_known = select(visits.c.seq).where(visits.c.ledger_id == _it.c.ledger_id, visits.c.seq == _it.c.seq)
_erased = select(erasures.c.seq).where(erasures.c.member_id == _it.c.member_id)
_stretch = select(func.max(stretches.c.seq)).where(
    stretches.c.of_ledger == _it.c.ledger_id, stretches.c.first <= _it.c.seq, stretches.c.last >= _it.c.seq
)
_CONDENSED = select(stretches.c.seq).where(
    stretches.c.of_ledger == bindparam("by_ledger"),
    stretches.c.first <= bindparam("by_seq"),
    stretches.c.last >= bindparam("by_seq"),
)
_ENDS = select(
    _first_after(visits),
    _first_after(departures),
    reversals.c.at,
    reversals.c.reversed_by,
    _reversed_window.correlate(_it).scalar_subquery(),
    _undone_window.correlate(_it).scalar_subquery().label("undone"),
    _known.correlate(_it).scalar_subquery().label("is_known"),
    _erased.correlate(_it).scalar_subquery().label("is_erased"),
    _stretch.correlate(_it).scalar_subquery().label("is_condensed"),
).outerjoin_from(
    _it, reversals, and_(reversals.c.reversed_ledger == _it.c.ledger_id, reversals.c.reversed_seq == _it.c.seq)
)
_INSERT = insert(visits)
_CUT_EARLIER = (
    update(visits).where(_THEIRS, visits.c.presence_end >= _NOW, _IS_BEFORE).values(presence_end=_NOW, left_at=None)
)
_LEAVE = update(visits).where(_THEIRS, visits.c.presence_end > _NOW, _IS_BEFORE).values(presence_end=_NOW, left_at=_NOW)
