"""Whether a kiosk that nobody sees is shown by way of a compositor, and what the script for that starts."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from kiosk.daemon.compositor import script_for

SCRIPT = Path(__file__).parents[2] / "systemd" / "compositor"
PLUGGED = frozenset({"HDMI-A-1"})
SHOWN = 'echo "$SDL_VIDEODRIVER $SDL_FRAMEBUFFER_ACCELERATION $DISPLAY"'


def program(folder: Path, name: str, does: str = "exit 1") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{does}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder that is searched before all others, with a compositor and an X server in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cage", "Xwayland"):
        program(folder, name)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize("trouble", ["screen_dark", "screen_black"])
def test_a_screen_that_shows_nothing_is_tried_by_way_of_a_compositor(programs, trouble):
    assert script_for("kmsdrm", trouble, PLUGGED, SCRIPT) == SCRIPT


@pytest.mark.parametrize(
    ("driver", "trouble", "plugged", "script"),
    [
        ("kmsdrm", "", PLUGGED, SCRIPT),
        ("kmsdrm", "screen_pulled", PLUGGED, SCRIPT),
        ("kmsdrm", "screen_dark", frozenset(), SCRIPT),
        ("x11", "screen_dark", PLUGGED, SCRIPT),
        ("dummy", "screen_dark", PLUGGED, SCRIPT),
        ("kmsdrm", "screen_dark", PLUGGED, Path("/opt/kiosk/nowhere")),
    ],
    ids=["it is seen", "it was pulled", "there is no screen", "a second time", "not asked for", "not installed"],
)
def test_otherwise_it_is_not(programs, driver, trouble, plugged, script):
    assert script_for(driver, trouble, plugged, script) is None


@pytest.mark.parametrize("missing", ["cage", "Xwayland"])
def test_nor_where_a_program_for_it_is_missing(programs, missing):
    (programs / missing).unlink()
    assert script_for("kmsdrm", "screen_dark", PLUGGED, SCRIPT) is None


def shown(tmp_path: Path, cage: str) -> str:
    """What a program that the script starts finds in its environment, with such a compositor."""
    program(tmp_path, "cage", cage)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "RUNTIME_DIRECTORY": str(tmp_path)}
    started = subprocess.Popen(
        [SCRIPT, "sh", "-c", SHOWN], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert started.stdout is not None
        return started.stdout.readline().strip()
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


def test_the_program_draws_on_the_display_of_the_compositor(tmp_path):
    assert shown(tmp_path, 'shift 2; DISPLAY=:7 exec "$@"') == "x11 0 :7"


def test_the_program_finds_no_display_where_the_compositor_ends(tmp_path):
    assert shown(tmp_path, "exit 1") == "x11 0"
