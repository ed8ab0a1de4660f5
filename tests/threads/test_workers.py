"""Worker threads report whether they live, and systemd is told."""

import queue
import socket
import threading
from pathlib import Path

import pytest

from kiosk.threads.workers import Systemd, Worker, stop_all


def until_told(stop, beat) -> None:
    beat()
    stop.wait()


@pytest.fixture
def systemd(tmp_path: Path):
    """The socket that systemd would listen at, and who speaks to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener, Systemd(str(tmp_path / "notify"))


def heard(listener: socket.socket) -> list[str]:
    words = []
    try:
        while True:
            words.append(listener.recv(1024).decode())
    except BlockingIOError:
        return words


def test_a_worker_that_is_told_to_stop_ends_quietly() -> None:
    ends: list[Worker] = []
    worker = Worker("waiter", until_told)
    worker.start(ends.append)
    assert stop_all([worker], seconds=5) == []
    assert ends == []
    assert worker.failed is None


def test_a_worker_that_dies_tells_its_owner() -> None:
    def body(stop, beat) -> None:
        raise RuntimeError("broken")

    ends: queue.Queue[Worker] = queue.Queue()
    worker = Worker("mortal", body)
    worker.start(ends.put)
    assert ends.get(timeout=5) is worker
    assert str(worker.failed) == "broken"


def test_a_worker_that_returns_without_being_told_to_counts_as_dead() -> None:
    told = threading.Event()
    worker = Worker("deserter", lambda stop, beat: None)
    worker.start(lambda who: told.set())
    assert told.wait(5)
    assert worker.failed is None


def test_a_worker_that_does_not_end_is_named() -> None:
    release = threading.Event()

    def body(stop, beat) -> None:
        release.wait()

    worker = Worker("stubborn", body)
    worker.start(lambda who: None)
    assert stop_all([worker], seconds=0.01) == ["stubborn"]
    release.set()
    assert worker.join(5)


class Patient(Worker):
    """Remembers how long it was waited for."""

    def join(self, seconds: float) -> bool:
        self.waited = seconds
        return super().join(seconds)


def test_workers_that_do_not_end_are_waited_for_together_and_not_in_turn() -> None:
    release = threading.Event()

    def body(stop, beat) -> None:
        release.wait()

    workers = [Patient(name, body) for name in ("one", "two", "three")]
    for worker in workers:
        worker.start(lambda who: None)
    assert stop_all(workers, seconds=0.05) == ["one", "two", "three"]
    assert sum(worker.waited for worker in workers) < 2 * 0.05
    release.set()


def test_the_watchdog_is_fed_while_every_worker_beats(systemd) -> None:
    listener, notify = systemd
    worker = Worker("alive", until_told, silence_seconds=1000)
    worker.beat()
    assert notify.alive([worker])
    assert heard(listener) == ["WATCHDOG=1"]


def test_the_watchdog_starves_when_one_worker_hangs(systemd) -> None:
    listener, notify = systemd
    healthy = Worker("healthy", until_told, silence_seconds=1000)
    hanging = Worker("hanging", until_told, silence_seconds=-1)
    assert not notify.alive([healthy, hanging])
    assert heard(listener) == []


def test_systemd_hears_when_the_service_is_ready_and_when_it_stops(systemd) -> None:
    listener, notify = systemd
    notify.ready("Serres")
    notify.stopping()
    assert heard(listener) == ["READY=1\nSTATUS=Serres", "STOPPING=1"]


def test_without_systemd_nothing_is_said_and_nothing_breaks() -> None:
    Systemd("").ready("alone")
    Systemd("/nowhere/notify").ready("nobody listens")
