"""Thread that synchronises the kiosk with its central server: exchanges, pauses, backs off. Durations only, no dates.

What is exchanged is in sync.exchange, the waiting times are in sync.backoff. The door does not depend on this thread:
it reads the ledger on a connection of its own, and passes what it receives to the controller's inbox.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from kiosk.ledger import LedgerError, LedgerReader
from kiosk.messages import ServerNews, ServerSeen
from sync import backoff
from sync.client import Client, SyncError
from sync.exchange import Exchange
from sync.wire import Beacon

log = logging.getLogger(__name__)

SLICE_SECONDS = 0.5
"""How often a waiting thread looks whether it is to stop."""
QUICK_SECONDS = 4.0
"""An answer that took longer says too little about when it was given: half of this is how wrong the time may be."""
DAY_SECONDS = 86400.0
"""A kiosk's own clock wanders by some seconds in this time."""
LONG_SECONDS = 3600.0
"""How long the server may be unreachable before the screen says so: the kiosk works without it."""


class StoppedError(Exception):
    """Raised inside an exchange when the thread is told to stop."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """How many seconds to wait after an exchange."""

    seconds: float
    wakeable: bool
    """A new entry ends it at once. Not after a failure: everybody's taps would hammer a server that is down."""


class SyncWorker:
    """Synchronises one ledger with one server."""

    def __init__(
        self,
        client: Client,
        *,
        open_ledger: Callable[[], LedgerReader],
        post: Callable[[ServerNews], Future[None]],
        condition: Callable[[], Beacon] = Beacon,
        set_clock: Callable[[datetime, float], None] | None = None,
        pause_seconds: float = backoff.PAUSE_SECONDS,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = monotonic,
        on_pulled: Callable[[str], None] = lambda _: None,
        pause: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        """`open_ledger` is called in the thread that works; `post` has the controller write news.

        `set_clock` is called with the server's time and the monotonic seconds at it, while the kiosk does not know the
        time. `jitter` returns random numbers in [0, 1), `clock` monotonic seconds; `pause` waits for an event.
        `on_pulled` is called with the cursor that an exchange reached.
        """
        self._client, self._open, self._post = client, open_ledger, post
        self._condition, self._pause_seconds = condition, pause_seconds
        self._jitter, self._clock, self._on_pulled, self._pause = jitter, clock, on_pulled, pause
        self._alive: Callable[[], None] = lambda: None
        self._ledger: LedgerReader | None = None
        self._exchange: Exchange | None = None
        self._failures = 0
        self._set_clock = set_clock
        self._asked_time_at: float | None = None
        self._seen_at = clock()
        self.heard_at: float | None = None
        """When an exchange last went well, by the worker's clock."""
        self.trouble = ""
        """Why the last exchange failed, in a sentence; empty when it went well."""
        self._reported_unreachable = False
        self._woken = threading.Event()
        self._has_news = False
        self._due = clock()

    def wake(self) -> None:
        """Have a new entry sent soon; from any thread, returns at once."""
        self._woken.set()

    def wake_for_news(self) -> None:
        """Have news of the server fetched soon; from any thread."""
        self._has_news = True
        self._woken.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Exchange and wait until `stop`: the body of a worker."""

        def alive() -> None:
            beat()
            if stop.is_set():
                raise StoppedError

        self._alive = alive
        try:
            while True:
                alive()
                self._rest(self.step(), stop)
        except StoppedError:
            return
        finally:
            self.close()

    def close(self) -> None:
        """Close the ledger's connection."""
        if self._ledger:
            self._ledger.close()
        self._ledger = self._exchange = None

    def step(self) -> Wait:
        """Exchange once, and return how long to wait. Raises StoppedError, and nothing else."""
        self._woken.clear()
        only_pull, self._has_news = self._has_news and self._clock() < self._due, False
        try:
            exchange = self._open_exchange()
            more = exchange.run(only_pull=only_pull)
            if exchange.cursor and not more:
                self._on_pulled(exchange.cursor)
            self._ask_time()
        except StoppedError:
            raise
        except (SyncError, LedgerError) as error:
            return self._failed(error)
        except Exception as error:
            # A mistake of ours, or of the server's: it must not restart the kiosk again and again.
            log.exception("the exchange with the server failed unexpectedly")
            self.close()
            return self._failed(SyncError(f"{type(error).__name__} in the exchange"))
        return self._succeeded(more, only_pull=only_pull)

    def _ask_time(self) -> None:
        """Ask the server for the time if no better source has it; in holdover once a day. Raises SyncError."""
        quality, now = self._condition().clock, self._clock()
        lately = self._asked_time_at is not None and now - self._asked_time_at < DAY_SECONDS
        if self._set_clock is None or quality == "trusted" or (quality == "holdover" and lately):
            return
        told, after = self._client.time(), self._clock()
        if after - now <= QUICK_SECONDS:
            self._set_clock(told.now, (now + after) / 2)
            self._asked_time_at = after

    def _open_exchange(self) -> Exchange:
        if self._exchange is None:
            self._ledger = self._open()
            self._exchange = Exchange(
                self._client,
                self._ledger,
                write_news=self._write_news,
                condition=self._condition,
                alive=lambda: self._alive(),
            )
        return self._exchange

    def _write_news(self, news: ServerNews) -> None:
        """Have the controller write news, and wait until it has. Raises LedgerError."""
        written = self._post(news)
        while not wait([written], SLICE_SECONDS).done:
            self._alive()
        written.result()

    def _succeeded(self, more: bool, *, only_pull: bool) -> Wait:
        if self._failures:
            log.info("the server is reached again")
        self._failures = 0
        self._seen_at = self.heard_at = self._clock()
        self.trouble = ""
        self._report_reachable(reached=True)
        if not only_pull:
            self._due = self._clock() + backoff.pause(self._jitter(), seconds=self._pause_seconds)
        return Wait(seconds=0.0 if more else max(self._due - self._clock(), 0.0), wakeable=True)

    def _failed(self, error: SyncError | LedgerError) -> Wait:
        self._alive()  # what fails while the kiosk stops is no news
        self._failures += 1
        self.trouble = str(error)
        if isinstance(error, LedgerError):
            self.close()
        asked = error.retry_after if isinstance(error, SyncError) else None
        seconds = backoff.after_failure(self._failures, self._jitter(), asked=asked)
        log.log(logging.WARNING if self._failures == 1 else logging.INFO, "%s; next try in %.0f s", error, seconds)
        if self._clock() - self._seen_at >= LONG_SECONDS:
            self._report_reachable(reached=False)
        return Wait(seconds=seconds, wakeable=False)

    def _report_reachable(self, *, reached: bool) -> None:
        """Tell the controller when the server becomes unreachable or reachable again; does not wait for it."""
        if self._reported_unreachable == reached:
            self._reported_unreachable = not reached
            self._post(ServerSeen(reached=reached))

    def _rest(self, wait: Wait, stop: threading.Event) -> None:
        until = self._clock() + wait.seconds
        while (left := until - self._clock()) > 0:
            self._alive()
            if not wait.wakeable:
                self._pause(stop, min(left, SLICE_SECONDS))
            elif self._pause(self._woken, min(left, SLICE_SECONDS)) and self._is_something_waiting():
                return

    def _is_something_waiting(self) -> bool:
        self._woken.clear()
        try:
            return self._has_news or self._exchange is None or self._exchange.waiting > 0
        except LedgerError:
            return True
