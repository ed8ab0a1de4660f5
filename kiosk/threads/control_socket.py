"""The unix socket for commands to the running kiosk: each is one line of JSON, answered by one line of JSON.

The database has one writer, the controller; so other processes change or read something through here. The commands are
in kiosk.commands, the answers in kiosk.answers.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

MODE = 0o660
LONGEST_LINE = 1 << 20
"""Bytes of the longest request."""
MOST_WAITING = 32
"""Connections whose request is not there yet: of more, the oldest is closed."""
MOST_ANSWERING = 32
"""Requests that are being answered: of more, the newest is closed without an answer."""
CHUNK_BYTES = 1 << 16
RETRY_SECONDS = 0.05


class ControlError(OSError):
    """No running kiosk answers at the socket."""


def ask(path: Path, request: bytes, *, seconds: float = 10.0) -> bytes:
    """Send one request to the running kiosk and return its answer.

    Raises ControlError when no kiosk listens at `path` or it does not answer within `seconds`.
    """
    if len(request) >= LONGEST_LINE:
        raise ControlError(f"the request is longer than the {LONGEST_LINE} bytes that a kiosk takes")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(seconds)
            _connect(channel, path, seconds)
            channel.sendall(request + b"\n")
            with channel.makefile("rb") as answers:
                answer = answers.readline()
    except OSError as error:
        raise ControlError(f"no kiosk answers at {path}: {error.strerror or error}") from error
    if not answer.endswith(b"\n"):
        raise ControlError(f"the kiosk at {path} ended before it answered")
    return answer[:-1]


def _connect(channel: socket.socket, path: Path, seconds: float) -> None:
    """Connect; retry while more connections wait than the system queues. Raises OSError."""
    end = time.monotonic() + seconds
    while True:
        try:
            channel.connect(str(path))
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


class ControlServer:
    """Serves the socket: calls `answer` for each request, in a thread of the connection."""

    def __init__(
        self, path: Path, answer: Callable[[bytes], bytes], *, group: str = "kiosk", silence_seconds: float = 10.0
    ) -> None:
        """Open the socket at `path`, mode 0660, for `group` if the machine has it.

        A connection is closed if its request is not there after `silence_seconds`, or if it does not read its answer.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self.path = path
        before = os.umask(0o777 & ~MODE)
        try:
            self._server = _Server(path, answer, silence_seconds)
        finally:
            os.umask(before)
        with contextlib.suppress(LookupError, PermissionError):
            shutil.chown(path, group=group)

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Serve until `stop`: the body of a worker."""
        self._server.timeout = 0.5
        while not stop.is_set():
            self._server.handle_request()
            beat()

    def close(self) -> None:
        """Close and remove the socket."""
        self._server.server_close()
        self.path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    """Gives each connection a thread, and limits their number."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, answer: Callable[[bytes], bytes], silence_seconds: float) -> None:
        self.answer, self.silence_seconds = answer, silence_seconds
        self._changing = threading.Lock()
        self._waiting: dict[socket.socket, None] = {}
        """Connections whose request is not there yet, the oldest first."""
        self.free = threading.Semaphore(MOST_ANSWERING)
        super().__init__(str(path), _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a connection's thread; of too many that say nothing the oldest is closed."""
        with self._changing:
            oldest = next(iter(self._waiting)) if len(self._waiting) >= MOST_WAITING else None
            if oldest:
                del self._waiting[oldest]
                with contextlib.suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self._waiting[request] = None
        super().process_request(request, client_address)

    def stop_waiting(self, request: socket.socket) -> None:
        """Note that a connection's request is there, or that it ended."""
        with self._changing:
            self._waiting.pop(request, None)


class _Connection(socketserver.BaseRequestHandler):
    """One connection: reads its request and writes the answer."""

    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            try:
                line = read_line(self.request, self.server.silence_seconds)
            finally:
                self.server.stop_waiting(self.request)
            if line is None or not self.server.free.acquire(blocking=False):
                return
            try:
                answer = self.server.answer(line)
            finally:
                self.server.free.release()
            self.request.settimeout(self.server.silence_seconds)
            self.request.sendall(answer + b"\n")


def read_line(channel: socket.socket, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> bytes | None:
    """Return one line without its end; None when it is too long, incomplete or not there after `seconds`.

    Raises OSError.
    """
    read, end = bytearray(), monotonic() + seconds
    while b"\n" not in read[-CHUNK_BYTES:]:
        channel.settimeout(max(end - monotonic(), 0.001))
        chunk = channel.recv(CHUNK_BYTES)
        read += chunk
        if not chunk or len(read) > LONGEST_LINE or monotonic() > end:
            return None
    return bytes(read[: read.index(b"\n")])
