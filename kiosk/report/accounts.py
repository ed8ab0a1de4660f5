"""What a site sold in a range of time, what of it was used, and what is left: from the accounts, without a name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, select

from kiosk.model import Pass
from kiosk.payments import received
from kiosk.report.figures import Accounts, ProductSales
from kiosk.store.tables import passes, sales, uses

_pass = msgspec.json.Decoder(Pass).decode


def read(connection: Connection, site_id: str, since: datetime, until: datetime) -> Accounts:
    """Read the accounts of a site. Debts that a later pass took over count as used on that pass."""
    used = select(uses.c.pass_id, func.sum(uses.c.units).label("units")).group_by(uses.c.pass_id).subquery()
    query = (
        select(sales.c.cents, sales.c.method, passes.c.doc, used.c.units)
        .join(passes, passes.c.id == sales.c.pass_id)
        .outerjoin(used, used.c.pass_id == sales.c.pass_id)
        .where(sales.c.site_id == site_id, sales.c.at >= since, sales.c.at < until, passes.c.voided_at.is_(None))
    )
    sold = [(row.cents, row.method, _pass(row.doc), int(row.units or 0)) for row in connection.execute(query)]
    counted = [
        (received(method, cents), one.terms.units, taken) for cents, method, one, taken in sold if one.terms.units
    ]
    left = [(cents, units, units - taken) for cents, units, taken in counted]
    return Accounts(
        products=tuple(_products(sold)),
        cents=sum(received(method, cents) for cents, method, *_ in sold),
        units_sold=sum(units for _, units, _ in counted),
        units_used=sum(taken for *_, taken in counted),
        units_left=sum(max(units, 0) for *_, units in left),
        units_owed=sum(max(-units, 0) for *_, units in left),
        worth_cents=sum(cents * max(rest, 0) // units for cents, units, rest in left),
    )


def _products(sold: Iterable[tuple[int, str, Pass, int]]) -> list[ProductSales]:
    found: dict[str, list[tuple[int, str, Pass, int]]] = {}
    for one in sold:
        found.setdefault(one[2].terms.name, []).append(one)
    return [
        ProductSales(
            product=name,
            sold=len(those),
            gifts=sum(not received(method, cents) for cents, method, *_ in those),
            cents=sum(received(method, cents) for cents, method, *_ in those),
            units=sum(one.terms.units or 0 for _, _, one, _ in those),
        )
        for name, those in sorted(found.items())
    ]
