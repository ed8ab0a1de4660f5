"""Passes: their dates and sites, the units left, the time one unit covers, and the sale.

Pure. Whether a tap is granted, and which pass pays, is in kiosk.rules; when the door is open in kiosk.hours.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from kiosk import local_time
from kiosk.model import Charge, Cover, Day, Duration, Holding, Pass, Product, Site, Spans, Unlimited

Validity = Literal["valid", "not_yet", "expired"]


# ---------------------------------------------------------------- dates, sites, units


def validity(pass_: Pass, day: date) -> Validity:
    """Tell whether a pass is valid, not yet or no longer; its first and last day are included."""
    if day < pass_.valid_from:
        return "not_yet"
    return "expired" if pass_.valid_until is not None and day > pass_.valid_until else "valid"


def is_for(terms: Product, site: Site) -> bool:
    """Tell whether terms are valid at this site; terms that name no site are valid at all."""
    return not terms.sites or site.id in terms.sites


def is_counted(terms: Product) -> bool:
    """Tell whether coming in takes units off the pass."""
    return not isinstance(terms.cover, Unlimited)


def balance(holding: Holding, site: Site, now: datetime) -> int | None:
    """Return the units left, for an allowance those of this local week or month; below 0: owed. None: uncounted.

    A balance below 0 has one of two causes, both of which hosts should see: an entry on credit, or two kiosks that
    spent the last entry while they could not hear each other. Both admissions stand.
    """
    terms = holding.pass_.terms
    if not is_counted(terms):
        return None
    return (terms.units or 0) - _used(holding, local_time.zone(site.zone), now)


def _used(holding: Holding, where: ZoneInfo, now: datetime) -> int:
    """Return the units used, for an allowance those of the period.

    Units taken before the first period count to the first period: a debt that moved to the pass when it was sold,
    however long before the pass begins. So a debt is taken off once, and not in a period in which the pass cannot be
    used.
    """
    per = holding.pass_.terms.per
    if per == "once":
        return holding.used
    first = period_start(per, local_time.today(where, now))
    if first <= holding.pass_.valid_from:
        return holding.used
    return sum(use.units for use in holding.recent if period_start(per, local_time.today(where, use.at)) == first)


def period_start(per: Literal["week", "month"], day: date) -> date:
    """Return the first day of the period of a local date: the Monday, or the first of the month."""
    return day.replace(day=1) if per == "month" else day - timedelta(days=day.weekday())


def renews_on(pass_: Pass, day: date) -> date | None:
    """Return the first day of an allowance's next period, if the pass is still valid then."""
    per = pass_.terms.per
    if per == "once":
        return None
    ahead = period_start(per, period_start(per, day) + timedelta(days=7 if per == "week" else 31))
    return ahead if validity(pass_, ahead) == "valid" else None


def lapses_on(pass_: Pass, day: date) -> date:
    """Return the last day on which a unit left today can be used; `date.max`: no end.

    For a monthly allowance it is the month's last day: what is not used by then is lost, so it is used up before a card
    that lasts until summer.
    """
    last = pass_.valid_until or date.max
    ahead = renews_on(pass_, day)
    return min(last, ahead - timedelta(days=1)) if ahead else last


def first_to_use(holdings: Iterable[Holding], day: date) -> list[Holding]:
    """Sort passes in the order in which they pay: the earliest to expire first, then the oldest purchase."""
    return sorted(holdings, key=lambda h: (lapses_on(h.pass_, day), h.pass_.sold_at, h.pass_.id))


# ---------------------------------------------------------------- what one unit covers


def cover_end(cover: Cover, where: ZoneInfo, start: datetime) -> datetime:
    """Return the end of the time that one unit buys; always later than `start`, whatever the settings."""
    match cover:
        case Duration():
            return start + max(local_time.minutes(cover.minutes), timedelta(minutes=1))
        case Spans():
            return _span_end(cover, where, start)
        case Day():
            return next_time(where, start, cover.boundary)
        case Unlimited():
            return next_time(where, start, Day().boundary)


def next_time(where: ZoneInfo, at: datetime, clock: time) -> datetime:
    """Return the next instant after `at` when the local time is `clock`."""
    day = local_time.today(where, at) - timedelta(days=1)
    candidates = (local_time.at_time(where, day + timedelta(days=n), clock) for n in range(4))
    return next(moment for moment in candidates if moment > at)


def _span_end(cover: Spans, where: ZoneInfo, at: datetime) -> datetime:
    """Return the end of the span that a tap buys.

    Half days 08:30-12:00 and 13:00-18:00. A tap at 10:00 buys the morning. At 12:20, between the two, it buys the
    afternoon, and the member need not wait for 13:00. At 07:50 it buys the morning in the same way. At 18:30 no span
    is left today: it buys the rest of the day, until midnight.
    """
    midnight = next_time(where, at, time())
    day = local_time.today(where, at)
    spans = sorted(
        _span(s.start, s.end, where=where, day=day + timedelta(days=n)) for n in (-1, 0) for s in cover.spans
    )
    inside = next((end for start, end in spans if start <= at < end), None)
    return inside or next((end for start, end in spans if at < start < min(end, midnight)), midnight)


def _span(start: time, end: time, *, where: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """Return the span on that day as instants; one that ends before it starts ends on the next day."""
    last = day if end.replace(tzinfo=None) > start.replace(tzinfo=None) else local_time.day_after(day)
    return local_time.at_time(where, day, start), local_time.at_time(where, last, end)


def convert_alike(one: Product, other: Product) -> bool:
    """Tell whether a half day of each makes a day together: of one product, or of two that name the same day."""
    return one.id == other.id or (one.converts_to is not None and one.converts_to == other.converts_to)


def day_is_cheaper(terms: Product, first: Product | None = None) -> bool:
    """Tell whether two of these units, or one and one of `first`, cost more than the day that they convert to."""
    return terms.converts_cents is not None and _two_units(terms, first or terms) > terms.converts_cents


def day_credit(terms: Product, first: Product | None = None) -> int:
    """Return the cents given back when two units become one day, rounded down; `first` is of another product.

    Two half days of 15 EUR and a day of 25 EUR: the second half day is charged, and 5 EUR are given back.
    """
    if not day_is_cheaper(terms, first):
        return 0
    return floor(_two_units(terms, first or terms)) - (terms.converts_cents or 0)


def _two_units(one: Product, other: Product) -> Fraction:
    return sum((Fraction(half.price_cents, max(half.units or 1, 1)) for half in (one, other)), Fraction())


# ---------------------------------------------------------------- selling


def sell(
    product: Product,
    products: Iterable[Product],
    *,
    now: datetime,
    site: Site,
    holders: Sequence[str],
    pass_id: str,
    starts: date | None = None,
) -> Pass:
    """Return the pass of a sale: the product's terms as they are now, and its dates of validity.

    `starts` is a local date, today by default. Of several limits of validity the earliest counts.
    """
    valid_from = starts or local_time.today(local_time.zone(site.zone), now)
    return Pass(
        id=pass_id,
        terms=_priced(product, products),
        holders=tuple(holders),
        sold_at=now.astimezone(UTC),
        valid_from=valid_from,
        valid_until=last_day(product, valid_from),
    )


def last_day(product: Product, first: date) -> date | None:
    """Return the last local day of a pass of this product; None: no end.

    The first day does not count (French code of civil procedure, articles 640 to 642): 60 days from 1 January end on
    2 March. Six months from 15 January end on 15 July; six from 31 August end with February, in which there is no
    31st. No days at all are the first day alone; a calendar month is the one in which the pass begins.
    """
    limits = []
    if product.valid_days is not None:
        limits.append(first + timedelta(days=max(product.valid_days, 0)))
    if product.valid_months is not None:
        limits.append(_months_later(first, product.valid_months))
    if product.calendar_month:
        limits.append(first.replace(day=_days_in_month(first.year, first.month)))
    return min(limits, default=None)


def _months_later(first: date, months: int) -> date:
    """Return the same day so many months later; the month's last day where there is no such day."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, _days_in_month(year, month + 1)))


def _days_in_month(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _priced(product: Product, products: Iterable[Product]) -> Product:
    """Return the terms with today's price, cover and hours of the day product they convert to."""
    day = next((other for other in products if other.id == product.converts_to), None)
    if day is None:
        return product
    return msgspec.structs.replace(
        product,
        converts_cents=day.price_cents // max(day.units or 1, 1),
        converts_cover=day.cover,
        converts_hours=day.access_hours,
    )


def debt(holdings: Iterable[Holding]) -> tuple[Charge, ...]:
    """Return the units owed on passes bought once, by pass: a sale moves them to the new pass."""
    return tuple(Charge(pass_id=h.pass_.id, units=owed) for h in holdings if (owed := units_owed(h)) > 0)


def units_owed(holding: Holding) -> int:
    """Return the units used beyond those bought. An allowance owes nothing: each period starts with its full number."""
    terms = holding.pass_.terms
    return max(0, holding.used - (terms.units or 0)) if terms.per == "once" and is_counted(terms) else 0
