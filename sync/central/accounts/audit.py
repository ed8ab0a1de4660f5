"""The audit log: the entries of the server's own ledger, with the account that made each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from kiosk.facts import AnyFact, BadgeSet, MemberSet, ProductSet, SiteSet
from kiosk.model import Noun, Ref
from kiosk.store.chain import decode_fact
from kiosk.store.tables import instant
from sync.central.storage.database import Storage
from sync.central.storage.tables import authors, feed

LOOK_BACK = 20_000
"""Most entries of the feed that are searched for the state before a change, so that the page stays quick."""
STATE_KINDS = ("site", "product", "member", "badge")
"""Kinds of entries that hold the whole new state of a site, product, member or badge."""


class Line(Noun, frozen=True, kw_only=True):
    """A line of the audit log: an entry and the account that made it."""

    position: int
    ref: Ref
    at: datetime
    account: str
    """Name of a staff account, or `server`."""
    kind: str
    fact: AnyFact | None
    """None: erased, or of another release."""


class StateBefore(Noun, frozen=True, kw_only=True):
    """The state of a site, product, member or badge before an entry changed it."""

    fact: AnyFact | None = None
    """The entry before about the same thing; None: there was none, or `is_known` is false."""
    is_known: bool = False
    """False when the entry before is further back than LOOK_BACK, or was erased."""


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


def earlier(storage: Storage, shown: Iterable[Line], *, look_back: int = LOOK_BACK) -> dict[int, StateBefore]:
    """Return, for each of these lines that changes a noun, the state before it, by position. Raises LedgerError.

    Entries of all kiosks are searched, because the last change may have been made at a kiosk's screen.
    """
    wanted = {line.position: thing for line in shown if (thing := _thing(line.fact)) is not None}
    if not wanted:
        return {}
    newest, oldest = max(wanted), max(0, min(wanted) - look_back)
    query = (
        select(feed.c.position, feed.c.body)
        .where(feed.c.network_id == storage.network, feed.c.position < newest, feed.c.position >= oldest)
        .where(feed.c.kind.in_(STATE_KINDS))
        .order_by(feed.c.position.desc())
    )
    found: dict[int, StateBefore] = {}
    is_whole = oldest == 0
    with storage.reader() as connection:
        for row in connection.execute(query):
            fact = decode_fact(row.body) if row.body is not None else None
            is_whole = is_whole and fact is not None
            for position in [one for one, thing in wanted.items() if thing == _thing(fact) and row.position < one]:
                found[position] = StateBefore(fact=fact, is_known=True)
                del wanted[position]
            if not wanted:
                break
    return found | {position: StateBefore(is_known=is_whole) for position in wanted}


def _thing(fact: AnyFact | None) -> tuple[str, str] | None:
    """Return the kind and id of the noun that an entry changes; None for other entries."""
    match fact:
        case SiteSet():
            return "site", fact.site.id
        case ProductSet():
            return "product", fact.product.id
        case MemberSet():
            return "member", fact.member.id
        case BadgeSet():
            return "badge", fact.badge.id
    return None
