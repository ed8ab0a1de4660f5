"""Forgetting on the server: who is to be forgotten, and what is old, goes from all that the server keeps.

The feed is the ledger of all, and this is where all that happened is known; so the server condenses the ledgers of all
kiosks, in its own ledger, and the kiosks erase as they hear of it. What lies beside the feed goes too: pages of
snapshots, what is set aside, alarms that name somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from kiosk.facts import AnyFact, Condensed, Entry, Erased
from kiosk.store.chain import decode_fact
from kiosk.store.forgetting import condensing, erasing
from kiosk.store.tables import microseconds
from sync.central.storage.tables import alarms, feed, ledgers, quarantine, snapshots
from sync.wire import Words

FORGETTING = ("erasure", "condensed")


class _Body(Words, frozen=True, kw_only=True):
    body: bytes | None = None


def scope(network: str) -> ColumnElement[bool]:
    """Match the feed's rows of a network."""
    return feed.c.network_id == network


def strip(connection: Connection, network: str, entry: Entry, gone: frozenset[str]) -> None:
    """Erase the body of an entry of the feed that tells of somebody, or of a time, that is forgotten."""
    erasing.erase_latecomers(connection, feed, scope(network), [entry])
    bare = erasing.without(entry, gone)
    if bare is entry:
        return
    one = and_(scope(network), feed.c.ledger_id == entry.ref.ledger_id, feed.c.seq == entry.ref.seq)
    connection.execute(update(feed).where(one).values(body=None, salt=None, remainder=bare.remainder))


def carry_out(connection: Connection, network: str, entry: Entry) -> bool:
    """Erase what an entry that was just folded says is to go; tell whether it was one that says so."""
    fact = decode_fact(entry.body) if entry.kind in FORGETTING and entry.body is not None else None
    if not isinstance(fact, Erased | Condensed):
        return False
    erasing.carry_out(connection, feed, scope(network), [fact])
    connection.execute(delete(snapshots).where(snapshots.c.network_id == network))
    if isinstance(fact, Erased):
        _forget_beside(connection, network, fact.member_id)
    return True


def _forget_beside(connection: Connection, network: str, member_id: str) -> None:
    """Forget what names a member outside of the feed."""
    name = erasing.written(member_id)
    for row in connection.execute(
        select(quarantine.c.quarantine_id, quarantine.c.raw).where(quarantine.c.network_id == network)
    ).all():
        if name in _inside(bytes(row.raw)):
            is_it = and_(quarantine.c.network_id == network, quarantine.c.quarantine_id == row.quarantine_id)
            connection.execute(delete(quarantine).where(is_it))
    named = alarms.c.detail.like(f"%{member_id}%")
    connection.execute(delete(alarms).where(alarms.c.network_id == network, named))


def _inside(raw: bytes) -> bytes:
    """Return what came, and the body in it where it can be read: bodies travel as base64."""
    try:
        return raw + (msgspec.json.decode(raw, type=_Body).body or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw


# ---------------------------------------------------------------- what is old


def sums(connection: Connection, network: str, *, projected: int, now: datetime) -> Condensed | None:
    """Return the sums of the next stretch of any ledger that is old enough; None when there is none."""
    for row in connection.execute(select(ledgers).where(ledgers.c.network_id == network).order_by(ledgers.c.ledger_id)):
        here = max(row.acked, _given_up(connection, network, row.ledger_id, now))
        upto = _folded(connection, network, row.ledger_id, here=here, projected=projected)
        found = condensing.stretch(
            connection, feed, scope(network), row.ledger_id, upto=upto, now=now, awaited=_came_lately(now)
        )
        if found is not None:
            first, last = found
            return condensing.condense(connection, feed, scope(network), row.ledger_id, first=first, last=last)
    return None


def _came_lately(now: datetime) -> ColumnElement[bool]:
    """Match what was received so lately that what belongs to it may still come."""
    return feed.c.received_at.between(microseconds(now - condensing.KEPT), microseconds(now + condensing.AHEAD))


def _given_up(connection: Connection, network: str, ledger_id: str, now: datetime) -> int:
    """Return up to which entry a ledger came so long ago that what is missing of it is not waited for any more."""
    came = select(func.max(feed.c.seq)).where(scope(network), feed.c.ledger_id == ledger_id, ~_came_lately(now))
    return connection.execute(came).scalar() or 0


def _folded(connection: Connection, network: str, ledger_id: str, *, here: int, projected: int) -> int:
    """Return up to which entry of those that are here a ledger is folded."""
    waiting = select(func.min(feed.c.seq)).where(
        scope(network), feed.c.ledger_id == ledger_id, feed.c.position > projected
    )
    first: int | None = connection.execute(waiting).scalar()
    return here if first is None else min(here, first - 1)


def forget_beside(connection: Connection, network: str, now: datetime) -> None:
    """Forget what lies beside the feed and is as old as passages may become."""
    old = now - condensing.KEPT
    connection.execute(delete(alarms).where(alarms.c.network_id == network, alarms.c.last_at < old))
    connection.execute(delete(quarantine).where(quarantine.c.network_id == network, quarantine.c.received_at < old))


def farewells(silent: Sequence[str]) -> tuple[AnyFact, ...]:
    """Return the tombstones of customers who were not heard of for too long."""
    return tuple(Erased(member_id=name, by="retention") for name in silent)
