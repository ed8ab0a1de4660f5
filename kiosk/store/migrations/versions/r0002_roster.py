"""The roster: members, badges, passes, visits and the rest of what the entries add up to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Name, Doc, Instant = sa.String, sa.Text, sa.BigInteger


def upgrade() -> None:
    """Make the tables; they are filled by folding the entries when the upgrade is done."""
    _create_people_and_places()
    _create_passes()
    _create_visits()


def _key(name: str, kind: type[sa.String] | type[sa.BigInteger] = Name) -> "sa.Column[object]":
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _create(name: str, *columns: "sa.Column[object]") -> None:
    # Without row ids a table is one tree and not two, and a tap writes fewer pages.
    op.create_table(name, *columns, sqlite_with_rowid=False)


def _create_people_and_places() -> None:
    _create("sites", _key("id"), sa.Column("doc", Doc, nullable=False))
    _create("overrides", _key("site_id"), sa.Column("doc", Doc))
    _create("products", _key("id"), sa.Column("doc", Doc, nullable=False))
    _create(
        "members",
        _key("id"),
        sa.Column("folded_name", Name, nullable=False),
        sa.Column("role", Name, nullable=False),
        sa.Column("doc", Doc, nullable=False),
    )
    _create("badges", _key("id"), sa.Column("member_id", Name), sa.Column("doc", Doc, nullable=False))
    op.create_index("badges_of_member", "badges", ["member_id"])
    _create(
        "unknown_badges",
        _key("site_id"),
        _key("badge_id"),
        sa.Column("claim_code", Name, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("unknown_badges_by_code", "unknown_badges", ["claim_code"])


def _create_passes() -> None:
    _create(
        "passes",
        _key("id"),
        sa.Column("ledger_id", Name, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("voided_at", Instant),
        sa.Column("settles", Doc, nullable=False),
        sa.Column("doc", Doc, nullable=False),
    )
    op.create_index("passes_by_sale", "passes", ["ledger_id", "seq"])
    _create("pass_holders", _key("member_id"), _key("pass_id"))
    op.create_index("holders_of_pass", "pass_holders", ["pass_id"])
    _create(
        "uses",
        _key("pass_id"),
        _key("ledger_id"),
        _key("seq", sa.BigInteger),
        sa.Column("at", Instant, nullable=False),
        sa.Column("units", sa.Integer, nullable=False),
    )
    _create(
        "credits",
        _key("ledger_id"),
        _key("seq", sa.BigInteger),
        sa.Column("member_id", Name, nullable=False),
        sa.Column("cents", sa.Integer, nullable=False),
    )
    op.create_index("credits_of_member", "credits", ["member_id"])


def _create_visits() -> None:
    _create(
        "visits",
        _key("ledger_id"),
        _key("seq", sa.BigInteger),
        sa.Column("at", Instant, nullable=False),
        sa.Column("member_id", Name, nullable=False),
        sa.Column("site_id", Name, nullable=False),
        sa.Column("reason", Name, nullable=False),
        sa.Column("window_start", Instant),
        sa.Column("window_end", Instant),
        sa.Column("window_cut", Instant),
        sa.Column("charges", Doc, nullable=False),
        sa.Column("presence_end", Instant),
        sa.Column("left_at", Instant),
        sa.Column("reversed_at", Instant),
        sa.Column("reversed_by", Name),
    )
    op.create_index("visits_of_member", "visits", ["member_id", "at"])
    op.create_index("visits_by_presence", "visits", ["site_id", "presence_end"])
