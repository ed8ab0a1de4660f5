"""The audit log: the entries of the server's own ledger, with the account that made each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from kiosk.facts import AnyFact
from kiosk.model import Noun, Ref
from kiosk.store.chain import decode_fact
from kiosk.store.tables import instant
from sync.central.storage.database import Storage
from sync.central.storage.tables import authors, feed


class Line(Noun, frozen=True, kw_only=True):
    """A line of the audit log: an entry and the account that made it."""

    position: int
    ref: Ref
    at: datetime
    account: str
    """Of sync.central.accounts.staff, by name, or `server`."""
    kind: str
    fact: AnyFact | None
    """None: erased, or of another release."""


def lines(storage: Storage, *, before: int | None = None, limit: int = 100) -> list[Line]:
    """Return the newest lines before a position of the feed, the newest first. Raises LedgerError."""
    query = select(feed, authors.c.account).join_from(
        authors,
        feed,
        (feed.c.network_id == authors.c.network_id)
        & (feed.c.ledger_id == authors.c.ledger_id)
        & (feed.c.seq == authors.c.seq),
    )
    query = query.where(authors.c.network_id == storage.network).order_by(feed.c.position.desc()).limit(limit)
    if before is not None:
        query = query.where(feed.c.position < before)
    with storage.reader() as connection:
        return [
            Line(
                position=row.position,
                ref=Ref(ledger_id=row.ledger_id, seq=row.seq),
                at=instant(row.at),
                account=row.account,
                kind=row.kind,
                fact=decode_fact(row.body) if row.body is not None else None,
            )
            for row in connection.execute(query)
        ]
