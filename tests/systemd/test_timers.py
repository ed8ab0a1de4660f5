"""The nightly timers: as restricted as the services themselves, and only existing commands."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
TIMERS = sorted(SYSTEMD.glob("*.timer"))
PROGRAM = re.compile(r"/opt/(kiosk|kiosk-central)/current/bin/\1 ")


def run(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "SYSTEMD_LOG_COLOR": "0"})
    return done.returncode, done.stdout + done.stderr


def copies(folder: Path, timer: Path) -> tuple[Path, Path]:
    """A timer and its service in a folder, the service starting a program that exists."""
    service = folder / timer.with_suffix(".service").name
    service.write_text(PROGRAM.sub("/bin/true ", timer.with_suffix(".service").read_text()))
    copied = folder / timer.name
    copied.write_text(timer.read_text())
    return copied, service


@pytest.mark.parametrize("timer", TIMERS, ids=lambda path: path.stem)
def test_systemd_has_nothing_to_say_against_a_timer(tmp_path, timer):
    for path in copies(tmp_path, timer):
        assert run("systemd-analyze", "verify", "--man=no", path) == (0, "")


@pytest.mark.parametrize("timer", TIMERS, ids=lambda path: path.stem)
def test_nightly_work_is_exposed_to_1_of_10_at_most(tmp_path, timer):
    _, service = copies(tmp_path, timer)
    assert run("systemd-analyze", "security", "--offline=true", "--threshold=10", service)[0] == 0


def test_a_mistake_in_a_timer_is_found(tmp_path):
    timer, _ = copies(tmp_path, TIMERS[0])
    timer.write_text(timer.read_text().replace("Persistent=yes", "Persistant=yes"))
    assert run("systemd-analyze", "verify", "--man=no", timer)[1] != ""


@pytest.mark.parametrize("timer", TIMERS, ids=lambda path: path.stem)
def test_nightly_work_is_that_of_its_user_and_yields_to_the_door(timer):
    service = timer.with_suffix(".service").read_text()
    name = timer.stem.rpartition("-")[0]
    assert f"\nUser={name}\n" in service
    assert "\nNice=15\n" in service
    assert f"/opt/{name}/current/bin/{name} " in service


def test_systemd_starts_only_what_no_thread_does_or_what_is_owed_while_nothing_runs():
    assert {timer.stem for timer in TIMERS} == {"kiosk-central-backup", "kiosk-retention", "kiosk-central-retention"}
