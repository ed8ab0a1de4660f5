"""What a site took over a time: a line for each sale and for each sale taken back, and their sums.

A sale taken back is two lines: the money that came, on its day, and the same money going back on the day it went. So
the lines of any time add up to what must be in the till after it, and no sum of a day that is over ever changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from kiosk.model import Noun
from kiosk.store.queries.sales import Sale


class Line(Noun, frozen=True, kw_only=True):
    """Money that came, or went back."""

    sale: Sale
    at: datetime
    cents: int
    """Less than zero where it went back."""
    is_back: bool


class Sum(Noun, frozen=True, kw_only=True):
    """What came by one way to pay, less what went back by it."""

    method: str
    sales: int
    backs: int
    cents: int


def lines(sales: Iterable[Sale], since: datetime, until: datetime) -> list[Line]:
    """The lines of [since, until), the oldest first."""
    found = [
        line
        for sale in sales
        for line in (_came(sale), *_went(sale))
        if since <= line.at < until
    ]  # fmt: skip
    return sorted(found, key=lambda line: (line.at, line.is_back, line.sale.receipt))


def _came(sale: Sale) -> Line:
    return Line(sale=sale, at=sale.at, cents=sale.cents, is_back=False)


def _went(sale: Sale) -> list[Line]:
    back = sale.taken_back_at
    return [] if back is None else [Line(sale=sale, at=back, cents=-sale.cents, is_back=True)]


def sums(found: Iterable[Line]) -> list[Sum]:
    """The lines by how was paid, the names of the ways in their order."""
    by_method: dict[str, list[Line]] = defaultdict(list)
    for line in found:
        by_method[line.sale.method].append(line)
    return [_sum(method, of_it) for method, of_it in sorted(by_method.items())]


def _sum(method: str, found: Sequence[Line]) -> Sum:
    backs = sum(line.is_back for line in found)
    return Sum(method=method, sales=len(found) - backs, backs=backs, cents=total(found))


def total(found: Iterable[Line]) -> int:
    """All lines together, in cents."""
    return sum(line.cents for line in found)
