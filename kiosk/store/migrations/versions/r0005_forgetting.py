"""Forgetting: what remains of erased bodies, tombstones, stretches of old passages; and what a till needs of a sale."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

Name, Doc, Instant, Number = sa.String, sa.Text, sa.BigInteger, sa.BigInteger


def upgrade() -> None:
    """Give entries a remainder, and recreate the roster's tables that change, live and staged."""
    op.add_column("entries", sa.Column("remainder", sa.LargeBinary))
    for table in ("members", "unknown_badges", "sales", "credits"):
        op.drop_table(table)
        op.drop_table(f"staged_{table}")
    for name, columns in _tables().items():
        op.create_table(name, *columns, sqlite_with_rowid=False)
    for name, columns in _tables().items():
        op.create_table(f"staged_{name}", *columns, sqlite_with_rowid=False)
    op.create_index("unknown_badges_by_code", "unknown_badges", ["claim_code"])
    op.create_index("sales_by_time", "sales", ["site_id", "at"])
    op.create_index("credits_of_member", "credits", ["member_id"])


Kind = type[sa.String] | type[sa.BigInteger]


def _key(name: str, kind: Kind = Name) -> "sa.Column[Any]":
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _must(name: str, kind: Kind) -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=False)


def _ref() -> "tuple[sa.Column[Any], ...]":
    return _must("ledger_id", Name), _must("seq", Number)


def _tables() -> "dict[str, tuple[sa.Column[Any], ...]]":
    return {
        "members": (
            _key("id"),
            _must("folded_name", Name),
            _must("role", Name),
            _must("doc", Doc),
            _must("at", Instant),
            *_ref(),
            sa.Column("position", Number),
        ),
        "unknown_badges": (
            _key("site_id"),
            _key("badge_id"),
            _key("ledger_id"),
            _must("seq", Number),
            _must("claim_code", Name),
            _must("at", Instant),
        ),
        "sales": (
            _key("ledger_id"),
            _key("seq", Number),
            _must("pass_id", Name),
            _must("settles", Doc),
            _must("at", Instant),
            _must("site_id", Name),
            _must("cents", Number),
            _must("method", Name),
        ),
        "credits": (_key("ledger_id"), _key("seq", Number), _key("member_id"), _must("cents", Number)),
        "erasures": (_key("member_id"), *_ref()),
        "stretches": (_key("of_ledger"), _key("first", Number), _must("last", Number), *_ref()),
        "last_seen": (_key("member_id"), _must("month", Name)),
    }
