"""One exchange with the server: push new entries, then pull news. No sleeping, no clock, no threads.

How one ledger's entries are pushed is in sync.outbox. A kiosk can have several: the one that it writes, and former
ones, whose end it may have lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from kiosk import bounds
from kiosk.facts import Entry
from kiosk.ledger import LedgerReader
from kiosk.messages import FeedArrived, ServerNews, SnapshotArrived
from sync.client import Client, GoneError, OtherLedgerError, RejectedError, SyncError
from sync.outbox import Outbox
from sync.wire import Beacon, FeedEntry, SnapshotPage, from_wire

log = logging.getLogger(__name__)

PAGES = 40
"""Most pages pulled in one exchange."""
CHUNK = 50
"""Entries given to the ledger at once: a tap waits at most for these."""


class Exchange:
    """Pushes and pulls for one kiosk, and remembers between exchanges how far both are."""

    def __init__(
        self,
        client: Client,
        ledger: LedgerReader,
        *,
        write_news: Callable[[ServerNews], None],
        condition: Callable[[], Beacon] = Beacon,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`ledger` is read only; `write_news` returns when the news are written, or raises LedgerError.

        `condition` returns the kiosk's state for the beacon. `alive` is called between any two calls, and may raise to
        abort.
        """
        self._client, self._ledger = client, ledger
        self._write_news, self._alive = write_news, alive
        self._outbox = Outbox(client, ledger, write_news=write_news, alive=alive, condition=condition)
        self._formers: dict[str, Outbox] = {}
        self._asked: set[str] = set()
        """Former ledgers that the server has completely, or refuses until the next start."""
        self._page: str | None = None

    @property
    def waiting(self) -> int:
        """The number of entries not sent yet."""
        return self._outbox.waiting

    @property
    def cursor(self) -> str | None:
        """The cursor: how far the ledger has followed the server's feed."""
        return self._ledger.cursor

    def run(self, *, only_pull: bool = False) -> bool:
        """Push, then pull; tell whether there is more to do at once. Raises SyncError or LedgerError.

        `only_pull` leaves out a push that would contain only a beacon.
        """
        if only_pull and not self.waiting:
            return not self._pull()
        try:
            pushed = self._outbox.push()
        except RejectedError:
            self._pull()  # what the server will not take from this kiosk must not keep the kiosk from hearing
            raise
        pulled = self._pull()
        # Last, and whatever is wrong with them: what happens now does not wait for what was.
        return not (self._push_former_ledgers() and pushed and pulled)

    def _push_former_ledgers(self) -> bool:
        """Push the entries of this kiosk's former ledgers that the server lacks; tell whether all are sent.

        If it seems to lack none it is asked all the same: once, and again as long as some did not come back by the
        feed, and after a snapshot. This detects a server that was restored from a copy.
        """
        is_all = True
        for name in self._ledger.former_ledgers:
            if name in self._asked:
                continue
            if name not in self._formers:
                self._formers[name] = self._outbox_of(name)
            try:
                is_out = self._formers[name].push()
                is_all = is_all and is_out
                if is_out and not self._ledger.has_entries_not_in_feed(name):
                    self._asked.add(name)
            except (RejectedError, OtherLedgerError) as error:
                log.error("the former ledger %s is refused until the next start: %s", name, error)  # noqa: TRY400
                self._asked.add(name)
        return is_all

    def _outbox_of(self, former: str) -> Outbox:
        return Outbox(self._client, self._ledger, write_news=self._write_news, alive=self._alive, former=former)

    # ------------------------------------------------------------ pull

    def _pull(self) -> bool:
        """Pull page after page, from a snapshot if the cursor is gone; tell whether the end was reached."""
        cursor, is_fresh = self._ledger.cursor, False
        for _ in range(PAGES):
            if cursor is None:
                cursor, is_fresh = self._snapshot(), True
            self._alive()
            try:
                page, unreadable = self._client.feed(cursor)
            except GoneError as error:
                if is_fresh:
                    raise
                log.warning("beginning from a snapshot: %s", error)
                cursor = None
                continue
            if page.entries or page.cursor != cursor:
                self._write_page(page.entries, page.cursor, unreadable=unreadable)
            cursor = page.cursor
            if not page.more:
                return self._ledger.cursor is not None
        return False

    def _write_page(self, page: Sequence[FeedEntry], after: str, *, unreadable: int) -> None:
        """Write a page in parts; the cursor moves with the last one, so that an interrupted page is fetched again."""
        known = tuple(_readable_entries(page))
        unreadable += len(page) - len(known)
        chunks = [known[start : start + CHUNK] for start in range(0, len(known), CHUNK)] or [()]
        for number, chunk in enumerate(chunks, 1):
            is_last = number == len(chunks)
            cursor = after if is_last else None
            self._write_news(FeedArrived(entries=chunk, cursor=cursor, unreadable=unreadable if is_last else 0))

    def _snapshot(self) -> str:
        """Replace the kiosk's roster by the server's; return the cursor where the feed continues.

        If the connection breaks, the next exchange continues with the page that did not come.
        """
        while True:
            self._alive()
            page = self._snapshot_page()
            last = page.next is None
            self._write_news(SnapshotArrived(rows=page.rows, position=page.position, cursor=page.cursor, last=last))
            self._page = page.next
            if last:
                self._asked.clear()  # of another past, it may be
                return page.cursor

    def _snapshot_page(self) -> SnapshotPage:
        token, self._page = self._page, None
        try:
            return self._client.snapshot(token)
        except GoneError:
            raise
        except SyncError:
            self._page = token
            raise


def _readable_entries(page: Iterable[FeedEntry]) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of a page; skip those of a release that this one cannot read, and what no database keeps."""
    for one in page:
        try:
            entry = from_wire(one.entry)
            bounds.refuse_unstorable(entry)
            yield one.position, entry
        except ValueError as error:
            log.error("entry %d of ledger %s is skipped: %s", one.entry.seq, one.entry.ledger_id, error)  # noqa: TRY400
