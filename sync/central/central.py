"""The server without its HTTP: what kiosks ask of it, and what the staff pages may. One object, used from any thread.

Who may ask what is for the callers: the calls of kiosks go through sync.central.http.api, which knows their tokens,
those of people through the pages, which know their roles.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from kiosk.facts import AnyFact, Entry
from kiosk.model import Noun
from kiosk.roster import Roster
from kiosk.store.database import LedgerError
from kiosk.store.forgetting import erasing
from kiosk.store.tables import instant
from sync.central.accounts import audit
from sync.central.accounts.staff import Accounts
from sync.central.alarms import register, watch
from sync.central.alarms.register import Alarm
from sync.central.feed import arrivals, ingest, quarantine, snapshots, stream
from sync.central.feed.arrivals import Arrival
from sync.central.feed.bell import Bell
from sync.central.feed.quarantine import Aside
from sync.central.feed.server_ledger import SERVER, Pen
from sync.central.feed.snapshots import RawPage
from sync.central.feed.waiting import Waiting
from sync.central.kiosks import earlier_ledgers, enrolment
from sync.central.kiosks.allowance import Pace
from sync.central.kiosks.enrolment import Kiosk, Paired, Turned
from sync.central.roster import forgetting
from sync.central.roster.projector import Projector
from sync.central.settings import Settings
from sync.central.storage import network
from sync.central.storage.database import Storage, Turn
from sync.central.storage.network import Network
from sync.central.storage.tables import feed
from sync.wire import Enroll, FeedPage, Outcome, Pushed

log = logging.getLogger("kiosk.central")
RETRY_SECONDS = 60.0
"""How long the roster waits before it tries again what failed, when nothing new wakes it."""
LISTEN_SECONDS = 2.0
"""How often who listens looks into the database, for what another process of the server took in."""


FORGET_FIRST, FORGET_EVERY = timedelta(hours=1), timedelta(days=1)
"""When what is old is forgotten: after the start, and from then on."""
CUSTOMERS_KEPT = timedelta(days=3 * 365)
"""How long a customer's file is kept after the last contact: what the CNIL advises."""


class Forgotten(Noun, frozen=True, kw_only=True):
    """How many stretches of ledgers were condensed, and how many customers forgotten."""

    stretches: int
    members: int


class OtherLedgerError(PermissionError):
    """A kiosk speaks of a ledger that is not its own."""


def wall_clock() -> datetime:
    """Return the instant, in UTC."""
    return datetime.now(UTC)


class Central:
    """The server of one network. Every method may raise LedgerError when the database cannot be read or written."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = wall_clock) -> None:
        """Open the database, making or upgrading it where needed. Raises LedgerError."""
        self.settings, self.now = settings, now
        self.storage = Storage(settings)
        try:
            network.migrate(self.storage)
            self._pen = Pen()
            self.projector = Projector(self.storage, pen=self._pen, now=now)
        except BaseException:
            self.storage.close()
            raise
        self.accounts = Accounts(self.storage, now=now)
        self.pace = Pace()
        self.desk = threading.Lock()
        """Held while a command of the desk is performed: what it looked up still holds when it is written."""
        self.bell = Bell()
        self.waiting = Waiting(self.bell, self.last_position)
        self._forget_at = now() + FORGET_FIRST
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_dead = False
        """The thread that folds the roster ended by what nobody had foreseen; the process is to end as well."""
        self.on_death: Callable[[], None] = lambda: None

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Fold the roster in a thread of its own from now on; until then each call that brings entries does it."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._fold_or_die, name="projector", daemon=True)
        self._thread.start()

    def let_go(self) -> None:
        """Answer all who wait for something to happen: the server is about to stop. From any thread."""
        self._stop.set()
        self.waiting.close()
        self.bell.ring()

    def close(self) -> None:
        """Stop the thread and close the database."""
        self.let_go()
        if self._thread:
            self._thread.join()
            self._thread = None
        self.storage.close()

    def _fold_or_die(self) -> None:
        """Fold; a server that no longer does would go on taking entries in and show nobody any of them."""
        try:
            self._fold_for_ever()
        except BaseException:
            log.critical("the roster is no longer folded, and the server ends", exc_info=True)
            self.is_dead = True
            self.on_death()

    def _fold_for_ever(self) -> None:
        while not self._stop.is_set():
            heard = self.bell.count
            self._fold()
            self._forget_daily()
            self.bell.wait(heard, RETRY_SECONDS)

    def _fold(self) -> None:
        """Bring the roster up to date. What fails is tried again with the next entries: those are safe already."""
        try:
            if self.projector.catch_up(self._stop):
                self.bell.ring()
        except LedgerError:
            log.exception("the roster could not be folded")

    def _forget_daily(self) -> None:
        if self.now() < self._forget_at:
            return
        self._forget_at = self.now() + FORGET_EVERY
        try:
            self.forget()
        except LedgerError:
            log.exception("what is old could not be forgotten: tried again tomorrow, or by `kiosk-central retention`")

    def _news(self) -> None:
        if self._thread is None:
            self._fold()
        self.bell.ring()

    # ------------------------------------------------------------ what kiosks ask

    @property
    def network(self) -> Network:
        """What the server knows of itself."""
        with self.storage.reader() as connection:
            return network.read(connection, self.settings.network)

    def kiosk_of(self, token: str) -> Kiosk | None:
        """Return the kiosk that holds a token, None when none does."""
        with self.storage.reader() as connection:
            return enrolment.by_token(connection, self.settings.network, token)

    def enroll(self, asked: Enroll) -> Paired | Turned:
        """Pair a kiosk if its code is right.

        Raises badge_key.BadgeKeyError, or OSError, when their keys do not go together; then the code is still good.
        """
        with self.storage.writing(Turn.GUESS) as connection:
            of = network.read(connection, self.settings.network)
            key_file, now = self.settings.badge_key_file, self.now()
            paired = enrolment.enroll(connection, of, asked, now=now, key_file=key_file)
            if isinstance(paired, Paired) and paired.follows:
                watch.renewed(connection, of.network_id, asked.ledger_id, follows=paired.follows, now=now)
            return paired

    def push(self, kiosk: Kiosk, body: bytes) -> Pushed:
        """Take in what a kiosk sends; when this returns it is on the disk.

        Raises arrivals.ArrivalError for what is no push, OtherLedgerError for one of another kiosk's ledger.
        """
        arrival = arrivals.read(body)
        now, of = self.now(), self.settings.network
        with self.storage.writing(Turn.FEED) as connection:
            is_former = self._other_ledger(connection, kiosk, arrival, now)
            before = ingest.known(connection, of, arrival.ledger_id)
            watch.look_back(connection, of, arrival, before=before, now=now)
            taken = ingest.take(connection, of, arrival.ledger_id, before=before, batch=arrival.entries, now=now)
            if not is_former:  # of a former ledger the end may be lost: that is why there is another
                watch.look_for_truncation(connection, of, arrival, before=before, now=now)
                left = max(arrival.beacon.waiting - len(arrival.entries), 0)
                beacon = replace(arrival.beacon, waiting=left)
                enrolment.heard(connection, of, kiosk.kiosk_id, beacon=beacon, now=now)
        if any(status.outcome is Outcome.ACCEPTED for status in taken.statuses):
            self._news()
        return Pushed(acked=taken.acked, had=before.highest, statuses=taken.statuses, now=now)

    def _other_ledger(self, connection: Connection, kiosk: Kiosk, arrival: Arrival, now: datetime) -> bool:
        """Tell whether a push is of a ledger that the kiosk kept before; let it go on in a new one if it says so."""
        name, of, who = arrival.ledger_id, self.settings.network, kiosk.kiosk_id
        if name == kiosk.ledger_id:
            return False
        if earlier_ledgers.is_of(connection, of, who, name):
            return True
        if name in arrival.follows and earlier_ledgers.claim_unknown(connection, of, who, name):
            return True
        if not earlier_ledgers.go_on(connection, of, who, kiosk.ledger_id, name, arrival.follows):
            raise OtherLedgerError(f"this kiosk was paired for ledger {kiosk.ledger_id}: pair it anew")
        watch.renewed(connection, of, name, follows=kiosk.ledger_id, now=now)
        return False

    def feed(self, kiosk: Kiosk, after: str | None) -> FeedPage:
        """Return the entries after a cursor. Raises stream.GoneError."""
        try:
            with self.storage.reader() as connection:
                page = stream.page(connection, self.settings.network, after)
        except stream.OtherPastError:
            self._begin_anew(after)
            raise
        place = stream.place_of(after)
        if place != kiosk.fetched:
            with self.storage.writing() as connection:
                enrolment.fetched(connection, self.settings.network, kiosk.kiosk_id, position=place, now=self.now())
        return page

    def _begin_anew(self, after: str | None) -> None:
        """Begin a new generation, unless somebody else who came from another past has had it begun already."""
        with self.storage.writing(Turn.FEED) as connection:
            of = network.read(connection, self.settings.network)
            if (after or "").partition(".")[0] == of.generation:
                watch.other_past(connection, of, stream.place_of(after), now=self.now())

    async def news(self, after: str, seconds: float) -> bool:
        """Wait so long for an entry after a cursor. Tells whether there is one; so there is for a cursor that is gone.

        A cursor of another feed is not told apart here: the feed says so to who then asks it.
        """
        return await self.waiting.beyond(stream.place_of(after), seconds)

    def snapshot(self, token: str | None) -> RawPage:
        """Return a page of the roster, the first one without a token. Raises stream.GoneError."""
        if token is None:
            self.project()
            with self.storage.writing(Turn.FOLD) as connection:
                token = snapshots.begin(connection, self.settings.network, self.now())
        with self.storage.reader() as connection:
            return snapshots.page(connection, self.settings.network, token)

    # ------------------------------------------------------------ what staff do

    @property
    def roster(self) -> Roster:
        """The roster as it is folded now, to read from this thread."""
        return Roster(self.storage.reading)

    def append(self, *facts: AnyFact, by: str) -> tuple[Entry, ...]:
        """Write facts into the server's own ledger, all or none; `by` is who did it. They are in the roster then."""
        with self.storage.writing(Turn.FEED) as connection:
            sealed = self._pen.write(connection, self.settings.network, facts, by=by, now=self.now())
        self.project()
        self.bell.ring()
        return sealed

    def forget(self) -> Forgotten:
        """Forget what is old: passages after three months, customers after three years without a word.

        Done every day while the server runs. What must outlive it is kept as sums. Raises LedgerError.
        """
        stretches, silent = 0, self.roster.silent_since(self.now() - CUSTOMERS_KEPT)
        if silent:
            self.append(*forgetting.farewells(silent), by=SERVER)
        while self._forget_stretch():
            stretches += 1
        with self.storage.writing() as connection:
            forgetting.forget_beside(connection, self.settings.network, self.now())
        return Forgotten(stretches=stretches, members=len(silent))

    def _forget_stretch(self) -> bool:
        self.project()
        with self.storage.writing(Turn.FOLD, Turn.FEED) as connection:
            of = network.read(connection, self.settings.network)
            fact = forgetting.sums(connection, of.network_id, projected=of.projected, now=self.now())
            if fact is not None:
                self._pen.write(connection, of.network_id, [fact], by=SERVER, now=self.now())
        if fact is not None:
            self.project()
            self.bell.ring()
        return fact is not None

    def facts_about(self, member_id: str) -> list[tuple[datetime, AnyFact]]:
        """Return what the feed tells of a member, sales included, each with its instant, in their order."""
        with self.storage.reader() as connection:
            found = erasing.facts_naming(connection, feed, forgetting.scope(self.settings.network), [member_id])
            return [(instant(row.at), fact) for row, fact in found]

    def project(self) -> int:
        """Bring the roster up to date now. Returns how many entries were folded."""
        return self.projector.catch_up()

    def new_code(self, *, name: str, site_id: str | None = None) -> str:
        """Make a pairing code for a new kiosk."""
        with self.storage.writing() as connection:
            of = network.read(connection, self.settings.network)
            return enrolment.new_code(connection, of, name=name, site_id=site_id, now=self.now())

    def kiosks(self) -> tuple[Kiosk, ...]:
        """Return all kiosks, revoked ones too, by name."""
        with self.storage.reader() as connection:
            return enrolment.listed(connection, self.settings.network)

    def revoke(self, kiosk_id: str) -> bool:
        """Shut a kiosk out. Tells whether it was in."""
        with self.storage.writing() as connection:
            return enrolment.revoke(connection, self.settings.network, kiosk_id, self.now())

    def is_silent(self, kiosk: Kiosk) -> bool:
        """Tell whether a kiosk has not been heard of for longer than the settings bear."""
        heard = kiosk.seen_at or kiosk.paired_at
        return kiosk.revoked_at is None and self.now() - heard > self.silence

    @property
    def silence(self) -> timedelta:
        """After how long without a word a kiosk counts as silent."""
        return timedelta(minutes=self.settings.silent_minutes)

    def alarms(self, *, since: datetime | None = None) -> tuple[Alarm, ...]:
        """Return the alarms going on, the newest first, and those that ended after `since`."""
        with self.storage.reader() as connection:
            return register.listed(connection, self.settings.network, since=since)

    def dismiss_alarm(self, alarm_id: str) -> bool:
        """End an alarm that staff have looked at; it begins again when there is new cause."""
        with self.storage.writing() as connection:
            return register.end(connection, self.settings.network, alarm_id, self.now())

    def quarantine(self) -> tuple[Aside, ...]:
        """Return what is set aside, the oldest first."""
        with self.storage.reader() as connection:
            return quarantine.listed(connection, self.settings.network)

    def quarantined(self) -> int:
        """Return how much is set aside."""
        with self.storage.reader() as connection:
            return quarantine.count(connection, self.settings.network)

    def replay(self, quarantine_id: str) -> str | None:
        """Try to take something again. Returns None when it was taken, or why not. Raises LookupError."""
        with self.storage.writing(Turn.FEED) as connection:
            reason = quarantine.replay(connection, self.settings.network, quarantine_id, self.now())
        self._news()
        return reason

    def dismiss_aside(self, quarantine_id: str) -> None:
        """Settle something set aside without taking it."""
        with self.storage.writing() as connection:
            quarantine.dismiss(connection, self.settings.network, quarantine_id, self.now())

    def audit(self, *, before: int | None = None, limit: int = 100) -> list[audit.Line]:
        """Return who did what here, the newest first, before a position of the feed."""
        with self.storage.reader() as connection:
            return audit.lines(connection, self.settings.network, before=before, limit=limit)

    async def listen(self) -> AsyncGenerator[int, None]:
        """Yield the position that the roster is folded to, at once and whenever it has moved, until the server stops.

        Not the feed's last one: who then looks at the roster is to find there what they were told of.
        """
        told = -1
        while not self._stop.is_set():
            heard = self.bell.count
            position = await asyncio.to_thread(self.folded_position)
            if position != told:
                told = position
                yield position
            await self.bell.listen(heard, LISTEN_SECONDS)

    def folded_position(self) -> int:
        """Return the position that the roster is folded to."""
        return self.network.projected

    def last_position(self) -> int:
        """Return the feed's last position."""
        with self.storage.reader() as connection:
            return ingest.last_position(connection, self.settings.network)
