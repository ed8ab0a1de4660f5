"""A real server and real sockets: who sends slowly, sends too much or reads nothing is cut off; others are answered."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sync import wire
from sync.central.http.connections import MOST_HEAD_BYTES, MOST_UNFINISHED, BoundedProtocol, bounded
from sync.central.http.serving import Server
from sync.central.server import Central
from sync.central.settings import Settings
from tests.office.servers.server import app_of, leave, new_database
from tests.sync.test_news import PATIENCE, until

SOON = 0.3
REQUEST = b"GET /v1/time HTTP/1.1\r\nhost: x\r\n\r\n"


class Hasty(BoundedProtocol):
    """Waits for nothing longer than a moment."""

    head_seconds = body_seconds = answer_seconds = SOON


class HastyWithAnswers(BoundedProtocol):
    """Waits long for requests, and for a moment until an answer is taken."""

    answer_seconds = SOON


class RunningServer:
    """A server at work on a port of this machine."""

    def __init__(self, central: Central, server: Server, port: int) -> None:
        self.central, self._server, self.port = central, server, port

    def opens(self, *, reads: int = 0) -> socket.socket:
        """A connection; `reads`: how many bytes its end takes before they are read."""
        line = socket.socket()
        if reads:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reads)
        line.settimeout(PATIENCE)
        line.connect(("127.0.0.1", self.port))
        return line

    @property
    def connections(self) -> int:
        return len(self._server.server_state.connections)

    def answers(self) -> bool:
        return requests.get(f"http://127.0.0.1:{self.port}{wire.TIME}", timeout=PATIENCE).ok


@contextmanager
def running(folder: Path, protocol: Callable[..., object] = bounded()) -> Iterator[RunningServer]:  # noqa: B008
    central = Central(Settings(database=new_database("sqlite", folder)))
    app = app_of(central)
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = Server(app, http=protocol, timeout_graceful_shutdown=1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield RunningServer(central, server, door.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
    leave(app)


def is_cut(line: socket.socket, *, seconds: float = PATIENCE) -> bool:
    """Whether the server closes a connection within so long; what it still says is read."""
    line.settimeout(seconds)
    try:
        while line.recv(1 << 16):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True


SLOW = {
    "says nothing": b"",
    "sends half a line": b"GET /v1/ti",
    "sends half its headers": b"GET /v1/time HTTP/1.1\r\nhost: x\r\n",
    "sends empty lines": b"\r\n\r\n",
    "sends half a body": b"POST /v1/enroll HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n{",
    "sends half a piece": b"POST /v1/enroll HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n90\r\n{",
    "begins a second request": REQUEST + b"GET /v1/ti",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW.keys())
def test_who_does_not_end_what_they_began_is_cut_off_and_others_are_answered(tmp_path: Path, sent: bytes) -> None:
    with running(tmp_path, bounded(Hasty)) as server, closing(server.opens()) as line:
        line.sendall(sent)
        assert server.answers()
        assert is_cut(line)
        assert server.answers()


@pytest.mark.parametrize("sent", [SLOW["says nothing"], SLOW["sends half its headers"], SLOW["sends half a body"]])
def test_without_these_bounds_they_would_stay(tmp_path: Path, sent: bytes) -> None:
    with running(tmp_path, HttpToolsProtocol) as server, closing(server.opens()) as line:
        line.sendall(sent)
        assert not is_cut(line, seconds=3 * SOON)


def test_a_letter_now_and_then_does_not_keep_a_connection(tmp_path: Path) -> None:
    with running(tmp_path, bounded(Hasty)) as server, closing(server.opens()) as line:
        until(partial(drips, line))


def drips(line: socket.socket) -> bool:
    """Send one more letter of a header; tell whether the connection is gone."""
    try:
        line.send(b"x")
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def whole_answer(line: socket.socket) -> bytes:
    """Read an answer to its end, in however many pieces it comes."""
    found = b""
    while True:
        head, mark, body = found.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if mark and length and len(body) >= int(length[1]):
            return found
        found += line.recv(1 << 16) or pytest.fail("the line was cut")


def test_a_request_in_many_pieces_is_answered_and_the_next_one_too(tmp_path: Path) -> None:
    with running(tmp_path, bounded()) as server, closing(server.opens()) as line:
        for _ in range(2):
            for letter in REQUEST:
                line.sendall(bytes([letter]))
            assert whole_answer(line).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(("protocol", "is_bounded"), [(bounded(), True), (HttpToolsProtocol, False)])
def test_headers_without_end_are_not_kept(tmp_path: Path, protocol, is_bounded: bool) -> None:
    with running(tmp_path, protocol) as server, closing(server.opens()) as line:
        line.sendall(REQUEST[:-2])
        header = b"x: " + b"y" * 1000 + b"\r\n"
        try:
            for _ in range(3 * MOST_HEAD_BYTES // len(header)):
                line.sendall(header)
            line.sendall(b"\r\n")
            answer = line.recv(1 << 16)
        except ConnectionError:
            answer = b""
        assert (b"200 OK" not in answer) is is_bounded
        assert server.answers()


@pytest.mark.parametrize(("protocol", "is_bounded"), [(bounded(HastyWithAnswers), True), (HttpToolsProtocol, False)])
def test_who_reads_no_answer_is_cut_off(tmp_path: Path, protocol, is_bounded: bool) -> None:
    many = b"GET /schema/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 500  # more than the kernel takes for them
    with running(tmp_path, protocol) as server, closing(server.opens(reads=4096)) as line:
        line.sendall(many)
        until(lambda: server.connections == 1)
        gone = threading.Event()
        for _ in range(int((PATIENCE if is_bounded else 5 * SOON) / 0.05)):
            if server.connections == 0 or gone.wait(0.05):
                break
        assert (server.connections == 0) is is_bounded


def test_of_too_many_who_say_nothing_the_oldest_is_cut_off_and_others_are_answered(tmp_path: Path) -> None:
    with running(tmp_path, bounded()) as server, ExitStack() as stack:
        silent = [stack.enter_context(closing(server.opens())) for _ in range(MOST_UNFINISHED)]
        until(lambda: server.connections == MOST_UNFINISHED)
        assert not is_cut(silent[0], seconds=SOON)
        more = [stack.enter_context(closing(server.opens())) for _ in range(3)]
        assert all(is_cut(line) for line in silent[:3])
        assert server.answers()
        assert not is_cut(more[-1], seconds=SOON)
