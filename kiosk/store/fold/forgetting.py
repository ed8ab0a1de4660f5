"""The effect on the roster of the two kinds of entries that erase, and of the sums of a month.

A tombstone applies to everything known of a person, before and after it. The entry that condenses a stretch of a ledger
replaces the taps in it: what they took off passes becomes one row of `uses`, and the rest is deleted. Erasing the
bodies of entries is in kiosk.store.forgetting.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from kiosk.facts import Condensed, Entry, Erased, LastSeen, MonthSummed
from kiosk.model import Ref
from kiosk.store import tables
from kiosk.store.fold import balances, nouns, visits
from kiosk.store.fold.visits import NOBODY
from kiosk.store.tables import EPOCH


def forget(connection: Connection, entry: Entry, fact: Erased | Condensed) -> None:
    """Erase a person, or the passages of a stretch, from the roster."""
    if isinstance(fact, Erased):
        _erased(connection, entry, fact)
    else:
        _condensed(connection, entry, fact)


def _erased(connection: Connection, entry: Entry, fact: Erased) -> None:
    """Erase a person for good: the effect of their entries on others and on the accounts stays, without them."""
    erasures, this = tables.erasures, msgspec.structs.asdict(entry.ref)
    is_theirs = erasures.c.member_id == fact.member_id
    known = connection.execute(select(erasures.c.ledger_id, erasures.c.seq).where(is_theirs)).one_or_none()
    if known is not None:
        if tuple(known) > (entry.ref.ledger_id, entry.ref.seq):
            connection.execute(update(erasures).where(is_theirs).values(this))
        return
    connection.execute(insert(erasures), {"member_id": fact.member_id, **this})
    nouns.forget_person(connection, fact.member_id)
    visits.forget_person(connection, fact.member_id)
    credits_, last_seen = tables.credits_, tables.last_seen
    for row in connection.execute(select(credits_).where(credits_.c.member_id == fact.member_id)).all():
        balances.owe(connection, Ref(ledger_id=row.ledger_id, seq=row.seq), NOBODY, row.cents)
    connection.execute(delete(credits_).where(credits_.c.member_id == fact.member_id))
    connection.execute(delete(last_seen).where(last_seen.c.member_id == fact.member_id))


def _condensed(connection: Connection, entry: Entry, fact: Condensed) -> None:
    """Replace the passages of a stretch by their sums."""
    stretches, credits_, unknown = tables.stretches, tables.credits_, tables.unknown_badges
    key = {"of_ledger": fact.ledger_id, "first": fact.first}
    if connection.execute(select(stretches.c.last).filter_by(**key)).first():
        return
    connection.execute(insert(stretches), {**key, "last": fact.last, **msgspec.structs.asdict(entry.ref)})
    for visit in visits.forget_stretch(connection, fact):
        ref = Ref(ledger_id=visit.ledger_id, seq=visit.seq)
        balances.give_back(connection, ref, {charge.pass_id for charge in balances.charges_of(visit.charges)})
    for table in (credits_, unknown):
        is_of_it = and_(table.c.ledger_id == fact.ledger_id, table.c.seq.between(fact.first, fact.last))
        connection.execute(delete(table).where(is_of_it, _is_of_a_tap(table)))
    balances.take(connection, entry, fact.uses, at=EPOCH)
    named = {*(one.member_id for one in fact.credits), *(one.member_id for one in fact.last_seen)}
    gone = nouns.erased(connection, named)
    for owed in fact.credits:
        balances.owe(connection, entry.ref, NOBODY if owed.member_id in gone else owed.member_id, owed.cents)
    for seen in fact.last_seen:
        if seen.member_id not in gone:
            _see(connection, seen)


def _is_of_a_tap(table: Table) -> ColumnElement[bool]:
    """Match rows made by a tap; leave out those of an entry that is itself a sum."""
    sums = select(tables.stretches.c.seq).where(
        tables.stretches.c.ledger_id == table.c.ledger_id, tables.stretches.c.seq == table.c.seq
    )
    return ~sums.exists()


def _see(connection: Connection, seen: LastSeen) -> None:
    last_seen, key = tables.last_seen, {"member_id": seen.member_id, "site_id": seen.site_id}
    known = connection.execute(select(last_seen.c.month, last_seen.c.before).filter_by(**key)).first()
    if known is None:
        connection.execute(insert(last_seen), {**key, "month": seen.month, "before": ""})
        return
    *_, before, month = sorted({"", known.before, known.month, seen.month})
    connection.execute(update(last_seen).filter_by(**key).values(month=month, before=before))


def sum_up(connection: Connection, entry: Entry, fact: MonthSummed) -> None:
    """Keep the sums of a month."""
    key = {"site_id": fact.site_id, "month": fact.month, **msgspec.structs.asdict(entry.ref)}
    if connection.execute(select(tables.months.c.seq).filter_by(**key)).first() is None:
        connection.execute(insert(tables.months), {**key, "doc": msgspec.json.encode(fact).decode()})
