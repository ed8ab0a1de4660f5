"""The socket through which commands reach the running kiosk."""

import socket
import socketserver
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kiosk.threads.control_socket import (
    LONGEST_LINE,
    MOST_ANSWERING,
    MOST_WAITING,
    ControlError,
    ControlServer,
    ask,
    read_line,
)


@pytest.fixture
def serve(tmp_path: Path):
    """Start a server that answers with this function; returns the path of its socket."""
    servers = []

    def start(answer, **more) -> Path:
        server = ControlServer(tmp_path / "run" / "kiosk.sock", answer, **more)
        stop = threading.Event()
        thread = threading.Thread(target=server.run, args=(stop, lambda: None))
        thread.start()
        servers.append((server, stop, thread))
        return server.path

    yield start
    for server, stop, thread in servers:
        stop.set()
        thread.join(5)
        server.close()


def test_a_line_is_answered_with_a_line(serve) -> None:
    path = serve(lambda line: line.upper())
    assert ask(path, "prénom".encode()) == b"PR\xc3\xa9NOM"


def test_requests_that_wait_do_not_block_the_others(serve) -> None:
    release = threading.Event()

    def answer(line: bytes) -> bytes:
        if line == b"slow":
            release.wait(5)
        return line

    path = serve(answer)
    answers: list[bytes] = []
    slow = threading.Thread(target=lambda: answers.append(ask(path, b"slow")))
    slow.start()
    answers.append(ask(path, b"quick"))
    release.set()
    slow.join(5)
    assert answers == [b"quick", b"slow"]


def test_who_connects_and_says_nothing_is_hung_up_on(serve) -> None:
    path = serve(lambda line: line, silence_seconds=0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.settimeout(10)
        silent.connect(str(path))
        assert silent.recv(1) == b""


def test_only_the_owner_and_the_group_may_speak(serve) -> None:
    path = serve(lambda line: line)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_socket_left_by_a_killed_kiosk_is_taken_over(serve, tmp_path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "kiosk.sock").touch()
    assert ask(serve(lambda line: line), b"alive") == b"alive"


def test_where_no_kiosk_runs_the_error_says_so(tmp_path) -> None:
    with pytest.raises(ControlError, match=r"no kiosk answers at .*kiosk\.sock: No such file"):
        ask(tmp_path / "kiosk.sock", b"hello")


def test_a_kiosk_that_dies_before_it_answers_is_no_answer(serve) -> None:
    def answer(line: bytes) -> bytes:
        raise BrokenPipeError

    with pytest.raises(ControlError, match="ended before it answered"):
        ask(serve(answer), b"hello")


# ---------------------------------------------------------------- connections that are no use


class UnboundedServer(socketserver.ThreadingUnixStreamServer):
    """The bad twin: waits for each connection's line for as long as bytes come, and for any number of them."""

    daemon_threads = True

    class RequestHandlerClass(socketserver.StreamRequestHandler):
        timeout = 60

        def handle(self) -> None:
            self.rfile.readline(LONGEST_LINE)


@pytest.fixture
def unbounded(tmp_path) -> Iterator[Path]:
    path = tmp_path / "unbounded.sock"
    with UnboundedServer(str(path), UnboundedServer.RequestHandlerClass) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield path
        server.shutdown()
        thread.join(5)


def connected(path: Path, stack: ExitStack) -> socket.socket:
    """A connection made; the server may be slow to take it."""
    while True:
        channel = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        channel.settimeout(10)
        try:
            channel.connect(str(path))
        except BlockingIOError:
            channel.close()
        else:
            return channel


def wait_for_threads(before: int, number: int) -> bool:
    """Whether there come to be at most so many more threads than before."""
    for _ in range(500):
        if threading.active_count() - before <= number:
            return True
        threading.Event().wait(0.01)
    return False


def test_sixty_silent_connections_leave_room_for_a_command(serve) -> None:
    path, before = serve(lambda line: line, silence_seconds=60), threading.active_count()
    with ExitStack() as stack:
        for _ in range(60):
            connected(path, stack)
        assert ask(path, b"status") == b"status"
        assert wait_for_threads(before, MOST_WAITING)


def test_a_server_that_closes_none_of_them_has_a_thread_for_each(unbounded) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(60):
            connected(unbounded, stack).sendall(b"h")
        assert not wait_for_threads(before, MOST_WAITING)


def test_the_connection_that_waited_longest_is_closed_first(serve) -> None:
    path = serve(lambda line: line, silence_seconds=60)
    with ExitStack() as stack:
        silent = [connected(path, stack) for _ in range(MOST_WAITING + 1)]
        assert silent[0].recv(1) == b""
        silent[-1].sendall(b"hello\n")
        assert silent[-1].recv(6) == b"hello\n"


def test_no_more_requests_are_answered_at_once_than_there_are_threads_for(serve) -> None:
    release, begun = threading.Event(), threading.Semaphore(0)

    def answer(line: bytes) -> bytes:
        begun.release()
        release.wait(10)
        return line

    path = serve(answer)
    with ExitStack() as stack:
        asking = [connected(path, stack) for _ in range(MOST_ANSWERING)]
        for channel in asking:
            channel.sendall(b"slow\n")
        for _ in asking:
            assert begun.acquire(timeout=10)
        with pytest.raises(ControlError):
            ask(path, b"one more")
        release.set()
        assert [channel.recv(5) for channel in asking] == [b"slow\n"] * MOST_ANSWERING
    assert ask(path, b"again") == b"again"


def test_half_a_line_and_a_line_without_an_end_are_closed_and_the_next_is_answered(serve) -> None:
    path = serve(lambda line: line, silence_seconds=0.2)
    with ExitStack() as stack:
        half, endless = connected(path, stack), connected(path, stack)
        half.sendall(b'{"type":')
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            endless.sendall(b"x" * (2 * LONGEST_LINE))
        assert half.recv(1) == b""
    assert ask(path, b"status") == b"status"


class Drip:
    """A connection on which some bytes come each second."""

    def __init__(self, each: int = 1) -> None:
        self.now, self.sent, self._each = 0.0, 0, each

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv(self, _most: int) -> bytes:
        self.now, self.sent = self.now + 1, self.sent + self._each
        return b"x" * self._each


def test_a_request_that_comes_byte_by_byte_is_not_waited_for_longer_than_a_silent_one() -> None:
    drip = Drip()
    assert read_line(drip, 10, lambda: drip.now) is None  # type: ignore[arg-type]
    assert drip.sent == 11


def test_a_clock_that_is_asked_at_each_byte_only_waits_for_all_of_them() -> None:
    drip = Drip(256)
    assert read_line(drip, 10, lambda: 0.0) is None  # type: ignore[arg-type]
    assert drip.sent == LONGEST_LINE + 256


def test_a_request_that_no_kiosk_takes_is_not_sent(tmp_path) -> None:
    with pytest.raises(ControlError, match="longer than the 1048576 bytes"):
        ask(tmp_path / "kiosk.sock", b"x" * LONGEST_LINE)
