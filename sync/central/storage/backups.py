"""Copies of the server's database. A restored copy begins a new feed generation."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from kiosk.files import move_into_place
from kiosk.store.database import LedgerError, transaction, writing_engine
from sync.central.settings import Settings
from sync.central.storage import network

MODE = 0o600
"""A copy has the hashes of passwords and the secrets of one-time codes in it: it is its owner's alone."""


def copy(settings: Settings, to: Path) -> str:
    """Copy the database while the server runs; return a note about the copy. Raises LedgerError."""
    if to.exists():
        raise LedgerError(f"{to} exists: a copy is not written over another one")
    part = to.with_name(f"{to.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=MODE, exist_ok=False)
        if settings.is_postgres:
            _dump(settings, part)
        else:
            _copy_file(settings, part)
        move_into_place(part, to)
    except OSError as error:
        raise LedgerError(f"{to} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    if settings.is_postgres:
        return f"{to}: put it back by pg_restore, and then say `kiosk-central restored`."
    return f"{to}: put it back by copying it over the database while no server runs."


def _copy_file(settings: Settings, part: Path) -> None:
    source = Path(settings.database)
    if not source.exists():
        raise LedgerError(f"{source} does not exist")
    try:
        with closing(_opened(source, "ro")) as old, closing(_opened(part, "rw")) as new:
            old.backup(new)
        _begin_anew(part, settings.network)
    except sqlite3.Error as error:
        raise LedgerError(f"{source} cannot be copied: {error}") from error


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True)


def _begin_anew(part: Path, of: str) -> None:
    engine = writing_engine(part)
    with engine.connect() as connection:
        with transaction(connection):
            network.begin_generation_and_ledger(connection, of)
        # One file, to be carried away: nothing of it stays in a journal beside it.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
    engine.dispose()


def _dump(settings: Settings, part: Path) -> None:
    """Copy with pg_dump. The password is in its environment, because everybody may read command lines."""
    url = make_url(settings.database).set(drivername="postgresql")
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    bare = url._replace(password=None).render_as_string(hide_password=False)
    command = ["pg_dump", "--format=custom", f"--file={part}", f"--dbname={bare}"]
    try:
        subprocess.run(command, check=True, env=os.environ | secret)  # noqa: S603
    except FileNotFoundError:
        raise LedgerError("pg_dump is not installed: apt-get install postgresql-client") from None
    except subprocess.CalledProcessError as error:
        raise LedgerError(f"pg_dump failed with code {error.returncode}, and said why above") from None
