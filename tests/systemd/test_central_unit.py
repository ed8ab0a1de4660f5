"""The units of the central server, checked by systemd's own tools: any output of theirs is a failure."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from sync.central.settings import load

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
