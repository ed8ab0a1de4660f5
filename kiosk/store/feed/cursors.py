"""Cursors: how far this ledger and the central server have exchanged; a few values in the table `cursors`."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kiosk.store.tables import cursors as table

SENT = "sent"
"""The last own entry that the server acknowledged, as it said last."""
FEED_CURSOR = "seen"
"""Where the server's feed goes on: opaque, the server's word."""
SNAPSHOT = "snapshot"
"""The feed position of the snapshot that the roster is based on."""
STAGED = "staged"
"""The same of the one that is being staged."""
NEEDS_SNAPSHOT = "anew"
"""The entries here do not explain the whole roster: fetch a snapshot next."""
READS = "reads"
"""What the release could read that folded the roster: kiosk.store.fold.readable."""
BADGE_KEY = "badge_key"
"""Of the key with which the badges are hidden: its mark (kiosk.badges.key_mark), in hexadecimal."""
FORMER_SENT = "former "
"""Followed by the name of a ledger that this database kept before: its `sent`."""


def read(connection: Connection, name: str) -> str | None:
    """Return a cursor, None when it was never set."""
    value: str | None = connection.execute(_READ, {"which": name}).scalar()
    return value


def number(connection: Connection, name: str) -> int | None:
    """Return a cursor that is a number."""
    value = read(connection, name)
    return None if value is None else int(value)


def write(connection: Connection, values: Mapping[str, object]) -> None:
    """Set cursors; None removes one."""
    for name, value in values.items():
        if value is None:
            connection.execute(_DELETE, {"which": name})
        elif not connection.execute(_UPDATE, {"which": name, "to": str(value)}).rowcount:
            connection.execute(_INSERT, {"name": name, "value": str(value)})


_IS_IT = table.c.name == bindparam("which")
_READ = select(table.c.value).where(_IS_IT)
_DELETE = delete(table).where(_IS_IT)
_UPDATE = update(table).where(_IS_IT).values(value=bindparam("to"))
_INSERT = insert(table)


def formers(connection: Connection) -> dict[str, int]:
    """Return the former ledgers of this database, and how far the server acknowledged each."""
    rows = connection.execute(select(table).where(table.c.name.startswith(FORMER_SENT)).order_by(table.c.name))
    return {row.name.removeprefix(FORMER_SENT): int(row.value) for row in rows}
