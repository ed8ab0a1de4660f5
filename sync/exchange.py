"""One exchange with the server: push what it does not have, then pull what is new. No sleeping, no clock, no threads.

Nothing is ever waited for that one entry holds up: what the server rejects and what cannot be read any more is set
aside and told of in the log, and everything else goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from kiosk.ledger import LedgerError, LedgerReader
from kiosk.model import Acked, Entry, FeedArrived, News, SnapshotArrived
from sync.client import Client, GoneError, RejectedError, SyncError
from sync.wire import LATER, PAGE, Beacon, FeedEntry, Outcome, Push, Pushed, SnapshotPage, from_wire, to_wire

log = logging.getLogger(__name__)

LAST = 2**62
PAGES = 40
"""Most pages pushed, and most pulled, in one exchange: a long queue must not keep what was revoked from coming."""
CHUNK = 50
"""Entries handed to the ledger at once: whoever taps meanwhile waits for no more than these."""
DAMAGED = 100
"""Most entries in a row that can be damaged; when more cannot be read, it is the database that cannot."""
REJECTIONS = 40
"""Most refused attempts to find out which entries of an exchange the server will not take."""


class Exchange:
    """What one kiosk and the server tell each other, and what must be remembered from one time to the next."""

    def __init__(
        self,
        client: Client,
        ledger: LedgerReader,
        *,
        hand: Callable[[News], None],
        condition: Callable[[], Beacon] = Beacon,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """`ledger` is read only; `hand` returns when the news are written, or raises LedgerError.

        `condition` tells how the kiosk is. `alive` is called between any two calls, and may raise to give up.
        """
        self._client, self._ledger = client, ledger
        self._hand, self._condition, self._alive = hand, condition, alive
        self._reached: int | None = None
        self._hole: int | None = None
        self._told = 0
        self._is_disowned = self._is_put_back = False
        self._set_aside: set[int] = set()
        self._rejections = 0
        self._page: str | None = None
        self._former: dict[str, int] = {}
        """Former ledgers of which the server takes nothing, until the next start."""

    @property
    def waiting(self) -> int:
        """Entries that the server was not told of yet."""
        return max(0, self._ledger.head.seq - self._place())

    @property
    def cursor(self) -> str | None:
        """How far in the server's feed the ledger is."""
        return self._ledger.cursor

    def run(self, *, only_pull: bool = False) -> bool:
        """Push, then pull; tell whether there is more to do at once. Raises SyncError or LedgerError.

        `only_pull` leaves out a push that would say no more than that the kiosk lives.
        """
        if only_pull and not self.waiting:
            return not self._pull()
        self._rejections = 0
        self._push_formers()
        try:
            pushed = self._push()
        except RejectedError:
            self._pull()  # what the server will not take from this kiosk must not keep the kiosk from hearing
            raise
        pulled = self._pull()
        return not (pushed and pulled)

    # ------------------------------------------------------------ push

    def _place(self) -> int:
        return self._ledger.sent if self._reached is None else self._reached

    def _push_formers(self) -> None:
        """Push what the server lacks of the ledgers before this one. What it will not take is told, and kept."""
        for name, sent in self._ledger.formers.items():
            place = max(sent, self._former.get(name, 0))
            try:
                while page := list(self._ledger.entries(after=place, limit=PAGE, of=name)):
                    self._alive()
                    follows = tuple(self._ledger.formers)
                    self._client.push(Push(ledger_id=name, entries=tuple(map(to_wire, page)), follows=follows))
                    place = page[-1].ref.seq
                    self._hand(Acked(seq=place, former=name))
            except RejectedError as error:
                log.error("entries after %d of the former ledger %s cannot be sent: %s", place, name, error)  # noqa: TRY400
                self._former[name] = LAST

    def _push(self) -> bool:
        """Push page after page, at least one, which may only say how the kiosk is; tell whether all is out."""
        for _ in range(PAGES):
            place = self._place()
            last, page = self._outbox(place)
            pushed = self._send(page)
            self._note(pushed, place=place, last=last)
            if self._reached == last and last - place < PAGE:
                return True
        return False

    def _outbox(self, place: int) -> tuple[int, list[Entry]]:
        """Return the next page of own entries, and how far it reaches: entries set aside are passed over."""
        damaged = 0
        while (page := self._readable(place + damaged)) is None:
            damaged += 1
            if damaged > DAMAGED or self._readable(place) is not None:  # all of it, or only for a moment
                raise LedgerError("the entries to send cannot be read")
        for seq in range(place + 1, place + damaged + 1):
            self._put_aside(seq, "it is damaged")
        last = page[-1].ref.seq if page else place + damaged
        return last, [entry for entry in page if entry.ref.seq not in self._set_aside]

    def _readable(self, place: int) -> list[Entry] | None:
        """Return a page of entries up to the first that cannot be read; None when it is the very first."""
        page: list[Entry] = []
        try:
            for entry in self._ledger.entries(after=place, limit=PAGE):
                page.append(entry)  # noqa: PERF402 - what came before an error is kept
        except LedgerError:
            return page or None
        return page

    def _send(self, page: Sequence[Entry]) -> Pushed:
        """Push entries; where the server rejects them, find out which, and push the others."""
        try:
            return self._call_push(page)
        except RejectedError as error:
            self._rejections += 1
            if not page or self._rejections > REJECTIONS:
                raise
            if len(page) == 1:
                self._put_aside(page[0].ref.seq, str(error))
                return self._call_push(())
        middle = len(page) // 2
        self._send(page[:middle])
        return self._send(page[middle:])

    def _call_push(self, page: Sequence[Entry]) -> Pushed:
        self._alive()
        place = self._place()
        head = self._ledger.head.seq
        beacon = replace(self._condition(), sent=self._ledger.sent, waiting=max(0, head - place), head=head)
        words = Push(
            ledger_id=self._ledger.ledger_id,
            entries=tuple(map(to_wire, page)),
            beacon=beacon,
            follows=tuple(self._ledger.formers),
        )
        pushed = self._client.push(words)
        if pushed.had is not None and pushed.had < self._told:
            self._is_put_back = True
        for status in pushed.statuses:
            self._told = max(self._told, status.seq)
            if status.outcome is Outcome.QUARANTINED:
                log.warning("the server put entry %d aside: %s", status.seq, status.reason)
                # What a later release wrote, this server takes once it is upgraded.
                self._is_disowned |= not status.reason.startswith(LATER)
        return pushed

    def _note(self, pushed: Pushed, *, place: int, last: int) -> None:
        """Remember how far the server is. One that knows less than it did was restored from a copy: begin there again.

        It does so once for each such place: where the server still knows no more afterwards, an entry is missing that
        this kiosk cannot send. What follows that hole can be lost as well, which shows by what the server had.
        """
        if self._hole is not None and pushed.acked > self._hole:
            self._hole = None
        if self._is_put_back or (pushed.acked < place and pushed.acked != self._hole):
            log.warning("the server knows entries up to %d, and had known %d: sending again", pushed.acked, place)
            self._hole = self._reached = pushed.acked
            self._told, self._is_put_back = 0, False
        else:
            self._reached = last
        settled = min(pushed.acked, last)
        if settled != self._ledger.sent or self._is_disowned:
            self._hand(Acked(seq=settled, disowned=self._is_disowned))
            self._is_disowned = False

    def _put_aside(self, seq: int, why: str) -> None:
        if seq not in self._set_aside:
            log.error("entry %d cannot be sent, the others go on: %s", seq, why)
            self._set_aside.add(seq)

    # ------------------------------------------------------------ pull

    def _pull(self) -> bool:
        """Pull page after page, after a snapshot where there is no going on; tell whether the end was reached."""
        cursor, is_fresh = self._ledger.cursor, False
        for _ in range(PAGES):
            if cursor is None:
                cursor, is_fresh = self._snapshot(), True
            self._alive()
            try:
                page = self._client.feed(cursor)
            except GoneError as error:
                if is_fresh:
                    raise
                log.warning("beginning from a snapshot: %s", error)
                cursor = None
                continue
            if page.entries or page.cursor != cursor:
                self._absorb(page.entries, page.cursor)
            cursor = page.cursor
            if not page.more:
                return self._ledger.cursor is not None
        return False

    def _absorb(self, page: Sequence[FeedEntry], after: str) -> None:
        """Hand a page over in chunks; the cursor moves with the last one, so that a page is never half forgotten."""
        known = tuple(_placed(page))
        chunks = [known[start : start + CHUNK] for start in range(0, len(known), CHUNK)] or [()]
        for number, chunk in enumerate(chunks, 1):
            self._hand(FeedArrived(entries=chunk, cursor=after if number == len(chunks) else None))

    def _snapshot(self) -> str:
        """Have the server's roster put in the place of the kiosk's; return where the feed goes on.

        Where the line breaks on the way, the next exchange goes on with the page that did not come.
        """
        while True:
            self._alive()
            page = self._snapshot_page()
            last = page.next is None
            self._hand(SnapshotArrived(rows=page.rows, position=page.position, cursor=page.cursor, last=last))
            self._page = page.next
            if last:
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


def _placed(page: Iterable[FeedEntry]) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of a page; one of a release that this one cannot read is passed over."""
    for one in page:
        try:
            yield one.position, from_wire(one.entry)
        except ValueError as error:
            log.error("entry %d of ledger %s is passed over: %s", one.entry.seq, one.entry.ledger_id, error)  # noqa: TRY400
