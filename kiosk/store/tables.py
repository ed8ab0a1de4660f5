"""The tables of the database: the ledger, which is precious, and the roster, which can be folded from it at any time.

Only names and types are here. How a database comes to have these tables is written in kiosk/store/migrations; a test
compares the two. Types are those that SQLite and PostgreSQL both have, so that one text of SQL serves both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, Dialect, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

REVISION = "0002"
"""The schema these tables and the fold belong to: the newest file in kiosk/store/migrations/versions.

It is kept here so that a start can compare it with the database's without loading Alembic. A change of what the fold
makes of an entry needs a new revision as well, if only an empty one: upgrading is what folds the roster anew.
"""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return the microseconds from the epoch to an aware instant."""
    return (at - EPOCH) // MICROSECOND


def instant(number: int) -> datetime:
    """Return the instant so many microseconds from the epoch, the inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=number)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, kept as microseconds since the epoch: exact, ordered, the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn an instant into its number."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn a number back into its instant."""
        return None if value is None else instant(value)


LEDGER = MetaData()

ledger = Table("ledger", LEDGER, Column("ledger_id", String, primary_key=True))

entries = Table(
    "entries",
    LEDGER,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("boot_id", String, nullable=False),
    Column("monotonic_ns", BigInteger, nullable=False),
    Column("clock", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary),
    Column("salt", LargeBinary),
    Column("body_hash", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""`at` is in microseconds since the epoch: what is read here may have been tampered with, and is told, not trusted."""

ROSTER = MetaData()
"""Everything here is a fold of `entries`. A `doc` is a noun of kiosk.model as JSON."""

sites = Table("sites", ROSTER, Column("id", String, primary_key=True), Column("doc", Text, nullable=False))

overrides = Table("overrides", ROSTER, Column("site_id", String, primary_key=True), Column("doc", Text))
"""The last word of staff on the hours of a site; `doc` is null once taken back."""

products = Table("products", ROSTER, Column("id", String, primary_key=True), Column("doc", Text, nullable=False))

members = Table(
    "members",
    ROSTER,
    Column("id", String, primary_key=True),
    Column("folded_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("doc", Text, nullable=False),
)

badges = Table(
    "badges",
    ROSTER,
    Column("id", String, primary_key=True),
    Column("member_id", String),
    Column("doc", Text, nullable=False),
    Index("badges_of_member", "member_id"),
)

unknown_badges = Table(
    "unknown_badges",
    ROSTER,
    Column("site_id", String, primary_key=True),
    Column("badge_id", String, primary_key=True),
    Column("claim_code", String, nullable=False),
    Column("at", Instant, nullable=False),
    Index("unknown_badges_by_code", "claim_code"),
)
"""Badges that were refused as unknown and have not been assigned since; `at` is the last time."""

passes = Table(
    "passes",
    ROSTER,
    Column("id", String, primary_key=True),
    Column("ledger_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("voided_at", Instant),
    Column("settles", Text, nullable=False),
    Column("doc", Text, nullable=False),
    Index("passes_by_sale", "ledger_id", "seq"),
)
"""`ledger_id` and `seq` name the sale; `voided_at` is when it was reversed."""

pass_holders = Table(
    "pass_holders",
    ROSTER,
    Column("member_id", String, primary_key=True),
    Column("pass_id", String, primary_key=True),
    Index("holders_of_pass", "pass_id"),
)

visits = Table(
    "visits",
    ROSTER,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("member_id", String, nullable=False),
    Column("site_id", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("window_start", Instant),
    Column("window_end", Instant),
    Column("window_cut", Instant),
    Column("charges", Text, nullable=False),
    Column("presence_end", Instant),
    Column("left_at", Instant),
    Column("reversed_at", Instant),
    Column("reversed_by", String),
    Index("visits_of_member", "member_id", "at"),
    Index("visits_by_presence", "site_id", "presence_end"),
)
"""`window_end` is what was bought, `window_cut` when a reversal ended it. `presence_end`: when presence ended or will,
whatever ends it; null: it never was one."""

uses = Table(
    "uses",
    ROSTER,
    Column("pass_id", String, primary_key=True),
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("units", Integer, nullable=False),
)
"""What entry took how many units off which pass; less than zero where a sale took a debt over. A reversal deletes."""

credits_ = Table(
    "credits",
    ROSTER,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", String, nullable=False),
    Column("cents", Integer, nullable=False),
    Index("credits_of_member", "member_id"),
)
