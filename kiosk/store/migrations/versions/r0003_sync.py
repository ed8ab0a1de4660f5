"""What a kiosk needs to share its ledger: places in the server's feed, and a roster that does not mind the order."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

Name, Doc, Instant, Number = sa.String, sa.Text, sa.BigInteger, sa.BigInteger


def upgrade() -> None:
    """Give entries a feed position, and recreate the roster's tables, live and staged."""
    op.add_column("entries", sa.Column("position", Number))
    placed = sa.text("position IS NOT NULL")
    op.create_index("entries_by_position", "entries", ["position"], sqlite_where=placed, postgresql_where=placed)
    op.create_table("cursors", sa.Column("name", Name, primary_key=True), sa.Column("value", Name, nullable=False))
    for table in ("sites", "overrides", "products", "members", "badges", "passes", "uses", "credits", "visits"):
        op.drop_table(table)
    for name, columns in _changed().items():
        _create(name, *columns)
    for name, columns in {**_changed(), **_kept()}.items():
        _create(f"staged_{name}", *columns)
    _create("staged_heads", _key("ledger_id"), sa.Column("seq", Number, nullable=False))
    _create_indexes()


Kind = type[sa.String] | type[sa.BigInteger]


def _key(name: str, kind: Kind = Name) -> "sa.Column[Any]":
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _must(name: str, kind: Kind) -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=False)


def _written() -> "tuple[sa.Column[Any], ...]":
    return _must("ledger_id", Name), _must("seq", Number), sa.Column("position", Number)


def _ref() -> "tuple[sa.Column[Any], ...]":
    return _key("ledger_id"), _key("seq", Number)


def _create(name: str, *columns: "sa.Column[Any]") -> None:
    op.create_table(name, *columns, sqlite_with_rowid=False)


def _changed() -> "dict[str, tuple[sa.Column[Any], ...]]":
    visit_instants = "window_start window_end window_cut"
    return {
        "sites": (_key("id"), _must("doc", Doc), *_written()),
        "overrides": (_key("site_id"), sa.Column("doc", Doc), *_written()),
        "products": (_key("id"), _must("doc", Doc), *_written()),
        "members": (_key("id"), _must("folded_name", Name), _must("role", Name), _must("doc", Doc), *_written()),
        "badges": (_key("id"), sa.Column("member_id", Name), _must("doc", Doc), *_written()),
        "passes": (_key("id"), sa.Column("voided_at", Instant), _must("doc", Doc), *_written()),
        "sales": (*_ref(), _must("pass_id", Name), _must("settles", Doc)),
        "visits": (
            *_ref(),
            _must("at", Instant),
            *(_must(name, Name) for name in ("member_id", "site_id", "reason")),
            *(sa.Column(name, Instant) for name in visit_instants.split()),
            _must("charges", Doc),
            *(sa.Column(name, Instant) for name in ("presence_end", "left_at", "reversed_at")),
            sa.Column("reversed_by", Name),
            sa.Column("present_until", Instant),
        ),
        "uses": (_key("pass_id"), *_ref(), _must("at", Instant), _must("units", Number)),
        "credits": (*_ref(), _must("member_id", Name), _must("cents", Number)),
        "departures": (_key("member_id"), _key("site_id"), _key("at", Instant), *_ref()),
        "reversals": (
            _key("reversed_ledger"),
            _key("reversed_seq", Number),
            _must("at", Instant),
            _must("reversed_by", Name),
            _must("ledger_id", Name),
            _must("seq", Number),
        ),
    }


def _kept() -> "dict[str, tuple[sa.Column[Any], ...]]":
    return {
        "unknown_badges": (_key("site_id"), _key("badge_id"), _must("claim_code", Name), _must("at", Instant)),
        "pass_holders": (_key("member_id"), _key("pass_id")),
    }


def _create_indexes() -> None:
    op.create_index("badges_of_member", "badges", ["member_id"])
    op.create_index("passes_by_sale", "passes", ["ledger_id", "seq"])
    op.create_index("credits_of_member", "credits", ["member_id"])
    op.create_index("visits_of_member", "visits", ["member_id", "at"])
    op.create_index("visits_by_presence", "visits", ["site_id", "presence_end"])
