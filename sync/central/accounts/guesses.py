"""How often somebody may try to sign in, by account and by address.

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
from sync.central.storage.tries import TRIES_AN_HOUR, count, forgive, hold, wait


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
