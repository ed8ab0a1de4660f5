"""Reads the accounts: sales and reversals, and the receipt of each sale.

A receipt is the number of a sale among the sales of its ledger, after four letters that identify the ledger. So the
numbers have no gap, and as entries are chained nobody can insert or remove a sale. A sale by mistake is not deleted:
its reversal stands beside it and names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, func, select

from kiosk import payments
from kiosk.model import Debt, Noun, Pass, Ref
from kiosk.store.codes import claim_code
from kiosk.store.tables import passes, reversals, sales

_pass = msgspec.json.Decoder(Pass).decode
_debts = msgspec.json.Decoder(tuple[Debt, ...]).decode


class Sale(Noun, frozen=True, kw_only=True):
    """A pass that was sold, and whether the sale was reversed."""

    ref: Ref
    receipt: str
    at: datetime
    pass_: Pass | None
    """None: the roster's pass is from another entry now."""
    site_id: str
    cents: int
    """What it brought in: nothing for a gift."""
    method: str
    """As kiosk.payments reads it."""
    settles: tuple[Debt, ...] = ()
    """Debts that the new pass was to take over: another sale may have moved them first."""
    taken_back_at: datetime | None = None


def receipt(connection: Connection, ref: Ref) -> str:
    """Return the receipt of a sale: `K7PM-00042`."""
    before = select(func.count()).select_from(sales).where(sales.c.ledger_id == ref.ledger_id, sales.c.seq <= ref.seq)
    return _numbered(ref.ledger_id, connection.execute(before).scalar_one())


def _numbered(ledger_id: str, number: int) -> str:
    return f"{claim_code(ledger_id)}-{number:05d}"


def _receipts(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, str]:
    """Return the receipts of sales: two queries for each ledger, however many sales there are."""
    places: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        places[ref.ledger_id].append(ref.seq)
    found = {}
    for ledger_id, wanted in places.items():
        first, last, of_it = min(wanted), max(wanted), sales.c.ledger_id == ledger_id
        before = select(func.count()).select_from(sales).where(of_it, sales.c.seq < first)
        number = connection.execute(before).scalar_one()
        between = select(sales.c.seq).where(of_it, sales.c.seq.between(first, last)).order_by(sales.c.seq)
        for n, seq in enumerate(connection.execute(between).scalars(), number + 1):
            found[Ref(ledger_id=ledger_id, seq=seq)] = _numbered(ledger_id, n)
    return found


def between(connection: Connection, site_id: str, since: datetime, until: datetime) -> tuple[Sale, ...]:
    """Return the sales at a site that were made or reversed in [since, until), in order."""
    is_in = and_(sales.c.at >= since, sales.c.at < until)
    is_back = and_(reversals.c.at >= since, reversals.c.at < until)
    return _read(connection, _SALES.where(sales.c.site_id == site_id, is_in | is_back))


def find(connection: Connection, ref: Ref) -> Sale | None:
    """Return the sale of an entry of any ledger; None if that has not arrived here."""
    return next(iter(_read(connection, _SALES.where(sales.c.ledger_id == ref.ledger_id, sales.c.seq == ref.seq))), None)


def of_member(connection: Connection, member_id: str) -> tuple[Sale, ...]:
    """Return the sales to a member, in order."""
    found = _read(connection, _SALES.where(passes.c.doc.contains(member_id, autoescape=True)))
    return tuple(sale for sale in found if sale.pass_ and member_id in sale.pass_.holders)


_SALES = (
    select(sales, passes.c.doc, reversals.c.at.label("taken_back_at"))
    .outerjoin_from(sales, passes, and_(passes.c.id == sales.c.pass_id, passes.c.ledger_id == sales.c.ledger_id))
    .outerjoin(
        reversals, and_(reversals.c.reversed_ledger == sales.c.ledger_id, reversals.c.reversed_seq == sales.c.seq)
    )
    .order_by(sales.c.at, sales.c.ledger_id, sales.c.seq)
)


def _read(connection: Connection, query: Select[Any]) -> tuple[Sale, ...]:
    rows = [(Ref(ledger_id=row.ledger_id, seq=row.seq), row) for row in connection.execute(query).all()]
    receipts = _receipts(connection, (ref for ref, _ in rows))
    return tuple(_sale(ref, receipts[ref], row) for ref, row in rows)


def _sale(ref: Ref, receipt: str, row: Row[*tuple[Any, ...]]) -> Sale:
    return Sale(
        ref=ref,
        receipt=receipt,
        at=row.at,
        pass_=_pass(row.doc) if row.doc else None,
        site_id=row.site_id,
        cents=payments.received(row.method, row.cents),
        method=payments.read(row.method).stored(),
        settles=_debts(row.settles),
        taken_back_at=row.taken_back_at,
    )
