"""The controller: gathers, decides, records and acts on one tap. Only it writes the ledger and opens the door.

Everything that happens arrives as a message in one inbox and is handled completely before the next. What a tap means is
decided in kiosk.rules, its words are in kiosk.notices; here is only the order.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import TypeVar

from kiosk import desk, notices, rules
from kiosk.answers import DoorOpened
from kiosk.badges import badge_id, key_mark
from kiosk.desk import erased_inside, first_start
from kiosk.door.buttons import ButtonPress
from kiosk.door.devices import Clock, DoorDevices
from kiosk.door.door_lines import DoorLines
from kiosk.door.front_panel import FrontPanel, read_idle_facts
from kiosk.door.offers import AnsweredTap, admission, offers, undoable
from kiosk.door.recording import Recorder
from kiosk.facts import Happened, Tapped
from kiosk.ledger import Ledger, LedgerError, repair_notice
from kiosk.ledger.news import lost_change, write_news
from kiosk.messages import (
    BadgeAlreadyThere,
    BadgeRemoved,
    DoorMoved,
    ReaderDown,
    ReaderUp,
    ServerNews,
    ServerSeen,
    Tick,
    Touch,
)
from kiosk.model import Case, ClockQuality, Denied, Granted, Reason, Site, Stamp, Tap, Verdict
from kiosk.notices import Health
from kiosk.roster import RosterError, claim_code
from kiosk.rules import corrections
from kiosk.threads.inbox import Inbox, Job, Message

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 1.0
"""How long the inbox is waited for before the clock on the screen is brought up to date."""
FOR_HOSTS = {
    Health.DOOR_FORCED_OPEN,
    Health.BADGE_REFUSED,
    Health.LEDGER_MENDED,
    Health.FEED_SET_ASIDE,
    Health.CHANGE_LOST,
}
"""What stays on the screen until a host has tapped."""


class Controller:
    """The controller: one thread that handles all messages."""

    def __init__(
        self,
        ledger: Ledger,
        devices: DoorDevices,
        *,
        inbox: Inbox,
        clock: Clock,
        site_id: str,
        badge_key: bytes,
    ) -> None:
        self.inbox, self.ledger_id = inbox, ledger.ledger_id
        self.on_entry: Callable[[], None] = lambda: None
        """Called when the ledger may have grown, after everything else was done for the person at the door."""
        self.on_damage: Callable[[str], None] = lambda _: None
        """Called with the fault of a damaged database; the next start repairs it."""
        self._ledger, self._devices, self._clock = ledger, devices, clock
        self._site_id, self._badge_key = site_id, badge_key
        self._marked_key = b""
        self._panel = FrontPanel(devices, clock, site_id)
        self._health: set[Health] = set()
        self._drawn_minute: datetime | None = None
        self._recorder = Recorder(
            ledger, clock, site_id=site_id, health=self._health, on_damage=lambda why: self.on_damage(why)
        )
        self._repair, self._is_repair_noted = "", True
        self._lost_change = ""
        self.door = DoorLines(devices, clock, self._recorder, site_id=site_id, health=self._health)

    def health(self) -> tuple[str, ...]:
        """The troubles of the door and the ledger, as codes of kiosk.notices; callable from any thread."""
        doubts = {Health.CLOCK_UNTRUSTED} if self._clock.stamp().clock is ClockQuality.UNTRUSTED else set()
        return tuple(sorted(frozenset(self._health) | doubts))

    @property
    def unread_repair(self) -> str:
        """What was repaired in a damaged database and no host has seen yet, or an empty text; from any thread."""
        return self._repair if Health.LEDGER_MENDED in self._health else ""

    @property
    def lost_change(self) -> str:
        """The fields of a change made here that does not stand, until a host has tapped; from any thread."""
        return self._lost_change if Health.CHANGE_LOST in self._health else ""

    def hide_badges_with(self, key: bytes) -> None:
        """Use the badge key of a network that was joined; from any thread.

        A tap is judged with the old key or the new one.
        """
        self._badge_key = key

    def report_repair(self, story: str, *, is_noted: bool = False) -> None:
        """Show a repair of the ledger to hosts and server until a host has tapped.

        Once the thread runs, it is recorded in the ledger, unless it `is_noted` there already.
        """
        self._repair, self._is_repair_noted = story, is_noted
        self._health.add(Health.LEDGER_MENDED)

    # ------------------------------------------------------------ what other threads ask

    def submit(self, function: Callable[[desk.Desk], T]) -> Future[T]:
        """Run a function with the desk in the controller's thread; return the future of its result. From any thread."""
        return self.inbox.submit(lambda: self._at_desk(function))

    def submit_news(self, news: ServerNews) -> Future[None]:
        """Have news from the central server written; from any thread.

        LedgerError in the future: they were not written.
        """
        return self.inbox.submit(lambda: self._write_news(news))

    # ------------------------------------------------------------ the thread

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Handle messages until `stop`: the body of a worker."""
        self._recorder.write_if_possible(Happened(what="started", site_id=self._site_id))
        if not self._is_repair_noted:
            self._recorder.write_if_possible(repair_notice.as_fact(self._repair, self._site_id))
        self._refresh()
        while not stop.is_set():
            self.handle(self._next())
            beat()

    def _next(self) -> Message:
        return self.inbox.get(PATIENCE_SECONDS) or Tick()

    def handle(self, message: Message) -> None:
        """Handle one message to its end."""
        match message:
            case Tap():
                self.tap(message)
            case Touch():
                self.touch(message)
            case DoorMoved():
                self.door.handle(message)
            case ReaderUp() | ReaderDown():
                is_down = isinstance(message, ReaderDown)
                (self._health.add if is_down else self._health.discard)(Health.READER_DOWN)
            case BadgeAlreadyThere():
                self._badge_was_there()
            case BadgeRemoved():
                if Health.BADGE_ON_READER not in self._health:
                    return
                self._health.discard(Health.BADGE_ON_READER)
            case Job():
                message.run()
            case Tick():
                self._tick()
                return
        self._tidy()

    def _tidy(self) -> None:
        """After a message: update the screen first, then the ledger."""
        self._recorder.write_repeats()
        self.door.check_flutter()
        self._refresh()
        self.on_entry()
        self._recorder.was_busy(is_more_to_do=not self.inbox.is_empty())

    # ------------------------------------------------------------ a tap

    def tap(self, tap: Tap) -> Verdict | None:
        """Gather, decide, record, act. Returns None when nothing is stored: a repeated tap, or too many."""
        answered = self._panel.answered
        if answered and corrections.is_repeat(answered.case.tap, tap, answered.case.site.policy):
            self._panel.repeat()
            return None
        moment = self._clock.stamp()  # once: how late it is and how sure that is must not come from two readings
        try:
            badge = badge_id(tap.uid, self._badge_key) if tap.uid else None
            case = self._case(tap, badge, moment)
            if case is None:
                return self._refuse()
            verdict = rules.decide(case, moment.at)
            if not self._recorder.limiter.admit(_source(case), tap.monotonic):
                self._slow_down(case)
                return None
            self._recorder.write(_recorded(case, verdict, badge))
            if case.badge is not None:
                self._mark_key()
        except LedgerError as error:
            self._recorder.failed(error)
            return self._refuse()
        self._act(case, verdict, moment.at)
        return verdict

    def _mark_key(self) -> None:
        """Store the mark of the key that hides the badges, once a badge was found with it: then the key is right."""
        if self._marked_key != self._badge_key:
            self._ledger.keep_key_mark(key_mark(self._badge_key))
            self._marked_key = self._badge_key

    def _case(self, tap: Tap, badge: str | None, moment: Stamp) -> Case | None:
        """Return what is known of a tap; None for a known badge at a site that is not known.

        Before the site is set up nobody is let in, but an unknown badge gets a claim code, for the first host.
        """
        try:
            return self._gather(tap, badge, moment)
        except RosterError:
            if badge and self._ledger.roster.badge(badge):
                return None
            nowhere = Site(id=self._site_id, name=self._site_id, zone="UTC", hours="off")
            return Case(site=nowhere, tap=tap, claim_code=claim_code(badge) if badge else None)

    def _gather(self, tap: Tap, badge: str | None, moment: Stamp) -> Case:
        roster, site = self._ledger.roster, self._site_id
        return roster.gather(tap, site_id=site, badge_id=badge, now=moment.at, clock=moment.clock)

    def _act(self, case: Case, verdict: Verdict, now: datetime) -> None:
        if isinstance(verdict, Granted):
            self.door.unlock()
        if verdict.reason is Reason.STAFF:
            self._health -= FOR_HOSTS  # one is here and has read the screen
        elif verdict.reason in (Reason.BADGE_BLOCKED, Reason.MEMBER_SUSPENDED):
            self._health.add(Health.BADGE_REFUSED)
        undo = undoable(case, now)
        offered = offers(case, verdict, undo=undo, now=now)
        said = notices.notice(verdict, case, now, offers=offered, language=self._devices.language)
        self._panel.show_verdict(said, case, undoable=undo)
        log.info("%s %s", "granted" if isinstance(verdict, Granted) else "denied", verdict.reason)
        if self._devices.on_verdict:
            self._devices.on_verdict(verdict, case, now)

    def _slow_down(self, case: Case) -> None:
        """Show a request to wait after too many taps of one source; nothing is stored and nothing opens."""
        self._panel.show(notices.slow_down(case.site, language=self._devices.language))

    def _badge_was_there(self) -> None:
        """Show a request to lift a badge that lay there before the reader worked; nothing is stored or opened."""
        self._health.add(Health.BADGE_ON_READER)
        self._panel.show(notices.lift_badge(self._known_site(), language=self._devices.language))

    def _refuse(self) -> Verdict:
        """Refuse everybody while the ledger cannot be written."""
        site, cause = self._known_site(), self._recorder.cause
        self._panel.show(notices.out_of_service(site, cause=cause, language=self._devices.language))
        return Denied(reason=Reason.OUT_OF_SERVICE)

    def _known_site(self) -> Site | None:
        return self._panel.facts.site if self._panel.facts else None

    # ------------------------------------------------------------ a touch

    def touch(self, touch: Touch) -> None:
        """Perform a button, if its notice is still the one that shows."""
        answered = self._panel.find_touched(touch.notice, touch.button)
        if answered is None:
            return
        admitted = admission(answered, touch.button, self._clock.now(), language=self._devices.language)
        if admitted:
            self._devices.display.enter(admitted)
            return
        try:
            done = self._press_on(answered).perform(touch.button)
        except LedgerError as error:
            self._recorder.failed(error)
            self._refuse()
        else:
            self._panel.show_outcome(done.notice, answered, undoable=done.undoable)

    def _press_on(self, answered: AnsweredTap) -> ButtonPress:
        moment, badge = self._clock.stamp(), answered.case.badge
        return ButtonPress(
            answered=answered,
            roster=self._ledger.roster,
            site=self._site_now(),
            now=moment.at,
            gather=lambda: self._gather(answered.case.tap, badge.id if badge else None, moment),
            write=self._recorder.write,
            language=self._devices.language,
        )

    # ------------------------------------------------------------ commands, news, time

    def _desk(self) -> desk.Desk:
        moment, site, key = self._clock.stamp(), self._site_id, self._badge_key
        return desk.Desk(books=self._ledger, site_id=site, badge_key=key, now=moment.at, clock=moment.clock)

    def _at_desk(self, function: Callable[[desk.Desk], T]) -> T:
        """Run a function with the desk, and open the door if its result is DoorOpened.

        Raises what the function raises.
        """
        try:
            result = function(self._desk())
        except LedgerError as error:
            self._recorder.failed(error)
            raise
        if isinstance(result, DoorOpened):
            self.door.unlock()
        return result

    def _write_news(self, news: ServerNews) -> None:
        """Write news of the central server. A failing disk is noticed here or at the next tap."""
        if isinstance(news, ServerSeen):
            (self._health.discard if news.reached else self._health.add)(Health.SERVER_UNREACHABLE)
        try:
            if write_news(self._ledger, news, extra_facts=partial(erased_inside.in_news, self._desk())):
                self._health.add(Health.FEED_SET_ASIDE)
            if lost := lost_change(news, own={self.ledger_id, *self._ledger.former_ledgers}):
                self._lost_change = lost
                self._health.add(Health.CHANGE_LOST)
        except LedgerError as error:
            self._recorder.report_damage(error)
            raise

    def _tick(self) -> None:
        self._recorder.look_after()
        self._recorder.write_repeats()
        self.door.check_flutter()
        self._panel.rest(self._health)
        if _minute(self._clock.now()) != self._drawn_minute:
            self._refresh()

    def _site_now(self) -> Site:
        site = self._ledger.roster.site(self._site_id)
        if site is None:
            raise RosterError(f"the site {self._site_id} is not known yet: kiosk site import FILE")
        return site

    # ------------------------------------------------------------ what people see

    def _refresh(self) -> None:
        """Update the idle screen and the light. A fault of the program in doing so does not stop the controller."""
        self._drawn_minute = _minute(self._clock.now())
        try:
            self._read_idle_screen()
            self._panel.cause = self._recorder.cause
            self._panel.refresh(self._health)
        except Exception:
            log.exception("a fault in the program: the idle screen could not be brought up to date")

    def _read_idle_screen(self) -> None:
        try:
            self._panel.facts = read_idle_facts(self._ledger.roster, self._site_now(), self._clock.now())
        except RosterError:
            self._panel.facts = None
            self._panel.may_be_set_up = first_start.is_open(self._ledger.roster, self._site_id)
        except LedgerError as error:
            self._recorder.failed(error)


def _source(case: Case) -> str:
    """Return the source under which a tap is counted: each known badge is one, all other badges together are one."""
    if case.tap.uid is None or case.tap.is_random:
        return "unreadable"
    return case.badge.id if case.badge else "unknown"


def _recorded(case: Case, verdict: Verdict, badge: str | None) -> Tapped:
    return Tapped(
        site_id=case.site.id,
        verdict=verdict,
        badge_id=badge,
        member_id=case.member.id if case.member else None,
        technology=case.tap.technology,
        source=case.tap.source,
    )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
