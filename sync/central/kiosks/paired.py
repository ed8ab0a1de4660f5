"""Stores the paired kiosks: finds, lists and revokes them, and keeps their last beacon.

How a kiosk comes to be paired is in sync.central.kiosks.pairing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Update, bindparam, select, update

from kiosk.model import Noun
from sync.central.storage.tables import kiosks
from sync.central.storage.tokens import token_hash
from sync.wire import Beacon

_beacon = msgspec.json.Decoder(Beacon).decode


class Kiosk(Noun, frozen=True, kw_only=True):
    """A paired kiosk."""

    kiosk_id: str
    name: str
    site_id: str | None
    ledger_id: str
    paired_at: datetime
    revoked_at: datetime | None = None
    seen_at: datetime | None = None
    skew_ms: int | None = None
    """How far its clock is ahead of the server's."""
    fetched: int | None = None
    """The position from which it last asked for the feed."""
    beacon: Beacon = Beacon()


def changing(network: str, kiosk_id: str) -> Update:
    """Return an UPDATE of one kiosk's row."""
    return update(kiosks).where(kiosks.c.network_id == network, kiosks.c.kiosk_id == kiosk_id)


def by_token(connection: Connection, network: str, token: str) -> Kiosk | None:
    """Return the kiosk with a token, None when there is none or it was revoked."""
    row = connection.execute(_BY_TOKEN, {"network": network, "hashed": token_hash(token)}).first()
    return from_row(row) if row else None


def listed(connection: Connection, network: str) -> tuple[Kiosk, ...]:
    """Return all kiosks, revoked ones included, by name."""
    query = select(kiosks).where(kiosks.c.network_id == network).order_by(kiosks.c.name, kiosks.c.kiosk_id)
    return tuple(map(from_row, connection.execute(query)))


def revoke(connection: Connection, network: str, kiosk_id: str, now: datetime) -> bool:
    """Revoke a kiosk's token. Return whether it had one."""
    query = changing(network, kiosk_id).where(kiosks.c.revoked_at.is_(None)).values(revoked_at=now)
    return bool(connection.execute(query).rowcount)


def keep_beacon(connection: Connection, network: str, kiosk_id: str, *, beacon: Beacon, now: datetime) -> None:
    """Store a kiosk's last beacon, its arrival, and how far its clock is ahead of the server's."""
    skew = None
    if beacon.now is not None and beacon.now.tzinfo is not None:
        skew = round((beacon.now - now) / timedelta(milliseconds=1))
    doc = msgspec.json.encode(beacon).decode()
    key = {"network": network, "kiosk": kiosk_id}
    connection.execute(_HEARD, {**key, "now": now, "skew": skew, "doc": doc})


def keep_fetched(connection: Connection, network: str, kiosk_id: str, *, position: int, now: datetime) -> None:
    """Store the position after which a kiosk last asked for the feed."""
    connection.execute(_FETCHED, {"network": network, "kiosk": kiosk_id, "now": now, "place": position})


# What every call asks and tells is built once: putting a statement together costs as much as running it.
_BY_TOKEN = select(kiosks).where(
    kiosks.c.network_id == bindparam("network"),
    kiosks.c.token_hash == bindparam("hashed"),
    kiosks.c.revoked_at.is_(None),
)
_NAMED = update(kiosks).where(kiosks.c.network_id == bindparam("network"), kiosks.c.kiosk_id == bindparam("kiosk"))
_HEARD = _NAMED.values(seen_at=bindparam("now"), skew_ms=bindparam("skew"), beacon=bindparam("doc"))
_FETCHED = _NAMED.values(seen_at=bindparam("now"), fetched=bindparam("place"))


def from_row(row: Row[*tuple[Any, ...]]) -> Kiosk:
    """Return the kiosk of a row."""
    return Kiosk(
        kiosk_id=row.kiosk_id,
        name=row.name,
        site_id=row.site_id,
        ledger_id=row.ledger_id,
        paired_at=row.paired_at,
        revoked_at=row.revoked_at,
        seen_at=row.seen_at,
        skew_ms=row.skew_ms,
        fetched=row.fetched,
        beacon=_beacon(row.beacon),
    )
