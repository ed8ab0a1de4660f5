"""The versions of the schema, one after the other, and the upgrade from any of them to the newest.

This package is only loaded when a database is new or old; a usual start compares two version names. A revision spells
out its tables and never uses kiosk.store.tables, which describes the present. The tables of the roster need no care: a
revision may drop and recreate them, because the ledger is folded again after each upgrade.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

HERE = Path(__file__).parent


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a database to a revision, inside the transaction that `connection` is in."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def revisions() -> set[str]:
    """Return the names of all revisions that this version of the kiosk knows."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
