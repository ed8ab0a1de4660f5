"""Threads that tell whether they live, and the word of it to systemd.

A worker runs one body until it is told to stop and beats as it goes. A body that ends by itself, or raises, ends the
whole process: whatever was not foreseen is answered by a clean start, which systemd gives in seconds.
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
        """`body(stop, beat)` returns soon after `stop` is set; a silence longer than this means that it hangs."""
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
        """Say "alive"; called by the body at each turn of its loop."""
        self._beaten = monotonic()

    def hangs(self) -> bool:
        """Tell whether the last beat is too long ago."""
        return monotonic() - self._beaten > self.silence_seconds

    def ask_to_stop(self) -> None:
        """Tell the body to end, without waiting for it."""
        self._stop.set()

    def join(self, seconds: float) -> bool:
        """Wait until the thread has ended; False when it did not in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._body(self._stop, self.beat)
        except Exception as error:
            self.failed = error
            log.exception("%s died", self.name)
        self.ended.set()
        if not self._stop.is_set():
            self._on_end(self)


def stop_all(workers: Sequence[Worker], *, seconds: float) -> list[str]:
    """Ask all to stop, side by side, wait so long in all; return the names of those that did not end in time."""
    for worker in workers:
        worker.ask_to_stop()
    end = monotonic() + seconds
    return [worker.name for worker in workers if not worker.join(max(0.0, end - monotonic()))]


class Systemd:
    """What systemd wants to hear (sd_notify(3)): ready, alive, stopping, a long start. Silent where nobody listens."""

    def __init__(self, address: str | None = None) -> None:
        """`address` is the notification socket; by default the one systemd put into the environment."""
        self._address = address if address is not None else os.environ.get("NOTIFY_SOCKET", "")

    def ready(self, status: str) -> None:
        """The service does its work from now on."""
        self._say(f"READY=1\nSTATUS={status}")

    def mending(self, seconds: float) -> None:
        """The start may take so many seconds from now, if that is longer than TimeoutStartSec still leaves."""
        self._say(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}\nSTATUS=the ledger is being mended")

    def alive(self, workers: Sequence[Worker]) -> bool:
        """Feed the watchdog, unless one of the workers hangs: then keep silent, and systemd starts a clean process."""
        hanging = [worker.name for worker in workers if worker.hangs()]
        if hanging:
            log.error("the watchdog is not fed: no heartbeat from %s", ", ".join(hanging))
        else:
            self._say("WATCHDOG=1")
        return not hanging

    def stopping(self) -> None:
        """The service is on its way out."""
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
            log.warning("systemd could not be told: %s", error)
