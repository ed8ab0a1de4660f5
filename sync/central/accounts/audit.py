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
"""So many entries of all ledgers are looked at for what a thing was before: a bound, so that the page stays quick."""
STATE_KINDS = ("site", "product", "member", "badge")
"""The kinds of entries that say how a thing is from then on."""


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


class StateBefore(Noun, frozen=True, kw_only=True):
    """What an entry changed: how the same thing was before it."""

    fact: AnyFact | None = None
    """The entry about it before; None: it is new, or see below."""
    is_known: bool = False
    """False where the entry before lies too far back, or was erased: then nobody can say what was changed."""


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
    """Return how each thing was before these lines, by position, for those that change one. Raises LedgerError.

    The entries of all kiosks are looked at, for a thing may have been changed at a screen in between.
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
    """What an entry is about, None when it does not say how something is from then on."""
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
