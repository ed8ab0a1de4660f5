"""Answers commands by one table: a `Command` goes in and an answer comes out, both as objects.

The touchscreen, the unix socket, the demo and the command line all ask here. Whatever reads or changes the ledger runs
at the desk, in the thread that owns the ledger. What takes long (hashing a PIN, calling a server, writing to a USB
stick) runs in the thread that asks, so that taps do not wait.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from kiosk.answers import Answered, Done, Exported, FirstStart, Media, Medium, Refused, Report, Status, encode_answer
from kiosk.badges import BadgeError
from kiosk.clock import WallClock
from kiosk.commands import (
    Command,
    ExportBooks,
    ExportMember,
    ForgetOld,
    ListMedia,
    Pair,
    SetClock,
    SetPin,
    SetUp,
    ShowFirstStart,
    ShowReport,
    ShowStatus,
    SignIn,
    decode_command,
)
from kiosk.desk import Desk, DeskError, first_start, perform_at, pins
from kiosk.export import books
from kiosk.health import machine
from kiosk.ledger import LedgerError, open_reader
from kiosk.model import Opening
from kiosk.report.reading import of_site
from kiosk.roster import RosterError
from kiosk.sums.months import is_month
from kiosk.threads.inbox import Job

log = logging.getLogger(__name__)

T = TypeVar("T")
Handler = Callable[[Any], Answered]

ANSWER_SECONDS = 30.0
"""How long the desk is waited for: verifying a long ledger takes some seconds on a small machine."""


class DeskThread(Protocol):
    """The thread that owns the ledger: the controller of a running kiosk."""

    def submit(self, function: Callable[[Desk], T], /) -> Future[T]:
        """Have a function run with the desk, and return the future of its result."""


class DeskHere:
    """The desk of a ledger opened in the calling thread, while no kiosk runs."""

    def __init__(self, desk: Callable[[], Desk]) -> None:
        """`desk` returns a desk for the present moment."""
        self._desk = desk

    def submit(self, function: Callable[[Desk], T]) -> Future[T]:
        """Run the function at once."""
        job = Job(lambda: function(self._desk()))
        job.run()
        return job.future


class Answering:
    """Answers commands by a table of handlers. Every method may be called from any thread."""

    def __init__(
        self,
        desk: DeskThread,
        clock: WallClock,
        *,
        site_id: str,
        ledger: Path,
        pair: Callable[[Pair], Answered],
        complete_status: Callable[[Status], Status] = lambda status: status,
        sticks: Callable[[], tuple[Medium, ...]] = books.media,
        zone: Callable[[], str | None] = machine.zone,
        patience_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`complete_status` adds what is not in the ledger; `sticks` lists the USB sticks plugged in.

        `zone` is the machine's time zone.
        """
        self.mistakes = 0
        """Commands that could not be answered because of a fault in the program."""
        self._desk, self._clock, self._patience, self._site_id = desk, clock, patience_seconds, site_id
        self._complete_status, self._sticks, self._zone = complete_status, sticks, zone
        self._copy_books = partial(books.copied, ledger, site_id=site_id)
        self._write_member = partial(books.handed_over, site_id=site_id)
        self._ledger = ledger
        self._counting = threading.Lock()
        self._handlers: dict[type[Command], Handler] = {
            ExportBooks: self._export_books,
            ExportMember: self._export_member,
            ForgetOld: self._forget_old,
            ListMedia: lambda _: Media(media=self._sticks()),
            Pair: pair,
            SetClock: self._set_clock,
            SetPin: self._set_pin,
            SetUp: self._set_up,
            ShowFirstStart: self._show_first_start,
            ShowReport: self._show_report,
            ShowStatus: self._show_status,
            SignIn: self._sign_in,
        }

    def add(self, handlers: Mapping[type[Command], Handler]) -> None:
        """Add rows to the table; they replace those for the same command."""
        self._handlers.update(handlers)

    def answer(self, command: Command) -> Answered:
        """Perform a command. Never raises: whatever cannot be done is returned as `Refused`."""
        handler = self._handlers.get(type(command), self._perform)
        try:
            return handler(command)
        except DeskError as error:
            return Refused(message=str(error), near=error.near, code=error.code, facts=error.facts)
        except LedgerError as error:
            return Refused(message=str(error), code="LEDGER_FAILED")
        except RosterError as error:
            return Refused(message=str(error), code="NO_SITE")
        except BadgeError as error:
            return Refused(message=str(error), code="BADGE_KEY")
        except TimeoutError:
            waited = f"no answer within {self._patience:g} s"
            message = f"{waited}: the kiosk is busy; see what was done before you try again"
            return Refused(message=message, code="NO_ANSWER")
        except Exception as error:  # noqa: BLE001 - logged, counted and told
            return self._mistake(error, command.__struct_config__.tag)

    def start(self, command: Command) -> Future[Answered]:
        """Answer a command in a thread of its own."""
        job = Job(lambda: self.answer(command))
        threading.Thread(target=job.run, name="answering", daemon=True).start()
        return job.future

    def answer_line(self, line: bytes) -> bytes:
        """Answer a command given as JSON with JSON, as spoken at the unix socket. Never raises."""
        try:
            return encode_answer(self.answer(decode_command(line)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refused = Refused(message=f"this kiosk does not know that command: {error}", code="NOT_HERE")
        except Exception as error:  # noqa: BLE001 - logged, counted and told
            refused = self._mistake(error, "a line at the socket")
        return encode_answer(refused)

    def _mistake(self, error: Exception, what: object) -> Refused:
        """Refuse a command that failed by a fault in the program; log and count it."""
        log.error("a fault in the program: %s could not be answered", what, exc_info=error)
        with self._counting:
            self.mistakes += 1
        message = f"a fault in the program ({type(error).__name__}): see what was done before you try again"
        return Refused(message=message, code="MISTAKE")

    # ------------------------------------------------------------ at the desk

    def _at_desk(self, function: Callable[[Desk], T]) -> T:
        """Run a function with the desk; return its result or raise its exception.

        Raises TimeoutError. A function that has not begun by then is cancelled, so the caller can safely ask again.
        """
        future = self._desk.submit(function)
        try:
            return future.result(self._patience)
        except TimeoutError:
            if not future.cancel():
                future.add_done_callback(_log_late_failure)
            raise

    def _perform(self, command: Command) -> Answered:
        return self._at_desk(lambda desk: perform_at(desk, command))

    def _set_clock(self, command: SetClock) -> Answered:
        """Set the clock, or confirm its date, after the host's statement is in the ledger."""

        def record_then_set(desk: Desk) -> Answered:
            noted = perform_at(desk, command)
            seconds = self._clock.monotonic()
            if isinstance(noted, Done) and noted.id:
                self._clock.set_by_host(datetime.fromisoformat(noted.id), seconds)
            elif isinstance(noted, Done):
                self._clock.confirm_date(seconds)
            return noted

        return self._at_desk(record_then_set)

    def _forget_old(self, command: ForgetOld) -> Answered:
        """Erase old data, only while the clock is witnessed: erasing cannot be undone."""
        if not self._clock.is_witnessed():
            message = "nothing is forgotten until the network kept the clock for an hour, or a host confirmed the date"
            raise DeskError(message, code="CLOCK_UNSURE")
        return self._perform(command)

    def _show_status(self, command: ShowStatus) -> Answered:
        try:
            told = self._perform(command)
        except LedgerError:  # the parts around the ledger still tell how they are, and the health why
            told = self._status_without_ledger()
        return self._completed(told) if isinstance(told, Status) else told

    def _status_without_ledger(self) -> Status:
        now, _, clock = self._clock.reading()
        return Status(
            site=self._site_id,
            now=now,
            clock=clock,
            opening=Opening(is_open=False),
            people_in=0,
            staff_present=False,
            members=0,
            ledger_id="",
            entries=0,
        )

    def _show_first_start(self, command: ShowFirstStart) -> Answered:
        told = self._perform(command)
        if not isinstance(told, FirstStart):
            return told
        return replace(told, status=self._completed(told.status), zone=self._zone())

    def _completed(self, status: Status) -> Status:
        return self._complete_status(replace(status, mistakes=self.mistakes))

    # ------------------------------------------------------------ signing in: hashing is done by whoever asks

    def _sign_in(self, command: SignIn) -> Answered:
        kept = self._at_desk(lambda desk: pins.begin(desk, command.member))
        if not pins.matches(command.pin, kept):
            raise pins.wrong()
        return self._at_desk(lambda desk: pins.accept(desk, command.member))

    def _set_pin(self, command: SetPin) -> Answered:
        hashed = command.hashed or self._hash(command.pin)
        return self._at_desk(lambda desk: pins.set_pin(desk, replace(command, pin="", hashed=hashed)))

    def _set_up(self, command: SetUp) -> Answered:
        hashed = command.hashed or self._hash(command.pin)
        return self._at_desk(lambda desk: first_start.set_up(desk, replace(command, pin="", hashed=hashed)))

    def _hash(self, pin: str) -> str:
        return pins.hash_pin(pin, self._at_desk(lambda desk: desk.badge_key))

    # ------------------------------------------------------------ USB sticks: written by whoever asks

    def _export_books(self, command: ExportBooks) -> Answered:
        noted = self._perform(command)
        if command.is_noted_only or not isinstance(noted, Done):
            return noted
        return self._copy_books(medium=command.medium, now=self._clock.now(), among=self._sticks())

    def _show_report(self, command: ShowReport) -> Answered:
        """Read the report on a connection of its own: taps do not wait for it."""
        for month in (command.since, command.until):
            if month and not is_month(month):
                raise DeskError(f'"{month}" is no month: write it like 2026-07', code="NO_MONTH", month=month[:40])
        now = self._clock.now()
        with open_reader(self._ledger) as ledger, ledger.books() as books:
            site = ledger.roster.site(self._site_id)
            if site is None:
                raise RosterError(f"the ledger knows no site {self._site_id}")
            told = of_site(books, site, now, since=command.since, until=command.until)
        return Report(
            site=site.name,
            currency=site.currency,
            capacity=site.policy.capacity,
            figures=told.figures,
            accounts=told.accounts,
        )

    def _export_member(self, command: ExportMember) -> Answered:
        told = self._perform(command)
        if not command.medium or not isinstance(told, Exported):
            return told
        return self._write_member(told, medium=command.medium, now=self._clock.now(), among=self._sticks())


def _log_late_failure(future: Future[Any]) -> None:
    """Log the failure of a function whose caller no longer waits."""
    if error := future.exception():
        log.error("a command that nobody waited for any more failed", exc_info=error)
