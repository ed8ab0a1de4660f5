"""The till: sales and refunds of a day, and how they were paid.

A cancelled sale gives two lines: the payment, on its day, and the refund, on the day it was made. So the lines of a
period always add up to the change of the money in the till, and the sum of a past day never changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from kiosk.answers import SaleLine, Till, TillSum
from kiosk.commands import ShowTill
from kiosk.desk.desk import Desk
from kiosk.model import Noun
from kiosk.store.queries.sales import Sale


class TillLine(Noun, frozen=True, kw_only=True):
    """A payment or a refund."""

    sale: Sale
    at: datetime
    cents: int
    """Less than zero where it went back."""
    is_back: bool


def show_till(desk: Desk, command: ShowTill) -> Till:
    """Return the sales of a local day at this site, the sales cancelled on it, and the sums by way to pay."""
    on = command.on or desk.today
    start, end = desk.day(on)
    found = desk.roster.sales(desk.site.id, start, end)
    lines = till_lines(found, start, end)
    went_back = {line.sale.ref for line in lines if line.is_back}
    return Till(
        on=on,
        currency=desk.site.currency,
        sales=tuple(_line(desk, sale) for sale in reversed(found) if start <= sale.at < end),
        taken_back=tuple(_line(desk, sale) for sale in reversed(found) if sale.ref in went_back),
        sums=tuple(till_sums(lines)),
        total_cents=till_total(lines),
    )


def till_lines(sales: Iterable[Sale], since: datetime, until: datetime) -> list[TillLine]:
    """Return the lines of [since, until), the oldest first."""
    found = [line for sale in sales for line in (_came(sale), *_went(sale)) if since <= line.at < until]
    return sorted(found, key=lambda line: (line.at, line.is_back, line.sale.receipt))


def _came(sale: Sale) -> TillLine:
    return TillLine(sale=sale, at=sale.at, cents=sale.cents, is_back=False)


def _went(sale: Sale) -> list[TillLine]:
    back = sale.taken_back_at
    return [] if back is None else [TillLine(sale=sale, at=back, cents=-sale.cents, is_back=True)]


def till_sums(lines: Iterable[TillLine]) -> list[TillSum]:
    """Return the sums by way to pay, in the order of the list of ways."""
    by_method: dict[str, list[TillLine]] = defaultdict(list)
    for line in lines:
        by_method[line.sale.method].append(line)
    return [_sum(method, of_it) for method, of_it in sorted(by_method.items())]


def _sum(method: str, lines: Sequence[TillLine]) -> TillSum:
    back = sum(line.is_back for line in lines)
    return TillSum(method=method, sales=len(lines) - back, taken_back=back, cents=till_total(lines))


def till_total(lines: Iterable[TillLine]) -> int:
    """Return the sum of all lines, in cents."""
    return sum(line.cents for line in lines)


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
