"""Writes news from the central server into the ledger. What they mean for the roster is in kiosk.store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from kiosk.facts import AnyFact
from kiosk.ledger import Ledger, LedgerError
from kiosk.messages import Acked, FeedArrived, ServerNews, SnapshotArrived
from kiosk.store.feed.snapshot import SnapshotError

log = logging.getLogger(__name__)


def take_in(ledger: Ledger, news: ServerNews, *, follows: Callable[[ServerNews], Sequence[AnyFact]]) -> None:
    """Write what the news say, and what follows from them here, which is asked for before they are written.

    Raises LedgerError; then the news are asked for again. Whatever else goes wrong is told as such as well: what a
    server sends must not end the thread that opens the door.
    """
    try:
        consequences = follows(news)
        _write(ledger, news)
        if consequences:
            ledger.append(*consequences)
    except LedgerError:
        raise
    except SnapshotError as error:
        raise LedgerError(str(error)) from error
    except Exception as error:
        log.exception("news from the server could not be taken in")
        raise LedgerError(f"news from the server could not be taken in: {type(error).__name__}") from error


def _write(ledger: Ledger, news: ServerNews) -> None:
    match news:
        case FeedArrived():
            for fault in ledger.add_from_feed(news.entries, cursor=news.cursor):
                log.error("from the server's feed: %s", fault)
        case Acked():
            ledger.mark_acknowledged(news.seq, former=news.former, disowned=news.disowned)
        case SnapshotArrived():
            ledger.stage(news.rows, position=news.position)
            if news.last:
                ledger.adopt(cursor=news.cursor)
