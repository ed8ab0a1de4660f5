"""Signs staff in and out of the pages: checks passwords and one-time codes, begins and ends sessions.

Session tokens are stored as hashes. How often somebody may try is in sync.central.accounts.sign_in_limits; the accounts
are in sync.central.accounts.staff.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyotp
from sqlalchemy import Connection, Row, delete, insert, select, update

from kiosk.model import Noun
from sync.central.accounts import device_cookies, sign_in_limits
from sync.central.accounts.hashing import PasswordHashing
from sync.central.accounts.staff import LONGEST_PASSWORD, StaffAccount, account_of, is_account, plain_name, row_of
from sync.central.storage import network
from sync.central.storage.database import Storage, Turn
from sync.central.storage.tables import accounts, sessions
from sync.central.storage.tokens import new_token, token_hash

SESSION_LASTS = timedelta(hours=12)
CLOCK_ERROR = timedelta(minutes=5)
"""How far a clock may be set back without ending sessions. One begun by a clock years ahead ends with its mending."""
STEP_SECONDS = 30
AT_ONCE = 4
"""Most sign-ins handled at the same time; further ones are asked to try again, so that threads stay free for kiosks."""
BUSY = timedelta(seconds=5)


class SignIn(Noun, frozen=True, kw_only=True):
    """The result of a sign-in: a session's token, or none. `wait`: how long, after too many tries."""

    token: str | None = None
    needs_code: bool = False
    """The password is right and a one-time code is to follow, with the password again."""
    wait: timedelta | None = None
    device: str | None = None
    """The device cookie for this browser (sync.central.accounts.device_cookies), with a session's token."""


class Sessions:
    """Signs staff in and out, and finds the account of a session."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime], hashing: PasswordHashing) -> None:
        self._storage, self._now, self._network = storage, now, storage.network
        self._hashing, self._places = hashing, threading.Semaphore(AT_ONCE)

    def sign_in(self, name: str, password: str, code: str = "", *, address: str = "", device: str = "") -> SignIn:
        """Begin a session if name, password and, where the account has one, the one-time code are right.

        `address` is the client's network address, `device` the browser's device cookie for this account.
        Raises AccountError for an empty name.
        """
        if not self._places.acquire(blocking=False):
            return SignIn(wait=BUSY)
        try:
            return self._sign_in(plain_name(name), password, code, address=address, device=device)
        finally:
            self._places.release()

    def _sign_in(self, name: str, password: str, code: str, *, address: str, device: str) -> SignIn:
        now = self._now()
        with self._storage.writing(Turn.GUESS) as connection:
            secret = network.read(connection, self._network).secret
            marked = _marked(name, row_of(connection, self._network, name))
            known = device_cookies.recognise(secret, marked, device, now)
            counters = sign_in_limits.counters_of(secret, name, address, known)
            wait = sign_in_limits.count_or_wait(connection, self._network, counters, now=now)
        if wait is not None:
            return SignIn(wait=wait)
        with self._storage.reader() as connection:
            row = row_of(connection, self._network, name)
        right = len(password) <= LONGEST_PASSWORD and self._hashing.is_right(
            row.password_hash if row else None, password
        )
        if row is None or not right or row.disabled_at is not None:
            return SignIn()
        with self._storage.writing(Turn.GUESS) as connection:
            if row.totp_secret and not self._takes_code(connection, row, code, now):
                return SignIn(needs_code=True)
            sign_in_limits.forget_right_try(connection, self._network, counters, now=now)
            mark = device_cookies.new_cookie(secret, marked, now, known)
            return SignIn(token=self._begin(connection, row.account_id, now), device=mark)

    def _takes_code(self, connection: Connection, row: Row[*tuple[Any, ...]], code: str, now: datetime) -> bool:
        """Check a one-time code of this half minute or a neighbouring one; each works once (RFC 6238, 5.2)."""
        code = "".join(code.split())
        step = int(now.timestamp()) // STEP_SECONDS
        totp = pyotp.TOTP(row.totp_secret)
        for one in (step - 1, step, step + 1):
            fits = secrets.compare_digest(totp.at(one * STEP_SECONDS).encode(), code.encode())
            last = row.totp_step or 0
            if fits and (one > last or last > step + 1):  # used by a clock that was ahead: it says nothing of now
                unused = (
                    accounts.c.totp_step.is_(None) | (accounts.c.totp_step < one) | (accounts.c.totp_step > step + 1)
                )
                used = update(accounts).where(*is_account(self._network, row.account_id), unused).values(totp_step=one)
                return bool(connection.execute(used).rowcount)
        return False

    def _begin(self, connection: Connection, account_id: str, now: datetime) -> str:
        token = new_token()
        connection.execute(delete(sessions).where(sessions.c.network_id == self._network, sessions.c.expires_at <= now))
        row = {
            "network_id": self._network,
            "token_hash": token_hash(token),
            "account_id": account_id,
            "created_at": now,
            "expires_at": now + SESSION_LASTS,
        }
        connection.execute(insert(sessions), row)
        return token

    def account(self, token: str) -> StaffAccount | None:
        """Return the account of a session's token; None for an unknown or ended session."""
        now = self._now()
        query = (
            select(accounts)
            .join_from(
                sessions,
                accounts,
                (accounts.c.network_id == sessions.c.network_id) & (accounts.c.account_id == sessions.c.account_id),
            )
            .where(sessions.c.network_id == self._network, sessions.c.token_hash == token_hash(token))
            .where(sessions.c.expires_at > now, sessions.c.expires_at <= now + SESSION_LASTS + CLOCK_ERROR)
            .where(accounts.c.disabled_at.is_(None))
        )
        with self._storage.reader() as connection:
            row = connection.execute(query).first()
        return account_of(row) if row else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._storage.writing() as connection:
            mine = (sessions.c.network_id == self._network, sessions.c.token_hash == token_hash(token))
            connection.execute(delete(sessions).where(*mine))


def _marked(name: str, row: Row[*tuple[Any, ...]] | None) -> str:
    """Return the text that a device cookie is signed for: a new password invalidates all of them, like all sessions."""
    return f"{name} {row.password_hash}" if row else name
