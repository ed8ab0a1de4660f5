"""Limits how often somebody may try to sign in, by account and by address.

A flood of guesses keeps nobody out but those who share an account or an address with it, and of these nobody whose
browser signed in before: an account is tried at most a hundred times in an hour whoever tries, an address tries at most
as often whatever it tries, and one address waits longer after each wrong guess at one account. The tries are counted by
sync.central.storage.tries, in a transaction that holds Turn.GUESS.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from sqlalchemy import Connection, delete

from sync.central.storage.tables import tries
from sync.central.storage.tries import TRIES_AN_HOUR, count, forget, hourly_wait, wait_after_wrong


class Counters(NamedTuple):
    """The names under which one try to sign in is counted."""

    account: str
    address: str
    both: str


def counters_of(secret: bytes, account: str, address: str, device: str | None = None) -> Counters:
    """Return the names under which a try is counted. Of an address only a keyed hash is kept, for a day.

    A browser that signed in to this account before (device_cookies) stands for the account and the
    place: what others try does not hold it up, and what it tries wrong costs it alone.
    """
    hidden = hmac.digest(secret, f"address {network_of(address)}".encode(), "sha256").hex()[:32]
    if device is not None:
        return Counters(f"sign in {account} on {device}", f"sign in from {hidden}", f"sign in {account} by {device}")
    return Counters(f"sign in {account}", f"sign in from {hidden}", f"sign in {account} from {hidden}")


def network_of(address: str) -> str:
    """Return the network of an address: of IPv6 the first 64 bits, as its owner has all the others to choose from."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


def count_or_wait(connection: Connection, network: str, counters: Counters, *, now: datetime) -> timedelta | None:
    """Count a try to sign in, or return how long to wait; a try that has to wait is not counted."""
    waits = [
        hourly_wait(connection, network, counters.account, limit=TRIES_AN_HOUR, now=now),
        hourly_wait(connection, network, counters.address, limit=TRIES_AN_HOUR, now=now),
        wait_after_wrong(connection, network, counters.both, now=now),
    ]
    longest = max(filter(None, waits), default=None)
    if longest is None:
        for what in counters:
            count(connection, network, what, now)
    return longest


def forget_right_try(connection: Connection, network: str, counters: Counters, *, now: datetime) -> None:
    """After a right password: forget this try, and the wrong ones before it from the same place.

    Those of others stand: an owner who signs in gives who guesses no new tries.
    """
    forget(connection, network, counters.both)
    this = (tries.c.network_id == network, tries.c.what.in_((counters.account, counters.address)), tries.c.at == now)
    connection.execute(delete(tries).where(*this))
