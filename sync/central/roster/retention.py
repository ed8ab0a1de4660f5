"""Erases old data on the server: passages after three months, customers three years after their last contact.

The server has the entries of all ledgers, so it condenses the ledgers of all kiosks, by entries in its own ledger, and
the kiosks erase when they receive these. What must outlive the passages is kept as sums.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, select

from kiosk.facts import AnyFact, Condensed, Erased
from kiosk.model import Noun
from kiosk.store.forgetting import condensing
from kiosk.store.tables import microseconds
from kiosk.sums import summing
from sync.central.feed.server_ledger import SERVER
from sync.central.roster import forgetting, time_witnesses
from sync.central.roster.books import ServerBooks
from sync.central.storage import network
from sync.central.storage.database import Turn
from sync.central.storage.tables import alarms, feed, ledgers, quarantine

CUSTOMERS_KEPT = timedelta(days=3 * 365)
"""How long a customer's file is kept after the last contact: what the CNIL advises."""


class Forgotten(Noun, frozen=True, kw_only=True):
    """The result: how many stretches were condensed, and how many customers erased."""

    stretches: int
    members: int


def doubt(books: ServerBooks, *, is_synchronised: bool) -> str:
    """Return why nothing may be erased by the server's clock now; empty when it is sure. Raises LedgerError."""
    with books.storage.reader() as connection:
        return time_witnesses.doubt(connection, books.storage.network, books.now(), is_synchronised=is_synchronised)


def forget_old(books: ServerBooks) -> Forgotten:
    """Erase all old data. Raises LedgerError; what was erased before that stays erased."""
    silent = books.roster.silent_since(books.now() - CUSTOMERS_KEPT)
    if silent:
        books.append(*(Erased(member_id=name, by="retention") for name in silent), by=SERVER)
    stretches = 0
    before: tuple[AnyFact, ...] = ()
    while (facts := _forget_month(books)) and facts != before:  # twice the same: they could not be folded
        before = facts
        stretches += sum(isinstance(fact, Condensed) for fact in facts)
    with books.storage.writing() as connection:
        _forget_beside(connection, books.storage.network, books.now())
    return Forgotten(stretches=stretches, members=len(silent))


def _forget_month(books: ServerBooks) -> tuple[AnyFact, ...]:
    """Sum up and condense the next month that is due at a site; return the sums, none when no month is due."""
    books.fold()
    with books.storage.writing(Turn.FOLD, Turn.FEED) as connection:
        of = network.read(connection, books.storage.network)
        facts = _sums(connection, of.network_id, projected=of.projected, now=books.now())
        if facts:
            books.write(connection, *facts, by=SERVER)
    if facts:
        books.after_writing()
    return facts


def _sums(connection: Connection, network: str, *, projected: int, now: datetime) -> tuple[AnyFact, ...]:
    """Return the sums of the next month, and before them those of the network for the month before."""
    upto = {}
    for row in connection.execute(select(ledgers).where(ledgers.c.network_id == network).order_by(ledgers.c.ledger_id)):
        here = max(row.acked, _given_up(connection, network, row.ledger_id, now))
        upto[row.ledger_id] = _folded(connection, network, row.ledger_id, here=here, projected=projected)
    its = summing.Books(connection=connection, table=feed, scope=forgetting.in_network(network))
    facts = summing.next_month(its, upto, now, awaited=_came_lately(now))
    month = min((fact.month for fact in facts if isinstance(fact, Condensed)), default=None)
    of_network = summing.of_network(connection, before=month)
    return facts if of_network is None else (of_network, *facts)


def _came_lately(now: datetime) -> ColumnElement[bool]:
    """Return the condition for entries received so recently that earlier ones may still come."""
    return feed.c.received_at.between(microseconds(now - condensing.KEPT), microseconds(now + condensing.AHEAD))


def _given_up(connection: Connection, network: str, ledger_id: str, now: datetime) -> int:
    """Return up to which entry a ledger is so old that missing entries are no longer waited for."""
    came = select(func.max(feed.c.seq)).where(
        forgetting.in_network(network), feed.c.ledger_id == ledger_id, ~_came_lately(now)
    )
    return connection.execute(came).scalar() or 0


def _folded(connection: Connection, network: str, ledger_id: str, *, here: int, projected: int) -> int:
    """Return up to which of its present entries a ledger is folded."""
    waiting = select(func.min(feed.c.seq)).where(
        forgetting.in_network(network), feed.c.ledger_id == ledger_id, feed.c.position > projected
    )
    first: int | None = connection.execute(waiting).scalar()
    return here if first is None else min(here, first - 1)


def _forget_beside(connection: Connection, network: str, now: datetime) -> None:
    """Erase data outside of the feed that is older than passages may become."""
    old = now - condensing.KEPT
    connection.execute(delete(alarms).where(alarms.c.network_id == network, alarms.c.last_at < old))
    connection.execute(delete(quarantine).where(quarantine.c.network_id == network, quarantine.c.received_at < old))
