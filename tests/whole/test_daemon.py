"""`kiosk run` as systemd runs it: a process of its own, a notification socket, signals."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from click.testing import CliRunner, Result
from gpiozero import DigitalOutputDevice

import kiosk
from hardware.simulator.board import WIRING
from kiosk.answers import Done, Media, Refused, Status, decode_answer
from kiosk.cli import kiosk as command_line
from kiosk.commands import AddMember, ExportBooks, ListMedia, SetClock, ShowStatus, encode_command
from kiosk.daemon import WATCHDOG_SECONDS
from kiosk.model import Granted
from kiosk.threads.control_socket import ask
from kiosk.threads.workers import Systemd
from kiosk.upkeep import backup
from tests.office.kiosks.running import SIZE, RunningKiosk
from tests.office.kiosks.stepped import MONDAY, UnsureClock
from tests.office.ledgers.small_house import lay_new_ledger

KIOSK = Path(sys.executable).with_name("kiosk")
STANDIN = Path(__file__).parents[1] / "machine/standin"
LA_SERRE = Path(kiosk.__file__).parent / "examples" / "la-serre.toml"


@pytest.fixture
def systemd(tmp_path):
    """What systemd hears at its notification socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(15)
        yield listener


class Service:
    """`kiosk run` with its settings in a folder."""

    def __init__(self, folder: Path) -> None:
        self.socket, self.settings = folder / "kiosk.sock", folder / "kiosk.toml"
        self.settings.write_text(
            f'site = "la-serre"\n[reader]\npath = "tty:NoReader0:pn532"\n[screen]\nfullscreen = false\n'
            f'[paths]\nstate = "{folder / "state"}"\nsocket = "{self.socket}"\n'
        )
        self.environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(folder / "notify"),
            "SDL_VIDEODRIVER": "dummy",
            "KIOSK_CONFIG": str(self.settings),
        }

    @contextmanager
    def start(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen([KIOSK, "run"], env=self.environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()  # a test that failed in between would be waited for without end

    def command(self, *words: str) -> Result:
        """Run a command beside the kiosk, in this process."""
        return CliRunner().invoke(command_line, words, env=self.environment)


def hears(listener: socket.socket, word: str) -> bool:
    """Wait until systemd hears this word."""
    while True:
        if word in listener.recv(1024).decode():
            return True


def test_the_service_tells_when_it_is_ready_that_it_lives_and_that_it_stops(tmp_path, systemd) -> None:
    service = Service(tmp_path)
    with service.start() as process:
        assert hears(systemd, "READY=1")
        assert hears(systemd, "WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        assert hears(systemd, "STOPPING=1")
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "reader down: /dev/NoReader0 is not there: plug the reader in" in errors
    assert "Traceback" not in errors
    assert not service.socket.exists()


def test_the_strike_is_driven_to_rest_before_the_ledger_is_opened(tmp_path, systemd) -> None:
    """Even by a kiosk that cannot open its ledger: one that was killed in mid-pulse may have left the door open."""
    service, lines = Service(tmp_path), tmp_path / "lines"
    with service.settings.open("a") as settings:
        settings.write("[door]\nstrike = 17\nactive_high = false\nforce = true\n")
    service.environment |= {"PYTHONPATH": str(STANDIN), "LINES": str(lines)}
    ledger = tmp_path / "state/ledger.db"
    ledger.parent.mkdir()
    lay_new_ledger(ledger)
    with sqlite3.connect(ledger) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with service.start() as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert "newer" in errors
    outputs = [row.split()[1:] for row in lines.read_text().splitlines()]
    assert ["17", "1"] in outputs


def test_a_line_that_somebody_else_holds_does_not_end_the_kiosk(tmp_path) -> None:
    running = RunningKiosk(tmp_path)
    with DigitalOutputDevice(WIRING["strike"], pin_factory=running.bench.board.factory), running:
        assert isinstance(running.tap("camille"), Granted)
        assert "door_down" in running.kiosk.controller.health()


def test_a_machine_without_a_site_and_without_a_reader_can_be_set_up_while_it_runs(tmp_path, systemd) -> None:
    service = Service(tmp_path)
    with service.start() as process:
        assert hears(systemd, "READY=1")
        refused = decode_answer(ask(service.socket, encode_command(ShowStatus())))
        assert isinstance(refused, Refused)
        assert "kiosk site import" in refused.message
        assert service.command("site", "import", str(LA_SERRE)).exit_code == 0
        assert isinstance(decode_answer(ask(service.socket, encode_command(AddMember(name="Zoé")))), Done)
        status = decode_answer(ask(service.socket, encode_command(ShowStatus())))
        assert isinstance(status, Status)
        assert (status.site, status.members) == ("La Serre", 2)
        machines_own = {"clock_untrusted"}  # whether somebody vouches for this machine's clock
        assert set(status.health) - machines_own == {"reader_down"}
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_kiosk_whose_screen_cannot_be_opened_serves_and_tells_of_it(tmp_path, systemd) -> None:
    service = Service(tmp_path)
    service.environment["SDL_VIDEODRIVER"] = "nosuchdriver"
    with service.start() as process:
        assert hears(systemd, "READY=1")
        assert service.command("site", "import", str(LA_SERRE)).exit_code == 0
        assert "Dark; the reader and the door work on" in service.command("status").stdout
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_what_was_answered_survives_a_kill_and_the_next_start_goes_on(tmp_path, systemd) -> None:
    service = Service(tmp_path)
    with service.start() as process:
        assert hears(systemd, "READY=1")
        assert service.command("site", "import", str(LA_SERRE)).exit_code == 0
        assert service.command("member", "add", "Zoé").exit_code == 0
        process.kill()
        process.communicate(timeout=30)
    with service.start() as process:
        assert hears(systemd, "READY=1")
        assert "Zoé" in service.command("member", "list").stdout
        assert "all as it should be" in service.command("ledger", "verify").stdout
        process.terminate()
        process.communicate(timeout=30)


def test_a_second_kiosk_on_the_same_ledger_says_who_holds_it(tmp_path, systemd) -> None:
    service = Service(tmp_path)
    with service.start() as first:
        assert hears(systemd, "READY=1")
        second = subprocess.run([KIOSK, "run"], env=service.environment, capture_output=True, text=True, timeout=60)
        assert second.returncode == 1
        assert f"is held by process {first.pid}" in second.stderr
        assert hears(systemd, "WATCHDOG=1")
        first.terminate()
        first.communicate(timeout=30)


def test_a_running_kiosk_tells_how_each_part_of_it_is(tmp_path) -> None:
    with RunningKiosk(tmp_path) as running:
        running.tap("camille")  # so the reader has told its name
        parts = parts_of(running)
    assert (parts["reader"], parts["door"], parts["exchange"]) == ("reader_up", "door_wired", "exchange_alone")
    assert parts["versions"] == "versions"


def test_a_copy_of_the_ledger_shows_in_the_health_of_a_running_kiosk(tmp_path) -> None:
    with RunningKiosk(tmp_path) as running:
        assert parts_of(running)["copy"] == "copy_none"
        backup.make(running.bench.config(SIZE), running.bench.clock.now().date())
        assert parts_of(running)["copy"] == "copy_made"


def parts_of(running: RunningKiosk) -> dict[str, str]:
    status = running.asks(ShowStatus())
    assert isinstance(status, Status)
    assert status.running
    return {vital.part: vital.code for vital in status.vitals}


def test_a_host_s_word_sets_the_clock_of_a_kiosk_that_lost_the_time(tmp_path) -> None:
    running = RunningKiosk(tmp_path)
    running.bench.clock = UnsureClock(MONDAY)
    with running:
        told = f"{running.bench.clock.now() + timedelta(hours=5):%Y-%m-%dT%H:%M:00}"
        answer = running.asks(SetClock(at=datetime.fromisoformat(told)))
        assert isinstance(answer, Done), answer
        set_to = datetime.fromisoformat(answer.id or "")
        assert set_to <= running.bench.clock.now() < set_to + timedelta(seconds=30)


def test_a_running_kiosk_tells_the_sticks_that_are_plugged_in_and_copies_onto_no_other_folder(tmp_path) -> None:
    with RunningKiosk(tmp_path) as running:
        assert isinstance(running.asks(ListMedia()), Media)
        refused = running.asks(ExportBooks(medium=str(tmp_path)))
    assert isinstance(refused, Refused)
    assert refused.code == "NO_MEDIUM"


@pytest.mark.parametrize("name", ["controller", "reader", "control"])
def test_a_worker_that_hangs_starves_the_watchdog(tmp_path, systemd, name) -> None:
    with RunningKiosk(tmp_path) as running:
        told = Systemd(str(tmp_path / "notify"))
        assert told.alive(running.kiosk.workers)
        worker = next(one for one in running.kiosk.workers if one.name == name)
        worker.silence_seconds = -1.0  # as if its last heartbeat were long ago
        assert not told.alive(running.kiosk.workers)
    assert systemd.recv(1024) == b"WATCHDOG=1"


class Frozen:
    """A call that does not come back until it is thawed."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self.met, self.thawed = threading.Event(), threading.Event()

    def __call__(self) -> Any:
        self.met.set()
        self.thawed.wait(30)
        return self._call()


def starves(running: RunningKiosk, told: Systemd, *, within: float = 20.0) -> bool:
    """Wait until the watchdog is no longer fed, as the daemon would feed it."""
    give_up = monotonic() + within
    while told.alive(running.kiosk.workers):
        if monotonic() > give_up:
            return False
        threading.Event().wait(0.05)
    return True


def test_a_database_that_does_not_answer_starves_the_watchdog(tmp_path) -> None:
    told = Systemd("")
    with RunningKiosk(tmp_path) as running:
        controller = next(one for one in running.kiosk.workers if one.name == "controller")
        controller.silence_seconds = 1.5  # a beat comes every second
        ledger = running.kiosk.controller._ledger
        ledger._stamp = frozen = Frozen(ledger._stamp)  # in the midst of a transaction, where a disk would hang
        running.bench.put("camille")
        assert frozen.met.wait(10)
        assert starves(running, told)
        frozen.thawed.set()
        assert running.verdicts.get(timeout=10).reason == "ENTRY_USED"
        running.asks(ShowStatus())
        assert told.alive(running.kiosk.workers)


def heard_until_ready(listener: socket.socket) -> list[str]:
    words: list[str] = []
    while not words or not words[-1].startswith("READY=1"):
        words.append(listener.recv(1024).decode())
    return words


@pytest.mark.parametrize("is_damaged", [True, False])
def test_systemd_is_asked_for_time_while_a_damaged_ledger_is_mended_and_only_then(
    tmp_path, systemd, monkeypatch, is_damaged
) -> None:
    with RunningKiosk(tmp_path) as running:
        ledger = running.bench.config(SIZE).paths.ledger
    if is_damaged:
        ledger.write_bytes(bytes(ledger.stat().st_size))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with RunningKiosk(tmp_path, is_blank=True):  # nothing is put into the ledger by others
        words = heard_until_ready(systemd)
    asked = [word for word in words if word.startswith("EXTEND_TIMEOUT_USEC=")]
    assert len(asked) == is_damaged
    assert all(int(word.split("\n")[0].partition("=")[2]) > 60_000_000 for word in asked)


def test_a_screen_that_is_not_drawn_starves_the_watchdog(tmp_path, systemd, monkeypatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with RunningKiosk(tmp_path) as running:
        assert hears(systemd, "WATCHDOG=1")
        running.screen._monotonic = frozen = Frozen(
            running.bench.clock.monotonic
        )  # asked at every turn of the loop that draws
        running.bench.put("camille")
        assert frozen.met.wait(10)
        systemd.settimeout(2.5 * WATCHDOG_SECONDS)
        with pytest.raises(TimeoutError):
            hears(systemd, "nothing of the kind")
        frozen.thawed.set()
        assert hears(systemd, "WATCHDOG=1")


def test_every_part_is_missed_within_ten_seconds(tmp_path) -> None:
    with RunningKiosk(tmp_path) as running:
        silences = {worker.name: worker.silence_seconds for worker in running.kiosk.workers}
    assert silences.keys() >= {"controller", "reader", "control"}
    assert {name for name, seconds in silences.items() if seconds + WATCHDOG_SECONDS > 10} == set()
