"""Reads the report of a site out of a kiosk's ledger or the server's feed."""

from __future__ import annotations

from datetime import datetime

from kiosk import local_time
from kiosk.model import Noun, Site
from kiosk.report import accounts, figures
from kiosk.report.figures import Accounts, Figures
from kiosk.sums import months, summing
from kiosk.sums.summing import Books


class SiteReport(Noun, frozen=True, kw_only=True):
    """Figures and accounts of a site over a range of months."""

    figures: Figures
    accounts: Accounts


def of_site(books: Books, site: Site, now: datetime, *, since: str = "", until: str = "") -> SiteReport:
    """Read the report from the month `since` to the month `until`; empty: from the first known one, to the present."""
    where = local_time.zone(site.zone)
    sums = summing.all_months(books, site)
    last = until or months.month_of(where, now)
    first = since or min((one.month for one in sums), default=last)
    begin, end = months.start(where, first), months.start(where, months.after(last))
    return SiteReport(
        figures=figures.add_up(sums, since=first, until=last),
        accounts=accounts.read(books.connection, site.id, begin, end),
    )
