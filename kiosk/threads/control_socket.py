"""The unix socket for commands to the running kiosk: one line of JSON there, one line of JSON back.

The database has one writer, the controller; so whoever wants to change or ask something asks it here. What the lines
say is not decided here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

MODE = 0o660
LONGEST_LINE = 1 << 20
"""Bytes; a request longer than this is no request of ours."""


class ControlError(OSError):
    """No running kiosk answers at the socket."""


def ask(path: Path, request: bytes, *, seconds: float = 10.0) -> bytes:
    """Send one request to the running kiosk and return its answer.

    Raises ControlError when no kiosk listens at `path` or it does not answer within `seconds`.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(seconds)
            channel.connect(str(path))
            channel.sendall(request + b"\n")
            with channel.makefile("rb") as answers:
                answer = answers.readline()
    except OSError as error:
        raise ControlError(f"no kiosk answers at {path}: {error.strerror or error}") from error
    if not answer.endswith(b"\n"):
        raise ControlError(f"the kiosk at {path} ended before it answered")
    return answer[:-1]


class ControlServer:
    """Serves the socket: calls `answer` for each request, in a thread of the connection."""

    def __init__(
        self, path: Path, answer: Callable[[bytes], bytes], *, group: str = "kiosk", silence_seconds: float = 10.0
    ) -> None:
        """Take the socket at `path`, mode 0660, for `group` where the machine has it.

        Whoever connects and then says nothing, or does not read the answer, is hung up on: each has a thread here.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)

        class Handler(socketserver.StreamRequestHandler):
            timeout = silence_seconds

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    line = self.rfile.readline(LONGEST_LINE)
                    if line.endswith(b"\n"):
                        self.wfile.write(answer(line[:-1]) + b"\n")

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        self.path = path
        before = os.umask(0o777 & ~MODE)
        try:
            self._server = Server(str(path), Handler)
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
