"""Pairing a kiosk with the network by a code that staff make on the pages and read out.

A code has eight characters without look-alikes. Its first half identifies it, its second half proves it, so that wrong
guesses count against one code. It ends after five wrong guesses, fifteen minutes, or one use. All wrong tries together
are limited as well (OWASP ASVS 2.2.1: at most 100 an hour). Codes and tokens are stored as hashes.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, insert, select, update

from kiosk.model import Noun
from kiosk.store.codes import CODE_LETTERS
from sync.central.kiosks import badge_key, former_ledgers, paired
from sync.central.kiosks.paired import Kiosk
from sync.central.storage import tries
from sync.central.storage.network import NetworkState
from sync.central.storage.tables import codes, kiosks
from sync.central.storage.tokens import new_token, token_hash
from sync.wire import Beacon, Enroll

CODE_LENGTH = 8
HANDLE_LENGTH = 4
CODE_LASTS = timedelta(minutes=15)
TRIES_PER_CODE = 5
TRIES_AN_HOUR = 100
NAME_LENGTH = 100


class Paired(Noun, frozen=True, kw_only=True):
    """A pairing that succeeded, with what the kiosk is given."""

    kiosk: Kiosk
    token: str
    badge_key: bytes | None = None
    follows: str | None = None
    """The ledger of this machine when it was paired last, if it has a new one now; or the ledger of another kiosk that
    went on from the same former one.
    """

    def __repr__(self) -> str:
        return f"Paired(kiosk={self.kiosk!r})"


class PairingRefused(Noun, frozen=True, kw_only=True):
    """A pairing that was refused: code wrong, used or expired; or too many tries, with how long to `wait`."""

    wait: timedelta | None = None
    is_taken: bool = False
    """The code is right, and stays valid, but the ledger is the server's own, or a kiosk's that is paired now."""


def new_code(connection: Connection, of: NetworkState, *, name: str, site_id: str | None, now: datetime) -> str:
    """Make a pairing code for a kiosk with this name, at this site."""
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
    """Hash a code with the network's secret: a plain hash could be reversed by trying all codes."""
    return hmac.digest(secret, b"pairing code " + code.encode(), "sha256")


def enroll(
    connection: Connection, of: NetworkState, asked: Enroll, *, now: datetime, key_file: Path | None = None
) -> Paired | PairingRefused:
    """Pair a kiosk if its code is right. Commit the transaction in any case: a wrong try counts.

    After too many wrong tries in the network, only codes that are still open are checked, five times each: otherwise
    anybody could keep all kiosks from pairing. The answer does not tell whether there is such a code.
    """
    wait = tries.hourly_wait(connection, of.network_id, "enroll", limit=TRIES_AN_HOUR, now=now)
    code = "".join(asked.code.split()).replace("-", "").upper()
    row = _open_code(connection, of, code[:HANDLE_LENGTH], now)
    if row is None or not asked.ledger_id:
        return _refuse(connection, of, wait, now)
    one = (codes.c.network_id == of.network_id, codes.c.handle == row.handle)
    if not hmac.compare_digest(bytes(row.code_hash), _code_hash(code, of.secret)):
        connection.execute(update(codes).where(*one).values(tries=codes.c.tries + 1))
        return _refuse(connection, of, wait, now)
    if _is_taken(connection, of, asked):
        return PairingRefused(is_taken=True)
    key = badge_key.key_for_new_kiosk(connection, of.network_id, key_file, asked)
    connection.execute(update(codes).where(*one).values(used_at=now))
    return replace(_pair(connection, of.network_id, asked, row, now), badge_key=key)


def _is_taken(connection: Connection, of: NetworkState, asked: Enroll) -> bool:
    """Tell whether a ledger is the server's own, or that of a kiosk that nobody has shut out.

    With a code alone, whoever made it for another place could take over a door that is in use: shutting the kiosk out
    on the page of kiosks is the word of a person for it.
    """
    if former_ledgers.is_servers(connection, of.network_id, asked.ledger_id):
        return True
    used = select(kiosks.c.kiosk_id).where(
        kiosks.c.network_id == of.network_id, kiosks.c.ledger_id == asked.ledger_id, kiosks.c.revoked_at.is_(None)
    )
    return connection.execute(used).first() is not None


def _refuse(connection: Connection, of: NetworkState, wait: timedelta | None, now: datetime) -> PairingRefused:
    """Count a wrong try, unless there were too many before."""
    if wait is None:
        tries.count(connection, of.network_id, "enroll", now)
    return PairingRefused(wait=wait)


def _open_code(connection: Connection, of: NetworkState, handle: str, now: datetime) -> Row[*tuple[Any, ...]] | None:
    if not handle.isascii() or "\0" in handle:
        return None
    return connection.execute(
        select(codes).where(
            codes.c.network_id == of.network_id,
            codes.c.handle == handle,
            codes.c.expires_at > now,
            codes.c.expires_at <= now + 2 * CODE_LASTS,
            codes.c.used_at.is_(None),
            codes.c.tries < TRIES_PER_CODE,
        )
    ).first()


def _pair(connection: Connection, network: str, asked: Enroll, code: Row[*tuple[Any, ...]], now: datetime) -> Paired:
    """Pair a kiosk; if its ledger is known, present or former, it gets a new token and its old one ends."""
    before = _earlier(connection, network, asked)
    shared = None if before else former_ledgers.find_known(connection, network, former_ledgers.read_names(asked))
    token = new_token()
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
        connection.execute(paired.changing(network, kiosk.kiosk_id).values(values))
    else:
        connection.execute(insert(kiosks), {"network_id": network, **values})
    former_ledgers.record(connection, network, kiosk.kiosk_id, former_ledgers.read_names(asked), now)
    follows = before.ledger_id if before and before.ledger_id != asked.ledger_id else shared
    return Paired(kiosk=kiosk, token=token, follows=follows)


def _earlier(connection: Connection, network: str, asked: Enroll) -> Kiosk | None:
    """Return the kiosk that was paired before with this ledger, or with a former one.

    A kiosk that continued that ledger under another name is another machine, perhaps with a cloned card: treating both
    as one would end the token of each whenever the other is paired.
    """
    names = (asked.ledger_id, *former_ledgers.read_names(asked))
    query = select(kiosks).where(kiosks.c.network_id == network, kiosks.c.ledger_id.in_(names))
    known = [paired.from_row(row) for row in connection.execute(query)]
    return max(known, key=lambda one: (one.ledger_id == asked.ledger_id, one.paired_at), default=None)
