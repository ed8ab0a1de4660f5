"""Thread that waits at the server for news, so that a kiosk hears within seconds of what happened elsewhere.

It only learns that there are news, over a connection of its own; sync.worker fetches them, so that pushes never wait
for this thread. Without it everything works too, after the pause between two exchanges.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

from sync.client import Client, SyncError, UnknownCallError

log = logging.getLogger(__name__)

SLICE_SECONDS = 0.5
"""How often the thread looks whether it is to stop, while there is nothing to ask for."""
SOON_SECONDS = 5.0
"""Who answers sooner that there is nothing new does not wait: it stops, or something in between remembers answers."""
UNKNOWN_SECONDS = 3600.0
"""How long a server that does not know the call is left alone with it: it may be upgraded one day."""


class Listener:
    """Asks the server for news after the cursor that the last exchange reached."""

    def __init__(
        self,
        client: Client,
        *,
        on_news: Callable[[], None],
        clock: Callable[[], float] = monotonic,
        pause: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        """`client` is for this thread alone; `clock` returns monotonic seconds, `pause` waits for an event."""
        self._client, self._on_news, self._clock, self._pause = client, on_news, clock, pause
        self._cursor: str | None = None
        self._is_due = threading.Event()
        self._quiet_until = clock()

    def follow(self, cursor: str) -> None:
        """Listen for news after this cursor, which an exchange has reached. From any thread.

        Called only after a successful exchange, so this thread needs no back-off of its own.
        """
        self._cursor = cursor
        self._is_due.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Listen whenever there is a cursor, until `stop`: the body of a worker."""

        def goes_on() -> bool:
            beat()
            return not stop.is_set()

        while goes_on():
            if self._pause(self._is_due, SLICE_SECONDS):
                self._is_due.clear()
                self.step(goes_on)

    def step(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Ask until there are news or the server fails; then wait for the next call of `follow`.

        While nothing is new this takes hours; `goes_on` is called before each request.
        """
        try:
            while goes_on() and (asked_at := self._clock()) >= self._quiet_until and (cursor := self._cursor):
                has_news = self._client.news(cursor)
                if has_news and self._cursor == cursor:  # else the exchange has them already
                    self._on_news()
                    return
                if not has_news and self._clock() - asked_at < SOON_SECONDS:
                    return
        except UnknownCallError:
            log.info("the server does not support waiting for news: they are fetched at intervals")
            self._quiet_until = self._clock() + UNKNOWN_SECONDS
        except SyncError as error:
            log.info("not listening for news until the next exchange: %s", error)
        except Exception:  # a mistake of ours, or of the server's: it must not restart the kiosk
            log.exception("listening for news failed unexpectedly")
