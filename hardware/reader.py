"""Runs the badge reader: reports each badge once, and each failure and recovery of the reader once.

How nfcpy is used is in `frontend`, what a badge proves in `badge`. Members and doors are not known here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from threading import Event as Flag
from typing import Any

from hardware.badge import Credential, is_random, read_credential, speaks_blocks
from hardware.frontend import Frontend, ReaderError, check_path, explain, number_of, open_frontend

__all__ = [
    "CardAlreadyThere",
    "CardRemoved",
    "CardSensed",
    "CardUnreadable",
    "Event",
    "Reader",
    "ReaderDown",
    "ReaderError",
    "ReaderUp",
    "check_path",
]

log = logging.getLogger(__name__)

MISSES = 2
"""A card is gone after so many misses in a row: at the edge of the field, one miss means nothing."""
FAILURES = 2
"""A reader that worked is down when it failed so many times running, opened anew between: on a busy machine an answer
comes too late now and then, and nobody need read of it."""
TRIES = 3
"""After so many failed readings in a row, the screen asks to hold the card still."""
GAP_SECONDS = 5.0
"""No search for so long (the process was stopped, or the machine slept): whatever lies there was not seen to come."""


@dataclass(frozen=True)
class CardSensed:
    """A badge was laid on the reader at `monotonic` seconds."""

    uid: bytes
    technology: str
    assurance: str
    monotonic: float


@dataclass(frozen=True)
class CardUnreadable:
    """Something was laid on the reader and could not be read; reported once."""

    monotonic: float


@dataclass(frozen=True)
class CardAlreadyThere:
    """A card was found by the first search after a start, a reopening or a gap: this is no tap."""


@dataclass(frozen=True)
class CardRemoved:
    """The last card reported as sensed or already there was taken away."""


@dataclass(frozen=True)
class ReaderUp:
    """The reader works. `name` is its chip and port."""

    name: str


@dataclass(frozen=True)
class ReaderDown:
    """The reader does not work; the next try follows. `error` is a sentence that says how to repair it."""

    error: str


Event = CardSensed | CardUnreadable | CardAlreadyThere | CardRemoved | ReaderUp | ReaderDown


@dataclass
class CardInField:
    """A card in the field, from its first detection to the second miss."""

    uid: bytes | None = None
    """None: it could not be read so far."""
    tag: Any = None
    """To be asked whether it is still there; None: search for the number."""
    told: bool = False
    was_there: bool = False
    """It was there before anybody looked, and counts only once it was away."""
    tries: int = 0
    misses: int = 0


def seconds_since_boot() -> float:
    """Return the seconds since the machine was started; unlike `time.monotonic` they include sleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Reader:
    """One reader, for one thread. All times in seconds.

    It searches for a card every `poll_seconds`. The same card counts again after it was away for `rearm_seconds`. A
    failed reader is reopened after the first of `backoff_seconds`, doubling up to the second; after the reader has
    worked that long, from the first again. Without a card for `refresh_seconds` it is reopened, because some readers
    become slow or deaf in a quiet night. `since_boot` includes the machine's sleep, and shows how long nobody searched.
    Raises ReaderError for an invalid path.
    """

    def __init__(
        self,
        path: str,
        *,
        emit: Callable[[Event], None],
        allow_udp: bool = False,
        allow_simulator: bool = False,
        poll_seconds: float = 0.1,
        backoff_seconds: tuple[float, float] = (0.2, 5.0),
        rearm_seconds: float = 1.5,
        refresh_seconds: float = 6 * 3600.0,
        monotonic: Callable[[], float] = time.monotonic,
        since_boot: Callable[[], float] = seconds_since_boot,
    ) -> None:
        check_path(path, allow_udp, allow_simulator=allow_simulator)
        self._path, self._emit, self._monotonic = path, emit, monotonic
        self._poll, self._rearm, self._refresh = poll_seconds, rearm_seconds, refresh_seconds
        self._first_backoff, self._longest_backoff = backoff_seconds
        self._pause = self._first_backoff
        self._up: bool | None = None
        self._failures = 0
        self._up_since = monotonic()
        self._touch: CardInField | None = None
        self._last_uid, self._last_seen = b"", monotonic()
        self._since_boot, self._looked_at = since_boot, since_boot()
        self._used_at = since_boot()
        """When it was opened or last had a card, in seconds since boot."""
        self._is_first_search = True

    def run(self, stop: Flag, beat: Callable[[], None]) -> None:
        """Serve until `stop`; calls `beat` at every turn, at least once a second while the reader answers or is down.

        Raises nothing that a reader or a card can cause.
        """
        while not stop.is_set():
            beat()
            try:
                with closing(open_frontend(self._path)) as frontend:
                    self._serve(frontend, stop, beat)
            except Exception as error:  # noqa: BLE001 - nfcpy lets every kind escape: OSError, termios.error, IndexError
                self._fail(error)
                if not self._up:
                    self._rest(stop, beat)

    def _serve(self, frontend: Frontend, stop: Flag, beat: Callable[[], None]) -> None:
        """Search until `stop`, or until it is time to reopen the reader."""
        self._forget_tag()
        self._is_first_search = True
        self._used_at = self._since_boot()
        while not stop.is_set():
            beat()
            began = self._monotonic()
            if self._since_boot() - self._used_at >= self._refresh:
                return
            self._turn(frontend)
            stop.wait(max(0.0, self._poll - (self._monotonic() - began)))

    def _forget_tag(self) -> None:
        """Forget the tag of a card that lay there before a reopening: only its number can find it again."""
        if self._touch:
            self._touch.tag = None

    # ------------------------------------------------------------ up and down

    def _fail(self, error: Exception) -> None:
        # Every few seconds while it is down, for months perhaps; that it went down is told by ReaderDown.
        log.debug("reader %s: %r", self._path, error)
        if self._up and self._monotonic() - self._up_since >= self._longest_backoff:
            self._pause = self._first_backoff
        self._failures += 1
        if self._up and self._failures < FAILURES:
            return
        if self._up is not False:
            self._up = False
            self._emit(ReaderDown(explain(error, self._path)))

    def _rest(self, stop: Flag, beat: Callable[[], None]) -> None:
        left = self._pause
        self._pause = min(2 * self._pause, self._longest_backoff)
        while left > 0 and not stop.wait(min(left, 1.0)):
            beat()
            left -= 1.0

    def _tell_up(self, frontend: Frontend) -> None:
        """Report that the reader works, after a search: opening alone proves little.

        A card laid down from now on is a tap.
        """
        if not self._up:
            self._up, self._up_since = True, self._monotonic()
            self._emit(ReaderUp(frontend.name))

    # ------------------------------------------------------------ cards

    def _turn(self, frontend: Frontend) -> None:
        touch = self._touch
        self._look_for_a_gap()
        if touch and touch.uid:
            if self._is_there(frontend, touch):
                touch.misses, self._last_seen, self._used_at = 0, self._monotonic(), self._since_boot()
                self._is_first_search = False
            else:
                self._miss(touch)
                if self._is_first_search:
                    self._sense(frontend)  # the search by number says nothing of other cards
            return
        target = self._sense(frontend)
        if target:
            self._read(frontend, target)
            return
        if touch:
            self._miss(touch)

    def _look_for_a_gap(self) -> None:
        now, before = self._since_boot(), self._looked_at
        self._looked_at = now
        if now - before > GAP_SECONDS:
            self._is_first_search = True

    def _sense(self, frontend: Frontend, uid: bytes | None = None) -> Any:
        target = frontend.sense(uid)
        self._failures = 0
        self._look_for_a_gap()
        if target is None and uid is None:
            self._is_first_search = False
        if target is not None or uid is None:
            self._tell_up(frontend)
        return target

    def _is_there(self, frontend: Frontend, touch: CardInField) -> bool:
        """Tell whether the card is still there: a telephone is asked, any other card is searched for.

        A telephone cannot be searched for, because its number changes when the field goes off.
        """
        if touch.tag is not None:
            return bool(touch.tag.is_present)
        target = self._sense(frontend, touch.uid)
        return target is not None and number_of(target) == touch.uid

    def _miss(self, touch: CardInField) -> None:
        touch.misses += 1
        if touch.misses < MISSES:
            return
        self._touch = None
        if touch.uid is None and not touch.told:
            self._emit(CardUnreadable(self._monotonic()))
        elif touch.told and (touch.uid is not None or touch.was_there):
            self._emit(CardRemoved())

    def _read(self, frontend: Frontend, target: Any) -> None:
        touch = self._touch or CardInField()
        touch.was_there = touch.was_there or self._is_first_search
        read = self._try_to_read(frontend, target)
        self._is_first_search = False
        self._touch = touch
        if touch.was_there and not touch.told:
            touch.told = True
            self._emit(CardAlreadyThere())
        if read is None:
            self._keep_still(touch)
            return
        self._know(touch, *read)

    def _know(self, touch: CardInField, credential: Credential, tag: Any) -> None:
        now = self._monotonic()
        is_same = credential.uid == self._last_uid or (is_random(credential.uid) and is_random(self._last_uid))
        is_fresh = not is_same or now - self._last_seen >= self._rearm
        touch.uid, touch.tag = credential.uid, tag if speaks_blocks(tag) else None
        touch.told, touch.misses = touch.was_there or is_fresh, 0
        self._last_uid, self._last_seen = credential.uid, now
        if is_fresh and not touch.was_there:
            self._emit(CardSensed(credential.uid, credential.technology, credential.assurance, now))

    def _try_to_read(self, frontend: Frontend, target: Any) -> tuple[Credential, Any] | None:
        """Read the card; None when it does not answer. If the reader is at fault, its test raises."""
        try:
            tag = frontend.activate(target)
            if tag is not None:
                return read_credential(tag), tag
        except Exception as error:  # noqa: BLE001 - what a bad card makes nfcpy raise is of every kind
            log.info("card on %s: %r", self._path, error)
        frontend.test()
        return None

    def _keep_still(self, touch: CardInField) -> None:
        """Report an unreadable card only if it stays or leaves unreadable.

        An approaching card is often missed at first.
        """
        touch.tries, touch.misses = touch.tries + 1, 0
        if touch.tries == TRIES and not touch.was_there:
            touch.told = True
            self._emit(CardUnreadable(self._monotonic()))
