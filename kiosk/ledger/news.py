"""News from the central server on their way into the ledger: handed over by one thread, taken in by the controller's.

The controller is the only writer; the thread that talks to the server waits until it has written. What the news mean
for the roster is the ledger's matter.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from kiosk.facts import AnyFact
from kiosk.ledger import Ledger, LedgerError
from kiosk.messages import Acked, FeedArrived, News, SnapshotArrived
from kiosk.store.feed.snapshot import SnapshotError

log = logging.getLogger(__name__)


class Delivery:
    """News for the controller, and the place where their having been written is waited for."""

    def __init__(self, news: News) -> None:
        self.news = news
        self._settled = threading.Event()
        self._error: LedgerError | None = None

    def settle(self, error: LedgerError | None = None) -> None:
        """Say that the news are on the disk, or why they are not; called once, by the controller."""
        self._error = error
        self._settled.set()

    def wait(self, seconds: float) -> bool:
        """Tell whether the news are on the disk by now. Raises LedgerError when they could not be written."""
        settled = self._settled.wait(seconds)
        if self._error:
            raise self._error
        return settled


def take_in(ledger: Ledger, news: News, *, follows: Callable[[News], Sequence[AnyFact]]) -> None:
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


def _write(ledger: Ledger, news: News) -> None:
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
