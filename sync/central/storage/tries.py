"""Counts tries of codes and passwords, and says how long to wait before the next one.

Tries are stored in the database, so that they survive a restart. Call this inside a transaction that holds Turn.GUESS
(sync.central.storage.database); otherwise two processes could each grant the last try.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select

from kiosk.store.tables import instant
from sync.central.storage.tables import tries

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FREE = 5
"""Wrong tries that cost nobody time."""
FIRST_DELAY = timedelta(seconds=30)
TRIES_AN_HOUR = 100
"""What OWASP ASVS 2.2.1 allows at one account."""
LONGEST_DELAY = timedelta(minutes=15)
"""So one address has about a hundred tries a day at one account, and its owner never waits for longer there."""
SHORTEST = timedelta(seconds=1)


def hourly_wait(connection: Connection, network: str, what: str, *, limit: int, now: datetime) -> timedelta | None:
    """Return how long to wait before the next try, None for not at all: at most `limit` in any hour.

    This is the hour before `now`, not the one since the clock struck. Tries of a later time, made before a clock that
    was ahead was set right, are deleted: they would lock somebody out for as long as it was ahead.
    """
    is_past = or_(tries.c.at <= now - DAY, tries.c.at > now + LONGEST_DELAY)
    connection.execute(delete(tries).where(tries.c.network_id == network, is_past))
    query = select(func.count(), func.min(tries.c.at)).where(tries.c.network_id == network, tries.c.what == what)
    count, oldest = connection.execute(query.where(tries.c.at > now - HOUR)).one()
    return None if count < limit else max(HOUR - (now - _instant(oldest)), SHORTEST)


def delay(failures: int) -> timedelta:
    """Return how long to wait after so many wrong tries: nothing at first, then doubling."""
    if failures < FREE:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(failures - FREE, 20)), LONGEST_DELAY)


def wait_after_wrong(connection: Connection, network: str, what: str, *, now: datetime) -> timedelta | None:
    """Return how long to wait after wrong tries, None for not at all.

    The wrong tries of the last day count, until a right one.
    """
    query = select(func.count(), func.max(tries.c.at)).where(tries.c.network_id == network, tries.c.what == what)
    failures, last = connection.execute(query.where(tries.c.at > now - DAY)).one()
    left = _instant(last) + delay(failures) - now if failures else timedelta(0)
    return left if left > timedelta(0) else None


def count(connection: Connection, network: str, what: str, now: datetime) -> None:
    """Count a try."""
    connection.execute(insert(tries), {"network_id": network, "try_id": secrets.token_hex(8), "what": what, "at": now})


def forget(connection: Connection, network: str, what: str) -> None:
    """Delete the tries of something after a right one."""
    connection.execute(delete(tries).where(tries.c.network_id == network, tries.c.what == what))


def _instant(value: datetime | int) -> datetime:
    return instant(value) if isinstance(value, int) else value
