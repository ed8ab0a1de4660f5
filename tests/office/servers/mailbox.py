"""A mail server and a web server on this machine that record the messages they were sent."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec


@dataclass
class Mailbox:
    """The messages that arrived, and whether the next one is refused."""

    mails: list[Any] = field(default_factory=list)
    posts: list[dict[str, str]] = field(default_factory=list)
    is_closed: bool = False
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def subjects(self) -> list[str]:
        return [str(one["Subject"]).replace("\u202f", " ") for one in self.mails]


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[index, misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def post_office() -> Iterator[Mailbox]:
    """A mail server (RFC 5321, as much as it takes) and a web server, and the settings that lead to them."""
    found = Mailbox()

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"421 closed\r\n" if found.is_closed else b"220 here\r\n")
            for line in self.rfile:
                word = line.strip().upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    found.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
                if word == b"QUIT":
                    return

    class Web(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if found.is_closed:
                self.send_error(503)
                return
            body = self.rfile.read(int(self.headers["content-length"]))
            found.posts.append(msgspec.json.decode(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with (
        served(socketserver.TCPServer(("127.0.0.1", 0), Mail)) as smtp,
        served(HTTPServer(("127.0.0.1", 0), Web)) as web,
    ):
        found.told = {
            "alarms_to": ("anne@example.org", "louis@example.org"),
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp,
            "webhook": f"http://127.0.0.1:{web}/alarms",
        }
        yield found
