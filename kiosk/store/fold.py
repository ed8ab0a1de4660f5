"""The fold: what each kind of entry does to the roster.

The same entries in the same order always give the same roster: nothing here looks at a clock, at chance or at anything
but the entry and the roster before it. Entries are facts, so none is refused: one that speaks of something unknown does
what it can or nothing. Reading the roster is the business of kiosk.roster.

What is kept of a charge is a row of `uses` per entry and pass; what was used of a pass is their sum. A sale that takes
a debt over adds the units to its own pass and takes the same number off the old one. A reversal deletes the rows of the
entry it reverses, so units go back to the pass they came from, and to the week or month they came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    case,
    delete,
    insert,
    literal,
    or_,
    update,
)

from kiosk.model import (
    AnyFact,
    Badge,
    BadgeSet,
    Charge,
    Denied,
    Entry,
    Granted,
    HoursOverridden,
    Left,
    Member,
    MemberSet,
    PassSold,
    ProductSet,
    Reason,
    Ref,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.store import search, tables
from kiosk.store.tables import Instant, visits

CODE_LETTERS = "34679CDFHJKMNPRTWXY"
"""No two that are easily taken for each other, and no vowels, so that no code is a word."""
CODE_LENGTH = 4

_charges = msgspec.json.Decoder(tuple[Charge, ...]).decode


def apply(connection: Connection, entry: Entry, fact: AnyFact) -> None:
    """Apply one entry to the roster, inside the transaction that `connection` is in."""
    match fact:
        case Tapped():
            _tapped(connection, entry, fact)
        case Reversed():
            _reversed(connection, entry, fact)
        case Left():
            _left(connection, entry, fact)
        case PassSold():
            _pass_sold(connection, entry, fact)
        case BadgeSet():
            _badge_set(connection, fact.badge)
        case MemberSet():
            _member_set(connection, fact.member)
        case SiteSet():
            _put(connection, tables.sites, {"id": fact.site.id}, {"doc": _doc(fact.site)})
        case ProductSet():
            _put(connection, tables.products, {"id": fact.product.id}, {"doc": _doc(fact.product)})
        case HoursOverridden():
            doc = None if fact.override is None else _doc(fact.override)
            _put(connection, tables.overrides, {"site_id": fact.site_id}, {"doc": doc})


def claim_code(badge_id: str) -> str:
    """Return the four characters by which staff find a badge that nobody carries yet.

    The same badge always has the same code. Two badges share one by chance once in 130,000; the code only chooses among
    the badges refused of late, and the newest wins.
    """
    number = int.from_bytes(sha256(b"claim code" + badge_id.encode()).digest()[:8])
    code = ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(CODE_LETTERS))
        code += CODE_LETTERS[place]
    return code


# ---------------------------------------------------------------- who and where


def _doc(noun: msgspec.Struct) -> str:
    return msgspec.json.encode(noun).decode()


def _put(connection: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Change the row with this key, or make it: in words that every database understands."""
    changed = connection.execute(update(table).where(*(table.c[name] == key[name] for name in key)).values({**values}))
    if not changed.rowcount:
        connection.execute(insert(table).values({**key, **values}))


def _member_set(connection: Connection, member: Member) -> None:
    values = {"folded_name": search.folded(member.name), "role": member.role, "doc": _doc(member)}
    _put(connection, tables.members, {"id": member.id}, values)


def _badge_set(connection: Connection, badge: Badge) -> None:
    _put(connection, tables.badges, {"id": badge.id}, {"member_id": badge.member_id, "doc": _doc(badge)})
    if badge.member_id is not None:
        unknown = tables.unknown_badges
        connection.execute(delete(unknown).where(unknown.c.badge_id == badge.id))


# ---------------------------------------------------------------- taps

# A tap must be cheap: its statements are built once.
_INSERT_VISIT = insert(visits)
_INSERT_USES = insert(tables.uses)
_END_EARLIER_PRESENCE = (
    update(visits)
    .where(visits.c.member_id == bindparam("who"), visits.c.site_id == bindparam("where"))
    .where(visits.c.presence_end > bindparam("now"))
    .values(presence_end=bindparam("now"))
)


def _tapped(connection: Connection, entry: Entry, tap: Tapped) -> None:
    verdict = tap.verdict
    if isinstance(verdict, Denied):
        if verdict.reason is Reason.UNKNOWN_BADGE and tap.badge_id is not None:
            _remember_unknown(connection, entry, badge_id=tap.badge_id, site_id=tap.site_id)
    elif tap.member_id is not None:
        _visit(connection, entry, verdict=verdict, member_id=tap.member_id, site_id=tap.site_id)


def _remember_unknown(connection: Connection, entry: Entry, *, badge_id: str, site_id: str) -> None:
    values = {"claim_code": claim_code(badge_id), "at": entry.stamp.at}
    _put(connection, tables.unknown_badges, {"site_id": site_id, "badge_id": badge_id}, values)


def _visit(connection: Connection, entry: Entry, *, verdict: Granted, member_id: str, site_id: str) -> None:
    """Keep a visit and what it took; a person is in one place once, so presence that lasted at this site ends here."""
    at, window = entry.stamp.at, verdict.window
    connection.execute(_END_EARLIER_PRESENCE, {"who": member_id, "where": site_id, "now": at})
    row = {
        "ledger_id": entry.ref.ledger_id,
        "seq": entry.ref.seq,
        "at": at,
        "member_id": member_id,
        "site_id": site_id,
        "reason": verdict.reason.value,
        "window_start": window.start if window else None,
        "window_end": window.end if window else None,
        "charges": msgspec.json.encode(verdict.charges).decode(),
        "presence_end": verdict.present_until,
    }
    connection.execute(_INSERT_VISIT, row)
    _take(connection, entry, verdict.charges)
    if verdict.credit_cents:
        credit = {**msgspec.structs.asdict(entry.ref), "member_id": member_id, "cents": verdict.credit_cents}
        connection.execute(insert(tables.credits_), credit)


def _take(connection: Connection, entry: Entry, charges: Iterable[Charge]) -> None:
    """Take units off passes; an entry has one row per pass, however it lists them."""
    units: Counter[str] = Counter()
    for charge in charges:
        units[charge.pass_id] += charge.units
    rows = [
        {"pass_id": pass_id, **msgspec.structs.asdict(entry.ref), "at": entry.stamp.at, "units": taken}
        for pass_id, taken in units.items()
        if taken
    ]
    if rows:
        connection.execute(_INSERT_USES, rows)


def _left(connection: Connection, entry: Entry, fact: Left) -> None:
    """End the presence that lasts, if one does."""
    at = entry.stamp.at
    connection.execute(
        update(visits)
        .where(visits.c.member_id == fact.member_id, visits.c.site_id == fact.site_id, visits.c.presence_end > at)
        .values(presence_end=at, left_at=at)
    )


# ---------------------------------------------------------------- sales and reversals


def _pass_sold(connection: Connection, entry: Entry, fact: PassSold) -> None:
    sold = fact.pass_
    values = {
        **msgspec.structs.asdict(entry.ref),
        "settles": msgspec.json.encode(fact.settles).decode(),
        "doc": _doc(sold),
    }
    _put(connection, tables.passes, {"id": sold.id}, values)
    holders = tables.pass_holders
    connection.execute(delete(holders).where(holders.c.pass_id == sold.id))
    if sold.holders:
        rows = [{"member_id": member_id, "pass_id": sold.id} for member_id in dict.fromkeys(sold.holders)]
        connection.execute(insert(holders), rows)
    _take(connection, entry, _moves(sold.id, fact.settles))


def _moves(new_pass: str, settles: Iterable[Charge]) -> list[Charge]:
    moves = []
    for debt in settles:
        moves += [Charge(pass_id=new_pass, units=debt.units), Charge(pass_id=debt.pass_id, units=-debt.units)]
    return moves


def _reversed(connection: Connection, entry: Entry, fact: Reversed) -> None:
    """Take a tap or a sale back. A second time, or of an entry that took nothing, it changes nothing."""
    _reverse_visit(connection, entry.stamp.at, fact)
    _void_pass(connection, entry.stamp.at, fact.ref)


def _reverse_visit(connection: Connection, at: datetime, fact: Reversed) -> None:
    is_it = and_(visits.c.ledger_id == fact.ref.ledger_id, visits.c.seq == fact.ref.seq)
    row = connection.execute(visits.select().where(is_it, visits.c.reversed_at.is_(None))).one_or_none()
    if row is None:
        return
    connection.execute(update(visits).where(is_it).values(reversed_at=at, reversed_by=fact.by))
    _end(connection, or_(is_it, _re_entries_of(row)), at)
    _give_back(connection, fact.ref, {charge.pass_id for charge in _charges(row.charges)})
    credits_ = tables.credits_
    is_its = and_(credits_.c.ledger_id == fact.ref.ledger_id, credits_.c.seq == fact.ref.seq)
    connection.execute(delete(credits_).where(is_its))


def _re_entries_of(row: Row[*tuple[Any, ...]]) -> ColumnElement[bool]:
    """Match the free re-entries into the window of a visit: they end with it.

    Undoing takes a second tap within the minute, which is a re-entry; nobody is to be counted as inside for it.
    """
    return and_(
        visits.c.member_id == row.member_id,
        visits.c.at >= row.at,
        visits.c.site_id == row.site_id,
        visits.c.window_end == row.window_end,
        visits.c.reason == Reason.RE_ENTRY.value,
    )


def _end(connection: Connection, which: ColumnElement[bool], at: datetime) -> None:
    """End windows and presences at an instant, those that had not ended before."""
    presence = visits.c.presence_end
    ended = case((presence > at, literal(at, Instant)), else_=presence)
    connection.execute(
        update(visits).where(which, visits.c.window_cut.is_(None)).values(window_cut=at, presence_end=ended)
    )


def _give_back(connection: Connection, ref: Ref, pass_ids: Iterable[str]) -> None:
    uses = tables.uses
    connection.execute(
        delete(uses).where(
            uses.c.pass_id.in_(sorted(pass_ids)), uses.c.ledger_id == ref.ledger_id, uses.c.seq == ref.seq
        )
    )


def _void_pass(connection: Connection, at: datetime, sale: Ref) -> None:
    """Take a sale back: the pass is void, and the debts it had taken over are owed on the old passes again."""
    passes = tables.passes
    is_it = and_(passes.c.ledger_id == sale.ledger_id, passes.c.seq == sale.seq, passes.c.voided_at.is_(None))
    row = connection.execute(passes.select().where(is_it)).one_or_none()
    if row is None:
        return
    connection.execute(update(passes).where(is_it).values(voided_at=at))
    _give_back(connection, sale, {row.id, *(debt.pass_id for debt in _charges(row.settles))})
