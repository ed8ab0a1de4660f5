"""The server's own tables. Each key begins with the network, so that a database can be shared or split by it.

Only names and types are here; how a database gets them is in sync/central/storage/migrations. The roster has the tables
of kiosk.store beside these: they are a fold of the feed and recreated whenever their shape changes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from kiosk.store.tables import Instant

CENTRAL = MetaData()


def _key(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


networks = Table(
    "networks",
    CENTRAL,
    _key("network_id"),
    Column("generation", String, nullable=False),
    Column("ledger_id", String, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("roster_revision", String, nullable=False),
    Column("projected", BigInteger, nullable=False),
    Column("judged", BigInteger, nullable=False),
    Column("badge_key_mark", LargeBinary),
)
"""`generation` names the feed's positions, `ledger_id` the server's own ledger. `projected` is the position up to which
the roster is folded, `judged` the one up to which conflicts were looked for: a roster folded anew judges nobody twice.
`badge_key_mark` tells the network's badge key from others.
"""

feed = Table(
    "feed",
    CENTRAL,
    _key("network_id"),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("ledger_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
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
    Column("received_at", BigInteger, nullable=False),
    Column("remainder", LargeBinary),
    Index("feed_by_ledger", "network_id", "ledger_id", "seq", unique=True),
)
"""The entries of all ledgers, byte for byte, in the order in which they were committed. Instants in microseconds."""

ledgers = Table(
    "ledgers",
    CENTRAL,
    _key("network_id"),
    _key("ledger_id"),
    Column("acked", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
)
"""How far each ledger is known: `acked` without a gap, quarantined entries included; `highest` with gaps."""

quarantine = Table(
    "quarantine",
    CENTRAL,
    _key("network_id"),
    _key("quarantine_id"),
    Column("ledger_id", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Index("quarantine_by_ledger", "network_id", "ledger_id", "seq"),
    Index("quarantine_by_time", "network_id", "settled_at", "received_at"),
)
"""What a kiosk sent and the feed could not take, as it came. `settled_at`: replayed into the feed, or dismissed."""

alarms = Table(
    "alarms",
    CENTRAL,
    _key("network_id"),
    _key("alarm_id"),
    Column("kind", String, nullable=False),
    Column("ledger_id", String),
    Column("seq", BigInteger),
    Column("note", String, nullable=False),
    Column("facts", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("site_id", String),
    Index("alarms_by_end", "network_id", "ended_at", "last_at"),
    Index("alarms_by_ledger", "network_id", "ledger_id", "kind"),
)
"""What people should look at; one row however often it is raised. `facts` is JSON, what `note` says of them is
in sync.central.alarms.register. `ended_at`: it ended by itself or was dismissed. `site_id`: where, if that is known;
else it is at the kiosk's site."""

conflicts = Table(
    "conflicts",
    CENTRAL,
    _key("network_id"),
    _key("kind"),
    _key("ledger_id"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
)
"""Entries in conflict with others that were reported: each once, whatever becomes of its alarm."""

troubles = Table(
    "troubles",
    CENTRAL,
    _key("network_id"),
    _key("trouble_id"),
    Column("code", String, nullable=False),
    Column("place", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("told_at", Instant),
)
"""What goes wrong now. `told_at`: when people were told by e-mail or otherwise; a row goes when the trouble does."""

kiosks = Table(
    "kiosks",
    CENTRAL,
    _key("network_id"),
    _key("kiosk_id"),
    Column("name", String, nullable=False),
    Column("site_id", String),
    Column("ledger_id", String, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("paired_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("seen_at", Instant),
    Column("skew_ms", BigInteger),
    Column("fetched", BigInteger),
    Column("beacon", Text, nullable=False),
    Index("kiosks_by_token", "network_id", "token_hash", unique=True),
    Index("kiosks_by_ledger", "network_id", "ledger_id"),
)
"""`fetched` is the feed's position the kiosk last asked from; `beacon` its last one, as JSON,
its `waiting` without what was taken in with it."""

former_ledgers = Table("former_ledgers", CENTRAL, _key("network_id"), _key("ledger_id"), _key("kiosk_id"))
"""Ledgers that a kiosk kept before its present one, copies of its card too; what each still has of them is taken."""

codes = Table(
    "codes",
    CENTRAL,
    _key("network_id"),
    _key("handle"),
    Column("code_hash", LargeBinary, nullable=False),
    Column("name", String, nullable=False),
    Column("site_id", String),
    Column("expires_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", Instant),
)
"""Pairing codes. The first half of a code is its `handle`, so that a wrong second half counts as a try of this code."""

tries = Table(
    "tries",
    CENTRAL,
    _key("network_id"),
    _key("try_id"),
    Column("what", String, nullable=False),
    Column("at", Instant, nullable=False),
    Index("tries_by_time", "network_id", "what", "at"),
)
"""Guesses of the last hour: kept here and not in memory, so that a restart forgives nothing."""

snapshots = Table(
    "snapshots",
    CENTRAL,
    _key("network_id"),
    _key("snapshot_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("cursor", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("rows", LargeBinary, nullable=False),
)
"""The pages of snapshots that kiosks are fetching, all of one instant: `rows` is JSON, compressed."""

accounts = Table(
    "accounts",
    CENTRAL,
    _key("network_id"),
    _key("account_id"),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("site_id", String),
    Column("language", String),
    Column("password_hash", String, nullable=False),
    Column("totp_secret", String),
    Column("totp_step", BigInteger),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Index("accounts_by_name", "network_id", "name", unique=True),
)
"""Staff who sign in. `totp_step` is the time step of the last one-time code used: none is taken twice."""

sessions = Table(
    "sessions",
    CENTRAL,
    _key("network_id"),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    ForeignKeyConstraint(["network_id", "account_id"], ["accounts.network_id", "accounts.account_id"]),
)

authors = Table(
    "authors",
    CENTRAL,
    _key("network_id"),
    _key("ledger_id"),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("account", String, nullable=False),
)
"""Who made an entry of the server's own ledger: an account, or `server`."""
