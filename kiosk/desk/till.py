"""The till: what was sold and given back on a day, and how it was paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from kiosk.answers import SaleLine, Till, TillSum
from kiosk.commands import ShowTill
from kiosk.desk.desk import Desk
from kiosk.store.queries.sales import Sale


def show_till(desk: Desk, command: ShowTill) -> Till:
    """The sales of a local day at this site, those taken back on that day too, and what must be in the till by each
    way to pay.
    """
    on = command.on or desk.today
    start, end = desk.day(on)
    found = desk.roster.sales(desk.site.id, start, end)
    made = [sale for sale in found if start <= sale.at < end]
    back = [sale for sale in found if sale.taken_back_at is not None and start <= sale.taken_back_at < end]
    return Till(
        on=on,
        currency=desk.site.currency,
        sales=tuple(_line(desk, sale) for sale in reversed(made)),
        taken_back=tuple(_line(desk, sale) for sale in reversed(back)),
        sums=tuple(_sums(made, back)),
        total_cents=sum(sale.cents for sale in made) - sum(sale.cents for sale in back),
    )


def _sums(made: Iterable[Sale], back: Iterable[Sale]) -> list[TillSum]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for sale in made:
        counts[sale.method][0] += 1
        counts[sale.method][2] += sale.cents
    for sale in back:
        counts[sale.method][1] += 1
        counts[sale.method][2] -= sale.cents
    return [
        TillSum(method=method, sales=sales, taken_back=taken_back, cents=cents)
        for method, (sales, taken_back, cents) in sorted(counts.items())
    ]


def _line(desk: Desk, sale: Sale) -> SaleLine:
    sold = sale.pass_
    names = (desk.roster.member(holder) for holder in (sold.holders if sold else ()))
    return SaleLine(
        receipt=sale.receipt,
        at=desk.local(sale.at),
        pass_id=sold.id if sold else "",
        product=sold.terms.name if sold else "",
        members=tuple(member.name for member in names if member),
        cents=sale.cents,
        method=sale.method,
        taken_back_at=desk.local_or_none(sale.taken_back_at),
    )
