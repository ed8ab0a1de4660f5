"""The network of a database: makes and upgrades the schema, and keeps the network's names and secret."""

from __future__ import annotations

import secrets
import uuid

from sqlalchemy import Connection, bindparam, insert, select, update

from kiosk.model import Noun
from kiosk.store.database import LedgerError
from sync.central.storage.database import Storage, Turn
from sync.central.storage.tables import networks

SECRET_BYTES = 32


class NetworkState(Noun, frozen=True, kw_only=True):
    """The names and secret of a network, and how far its roster is folded."""

    network_id: str
    generation: str
    """Of the feed's positions: another one is born with the database, and when it is put back from a copy."""
    ledger_id: str
    """The server's own ledger."""
    secret: bytes
    projected: int
    judged: int


_READ = select(
    networks.c.network_id,
    networks.c.generation,
    networks.c.ledger_id,
    networks.c.secret,
    networks.c.projected,
    networks.c.judged,
).where(networks.c.network_id == bindparam("network"))


def read(connection: Connection, network: str) -> NetworkState:
    """Return the state of a network. Raises LedgerError."""
    row = connection.execute(_READ, {"network": network}).first()
    if row is None:
        raise LedgerError(f"the database does not know the network {network}: run `kiosk-central migrate`")
    return NetworkState(
        network_id=row.network_id,
        generation=row.generation,
        ledger_id=row.ledger_id,
        secret=bytes(row.secret),
        projected=row.projected,
        judged=row.judged,
    )


def load(storage: Storage) -> NetworkState:
    """Return the state of the server's network. Raises LedgerError."""
    with storage.reader() as connection:
        return read(connection, storage.network)


def migrate(storage: Storage) -> None:
    """Make or upgrade the schema, and add the network if it is missing: all in one transaction.

    Raises LedgerError when the database cannot be written, or was upgraded by a newer version.
    """
    # Alembic takes longer to load than all the rest of a start.
    from sync.central.storage import migrations

    with storage.writing(Turn.SCHEMA) as connection:
        if storage.is_postgres:
            connection.exec_driver_sql("SET LOCAL search_path TO public")
        stands = migrations.current(connection)
        if stands is not None and stands not in migrations.revisions():
            raise LedgerError(
                f"the database has schema {stands}, this server knows up to {migrations.newest()}: a newer version "
                "upgraded it; install that version, or restore a copy from before the upgrade"
            )
        if stands != migrations.newest():
            migrations.upgrade(connection)
        if connection.execute(_READ, {"network": storage.network}).first() is None:
            connection.execute(insert(networks), _born(storage.network))


def _born(network: str) -> dict[str, object]:
    return {
        "network_id": network,
        **_fresh_names(),
        "secret": secrets.token_bytes(SECRET_BYTES),
        "roster_revision": "",
        "projected": 0,
        "judged": 0,
    }


def _fresh_names() -> dict[str, object]:
    return {"generation": uuid.uuid4().hex[:16], "ledger_id": str(uuid.uuid4())}


def begin_generation(connection: Connection, network: str) -> None:
    """Begin a new generation of the feed: all kiosks start from a snapshot."""
    fresh = {"generation": _fresh_names()["generation"]}
    connection.execute(update(networks).where(networks.c.network_id == network).values(fresh))


def begin_generation_and_ledger(connection: Connection, network: str) -> None:
    """Begin a new generation and a new ledger of the server: it was restored from a copy.

    Entries of the server's own ledger may be lost too, and their numbers must not be used again.
    """
    connection.execute(update(networks).where(networks.c.network_id == network).values(_fresh_names()))
