"""Outbox: pushes one ledger's entries to the server, page by page, and reads the answers. No waiting, no clock.

No entry holds up the others: what the server rejects, or cannot be read any more, is skipped and logged, and everything
else is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from kiosk.facts import Entry
from kiosk.ledger import LedgerError, LedgerReader
from kiosk.messages import Acked, ServerNews
from sync.client import Client, RejectedError
from sync.wire import LATER_RELEASE, PAGE, Beacon, Outcome, Push, Pushed, to_wire

log = logging.getLogger(__name__)

PAGES = 40
"""Most pages pushed in one exchange: a long queue must not keep what was revoked from coming."""
DAMAGED = 100
"""Most entries in a row that can be damaged; when more cannot be read, it is the database that cannot."""
REJECTIONS = 40
"""Most refused attempts to find out which entries of an exchange the server will not take."""


class Outbox:
    """Sends one ledger's entries, and remembers between exchanges which of them the server has."""

    def __init__(
        self,
        client: Client,
        ledger: LedgerReader,
        *,
        write_news: Callable[[ServerNews], None],
        alive: Callable[[], None],
        condition: Callable[[], Beacon] = Beacon,
        former: str | None = None,
    ) -> None:
        """`former` names a former ledger instead of the present one; the other arguments are as in sync.exchange."""
        self._client, self._ledger, self._write_news, self._alive = client, ledger, write_news, alive
        self._condition, self._former = condition, former
        self._reached: int | None = None
        self._hole: int | None = None
        self._told = 0
        self._is_disowned = self._is_put_back = False
        self._set_aside: set[int] = set()
        self._rejections = 0

    @property
    def waiting(self) -> int:
        """The number of entries of the present ledger that were not sent yet."""
        return max(0, self._ledger.head.seq - self._place())

    def push(self) -> bool:
        """Push at least one page, which may contain only a beacon; tell whether all entries are sent.

        Raises SyncError, in particular RejectedError when the server accepts nothing; or LedgerError.
        """
        self._rejections = 0
        for _ in range(PAGES):
            place = self._place()
            last, page, is_end = self._next(place)
            pushed = self._send(page)
            self._note(pushed, place=place, last=last)
            if self._reached == last and is_end:
                return True
        return False

    def _sent(self) -> int:
        return self._ledger.sent if self._former is None else self._ledger.former_ledgers[self._former]

    def _place(self) -> int:
        return self._sent() if self._reached is None else self._reached

    # ------------------------------------------------------------ what is next

    def _next(self, place: int) -> tuple[int, list[Entry], bool]:
        """Return the next page of entries, its last number, and whether that is the end.

        Entries set aside are skipped.
        """
        damaged, (page, is_cut) = 0, self._readable(place)
        while is_cut and not page:
            damaged += 1
            if damaged > DAMAGED or self._readable(place) != ([], True):  # all of it, or only for a moment
                raise LedgerError("the entries to send cannot be read")
            page, is_cut = self._readable(place + damaged)
        for seq in range(place + 1, place + damaged + 1):
            self._put_aside(seq, "it is damaged")
        last = page[-1].ref.seq if page else place + damaged
        is_end = not is_cut and len(page) < PAGE
        return last, [entry for entry in page if entry.ref.seq not in self._set_aside], is_end

    def _readable(self, place: int) -> tuple[list[Entry], bool]:
        """Return a page of entries up to the first unreadable one, and whether there is such an entry."""
        page: list[Entry] = []
        try:
            for entry in self._ledger.entries(after=place, limit=PAGE, of=self._former):
                page.append(entry)  # noqa: PERF402 - what came before an error is kept
        except LedgerError:
            return page, True
        return page, False

    # ------------------------------------------------------------ sending

    def _send(self, page: Sequence[Entry]) -> Pushed:
        """Push entries; if the server rejects them, find out which one it rejects, and push the others."""
        try:
            return self._call(page)
        except RejectedError as error:
            self._rejections += 1
            if not page or self._rejections > REJECTIONS:
                raise
            if len(page) == 1:
                self._put_aside(page[0].ref.seq, str(error))
                return self._call(())
        middle = len(page) // 2
        self._send(page[:middle])
        return self._send(page[middle:])

    def _call(self, page: Sequence[Entry]) -> Pushed:
        self._alive()
        words = Push(
            ledger_id=self._former or self._ledger.ledger_id,
            entries=tuple(map(to_wire, page)),
            beacon=self._beacon(),
            follows=tuple(self._ledger.former_ledgers),
        )
        pushed = self._client.push(words)
        if pushed.had is not None and pushed.had < self._told:
            self._is_put_back = True
        for status in pushed.statuses:
            self._told = max(self._told, status.seq)
            if status.outcome is Outcome.QUARANTINED:
                log.warning("the server quarantined entry %d: %s", status.seq, status.reason)
                # What a later release wrote, this server takes once it is upgraded.
                self._is_disowned |= not status.reason.startswith(LATER_RELEASE)
        return pushed

    def _beacon(self) -> Beacon:
        """Return the beacon of the kiosk; for a former ledger, only how much of it the server once had."""
        if self._former is not None:
            return Beacon(sent=self._sent())
        # Read the cursor before the head, so the head is never older than the cursor.
        seen, place, head = self._ledger.cursor, self._place(), self._ledger.head.seq
        return replace(self._condition(), sent=self._sent(), waiting=max(0, head - place), head=head, seen=seen)

    # ------------------------------------------------------------ what the answer means

    def _note(self, pushed: Pushed, *, place: int, last: int) -> None:
        """Record how far the server is. If it has less than before, it was restored: send again from there.

        Only once for each such place: if the server has no more afterwards, an entry is missing that this kiosk cannot
        send. If entries after that gap are lost as well, the number that the server had before shows it.
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
        if settled != self._sent() or self._is_disowned:
            self._write_news(Acked(seq=settled, former=self._former, disowned=self._is_disowned))
            self._is_disowned = False

    def _put_aside(self, seq: int, why: str) -> None:
        if seq not in self._set_aside:
            log.error("entry %d cannot be sent, the others are sent: %s", seq, why)
            self._set_aside.add(seq)
