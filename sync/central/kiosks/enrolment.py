"""Kiosks that belong to the network: pairing codes, bearer tokens, revocation.

A code has eight characters without look-alikes. Its first half finds it, its second half proves it, so that wrong
guesses count against one code; five of them, or fifteen minutes, or one use, and it is gone. All wrong tries together
are limited as well (OWASP ASVS 2.2.1: at most 100 an hour). Of codes and tokens only hashes are kept.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, bindparam, insert, select, update

from kiosk.model import Noun
from kiosk.store.codes import CODE_LETTERS
from sync.central.accounts import guesses
from sync.central.kiosks import badge_key, earlier_ledgers
from sync.central.storage.network import Network
from sync.central.storage.tables import codes, kiosks
from sync.wire import Beacon, Enroll

CODE_LENGTH = 8
HANDLE_LENGTH = 4
CODE_LASTS = timedelta(minutes=15)
TRIES_PER_CODE = 5
TRIES_AN_HOUR = 100
TOKEN_BYTES = 32
NAME_LENGTH = 100

_beacon = msgspec.json.Decoder(Beacon).decode


class Kiosk(Noun, frozen=True, kw_only=True):
    """A kiosk that was paired."""

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


class Paired(Noun, frozen=True, kw_only=True):
    """A code that was right."""

    kiosk: Kiosk
    token: str
    badge_key: bytes | None = None
    follows: str | None = None
    """The ledger that this machine kept when it was paired last, where it keeps another one now.

    Or, where another kiosk went on from the same ledger, that one.
    """

    def __repr__(self) -> str:
        return f"Paired(kiosk={self.kiosk!r})"


class Turned(Noun, frozen=True, kw_only=True):
    """A code that was not taken. `wait` is there when there were too many tries."""

    wait: timedelta | None = None


def new_code(connection: Connection, of: Network, *, name: str, site_id: str | None, now: datetime) -> str:
    """Make a pairing code for a kiosk that will have this name and stand at this site."""
    connection.execute(codes.delete().where(codes.c.network_id == of.network_id, codes.c.expires_at <= now))
    taken = set(connection.execute(select(codes.c.handle).where(codes.c.network_id == of.network_id)).scalars())
    code = _random_code()
    while code[:HANDLE_LENGTH] in taken:
        code = _random_code()
    row = {
        "network_id": of.network_id,
        "handle": code[:HANDLE_LENGTH],
        "code_hash": _code_hash(code, of.secret),
        "name": name[:NAME_LENGTH],
        "site_id": site_id,
        "expires_at": now + CODE_LASTS,
        "tries": 0,
    }
    connection.execute(insert(codes), row)
    return code


def _random_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def _code_hash(code: str, secret: bytes) -> bytes:
    """Hash a code with the network's secret: alone it is short enough to be found by trying all."""
    return hmac.digest(secret, b"pairing code " + code.encode(), "sha256")


def enroll(
    connection: Connection, of: Network, asked: Enroll, *, now: datetime, key_file: Path | None = None
) -> Paired | Turned:
    """Pair a kiosk if its code is right. Whatever comes of it is to be committed: a wrong try counts.

    Who guesses is turned away after so many tries; who names a code that is open is not, for that code bears only five.
    Otherwise anybody could keep all kiosks out. And nobody can tell from the answer whether there is such a code.
    """
    wait = guesses.wait(connection, of.network_id, "enroll", limit=TRIES_AN_HOUR, now=now)
    code = "".join(asked.code.split()).replace("-", "").upper()
    row = _open_code(connection, of, code[:HANDLE_LENGTH], now)
    if row is None or not asked.ledger_id:
        return _turned(connection, of, wait, now)
    one = (codes.c.network_id == of.network_id, codes.c.handle == row.handle)
    if not hmac.compare_digest(bytes(row.code_hash), _code_hash(code, of.secret)):
        connection.execute(update(codes).where(*one).values(tries=codes.c.tries + 1))
        return _turned(connection, of, wait, now)
    key = badge_key.settle(connection, of.network_id, key_file, asked)
    connection.execute(update(codes).where(*one).values(used_at=now))
    return replace(_pair(connection, of.network_id, asked, row, now), badge_key=key)


def _turned(connection: Connection, of: Network, wait: timedelta | None, now: datetime) -> Turned:
    """Count a wrong try, unless there were too many before."""
    if wait is None:
        guesses.count(connection, of.network_id, "enroll", now)
    return Turned(wait=wait)


def _open_code(connection: Connection, of: Network, handle: str, now: datetime) -> Row[*tuple[Any, ...]] | None:
    if not handle.isascii() or "\0" in handle:
        return None
    return connection.execute(
        select(codes).where(
            codes.c.network_id == of.network_id,
            codes.c.handle == handle,
            codes.c.expires_at > now,
            codes.c.used_at.is_(None),
            codes.c.tries < TRIES_PER_CODE,
        )
    ).first()


def _pair(connection: Connection, network: str, asked: Enroll, code: Row[*tuple[Any, ...]], now: datetime) -> Paired:
    """Let a kiosk in; one whose ledger is known, present or former, gets a new token, and its old one ends."""
    before = _earlier(connection, network, asked)
    shared = None if before else earlier_ledgers.kept_elsewhere(connection, network, earlier_ledgers.named(asked))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kiosk = Kiosk(
        kiosk_id=before.kiosk_id if before else str(uuid.uuid4()),
        name=(code.name or asked.name or "kiosk")[:NAME_LENGTH],
        site_id=code.site_id,
        ledger_id=asked.ledger_id,
        paired_at=now,
        beacon=Beacon(version=asked.version),
    )
    values = {**msgspec.structs.asdict(kiosk), "beacon": msgspec.json.encode(kiosk.beacon).decode()}
    values["token_hash"] = token_hash(token)
    if before:
        connection.execute(_one(network, kiosk.kiosk_id).values(values))
    else:
        connection.execute(insert(kiosks), {"network_id": network, **values})
    earlier_ledgers.claim(connection, network, kiosk.kiosk_id, earlier_ledgers.named(asked), now)
    follows = before.ledger_id if before and before.ledger_id != asked.ledger_id else shared
    return Paired(kiosk=kiosk, token=token, follows=follows)


def _earlier(connection: Connection, network: str, asked: Enroll) -> Kiosk | None:
    """Return this machine as it was paired before: with this ledger, or with one that it kept before it.

    One that has gone on from there in another ledger of its own is another machine: of a cloned card, it may be, and
    each of the two would put the other out, whenever it is paired.
    """
    names = (asked.ledger_id, *earlier_ledgers.named(asked))
    query = select(kiosks).where(kiosks.c.network_id == network, kiosks.c.ledger_id.in_(names))
    known = [_kiosk(row) for row in connection.execute(query)]
    return max(known, key=lambda one: (one.ledger_id == asked.ledger_id, one.paired_at), default=None)


def token_hash(token: str) -> bytes:
    """Hash a token. It has 256 bits of chance, so a plain hash tells nothing of it."""
    return sha256(token.encode()).digest()


def _one(network: str, kiosk_id: str) -> Any:
    return update(kiosks).where(kiosks.c.network_id == network, kiosks.c.kiosk_id == kiosk_id)


def by_token(connection: Connection, network: str, token: str) -> Kiosk | None:
    """Return the kiosk that holds a token, None when there is none or it was revoked."""
    row = connection.execute(_BY_TOKEN, {"network": network, "hashed": token_hash(token)}).first()
    return _kiosk(row) if row else None


def listed(connection: Connection, network: str) -> tuple[Kiosk, ...]:
    """Return all kiosks, revoked ones too, by name."""
    query = select(kiosks).where(kiosks.c.network_id == network).order_by(kiosks.c.name, kiosks.c.kiosk_id)
    return tuple(map(_kiosk, connection.execute(query)))


def revoke(connection: Connection, network: str, kiosk_id: str, now: datetime) -> bool:
    """End a kiosk's token. Tells whether there was one to end."""
    query = _one(network, kiosk_id).where(kiosks.c.revoked_at.is_(None)).values(revoked_at=now)
    return bool(connection.execute(query).rowcount)


def heard(connection: Connection, network: str, kiosk_id: str, *, beacon: Beacon, now: datetime) -> None:
    """Remember that a kiosk spoke, and how it is."""
    skew = None
    if beacon.now is not None and beacon.now.tzinfo is not None:
        skew = round((beacon.now - now) / timedelta(milliseconds=1))
    doc = msgspec.json.encode(beacon).decode()
    key = {"network": network, "kiosk": kiosk_id}
    connection.execute(_HEARD, {**key, "now": now, "skew": skew, "doc": doc})


def fetched(connection: Connection, network: str, kiosk_id: str, *, position: int, now: datetime) -> None:
    """Remember from where a kiosk asked for the feed."""
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


def _kiosk(row: Row[*tuple[Any, ...]]) -> Kiosk:
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
