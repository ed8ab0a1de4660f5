"""The units of the central server, checked by systemd's own tools: any output of theirs is a failure."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from sync.central.accounts.sessions import AT_ONCE
from sync.central.http.app import THREADS
from sync.central.http.connections import MOST_CONNECTIONS
from sync.central.settings import load
from tests.office.network.processes import CentralProcess

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = (SYSTEMD / "kiosk-central.service").read_text()
INSTALLED = "/opt/kiosk-central/current/bin/kiosk-central"


def run(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "SYSTEMD_LOG_COLOR": "0"})
    return done.returncode, done.stdout + done.stderr


def written(folder: Path, unit: str) -> str:
    path = folder / "kiosk-central.service"
    path.write_text(unit.replace(INSTALLED, "/bin/true"))
    return str(path)


def is_hard_enough(folder: Path, unit: str = UNIT) -> bool:
    """Whether its exposure is at most 1.5 of 10."""
    code, _ = run("systemd-analyze", "security", "--offline=true", "--threshold=15", written(folder, unit))
    return code == 0


def altered(old: str, new: str) -> str:
    assert old in UNIT
    return UNIT.replace(old, new)


def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    assert run("systemd-analyze", "verify", "--man=no", written(tmp_path, UNIT)) == (0, "")


def test_a_mistake_in_the_unit_is_found(tmp_path: Path) -> None:
    mistaken = altered("ProtectSystem=strict", "ProtectSystem=very")
    assert run("systemd-analyze", "verify", "--man=no", written(tmp_path, mistaken))[1] != ""


def test_the_server_is_exposed_to_1_and_a_half_of_10_at_most(tmp_path: Path) -> None:
    assert is_hard_enough(tmp_path)


def test_a_softer_unit_is_found(tmp_path: Path) -> None:
    softer = altered("CapabilityBoundingSet=\n", "").replace("PrivateUsers=yes\n", "")
    assert not is_hard_enough(tmp_path, softer)


def limit(unit: str, name: str) -> int:
    (told,) = re.findall(rf"^{name}=(\d+)$", unit, re.MULTILINE)
    return int(told)


def is_roomy_and_bounded(unit: str) -> bool:
    """Whether there are files for all connections that are taken, and threads for all pools, and not much more."""
    files, tasks = limit(unit, "LimitNOFILE"), limit(unit, "TasksMax")
    most_tasks = THREADS + 4 * (AT_ONCE + 1) + 10  # Argon2 starts four; folding, messages, orders and the main one
    return 1.5 * MOST_CONNECTIONS <= files <= 4 * MOST_CONNECTIONS and most_tasks <= tasks <= 256


def test_there_are_files_and_threads_for_what_is_taken_at_most() -> None:
    assert is_roomy_and_bounded(UNIT)


@pytest.mark.parametrize("narrow", [("LimitNOFILE=8192", "LimitNOFILE=1024"), ("TasksMax=128", "TasksMax=20")])
def test_a_unit_with_too_few_files_or_threads_is_found(narrow: tuple[str, str]) -> None:
    assert not is_roomy_and_bounded(altered(*narrow))


def test_the_process_has_as_many_files_as_the_unit_says_and_answers_beside_many_connections(tmp_path: Path) -> None:
    """The limits of the unit, set for a real server by the shell, as systemd would."""
    limits = f"ulimit -n {limit(UNIT, 'LimitNOFILE')}"
    with CentralProcess(tmp_path / "server", limits=limits) as server, ExitStack() as stack:
        for _ in range(600):
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", server.port), 10)))
        assert requests.get(f"{server.url}/health", timeout=10).ok


def test_with_few_files_it_would_not(tmp_path: Path) -> None:
    with CentralProcess(tmp_path / "server", limits="ulimit -n 64") as server, ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", server.port), 10)))
        with pytest.raises(requests.RequestException):
            requests.get(f"{server.url}/health", timeout=1)


def test_it_runs_the_server_as_a_user_of_its_own(tmp_path: Path) -> None:
    assert re.search(rf"^ExecStart={INSTALLED} --config /etc/kiosk/central\.toml run$", UNIT, re.MULTILINE)
    (tmp_path / "etc").mkdir()
    code, words = run("systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "kiosk-central.sysusers"))
    assert code == 0, words
    assert "kiosk-central" in (tmp_path / "etc/passwd").read_text()


def test_the_databases_url_may_be_a_credential_and_need_not_be() -> None:
    (credential,) = re.findall(r"^LoadCredential=(.*)$", UNIT, re.MULTILINE)
    name, store = credential.split(":")
    assert name == "database.url"
    assert "/" not in store


def test_the_server_takes_its_databases_url_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret, central = tmp_path / "database.url", tmp_path / "central.toml"
    secret.write_text("postgresql://kiosks:secret@localhost/kiosks\n")
    central.write_text(f'database_file = "{secret}"\n')
    assert load(central).database == "postgresql://kiosks:secret@localhost/kiosks"


def test_an_empty_file_for_the_databases_url_is_named(tmp_path: Path) -> None:
    secret, central = tmp_path / "database.url", tmp_path / "central.toml"
    secret.touch()
    central.write_text(f'database_file = "{secret}"\n')
    with pytest.raises(ValueError, match=re.escape(f"{secret} is empty")):
        load(central)
