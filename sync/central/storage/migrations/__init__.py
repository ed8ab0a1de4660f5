"""The versions of the server's schema, one after the other, on SQLite and PostgreSQL alike.

A revision spells out its tables and never uses sync.central.storage.tables, which describes the present. The tables of
the roster are not here: kiosk.store defines them, and sync.central.roster.projector creates them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

HERE = Path(__file__).parent
VERSIONS = "central_version"
"""The table in which Alembic keeps where a database stands."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a database to a revision, inside the transaction that `connection` is in."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def current(connection: Connection) -> str | None:
    """Return the revision of a database, None when it is empty."""
    return MigrationContext.configure(connection, opts={"version_table": VERSIONS}).get_current_revision()


@cache
def newest() -> str | None:
    """Return the newest revision that this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


@cache
def revisions() -> frozenset[str]:
    """Return the names of all revisions that this version knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
