"""The sales page: the sales of a day, the sums of a month, and either as a file for the bookkeeper.

Sales are made on a member's page (.members.passes) or at a kiosk, and taken back on a form of that page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import cast
from urllib.parse import urlencode

from litestar import Response
from litestar.di import NamedDependency

from kiosk import local_time
from kiosk.answers import TillSum
from kiosk.desk.till import TillLine, till_lines, till_sums, till_total
from kiosk.export import csv_export
from kiosk.model import Member, Noun
from kiosk.notices import journal
from kiosk.notices.language import choose
from sync.central.kiosks import former_ledgers
from sync.central.pages.framework import codes
from sync.central.pages.framework.page_request import HEADERS, Answer, PageRequest, member_path
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads
from sync.central.storage import network
from sync.central.words import Words

LISTED = 50
"""Lines on one page of a day."""
FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
"""The first and the last day that the page shows."""


class ListedSale(Noun, frozen=True, kw_only=True):
    """A sale, or a cancelled sale, in the list of a day."""

    line: TillLine
    members: tuple[Member, ...]
    place: str | None
    """The kiosk that sold it; empty: sold on these pages; None: an unknown kiosk."""
    takes_back: str | None
    """Address of the form that takes the sale back; None when it cannot be."""


class DaySum(Noun, frozen=True, kw_only=True):
    """The sum of a day in the list of a month."""

    day: date
    lines: int
    cents: int


class Totals(Noun, frozen=True, kw_only=True):
    """Takings of a day or a month, by way of payment and in all."""

    sums: tuple[TillSum, ...]
    cents: int


@reads("/sales")
def show(page: NamedDependency[PageRequest]) -> Answer:
    """Show the sales of a day, today by default, or of a month."""
    asked = page.request.query_params
    if "month" in asked:
        return _month(page, _day_of(page, f"{asked['month']}-01"))
    return _day(page, _day_of(page, asked.get("on", "")))


def _day(page: PageRequest, day: date) -> Answer:
    of_month = _lines(page, *_month_of(day))
    since, until = _span(page, day, local_time.day_after(day))
    found = [line for line in reversed(of_month) if since <= line.at < until]
    list_page = ListPage.asked(page.request, len(found), LISTED)
    return page.show(
        "sales.html",
        day=day,
        before=max(FIRST, day - timedelta(days=1)),
        after=_unless_to_come(page, day + timedelta(days=1)),
        month=f"{day:%Y-%m}",
        rows=_rows(page, list_page.of(found)),
        list_page=list_page,
        place_of=place_of,
        of_day=_totals(found),
        of_month=_totals(of_month),
    )


def _month(page: PageRequest, first: date) -> Answer:
    found = _lines(page, *_month_of(first))
    by_day: dict[date, list[TillLine]] = defaultdict(list)
    for line in found:
        by_day[page.words.local(line.at).date()].append(line)
    days = [DaySum(day=day, lines=len(some), cents=till_total(some)) for day, some in sorted(by_day.items())]
    after = _unless_to_come(page, _month_of(first)[1])
    before = _month_of(max(FIRST, first - timedelta(days=1)))[0]
    return page.show("sales_month.html", first=first, before=before, after=after, days=days, of_month=_totals(found))


def _totals(found: Sequence[TillLine]) -> Totals:
    return Totals(sums=tuple(till_sums(found)), cents=till_total(found))


# ---------------------------------------------------------------- which days


def _day_of(page: PageRequest, text: str) -> date:
    """Return the day that the address names; today when it names none."""
    try:
        return min(max(FIRST, date.fromisoformat(text)), LAST)
    except ValueError:
        return cast("date", page.today)


def _month_of(day: date) -> tuple[date, date]:
    """The first day of a month, and of the next."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _unless_to_come(page: PageRequest, day: date) -> date | None:
    return day if day <= page.today else None


def _span(page: PageRequest, first: date, end: date) -> tuple[datetime, datetime]:
    """Return the instants at which these days begin and end in the site's time zone."""
    zone = local_time.zone(page.site.zone)
    return local_time.midnight(zone, first), local_time.midnight(zone, end)


def _lines(page: PageRequest, first: date, end: date) -> list[TillLine]:
    since, until = _span(page, first, end)
    return till_lines(page.roster.sales(page.site.id, since, until), since, until)


# ---------------------------------------------------------------- lines in words


def _rows(page: PageRequest, found: Sequence[TillLine]) -> list[ListedSale]:
    members, places = _members(page, found), _places(page)
    return [_row(page, line, members, places=places) for line in found]


def _row(page: PageRequest, line: TillLine, members: dict[str, Member], *, places: dict[str, str]) -> ListedSale:
    return ListedSale(
        line=line,
        members=_holders(line, members),
        place=places.get(line.sale.ref.ledger_id),
        takes_back=_takes_back(page, line, members),
    )


def _takes_back(page: PageRequest, line: TillLine, members: dict[str, Member]) -> str | None:
    sold, holders = line.sale.pass_, _holders(line, members)
    if line.is_back or line.sale.taken_back_at or sold is None or not holders:
        return None
    query = urlencode({"back": page.here})
    return f"{member_path(holders[0].id)}/passes/{sold.id}/cancel?{query}"


def _holders(line: TillLine, members: dict[str, Member]) -> tuple[Member, ...]:
    """Return the members who bought it, apart from erased ones."""
    sold = line.sale.pass_
    return tuple(members[one] for one in (sold.holders if sold else ()) if one in members)


def _members(page: PageRequest, found: Iterable[TillLine]) -> dict[str, Member]:
    return page.roster.members_of({one for line in found if line.sale.pass_ for one in line.sale.pass_.holders})


def _places(page: PageRequest) -> dict[str, str]:
    """Return the names of kiosks by ledger, former ledgers included."""
    with page.central.storage.reader() as connection:
        return {
            **former_ledgers.kiosk_names(connection, page.central.settings.network),
            network.load(page.central.storage).ledger_id: "",
        }


# ---------------------------------------------------------------- for the bookkeeper


@reads("/sales/export")
def export(page: NamedDependency[PageRequest]) -> Answer:
    """Download a day or a month as CSV, in the language of the site, whatever the language of the account."""
    words = Words(choose(page.site.language), page.site.zone)
    month, on = page.request.query_params.get("month", ""), page.request.query_params.get("on", "")
    day = _day_of(page, f"{month}-01" if month else on)
    first, end = _month_of(day) if month else (day, local_time.day_after(day))
    found = _lines(page, first, end)
    text = "".join(csv_export.lines(_sheet(page, words, found)))
    sold = words.say("sales")
    stem = f"{sold}-{page.site.id}-{day:%Y-%m}" if month else f"{sold}-{page.site.id}-{day}"
    name = re.sub(r"[^\w.-]", "-", stem, flags=re.ASCII)
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.encode(), media_type="text/csv", headers=headers)


def _sheet(page: PageRequest, words: Words, found: Sequence[TillLine]) -> Iterator[tuple[str, ...]]:
    yield (
        words.say("Date"),
        words.say("Time"),
        words.say("Receipt"),
        words.say("Event"),
        words.say("Member"),
        words.say("Pass"),
        words.say("Paid by"),
        words.say("Sold where"),
        words.say("Amount"),
        words.say("Currency"),
    )
    members, places = _members(page, found), _places(page)
    for line in found:
        yield (
            *_cells(line, words, ", ".join(one.name for one in _holders(line, members))),
            place_of(words, places.get(line.sale.ref.ledger_id)),
            csv_export.amount(line.cents, journal.point(words)),
            page.site.currency,
        )


def _cells(line: TillLine, words: Words, names: str) -> tuple[str, ...]:
    local, sold = words.local(line.at), line.sale.pass_
    return (
        f"{local:%Y-%m-%d}",
        f"{local:%H:%M}",
        line.sale.receipt,
        words.say("cancellation") if line.is_back else words.say("sale"),
        names,
        sold.terms.name if sold else "",
        codes.method(words, line.sale.method),
    )


def place_of(words: Words, place: str | None) -> str:
    """Return the words for the place of a sale."""
    return words.say("a kiosk") if place is None else place or words.say("the web pages")


HANDLERS = [show, export]
