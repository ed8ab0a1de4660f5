"""What systemd is told about the central server, asked of systemd's own tools: any word of theirs is a failure."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

SYSTEMD = Path(__file__).parents[1] / "systemd"
UNIT = (SYSTEMD / "kiosk-central.service").read_text()
INSTALLED = "/opt/kiosk/.venv/bin/kiosk-central"


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


def test_it_runs_the_server_as_a_user_of_its_own(tmp_path: Path) -> None:
    assert re.search(rf"^ExecStart={INSTALLED} --config /etc/kiosk/central\.toml run$", UNIT, re.MULTILINE)
    (tmp_path / "etc").mkdir()
    code, words = run("systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "kiosk-central.sysusers"))
    assert code == 0, words
    assert "kiosk-central" in (tmp_path / "etc/passwd").read_text()
