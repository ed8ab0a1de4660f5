"""The first tables: feed, ledgers, quarantine, alarms, kiosks and their codes, accounts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Name, Number, Bytes, Words = sa.String, sa.BigInteger, sa.LargeBinary, sa.Text


def upgrade() -> None:
    """Make the tables. The feed keeps SQLite's row ids: its rows are long, and a tree of long rows grows tall."""
    _create_feed()
    _create_set_aside()
    _create_kiosks()
    _create_codes()
    _create_snapshots()
    _create_accounts()


def _key(name: str, kind: type[sa.types.TypeEngine[Any]] = Name) -> "sa.Column[object]":
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _must(name: str, kind: type[sa.types.TypeEngine[Any]]) -> "sa.Column[object]":
    return sa.Column(name, kind, nullable=False)


def _create_feed() -> None:
    op.create_table(
        "networks",
        _key("network_id"),
        _must("generation", Name),
        _must("ledger_id", Name),
        _must("secret", Bytes),
        _must("roster_revision", Name),
        _must("projected", Number),
        _must("judged", Number),
    )
    op.create_table(
        "feed",
        _key("network_id"),
        _key("position", Number),
        _must("ledger_id", Name),
        _must("seq", Number),
        _must("at", Number),
        _must("boot_id", Name),
        _must("monotonic_ns", Number),
        _must("clock", Name),
        _must("kind", Name),
        sa.Column("body", Bytes),
        sa.Column("salt", Bytes),
        _must("body_hash", Bytes),
        _must("previous", Bytes),
        _must("hash", Bytes),
        _must("received_at", Number),
    )
    op.create_index("feed_by_ledger", "feed", ["network_id", "ledger_id", "seq"], unique=True)
    op.create_table("ledgers", _key("network_id"), _key("ledger_id"), _must("acked", Number), _must("highest", Number))
    op.create_table("authors", _key("network_id"), _key("ledger_id"), _key("seq", Number), _must("account", Name))


def _create_set_aside() -> None:
    op.create_table(
        "quarantine",
        _key("network_id"),
        _key("quarantine_id"),
        _must("ledger_id", Name),
        _must("seq", Number),
        _must("reason", Name),
        _must("raw", Bytes),
        _must("received_at", Number),
        sa.Column("settled_at", Number),
    )
    op.create_index("quarantine_by_ledger", "quarantine", ["network_id", "ledger_id", "seq"])
    op.create_table(
        "alarms",
        _key("network_id"),
        _key("alarm_id"),
        _must("kind", Name),
        sa.Column("ledger_id", Name),
        sa.Column("seq", Number),
        _must("detail", Words),
        _must("times", sa.Integer),
        _must("first_at", Number),
        _must("last_at", Number),
        sa.Column("ended_at", Number),
    )
    op.create_index("alarms_by_end", "alarms", ["network_id", "ended_at", "last_at"])


def _create_kiosks() -> None:
    op.create_table(
        "kiosks",
        _key("network_id"),
        _key("kiosk_id"),
        _must("name", Name),
        sa.Column("site_id", Name),
        _must("ledger_id", Name),
        _must("token_hash", Bytes),
        _must("paired_at", Number),
        sa.Column("revoked_at", Number),
        sa.Column("seen_at", Number),
        sa.Column("skew_ms", Number),
        sa.Column("fetched", Number),
        _must("beacon", Words),
    )
    op.create_index("kiosks_by_token", "kiosks", ["network_id", "token_hash"], unique=True)
    op.create_index("kiosks_by_ledger", "kiosks", ["network_id", "ledger_id"])


def _create_codes() -> None:
    op.create_table(
        "codes",
        _key("network_id"),
        _key("handle"),
        _must("code_hash", Bytes),
        _must("name", Name),
        sa.Column("site_id", Name),
        _must("expires_at", Number),
        _must("tries", sa.Integer),
        sa.Column("used_at", Number),
    )
    op.create_table("tries", _key("network_id"), _key("try_id"), _must("what", Name), _must("at", Number))
    op.create_index("tries_by_time", "tries", ["network_id", "what", "at"])


def _create_snapshots() -> None:
    op.create_table(
        "snapshots",
        _key("network_id"),
        _key("snapshot_id"),
        _key("number", sa.Integer),
        _must("position", Number),
        _must("cursor", Name),
        _must("made_at", Number),
        _must("rows", Bytes),
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _key("network_id"),
        _key("account_id"),
        _must("name", Name),
        _must("role", Name),
        sa.Column("site_id", Name),
        sa.Column("language", Name),
        _must("password_hash", Name),
        sa.Column("totp_secret", Name),
        sa.Column("totp_step", Number),
        _must("created_at", Number),
        sa.Column("disabled_at", Number),
    )
    op.create_index("accounts_by_name", "accounts", ["network_id", "name"], unique=True)
    op.create_table(
        "sessions",
        _key("network_id"),
        _key("token_hash", Bytes),
        _must("account_id", Name),
        _must("created_at", Number),
        _must("expires_at", Number),
        sa.ForeignKeyConstraint(["network_id", "account_id"], ["accounts.network_id", "accounts.account_id"]),
    )
