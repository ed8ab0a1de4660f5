"""The server's own ledger: changes by staff and by the server itself, sealed like a kiosk's entries."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from kiosk.facts import AnyFact, Entry
from kiosk.messages import BY_SERVER
from kiosk.model import ClockQuality, Stamp
from kiosk.store import chain
from kiosk.store.chain import Head
from sync.central.feed import ingest
from sync.central.storage import network
from sync.central.storage.tables import authors, feed

SERVER = BY_SERVER
"""Who made an entry that nobody asked for."""
_HEAD = (
    select(feed.c.seq, feed.c.hash)
    .where(feed.c.network_id == bindparam("network"), feed.c.ledger_id == bindparam("ledger"))
    .order_by(feed.c.seq.desc())
    .limit(1)
)


class ServerLedgerWriter:
    """Writes entries of the server's own ledger, in a transaction that holds Turn.FEED."""

    def __init__(self) -> None:
        self._boot_id = str(uuid.uuid4())  # of this process: the server's clock is kept by its machine

    def write(
        self, connection: Connection, of: str, facts: Sequence[AnyFact], *, by: str, now: datetime
    ) -> tuple[Entry, ...]:
        """Seal facts as entries and append them to the feed."""
        ledger_id = network.read(connection, of).ledger_id
        row = connection.execute(_HEAD, {"network": of, "ledger": ledger_id}).first()
        head = Head(seq=row.seq, hash=bytes(row.hash)) if row else Head()
        stamp = Stamp(at=now, boot_id=self._boot_id, monotonic_ns=time.monotonic_ns(), clock=ClockQuality.TRUSTED)
        sealed = tuple(chain.seal(facts, ledger_id=ledger_id, head=head, stamp=stamp))
        before = ingest.progress(connection, of, ledger_id)
        ingest.store(connection, of, ledger_id, before=before, batch=sealed, now=now)
        names = [{"network_id": of, "ledger_id": ledger_id, "seq": one.ref.seq, "account": by} for one in sealed]
        connection.execute(insert(authors), names)
        return sealed
