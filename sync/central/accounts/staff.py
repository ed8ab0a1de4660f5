"""Staff accounts: names, roles, passwords, one-time codes. They are not stored in the ledger.

Passwords are hashed by sync.central.accounts.hashing. Signing in is in sync.central.accounts.sessions.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from kiosk.model import Noun
from sync.central.accounts.hashing import PasswordHashing
from sync.central.storage.database import Storage, Turn
from sync.central.storage.tables import accounts, sessions

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


class Role(StrEnum):
    """The role of an account. The pages define what each role may do."""

    READ_ONLY = "read_only"
    HOST = "host"
    MANAGER = "manager"


class StaffAccount(Noun, frozen=True, kw_only=True):
    """An account for the web pages."""

    account_id: str
    name: str
    role: Role
    site_id: str | None = None
    """The only site that a host may work at; None for other roles."""
    language: str | None = None
    has_totp: bool = False
    disabled_at: datetime | None = None


class AccountError(ValueError):
    """The account cannot be made or changed; the message says why."""


class Accounts:
    """Stores the staff accounts of a network."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime], hashing: PasswordHashing) -> None:
        self._storage, self._now, self._network = storage, now, storage.network
        self._hashing = hashing

    def add(self, name: str, password: str, role: Role, *, site_id: str | None = None) -> StaffAccount:
        """Add an account. Raises AccountError for a name that is taken, or a password that is too short."""
        name = plain_name(name)
        if role is Role.HOST and site_id is None:
            raise AccountError("a host belongs to a site: say which")
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
            if row_of(connection, self._network, name):
                raise AccountError(f'there is an account "{name}" already')
            connection.execute(insert(accounts), row)
        return StaffAccount(account_id=str(row["account_id"]), name=name, role=role, site_id=site_id)

    def listed(self) -> tuple[StaffAccount, ...]:
        """Return all accounts, sorted by name."""
        query = select(accounts).where(accounts.c.network_id == self._network).order_by(accounts.c.name)
        with self._storage.reader() as connection:
            return tuple(map(account_of, connection.execute(query)))

    def find(self, name: str) -> StaffAccount:
        """Return the account with a name. Raises AccountError for none."""
        with self._storage.reader() as connection:
            row = row_of(connection, self._network, plain_name(name))
        if row is None:
            raise AccountError(f'there is no account "{name}"')
        return account_of(row)

    def set_password(self, account: StaffAccount, password: str) -> None:
        """Change a password; all sessions end."""
        self._change(account, password_hash=self._hashed(password))

    def set_role(self, account: StaffAccount, role: Role, *, site_id: str | None = None) -> None:
        """Change a role; all sessions end."""
        if role is Role.HOST and site_id is None:
            raise AccountError("a host belongs to a site: say which")
        self._change(account, role=role.value, site_id=site_id)

    def set_disabled(self, account: StaffAccount, *, disabled: bool) -> None:
        """Disable or enable an account; all its sessions end."""
        self._change(account, disabled_at=self._now() if disabled else None)

    def set_totp(self, account: StaffAccount, secret: str | None) -> None:
        """Set the secret (base32) of one-time codes; None turns them off."""
        self._change(account, totp_secret=secret, totp_step=None)

    def set_language(self, account: StaffAccount, language: str) -> None:
        """Set the language of an account; sessions go on."""
        with self._storage.writing() as connection:
            connection.execute(
                update(accounts).where(*is_account(self._network, account.account_id)).values(language=language)
            )

    def _change(self, account: StaffAccount, **values: object) -> None:
        with self._storage.writing() as connection:
            connection.execute(update(accounts).where(*is_account(self._network, account.account_id)).values(**values))
            mine = (sessions.c.network_id == self._network, sessions.c.account_id == account.account_id)
            connection.execute(delete(sessions).where(*mine))

    # ------------------------------------------------------------ rows

    def _hashed(self, password: str) -> str:
        if len(password) > LONGEST_PASSWORD:
            raise AccountError(f"a password has at most {LONGEST_PASSWORD} characters")
        if len(password) < SHORTEST_PASSWORD:
            raise AccountError(f"a password has at least {SHORTEST_PASSWORD} characters: a few words do well")
        return self._hashing.hash(password)


def is_account(of: str, account_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that select one account of a network."""
    return accounts.c.network_id == of, accounts.c.account_id == account_id


def row_of(connection: Connection, of: str, name: str) -> Row[*tuple[Any, ...]] | None:
    """Return the row of the account with a plain name, None for none."""
    query = select(accounts).where(accounts.c.network_id == of, accounts.c.name == name)
    return connection.execute(query).first()


def plain_name(name: str) -> str:
    """Normalise an account name, so that case and spaces do not matter. Raises AccountError for no name."""
    plain = " ".join(name.casefold().split())[:100].replace("\0", "")
    if not plain:
        raise AccountError("an account needs a name")
    return plain


def account_of(row: Row[*tuple[Any, ...]]) -> StaffAccount:
    """Return the account that a row describes."""
    return StaffAccount(
        account_id=row.account_id,
        name=row.name,
        role=Role(row.role),
        site_id=row.site_id,
        language=row.language,
        has_totp=row.totp_secret is not None,
        disabled_at=row.disabled_at,
    )
