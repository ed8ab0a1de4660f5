"""Limits how often somebody may try to sign in, by account and by address.

An account takes at most 100 tries an hour from all addresses together, an address makes at most 100 tries an hour at
all accounts together, and one address waits longer after each wrong guess at one account. A browser that signed in
before is counted separately, so a flood of guesses does not keep its owner out. The tries are counted by
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
    """Keys of the counters that one try to sign in adds to."""

    account: str
    address: str
    both: str


def counters_of(secret: bytes, account: str, address: str, device: str | None = None) -> Counters:
    """Return the counters of a try. An address is stored as a keyed hash, for a day.

    A browser that signed in to this account before (device_cookies) has counters of its own, which tries from elsewhere
    do not touch.
    """
    hidden = hmac.digest(secret, f"address {network_of(address)}".encode(), "sha256").hex()[:32]
    if device is not None:
        return Counters(f"sign in {account} on {device}", f"sign in from {hidden}", f"sign in {account} by {device}")
    return Counters(f"sign in {account}", f"sign in from {hidden}", f"sign in {account} from {hidden}")


def network_of(address: str) -> str:
    """Return the network of an address: for IPv6 its first 64 bits, since one customer has all addresses below them."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


def count_or_wait(connection: Connection, network: str, counters: Counters, *, now: datetime) -> timedelta | None:
    """Count a try to sign in, or return how long to wait; a refused try is not counted."""
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
    """After a right password: forget this try, and the wrong ones before it from the same address.

    Tries from other addresses stay counted, so that a sign-in of the owner gives an attacker no new tries.
    """
    forget(connection, network, counters.both)
    this = (tries.c.network_id == network, tries.c.what.in_((counters.account, counters.address)), tries.c.at == now)
    connection.execute(delete(tries).where(*this))
