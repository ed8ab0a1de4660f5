"""How far this ledger and the central server know each other: a few words in the table `cursors`."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select, update

from kiosk.store.tables import cursors

SENT = "sent"
"""The last own entry that the server acknowledged, as it said last."""
SEEN = "seen"
"""Where the server's feed goes on: opaque, the server's word."""
SNAPSHOT = "snapshot"
"""The place in the feed of the snapshot that the roster stands on."""
STAGED = "staged"
"""The same of the one that is being staged."""


def read(connection: Connection, name: str) -> str | None:
    """Return a cursor, None when it was never set."""
    value: str | None = connection.execute(select(cursors.c.value).where(cursors.c.name == name)).scalar()
    return value


def number(connection: Connection, name: str) -> int | None:
    """Return a cursor that is a number."""
    value = read(connection, name)
    return None if value is None else int(value)


def write(connection: Connection, values: Mapping[str, object]) -> None:
    """Set cursors; None takes one away."""
    for name, value in values.items():
        is_it = cursors.c.name == name
        if value is None:
            connection.execute(delete(cursors).where(is_it))
        elif not connection.execute(update(cursors).where(is_it).values(value=str(value))).rowcount:
            connection.execute(insert(cursors).values(name=name, value=str(value)))
