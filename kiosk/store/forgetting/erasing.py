"""Erases bodies: of condensed passages, and of everything about an erased person.

Body and salt are erased, the hashes stay, so the chain verifies; what is left reveals nothing of the body. If an entry
also affected others, its remainder stays: the fact without the person. Folding a remainder gives the same as folding
the whole fact once the person is erased, so a ledger can be folded anew. Sales keep their bodies: they are accounts,
and name a member only by an id that then means nobody.

The same code erases in a kiosk's ledger and in the server's feed: `table` is either, `scope` selects the rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, literal, or_, select, update

from kiosk.facts import AnyFact, BadgeSet, Condensed, Entry, Erased, Left, MemberSet, Tapped
from kiosk.model import Denied, Granted, Verdict
from kiosk.store import chain
from kiosk.store.fold import nouns
from kiosk.store.fold.visits import NOBODY
from kiosk.store.tables import erasures, stretches

PASSAGES = ("tap", "left", "incident")
"""Kinds of entries that record when somebody came or left; an incident may, and is not part of the accounts."""
PERSONAL = ("member", "badge", "tap", "left")
"""Kinds whose bodies are erased with the person that they are about."""
NOTHING = b"{}"
"""The remainder where none is needed."""
FEW = 20
"""As many persons are looked for in the bodies by name; for more, all bodies are read."""


def concerned(fact: AnyFact | None) -> str | None:
    """Return the member that a fact is about, accounts excepted."""
    match fact:
        case MemberSet():
            return fact.member.id
        case BadgeSet():
            return fact.badge.member_id
        case Tapped() | Left():
            return fact.member_id
    return None


def remainder(fact: AnyFact) -> bytes:
    """Return a fact without its person."""
    match fact:
        case BadgeSet():
            return chain.encode_fact(nouns.erased_carrier(fact))
        case Tapped():
            return chain.encode_fact(Tapped(site_id=fact.site_id, member_id=NOBODY, verdict=_bare(fact.verdict)))
    return NOTHING


def _bare(verdict: Verdict) -> Verdict:
    if isinstance(verdict, Denied):
        return Denied(reason=verdict.reason)
    return Granted(reason=verdict.reason, charges=verdict.charges, credit_cents=verdict.credit_cents)


def without(entry: Entry, gone: Collection[str]) -> Entry:
    """Return an entry as it is stored once these persons are erased."""
    if not gone or entry.body is None or entry.kind not in PERSONAL:
        return entry
    fact = chain.decode_fact(entry.body)
    if fact is None or concerned(fact) not in gone:
        return entry
    return replace(entry, body=None, salt=None, remainder=remainder(fact))


def gone(connection: Connection) -> frozenset[str]:
    """Return all erased persons."""
    return frozenset(connection.execute(select(erasures.c.member_id)).scalars())


def carry_out(connection: Connection, table: Table, scope: ColumnElement[bool], facts: Iterable[AnyFact]) -> None:
    """Erase the bodies that these facts order to erase."""
    facts = tuple(facts)
    erase_persons(connection, table, scope, [fact.member_id for fact in facts if isinstance(fact, Erased)])
    for fact in facts:
        if isinstance(fact, Condensed):
            of_it = and_(table.c.ledger_id == fact.ledger_id, table.c.seq.between(fact.first, fact.last))
            _erase_passages(connection, table, and_(scope, of_it))


def erase_stretches(connection: Connection, table: Table, scope: ColumnElement[bool]) -> None:
    """Erase the bodies of the passages in all condensed stretches of the roster."""
    for row in connection.execute(select(stretches)).all():
        of_it = and_(table.c.ledger_id == row.of_ledger, table.c.seq.between(row.first, row.last))
        _erase_passages(connection, table, and_(scope, of_it))


def erase_latecomers(
    connection: Connection, table: Table, scope: ColumnElement[bool], arrived: Iterable[Entry]
) -> None:
    """Erase the bodies of passages that arrived after their stretch was condensed."""
    late: dict[str, list[int]] = defaultdict(list)
    for entry in arrived:
        if entry.kind in PASSAGES and entry.body is not None:
            late[entry.ref.ledger_id].append(entry.ref.seq)
    known = select(stretches).where(stretches.c.of_ledger.in_(late)) if late else None
    for row in connection.execute(known).all() if known is not None else ():
        seqs = [seq for seq in late[row.of_ledger] if row.first <= seq <= row.last]
        if seqs:
            which = and_(scope, table.c.ledger_id == row.of_ledger, table.c.seq.in_(seqs))
            _erase_passages(connection, table, which)


def erase_left_over(connection: Connection, table: Table, *, own: Collection[str], young: ColumnElement[bool]) -> None:
    """Erase old passages of other ledgers from before the snapshot: a restored server may no longer know them.

    So nobody else would condense them, and the roster is based on the snapshot instead.
    """
    is_left = and_(table.c.position == 0, table.c.ledger_id.not_in(own))
    _erase_passages(connection, table, and_(is_left, ~young))


def _erase_passages(connection: Connection, table: Table, which: ColumnElement[bool]) -> None:
    left = or_(table.c.body.is_not(None), table.c.remainder.is_not(None))
    is_passage = and_(which, table.c.kind.in_(PASSAGES), left)
    connection.execute(update(table).where(is_passage).values(body=None, salt=None, remainder=None))


def erase_persons(connection: Connection, table: Table, scope: ColumnElement[bool], members: Collection[str]) -> None:
    """Erase all bodies about some members, except in the accounts."""
    for row, fact in facts_naming(connection, table, scope, members) if members else ():
        if concerned(fact) in members:
            one = and_(scope, table.c.ledger_id == row.ledger_id, table.c.seq == row.seq)
            gone = {"body": None, "salt": None, "remainder": remainder(fact)}
            connection.execute(update(table).where(one).values(gone))


def facts_naming(
    connection: Connection, table: Table, scope: ColumnElement[bool], members: Collection[str]
) -> Iterator[tuple[Row[*tuple[Any, ...]], AnyFact]]:
    """Yield the rows of entries whose bodies name some members, with their facts, in the order of their instants."""
    named = or_(*(_holds(connection, table, name) for name in members)) if len(members) <= FEW else literal(1) == 1
    columns = (table.c.ledger_id, table.c.seq, table.c.at, table.c.body)
    query = select(*columns).where(scope, table.c.body.is_not(None), named)
    for row in connection.execute(query.order_by(table.c.at, table.c.ledger_id, table.c.seq)).all():
        fact = chain.decode_fact(bytes(row.body))
        if fact is not None:
            yield row, fact


def written(member_id: str) -> bytes:
    """Return an id as it appears in a body."""
    return chain.encode_text(member_id)


def _holds(connection: Connection, table: Table, member_id: str) -> ColumnElement[bool]:
    """Match bodies that contain an id."""
    name = literal(written(member_id))
    if connection.dialect.name == "sqlite":
        return func.instr(table.c.body, name) > 0
    return func.position(name.op("IN")(table.c.body)) > 0
