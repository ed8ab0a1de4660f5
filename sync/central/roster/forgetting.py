"""Erases on the server what an entry of the feed orders to erase: a person's data, or a condensed stretch.

Data outside of the feed is erased too: pages of snapshots, the quarantine, alarms with a name. Old data is found in
sync.central.roster.retention.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from kiosk.facts import Condensed, Entry, Erased
from kiosk.store.chain import decode_fact
from kiosk.store.fold.visits import NOBODY
from kiosk.store.forgetting import erasing
from sync.central.alarms import register
from sync.central.storage.tables import feed, quarantine, snapshots
from sync.wire import WireStruct

FORGETTING = ("erasure", "condensed")


class _Body(WireStruct, frozen=True, kw_only=True):
    body: bytes | None = None


def in_network(network: str) -> ColumnElement[bool]:
    """Return the condition that selects the feed's rows of a network."""
    return feed.c.network_id == network


def erase_if_forgotten(connection: Connection, network: str, entry: Entry, gone: frozenset[str]) -> None:
    """Erase the body of an entry about an erased person or in a condensed stretch."""
    erasing.erase_latecomers(connection, feed, in_network(network), [entry])
    bare = erasing.without(entry, gone)
    if bare is entry:
        return
    one = and_(in_network(network), feed.c.ledger_id == entry.ref.ledger_id, feed.c.seq == entry.ref.seq)
    connection.execute(update(feed).where(one).values(body=None, salt=None, remainder=bare.remainder))


def carry_out(connection: Connection, network: str, entry: Entry) -> bool:
    """Erase what a just folded entry orders to erase; return whether it ordered anything."""
    fact = decode_fact(entry.body) if entry.kind in FORGETTING and entry.body is not None else None
    if not isinstance(fact, Erased | Condensed):
        return False
    erasing.carry_out(connection, feed, in_network(network), [fact])
    connection.execute(delete(snapshots).where(snapshots.c.network_id == network))
    if isinstance(fact, Erased):
        _forget_beside(connection, network, fact.member_id, now=entry.stamp.at)
    return True


def _forget_beside(connection: Connection, network: str, member_id: str, *, now: datetime) -> None:
    """Erase a member outside of the feed; alarms about them end, without their name."""
    if member_id == NOBODY:
        return
    name = erasing.written(member_id)
    every = select(quarantine.c.quarantine_id).where(quarantine.c.network_id == network)
    for quarantine_id in connection.execute(every).scalars().all():
        is_it = and_(quarantine.c.network_id == network, quarantine.c.quarantine_id == quarantine_id)
        if name in _inside(bytes(connection.execute(select(quarantine.c.raw).where(is_it)).scalar_one())):
            connection.execute(delete(quarantine).where(is_it))
    register.forget_person(connection, network, member_id, now=now)


def _inside(raw: bytes) -> bytes:
    """Return the bytes that came, and the decoded body in them if it can be read: bodies travel as base64."""
    try:
        return raw + (msgspec.json.decode(raw, type=_Body).body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw
