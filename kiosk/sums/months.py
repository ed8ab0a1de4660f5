"""Calendar months in a site's time zone, as `2026-07`, and when the passages of one are to be erased. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from kiosk import local_time
from kiosk.store.forgetting.condensing import KEPT


def is_month(text: str) -> bool:
    """Tell whether a text names a month, from 2000 to 2099."""
    return re.fullmatch(r"20[0-9][0-9]-(0[1-9]|1[0-2])", text) is not None


def month_of(where: ZoneInfo, at: datetime) -> str:
    """Return the local month of an instant."""
    return f"{local_time.to_local(where, at):%Y-%m}"


def start(where: ZoneInfo, month: str) -> datetime:
    """Return the instant at which a month begins. Raises ValueError for a text that names no month."""
    return local_time.midnight(where, date.fromisoformat(f"{month}-01"))


def after(month: str) -> str:
    """Return the next month."""
    first = date.fromisoformat(f"{month}-01")
    return f"{first + timedelta(days=31):%Y-%m}"


def last_due(where: ZoneInfo, now: datetime) -> str:
    """Return the last month whose passages are to be erased at `now`: its first day is as old as a passage may be.

    A month is erased as a whole, so that its sums name no day on which somebody came.
    """
    return month_of(where, now - KEPT)


def days(month: str) -> list[date]:
    """Return the days of a month."""
    first = date.fromisoformat(f"{month}-01")
    return [day for day in (first + timedelta(days=number) for number in range(31)) if day.month == first.month]
