"""Staff accounts: sign-in, roles, passwords, one-time codes, sessions. They are not stored in the ledger.

Passwords are hashed with argon2id by its library's defaults (RFC 9106's second recommendation); of session tokens only
hashes are kept. How often somebody may try is in sync.central.accounts.sign_in_limits.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, insert, select, update

from kiosk.model import Noun
from sync.central.accounts import device_cookies, sign_in_limits
from sync.central.storage import network
from sync.central.storage.database import Storage, Turn
from sync.central.storage.tables import accounts, sessions
from sync.central.storage.tokens import new_token, token_hash

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
SESSION_LASTS = timedelta(hours=12)
STEP_SECONDS = 30
AT_ONCE = 8
"""Sign-ins looked at together; more are sent away for a moment, so that kiosks always find a thread to answer them."""
HASHED_AT_ONCE = 2
"""Passwords compared together: each takes 64 MiB."""
BUSY = timedelta(seconds=5)


class Role(StrEnum):
    """The role of an account. The pages define what each role may do."""

    READ_ONLY = "read_only"
    HOST = "host"
    MANAGER = "manager"


class StaffAccount(Noun, frozen=True, kw_only=True):
    """The account of a member of staff on the pages."""

    account_id: str
    name: str
    role: Role
    site_id: str | None = None
    """Of a host: the site whose host they are."""
    language: str | None = None
    has_totp: bool = False
    disabled_at: datetime | None = None


class SignIn(Noun, frozen=True, kw_only=True):
    """The result of a sign-in: a session's token, or none. `wait`: there were too many tries."""

    token: str | None = None
    needs_code: bool = False
    """The password is right and a one-time code is to follow, with the password again."""
    wait: timedelta | None = None
    device: str | None = None
    """The mark that this browser is to keep (sync.central.accounts.device_cookies), with a session's token."""


class AccountError(ValueError):
    """The account cannot be made or changed; the message says why."""


class Accounts:
    """Stores the staff accounts of a network."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime], hasher: PasswordHasher | None = None) -> None:
        self._storage, self._now, self._network = storage, now, storage.network
        self._hasher = hasher or PasswordHasher()
        self._places, self._hashing = threading.Semaphore(AT_ONCE), threading.Semaphore(HASHED_AT_ONCE)

    @cached_property
    def _nobody(self) -> str:
        """Return a hash to check the password of an unknown name against, so that it takes as long as a known one."""
        return self._hasher.hash(secrets.token_hex())

    def add(self, name: str, password: str, role: Role, *, site_id: str | None = None) -> StaffAccount:
        """Add an account. Raises AccountError for a name that is taken, or a password that is too short."""
        name = _plain(name)
        if role is Role.HOST and site_id is None:
            raise AccountError("a host is host of a site: say which")
        row = {
            "network_id": self._network,
            "account_id": str(uuid.uuid4()),
            "name": name,
            "role": role.value,
            "site_id": site_id,
            "password_hash": self._hashed(password),
            "created_at": self._now(),
        }
        with self._storage.writing(Turn.GUESS) as connection:
            if self._row(connection, name):
                raise AccountError(f'there is an account "{name}" already')
            connection.execute(insert(accounts), row)
        return StaffAccount(account_id=str(row["account_id"]), name=name, role=role, site_id=site_id)

    def listed(self) -> tuple[StaffAccount, ...]:
        """Return all accounts, sorted by name."""
        query = select(accounts).where(accounts.c.network_id == self._network).order_by(accounts.c.name)
        with self._storage.reader() as connection:
            return tuple(map(_account, connection.execute(query)))

    def find(self, name: str) -> StaffAccount:
        """Return the account with a name. Raises AccountError for none."""
        with self._storage.reader() as connection:
            row = self._row(connection, _plain(name))
        if row is None:
            raise AccountError(f'there is no account "{name}"')
        return _account(row)

    def set_password(self, account: StaffAccount, password: str) -> None:
        """Change a password; all sessions end."""
        self._change(account, password_hash=self._hashed(password))

    def set_role(self, account: StaffAccount, role: Role, *, site_id: str | None = None) -> None:
        """Change a role; all sessions end."""
        if role is Role.HOST and site_id is None:
            raise AccountError("a host is host of a site: say which")
        self._change(account, role=role.value, site_id=site_id)

    def set_disabled(self, account: StaffAccount, *, disabled: bool) -> None:
        """Disable or enable an account; all its sessions end."""
        self._change(account, disabled_at=self._now() if disabled else None)

    def set_totp(self, account: StaffAccount, secret: str | None) -> None:
        """Set the secret (base32) of one-time codes; None asks for no codes."""
        self._change(account, totp_secret=secret, totp_step=None)

    def set_language(self, account: StaffAccount, language: str) -> None:
        """Set the language of an account; sessions go on."""
        with self._storage.writing() as connection:
            connection.execute(update(accounts).where(*self._one(account.account_id)).values(language=language))

    def _change(self, account: StaffAccount, **values: object) -> None:
        with self._storage.writing() as connection:
            connection.execute(update(accounts).where(*self._one(account.account_id)).values(**values))
            mine = (sessions.c.network_id == self._network, sessions.c.account_id == account.account_id)
            connection.execute(delete(sessions).where(*mine))

    # ------------------------------------------------------------ signing in

    def sign_in(self, name: str, password: str, code: str = "", *, address: str = "", device: str = "") -> SignIn:
        """Begin a session if name, password and, where the account has one, the one-time code are right.

        `address` is where the try comes from, `device` the mark that its browser keeps of this account.
        Raises AccountError for no name at all.
        """
        if not self._places.acquire(blocking=False):
            return SignIn(wait=BUSY)
        try:
            return self._sign_in(_plain(name), password, code, address=address, device=device)
        finally:
            self._places.release()

    def _sign_in(self, name: str, password: str, code: str, *, address: str, device: str) -> SignIn:
        now = self._now()
        with self._storage.writing(Turn.GUESS) as connection:
            secret = network.read(connection, self._network).secret
            marked = _marked(name, self._row(connection, name))
            known = device_cookies.recognise(secret, marked, device, now)
            counters = sign_in_limits.counters_of(secret, name, address, known)
            wait = sign_in_limits.count_or_wait(connection, self._network, counters, now=now)
        if wait is not None:
            return SignIn(wait=wait)
        with self._storage.reader() as connection:
            row = self._row(connection, name)
        right = self._is_right(row.password_hash if row else self._nobody, password)
        if row is None or not right or row.disabled_at is not None:
            return SignIn()
        with self._storage.writing(Turn.GUESS) as connection:
            if row.totp_secret and not self._takes_code(connection, row, code, now):
                return SignIn(needs_code=True)
            sign_in_limits.forget_right_try(connection, self._network, counters, now=now)
            mark = device_cookies.new_cookie(secret, marked, now, known)
            return SignIn(token=self._begin(connection, row.account_id, now), device=mark)

    def _is_right(self, hashed: str, password: str) -> bool:
        if len(password) > LONGEST_PASSWORD:
            return False
        try:
            with self._hashing:
                return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _takes_code(self, connection: Connection, row: Row[*tuple[Any, ...]], code: str, now: datetime) -> bool:
        """Check a one-time code of this half minute or a neighbouring one, each once (RFC 6238, section 5.2)."""
        code = "".join(code.split())
        step = int(now.timestamp()) // STEP_SECONDS
        totp = pyotp.TOTP(row.totp_secret)
        for one in (step - 1, step, step + 1):
            fits = secrets.compare_digest(totp.at(one * STEP_SECONDS).encode(), code.encode())
            if fits and one > (row.totp_step or 0):
                unused = (accounts.c.totp_step.is_(None)) | (accounts.c.totp_step < one)
                used = update(accounts).where(*self._one(row.account_id), unused).values(totp_step=one)
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

    def session(self, token: str) -> StaffAccount | None:
        """Return the account of a session's token; None for an unknown or ended session."""
        query = (
            select(accounts)
            .join_from(
                sessions,
                accounts,
                (accounts.c.network_id == sessions.c.network_id) & (accounts.c.account_id == sessions.c.account_id),
            )
            .where(sessions.c.network_id == self._network, sessions.c.token_hash == token_hash(token))
            .where(sessions.c.expires_at > self._now(), accounts.c.disabled_at.is_(None))
        )
        with self._storage.reader() as connection:
            row = connection.execute(query).first()
        return _account(row) if row else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._storage.writing() as connection:
            mine = (sessions.c.network_id == self._network, sessions.c.token_hash == token_hash(token))
            connection.execute(delete(sessions).where(*mine))

    # ------------------------------------------------------------ rows

    def _hashed(self, password: str) -> str:
        if len(password) > LONGEST_PASSWORD:
            raise AccountError(f"a password has at most {LONGEST_PASSWORD} characters")
        if len(password) < SHORTEST_PASSWORD:
            raise AccountError(f"a password has at least {SHORTEST_PASSWORD} characters: a few words do well")
        return self._hasher.hash(password)

    def _one(self, account_id: str) -> tuple[Any, Any]:
        return accounts.c.network_id == self._network, accounts.c.account_id == account_id

    def _row(self, connection: Connection, name: str) -> Row[*tuple[Any, ...]] | None:
        query = select(accounts).where(accounts.c.network_id == self._network, accounts.c.name == name)
        return connection.execute(query).first()


def _marked(name: str, row: Row[*tuple[Any, ...]] | None) -> str:
    """Return the text that a device cookie is sealed to: a new password ends all of them, as it ends all sessions."""
    return f"{name} {row.password_hash}" if row else name


def _plain(name: str) -> str:
    """Normalise an account name, so that case and spaces do not matter."""
    plain = " ".join(name.casefold().split())[:100].replace("\0", "")
    if not plain:
        raise AccountError("an account needs a name")
    return plain


def _account(row: Row[*tuple[Any, ...]]) -> StaffAccount:
    return StaffAccount(
        account_id=row.account_id,
        name=row.name,
        role=Role(row.role),
        site_id=row.site_id,
        language=row.language,
        has_totp=row.totp_secret is not None,
        disabled_at=row.disabled_at,
    )
