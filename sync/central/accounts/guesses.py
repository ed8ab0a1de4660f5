"""Counting tries of what can be guessed: codes and passwords. Kept in the database, so that a restart forgives nothing.

Who guesses a password is held back by account and by address, so that a flood of guesses keeps nobody out but those who
share one of them with it, and of these nobody whose browser signed in before: an account is tried at most a hundred
times in an hour whoever tries, an address tries at most as often whatever it tries, and one address waits longer after
each wrong guess at one account.

All of it happens in the transaction whose turn it is to guess (sync.central.storage.database.Turn), or two processes
would each grant the last try.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

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


def wait(connection: Connection, network: str, what: str, *, limit: int, now: datetime) -> timedelta | None:
    """Return how long to wait before the next try, None when it may be now: at most `limit` in any hour.

    The hour that went by is looked at, not the one since the clock struck.
    """
    connection.execute(delete(tries).where(tries.c.network_id == network, tries.c.at <= now - DAY))
    query = select(func.count(), func.min(tries.c.at)).where(tries.c.network_id == network, tries.c.what == what)
    count, oldest = connection.execute(query.where(tries.c.at > now - HOUR)).one()
    return None if count < limit else max(HOUR - (now - _instant(oldest)), SHORTEST)


def delay(failures: int) -> timedelta:
    """Return how long to wait after so many wrong tries: nothing at first, then twice as long each time."""
    if failures < FREE:
        return timedelta(0)
    return min(FIRST_DELAY * (1 << min(failures - FREE, 20)), LONGEST_DELAY)


def hold(connection: Connection, network: str, what: str, *, now: datetime) -> timedelta | None:
    """Return how long to wait until something may be tried again, None when it may be now.

    The wrong tries of a day count, until it is got right.
    """
    query = select(func.count(), func.max(tries.c.at)).where(tries.c.network_id == network, tries.c.what == what)
    failures, last = connection.execute(query.where(tries.c.at > now - DAY)).one()
    left = _instant(last) + delay(failures) - now if failures else timedelta(0)
    return left if left > timedelta(0) else None


def count(connection: Connection, network: str, what: str, now: datetime) -> None:
    """Count a try."""
    connection.execute(insert(tries), {"network_id": network, "try_id": secrets.token_hex(8), "what": what, "at": now})


def forgive(connection: Connection, network: str, what: str) -> None:
    """Forget the tries of something that was got right."""
    connection.execute(delete(tries).where(tries.c.network_id == network, tries.c.what == what))


# ---------------------------------------------------------------- signing in


class Guess(NamedTuple):
    """What a try to sign in counts for."""

    account: str
    address: str
    both: str


def guess(secret: bytes, account: str, address: str, device: str | None = None) -> Guess:
    """Return what a try counts for. Of an address only a keyed hash is kept, and that for a day.

    A browser that signed in to this account before (sync.central.accounts.devices) stands for the account and the
    place: what others try does not hold it up, and what it tries wrong costs it alone.
    """
    hidden = hmac.digest(secret, f"address {network_of(address)}".encode(), "sha256").hex()[:32]
    if device is not None:
        return Guess(f"sign in {account} on {device}", f"sign in from {hidden}", f"sign in {account} by {device}")
    return Guess(f"sign in {account}", f"sign in from {hidden}", f"sign in {account} from {hidden}")


def network_of(address: str) -> str:
    """Return whose address it is: of IPv6 the first 64 bits, as its owner has all the others to choose from."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


def try_(connection: Connection, network: str, one: Guess, *, now: datetime) -> timedelta | None:
    """Count a try to sign in, or return how long to wait; one that is turned away counts for none."""
    waits = [
        wait(connection, network, one.account, limit=TRIES_AN_HOUR, now=now),
        wait(connection, network, one.address, limit=TRIES_AN_HOUR, now=now),
        hold(connection, network, one.both, now=now),
    ]
    longest = max(filter(None, waits), default=None)
    if longest is None:
        for what in one:
            count(connection, network, what, now)
    return longest


def was_right(connection: Connection, network: str, one: Guess, *, now: datetime) -> None:
    """Forget a try of this instant that was right, and the wrong ones from there before it.

    Those of others stand: an owner who signs in gives who guesses no new tries.
    """
    forgive(connection, network, one.both)
    this = (tries.c.network_id == network, tries.c.what.in_((one.account, one.address)), tries.c.at == now)
    connection.execute(delete(tries).where(*this))


def _instant(value: datetime | int) -> datetime:
    return instant(value) if isinstance(value, int) else value
