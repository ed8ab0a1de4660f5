"""Folding: the effect of each kind of entry on the roster.

The roster is a function of the set of known entries and of their positions in the server's feed: entries of several
ledgers may be folded in any order, and folding an entry again changes nothing. Neither the clock nor chance matter. An
entry is a fact, so none is refused: one that names something unknown has part of its effect now, and the rest when that
arrives. Reading the roster is in kiosk.roster.

How a noun is merged from the entries that change it is in kiosk.store.fold.fields; how visits end, in
kiosk.store.fold.visits; how a sale takes over a debt, in kiosk.store.fold.debts; erasing, in
kiosk.store.fold.forgetting. A charge becomes a row of `uses` for each entry and pass; the units used of a pass are
their sum. A reversal deletes the rows of the entry it reverses, or prevents them, so units go back to the pass, and to
the week or month, that they came from. If an entry is reversed more than once, the first reversal counts, by instant
and then by name.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from kiosk import bounds
from kiosk.facts import (
    AnyFact,
    Condensed,
    Entry,
    Erased,
    HoursOverridden,
    Left,
    MonthSummed,
    NounSet,
    PassSold,
    Reversed,
    Tapped,
    TimesCorrected,
)
from kiosk.model import ClockQuality, Denied, Reason, Ref
from kiosk.store import tables
from kiosk.store.codes import claim_code
from kiosk.store.fold import balances, debts, forgetting, nouns, times, visits
from kiosk.store.fold.nouns import Place
from kiosk.store.tables import reversals

PLACED = frozenset({"site", "product", "member", "badge", "sale", "override"})
"""Kinds of entries whose place in the feed matters; what the others do is the same at any place."""


def apply(connection: Connection, entry: Entry, fact: AnyFact, *, position: int | None = None) -> None:
    """Apply one entry to the roster, inside the transaction that `connection` is in.

    `position` is its position in the server's feed, None for an own entry that has none yet. Once it has one, apply the
    entry again with it. On the server every entry has one. Only one connection at a time may write a roster. Raises
    OutOfBoundsError, before anything is written, for an entry beyond the bounds of kiosk.bounds: all nodes must get
    the same roster, and not every database and page could keep it.
    """
    bounds.check(entry, fact)
    if entry.stamp.clock is ClockQuality.UNTRUSTED:
        entry, fact = times.corrected(connection, entry, fact)
    match fact:
        case TimesCorrected():
            times.correct(connection, entry.ref, fact)
        case Tapped():
            _tapped(connection, entry, fact)
        case Reversed():
            _reversed(connection, entry, fact)
        case Left():
            visits.leave(connection, entry, fact)
        case PassSold():
            _pass_sold(connection, entry, fact, position=position)
        case Erased() | Condensed():
            forgetting.forget(connection, entry, fact)
        case MonthSummed():
            forgetting.sum_up(connection, entry, fact)
        case NounSet() | HoursOverridden():
            nouns.set_noun(connection, Place.of(entry, position), fact)


# ---------------------------------------------------------------- taps


def _tapped(connection: Connection, entry: Entry, tap: Tapped) -> None:
    verdict = tap.verdict
    if isinstance(verdict, Denied):
        if verdict.reason is Reason.UNKNOWN_BADGE and tap.badge_id is not None:
            _remember_unknown(connection, entry, badge_id=tap.badge_id, site_id=tap.site_id)
        return
    if tap.member_id is None:
        return
    try:
        kept = visits.add(connection, entry, verdict=verdict, member_id=tap.member_id, site_id=tap.site_id)
    except visits.AlreadyKnownError:
        return
    if kept.reversed_at is not None:
        return
    balances.take(connection, entry, verdict.charges, at=entry.stamp.at)
    if verdict.credit_cents:
        balances.owe(connection, entry.ref, kept.member_id, verdict.credit_cents)


def _remember_unknown(connection: Connection, entry: Entry, *, badge_id: str, site_id: str) -> None:
    """Store the last time that a badge was denied as unknown at a site."""
    if visits.is_condensed(connection, entry.ref):
        return
    unknown, told = tables.unknown_badges, {"at": entry.stamp.at, "seq": entry.ref.seq}
    key = {"site_id": site_id, "badge_id": badge_id, "ledger_id": entry.ref.ledger_id}
    known = connection.execute(select(unknown.c.seq).filter_by(**key)).scalar()
    if known is None:
        connection.execute(insert(unknown), {**key, **told, "claim_code": claim_code(badge_id)})
    elif known < entry.ref.seq:
        connection.execute(update(unknown).filter_by(**key).values(told))


# ---------------------------------------------------------------- sales and reversals


def _pass_sold(connection: Connection, entry: Entry, fact: PassSold, *, position: int | None) -> None:
    nouns.set_pass(connection, Place.of(entry, position), fact.pass_)
    sales, ref = tables.sales, msgspec.structs.asdict(entry.ref)
    if connection.execute(select(sales.c.seq).filter_by(**ref)).first():
        return
    settles = msgspec.json.encode(fact.settles).decode()
    paid = {"at": entry.stamp.at, "site_id": fact.site_id, "cents": fact.price_cents, "method": fact.method}
    connection.execute(insert(sales), {**ref, **paid, "pass_id": fact.pass_.id, "settles": settles})
    if connection.execute(select(reversals.c.at).where(_reverses(entry.ref))).first() is None:
        debts.move(connection, entry, fact)


def _reversed(connection: Connection, entry: Entry, fact: Reversed) -> None:
    """Reverse a tap or a sale, known or yet to arrive. Reversing any other entry has no effect."""
    if _is_first(connection, entry, fact):
        _reverse_visit(connection, fact.ref)
        _void_pass(connection, entry, fact.ref)


def _reverses(ref: Ref) -> ColumnElement[bool]:
    return and_(reversals.c.reversed_ledger == ref.ledger_id, reversals.c.reversed_seq == ref.seq)


def _is_first(connection: Connection, entry: Entry, fact: Reversed) -> bool:
    """Store a reversal if it is the first known one of its entry, and tell whether it is."""
    this = {"at": entry.stamp.at, "reversed_by": fact.by, **msgspec.structs.asdict(entry.ref)}
    known = connection.execute(select(reversals).where(_reverses(fact.ref))).one_or_none()
    if known is None:
        key = {"reversed_ledger": fact.ref.ledger_id, "reversed_seq": fact.ref.seq}
        connection.execute(insert(reversals), {**key, **this})
        return True
    if (known.at, known.ledger_id, known.seq) <= (entry.stamp.at, entry.ref.ledger_id, entry.ref.seq):
        return False
    connection.execute(update(reversals).where(_reverses(fact.ref)).values(this))
    return True


def _reverse_visit(connection: Connection, ref: Ref) -> None:
    visit = visits.find(connection, ref)
    if visit is None:
        return
    visits.recompute_end(connection, visit)
    balances.give_back(connection, ref, {charge.pass_id for charge in balances.charges_of(visit.charges)})
    credits_ = tables.credits_
    connection.execute(delete(credits_).where(credits_.c.ledger_id == ref.ledger_id, credits_.c.seq == ref.seq))


def _void_pass(connection: Connection, reversal: Entry, sale: Ref) -> None:
    """Reverse a sale: the pass is void, and the debts it took over are owed on the old passes again."""
    row = connection.execute(tables.sales.select().filter_by(**msgspec.structs.asdict(sale))).one_or_none()
    if row is None:
        return
    passes = tables.passes
    is_it = and_(passes.c.ledger_id == sale.ledger_id, passes.c.seq == sale.seq)
    connection.execute(update(passes).where(is_it).values(voided_at=reversal.stamp.at))
    debts.give_back(connection, sale, row)
