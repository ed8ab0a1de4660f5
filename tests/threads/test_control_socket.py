"""The socket through which commands reach the running kiosk."""

import socket
import stat
import threading
from pathlib import Path

import pytest

from kiosk.threads.control_socket import ControlError, ControlServer, ask


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
