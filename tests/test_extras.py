"""A door runs without what only a server needs, and a server without what only a door needs."""

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOOR, CENTRAL = (
    set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / f"requirements-{name}.txt").read_text(), re.MULTILINE))
    for name in ("door", "central")
)


def only_of(packages: set[str], others: set[str]) -> list[str]:
    """The modules of the packages that the others do not have."""
    return [
        module
        for module, names in packages_distributions().items()
        if {re.sub(r"[-_.]+", "-", name.lower()) for name in names} <= packages - others
    ]


SERVER = "from sync.central.__main__ import main; main()"
KIOSK = "from kiosk.cli import main; main()"


def run_without(modules: list[str], program: str, *args: str, home: Path, typed: str = "") -> tuple[int, str]:
    """The exit code and output of a program in a Python that cannot import these modules."""
    code = f"import sys; sys.modules.update(dict.fromkeys({modules!r})); {program}"
    env = os.environ | {"XDG_STATE_HOME": str(home), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    command = [sys.executable, "-c", code, *args]
    done = subprocess.run(command, input=typed, capture_output=True, text=True, env=env, timeout=120, cwd=home)
    return done.returncode, done.stdout + done.stderr


def test_the_lists_differ_in_what_has_wires_and_what_serves_pages() -> None:
    assert {"pygame", "nfc", "gpiozero", "serial", "cryptography"} <= set(only_of(DOOR, CENTRAL))
    assert {"litestar", "uvicorn", "pyotp", "psycopg", "prometheus_client"} <= set(only_of(CENTRAL, DOOR))


def test_a_kiosk_runs_without_the_servers_packages(tmp_path) -> None:
    code, told = run_without(only_of(CENTRAL, DOOR), KIOSK, "demo", "--alone", home=tmp_path, typed="tap camille\n")
    assert code == 0, told
    assert "accordé ENTRY_USED Camille Roux" in told


def test_a_server_runs_without_the_doors_packages(tmp_path) -> None:
    served = """

from litestar.testing import TestClient
from sync.central import pages
from sync.central.http.app import create_app
from sync.central.settings import Settings
with TestClient(create_app(Settings(database="central.db"), routes=[pages.router()])) as client:
    print(client.get("/health").status_code, client.get("/", follow_redirects=True).status_code)
"""
    code, told = run_without(only_of(DOOR, CENTRAL), f"exec({served!r})", home=tmp_path)
    assert code == 0, told
    assert told.split() == ["200", "200"]


@pytest.mark.parametrize("module", ["pyotp", "litestar", "uvicorn"])
def test_a_server_without_its_packages_says_in_a_sentence_what_to_install(module, tmp_path) -> None:
    code, told = run_without([module], SERVER, "--database", "central.db", "run", home=tmp_path)
    assert code == 1
    assert re.fullmatch(rf"kiosk-central needs the package {module}, .*: pip install 'kiosk\[central\]'\n", told)


@pytest.mark.parametrize("module", ["pygame", "nfc", "gpiozero"])
def test_a_kiosk_without_its_packages_says_in_a_sentence_what_to_install(module, tmp_path) -> None:
    code, told = run_without([module], KIOSK, "demo", "--alone", home=tmp_path)
    assert code == 1
    assert told == f"Error: this needs the package {module}, which is not installed: pip install 'kiosk[door]'\n"


def test_the_command_runs_as_a_module(tmp_path) -> None:
    told = subprocess.run([sys.executable, "-m", "kiosk", "--version"], capture_output=True, text=True, cwd=tmp_path)
    assert told.stdout.startswith("kiosk, version")
