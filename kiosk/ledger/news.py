"""Writes news from the central server into the ledger. What they mean for the roster is in kiosk.store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from kiosk.facts import AnyFact, Happened
from kiosk.ledger import Ledger, LedgerError, decode_fact
from kiosk.messages import Acked, FeedArrived, ServerNews, SnapshotArrived
from kiosk.store.feed.snapshot import SnapshotError

CHANGED_APART = "changed_apart"
"""`what` of the incident by which the server tells of it."""
log = logging.getLogger(__name__)


def write_news(ledger: Ledger, news: ServerNews, *, extra_facts: Callable[[ServerNews], Sequence[AnyFact]]) -> int:
    """Write news, and after them the facts that `extra_facts` returned before they were written.

    Returns how much of them was set aside: entries that do not verify or are beyond the bounds of kiosk.bounds. Raises
    LedgerError; then the news are fetched again. Any other exception becomes a LedgerError too: nothing a server
    sends may end the thread that opens the door.
    """
    try:
        facts = extra_facts(news)
        set_aside = _write(ledger, news)
        if facts:
            ledger.append(*facts)
    except LedgerError:
        raise
    except SnapshotError as error:
        raise LedgerError(str(error)) from error
    except Exception as error:
        log.exception("news from the server could not be written")
        raise LedgerError(f"news from the server could not be written: {type(error).__name__}") from error
    return set_aside


def lost_change(news: ServerNews, *, own: Collection[str]) -> str:
    """Return the fields of a change in one of these ledgers that does not stand, as the server tells."""
    for _, entry in news.entries if isinstance(news, FeedArrived) else ():
        fact = decode_fact(entry.body) if entry.kind == "incident" and entry.body is not None else None
        if isinstance(fact, Happened) and fact.what == CHANGED_APART and fact.facts.get("ledger") in own:
            return str(fact.facts.get("field", ""))
    return ""


def _write(ledger: Ledger, news: ServerNews) -> int:
    match news:
        case FeedArrived():
            faults = ledger.add_from_feed(news.entries, cursor=news.cursor)
            for fault in faults:
                log.error("from the server's feed: %s", fault)
            return len(faults) + news.unreadable
        case Acked():
            ledger.mark_acknowledged(news.seq, former=news.former, disowned=news.disowned)
        case SnapshotArrived():
            left_out = ledger.stage(news.rows, position=news.position)
            if news.last:
                ledger.adopt(cursor=news.cursor)
            return left_out
    return 0
