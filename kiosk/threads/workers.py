"""Worker threads with a heartbeat, and the messages to systemd's watchdog.

A worker runs one body until it is told to stop, and the body beats in each turn of its loop. A body that ends by
itself, or raises, ends the whole process, and systemd starts a new one within seconds.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from time import monotonic

log = logging.getLogger(__name__)

Beat = Callable[[], None]
Body = Callable[[threading.Event, Beat], None]


class Worker:
    """A thread with a name, a stop event and a heartbeat."""

    def __init__(self, name: str, body: Body, *, silence_seconds: float = 8.0) -> None:
        """`body(stop, beat)` returns soon after `stop` is set; silent for `silence_seconds`, it hangs."""
        self.name = name
        self.silence_seconds = silence_seconds
        self.failed: BaseException | None = None
        self.ended = threading.Event()
        self._body = body
        self._stop = threading.Event()
        self._beaten = monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, on_end: Callable[[Worker], None]) -> None:
        """Start the thread; `on_end` is called from it when the body ends without being told to."""
        self._on_end = on_end
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """Note that the thread is alive; the body calls it in each turn of its loop."""
        self._beaten = monotonic()

    def hangs(self) -> bool:
        """Return whether the last heartbeat is too long ago."""
        return monotonic() - self._beaten > self.silence_seconds

    def ask_to_stop(self) -> None:
        """Ask the body to end; do not wait for it."""
        self._stop.set()

    def join(self, seconds: float) -> bool:
        """Wait until the thread has ended; return False if it did not in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._body(self._stop, self.beat)
        except Exception as error:
            self.failed = error
            log.exception("%s ended by an error", self.name)
        self.ended.set()
        if not self._stop.is_set():
            self._on_end(self)


def stop_all(workers: Sequence[Worker], *, seconds: float) -> list[str]:
    """Stop all workers in parallel, within so many seconds; return the names of those still running."""
    for worker in workers:
        worker.ask_to_stop()
    end = monotonic() + seconds
    return [worker.name for worker in workers if not worker.join(max(0.0, end - monotonic()))]


class Systemd:
    """Sends the service's state to systemd (sd_notify(3)): ready, alive, stopping. Does nothing without systemd."""

    def __init__(self, address: str | None = None) -> None:
        """`address` is the notification socket; by default the one that systemd put into the environment."""
        self._address = address if address is not None else os.environ.get("NOTIFY_SOCKET", "")

    def ready(self, status: str) -> None:
        """Tell systemd that the service is ready."""
        self._say(f"READY=1\nSTATUS={status}")

    def extend_start(self, seconds: float) -> None:
        """Extend the start by so many seconds, for a repair of the ledger."""
        self._say(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}\nSTATUS=the ledger is being repaired")

    def alive(self, workers: Sequence[Worker]) -> bool:
        """Feed the watchdog unless a worker hangs; systemd restarts a process that stops feeding it."""
        hanging = [worker.name for worker in workers if worker.hangs()]
        if hanging:
            log.error("the watchdog is not fed: no heartbeat from %s", ", ".join(hanging))
        else:
            self._say("WATCHDOG=1")
        return not hanging

    def stopping(self) -> None:
        """Tell systemd that the service is stopping."""
        self._say("STOPPING=1")

    def _say(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)  # whoever listens may hang as well
                channel.sendto(message.encode(), address)
        except OSError as error:
            log.warning("systemd could not be notified: %s", error)
