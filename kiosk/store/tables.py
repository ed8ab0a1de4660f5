"""The tables of the database: the ledger, which must not be lost, and the roster, which can be folded from it.

Only names and types are here. How a database gets these tables is in kiosk/store/migrations; a test compares the two.
Types are those that SQLite and PostgreSQL both have, so that the same SQL works on both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Column, Dialect, Index, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

REVISION = "0010"
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
    """Return the instant so many microseconds after the epoch, the inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=number)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, stored as microseconds since the epoch: exact, ordered, the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Convert an instant to its number."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert a number to its instant."""
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
    Column("position", BigInteger),
    Column("remainder", LargeBinary),
)
Index(
    "entries_by_position",
    entries.c.position,
    sqlite_where=entries.c.position.is_not(None),  # the server's ledger has tables of its own
)
"""`at` is in microseconds since the epoch: what is read here may have been tampered with, and is told, not trusted.
`position` is the entry's place in the server's feed, from 1; null: an own entry that was not seen in the feed yet; 0:
its place is not known here, because it was known before a snapshot was adopted. `remainder`: of an erased body."""

cursors = Table("cursors", LEDGER, Column("name", String, primary_key=True), Column("value", String, nullable=False))
"""How far this ledger and the server know each other: `sent`, `seen`, `snapshot` (kiosk.store.feed.cursors)."""

ROSTER = MetaData()
"""Everything here is a fold of `entries`. A `doc` is a noun of kiosk.model as JSON."""


def _source_columns() -> tuple[Column[str], Column[int], Column[int]]:
    """Return the columns for the entry that wrote a noun's row, and its position in the server's feed.

    `position` null: an own entry that has no position yet, newer than all that have one.
    """
    return (
        Column("ledger_id", String, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("position", BigInteger),
    )


def _merged_columns() -> tuple[Column[str], Column[int], Column[int], Column[str]]:
    """Return the same for a noun merged from several entries, of which the last is named.

    `fields` holds what each of them still contributes (kiosk.store.fold.fields.State as JSON); null or empty: there is
    one.
    """
    return (*_source_columns(), Column("fields", Text))


sites = Table(
    "sites", ROSTER, Column("id", String, primary_key=True), Column("doc", Text, nullable=False), *_merged_columns()
)

overrides = Table(
    "overrides", ROSTER, Column("site_id", String, primary_key=True), Column("doc", Text), *_merged_columns()
)
"""The last word of staff on the hours of a site; `doc` is null once taken back."""

products = Table(
    "products", ROSTER, Column("id", String, primary_key=True), Column("doc", Text, nullable=False), *_merged_columns()
)

members = Table(
    "members",
    ROSTER,
    Column("id", String, primary_key=True),
    Column("folded_name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("doc", Text, nullable=False),
    Column("at", Instant, nullable=False),
    *_merged_columns(),
)
"""`at`: when the member was told of last."""

badges = Table(
    "badges",
    ROSTER,
    Column("id", String, primary_key=True),
    Column("member_id", String),
    Column("doc", Text, nullable=False),
    *_merged_columns(),
    Index("badges_of_member", "member_id"),
)

unknown_badges = Table(
    "unknown_badges",
    ROSTER,
    Column("site_id", String, primary_key=True),
    Column("badge_id", String, primary_key=True),
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("claim_code", String, nullable=False),
    Column("at", Instant, nullable=False),
    Index("unknown_badges_by_code", "claim_code"),
)
"""Badges denied as unknown, given to somebody since or not: the last time, for each ledger."""

passes = Table(
    "passes",
    ROSTER,
    Column("id", String, primary_key=True),
    Column("voided_at", Instant),
    Column("doc", Text, nullable=False),
    *_source_columns(),
    Index("passes_by_sale", "ledger_id", "seq"),
)
"""`ledger_id` and `seq` name the sale; `voided_at` is when it was reversed."""

sales = Table(
    "sales",
    ROSTER,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("pass_id", String, nullable=False),
    Column("settles", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("site_id", String, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("method", String, nullable=False),
    Index("sales_by_time", "site_id", "at"),
)
"""Every sale, what was paid for it, and the debts it took over."""

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
    Column("present_until", Instant),
    Index("visits_of_member", "member_id", "at"),
    Index("visits_by_presence", "site_id", "presence_end"),
)
"""`window_end` is what was bought, `window_cut` when a reversal ended it. `present_until`: when presence was to end by
itself, null: it never was one; `presence_end`: when it ended or will, whatever ends it."""

departures = Table(
    "departures",
    ROSTER,
    Column("member_id", String, primary_key=True),
    Column("site_id", String, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
)
"""Every time somebody said that they leave, whether or not their visit is known yet."""

reversals = Table(
    "reversals",
    ROSTER,
    Column("reversed_ledger", String, primary_key=True),
    Column("reversed_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("reversed_by", String, nullable=False),
    Column("ledger_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""The first reversal of each entry, by instant and then by name, whether or not what it reverses is known yet."""

uses = Table(
    "uses",
    ROSTER,
    Column("pass_id", String, primary_key=True),
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("units", BigInteger, nullable=False),
)
"""What entry took how many units off which pass; less than zero where a sale took a debt over. A reversal deletes."""

credits_ = Table(
    "credits",
    ROSTER,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", String, primary_key=True),
    Column("cents", BigInteger, nullable=False),
    Index("credits_of_member", "member_id"),
)

corrections = Table(
    "corrections",
    ROSTER,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("told_by", BigInteger, nullable=False),
)
"""When entries really were that were written before their kiosk knew the time. `told_by`: which entry of the same
ledger told so."""

erasures = Table(
    "erasures",
    ROSTER,
    Column("member_id", String, primary_key=True),
    Column("ledger_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Persons who are forgotten, and the first entry that says so, by its name."""

stretches = Table(
    "stretches",
    ROSTER,
    Column("of_ledger", String, primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("ledger_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""Stretches of ledgers whose passages are forgotten, and the entry that keeps what must outlive them."""

last_seen = Table(
    "last_seen",
    ROSTER,
    Column("member_id", String, primary_key=True),
    Column("site_id", String, primary_key=True),
    Column("month", String, nullable=False),
    Column("before", String, nullable=False),
)
"""The last month in which a member had passages at a site that are erased now, and the last one `before` it."""

months = Table(
    "months",
    ROSTER,
    Column("site_id", String, primary_key=True),
    Column("month", String, primary_key=True),
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("doc", Text, nullable=False),
)
"""The sums of months, late ones too: kiosk.facts.MonthSummed as JSON, and the entry that tells it."""

STAGED = MetaData()
"""A roster that is on its way: the tables of ROSTER again, without their indexes, and `staged_heads`."""


def _staged(table: Table) -> Table:
    columns = (
        Column(c.name, c.type, primary_key=c.primary_key, nullable=c.nullable, autoincrement=False)
        for c in table.columns
    )
    return Table(f"staged_{table.name}", STAGED, *columns)


staged = {table.name: _staged(table) for table in ROSTER.sorted_tables}
"""Name of a table of the roster -> the table where its rows are staged."""

staged_heads = Table(
    "staged_heads",
    STAGED,
    Column("ledger_id", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
"""Up to which entry of each ledger the roster on its way knows."""
