"""Makes, upgrades and refolds the tables of a ledger's database, each in one transaction or not at all."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection, insert, select, text

from kiosk.store.database import LedgerDamagedError, LedgerError, LedgerTooNewError, transaction
from kiosk.store.feed import cursors
from kiosk.store.fold.readable import READS
from kiosk.store.fold.refold import refold
from kiosk.store.tables import REVISION, ledger

NAME = select(ledger.c.ledger_id)
"""The name of the ledger that a database keeps."""


_HAS_REVISION = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'")


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a database, None when it is empty."""
    if connection.execute(_HAS_REVISION).first() is None:
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def prepare(connection: Connection, *, name: str) -> None:
    """Bring a database to this release's schema, and give a new ledger its id; `name` is its name in errors.

    Raises LedgerDamagedError for a schema of no version, LedgerTooNewError for one of a newer kiosk, and LedgerError
    when the roster can no longer be folded from the entries.
    """
    revision = revision_of(connection)
    if revision == REVISION:
        return
    # Alembic takes longer to load than all the rest of a start, and is needed once in a hundred.
    from kiosk.store import migrations

    if revision is not None and not (revision.isascii() and revision.isdigit()):
        raise LedgerDamagedError(f"{name} has a schema of no version")
    if revision is not None and revision not in migrations.revisions():
        raise LedgerTooNewError(
            f"{name} has schema {revision}, this kiosk knows up to {REVISION}: a newer version upgraded it; "
            "install that version, or restore a copy from before the upgrade"
        )
    with transaction(connection):
        migrations.upgrade(connection)
        if connection.execute(NAME).first() is None:
            connection.execute(insert(ledger).values(ledger_id=str(uuid.uuid4())))
        refold(connection, own=connection.execute(NAME).scalar_one())
        if cursors.number(connection, cursors.SNAPSHOT) is not None:
            # What the snapshot told is gone with the old tables: without a cursor, the next page is a snapshot.
            cursors.write(connection, {cursors.FEED_CURSOR: None})
        cursors.write(connection, {cursors.READS: READS})


def read_again(connection: Connection) -> None:
    """Fold anew entries that an earlier release stored without understanding all of them.

    If the entries here are not all that are needed, a snapshot is fetched next.
    """
    if cursors.read(connection, cursors.READS) == READS:
        return
    with transaction(connection):
        is_whole = cursors.number(connection, cursors.SNAPSHOT) is None
        try:
            if is_whole:
                refold(connection, own=connection.execute(NAME).scalar_one())
        except LedgerError:  # bodies are erased for which nothing stands
            is_whole = False
        anew = {} if is_whole else {cursors.NEEDS_SNAPSHOT: 1}
        cursors.write(connection, {cursors.READS: READS, **anew})
