"""Opening the display with SDL as it is: a screen that is not there, that hangs, that is plugged in later."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.health import machine
from kiosk.screen.display import DisplayConnectors

OPEN = """
import logging, sys
from pathlib import Path
logging.basicConfig()
from kiosk.screen.display import open_display
print("opening", flush=True)
display = open_display((320, 240), note=Path(sys.argv[1]), seconds=float(sys.argv[2]))
print(display.driver, display.wanted, display.window.get_size()[0])
"""


def environment(driver: str, display: str = "") -> dict[str, str]:
    return {**os.environ, "SDL_VIDEODRIVER": driver, "DISPLAY": display}


def opening(note: Path, driver: str, *, display: str = "", seconds: float = 30) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OPEN, str(note), str(seconds)]
    return subprocess.run(command, env=environment(driver, display), capture_output=True, text=True, timeout=120)


@pytest.fixture
def deaf():
    """The address of an X server that takes the call and never says a word: the driver hangs in it."""
    for number in range(700, 800):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", 6000 + number))
            except OSError:
                continue
            listener.listen()
            yield f"127.0.0.1:{number}"
            return
    pytest.fail("no port is free")


def test_a_display_that_cannot_be_opened_is_missed_and_the_note_of_it_is_gone(tmp_path) -> None:
    done = opening(tmp_path / "note", "x11", display=":4711")
    assert done.stdout.split() == ["opening", "dummy", "True", "320"]
    assert "nobody sees it" in done.stderr
    assert not (tmp_path / "note").exists()


def test_drawing_into_memory_because_somebody_asked_for_it_misses_nothing(tmp_path) -> None:
    done = opening(tmp_path / "note", "dummy")
    assert done.stdout.split() == ["opening", "dummy", "False", "320"]
    assert done.stderr == ""


def test_a_driver_that_hangs_is_tried_twice_and_then_left_alone_once(tmp_path, deaf) -> None:
    note = tmp_path / "note"
    for unfinished in "12":
        hung = opening(note, "x11", display=deaf, seconds=0.5)
        assert hung.returncode == 1
        assert "display.py" in hung.stderr, "it does not tell where it hung"
        assert note.read_text() == unfinished
    done = opening(note, "x11", display=deaf, seconds=0.5)
    assert done.stdout.split() == ["opening", "dummy", "True", "320"]
    assert "the last 2 starts crashed or hung there" in done.stderr
    again = opening(note, "x11", display=deaf, seconds=0.5)
    assert again.returncode == 1, "the driver is never tried again"


def test_a_start_that_is_killed_while_it_opens_the_display_counts_as_one_that_hung(tmp_path, deaf) -> None:
    note = tmp_path / "note"
    command = [sys.executable, "-c", OPEN, str(note), "60"]
    with subprocess.Popen(command, env=environment("x11", deaf), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "opening\n"
        while not note.exists() or not note.read_text():
            assert process.poll() is None
        process.kill()
    assert note.read_text() == "1"


def test_a_note_that_cannot_be_read_or_written_keeps_no_screen_dark(tmp_path) -> None:
    (tmp_path / "note").mkdir()
    done = opening(tmp_path / "note", "x11", display=":4711")
    assert done.stdout.split()[1] == "dummy"
    assert "unable to open" in done.stderr.lower() or "not available" in done.stderr.lower()


def test_a_screen_that_is_plugged_in_later_is_noticed_once(tmp_path) -> None:
    status = tmp_path / "sys/class/drm/card0-HDMI-A-1/status"
    status.parent.mkdir(parents=True)
    status.write_text("disconnected\n")
    outlets = DisplayConnectors(lambda: machine.connected_screens(tmp_path))
    assert outlets.appeared() == frozenset()
    status.write_text("connected\n")
    assert outlets.appeared() == {"HDMI-A-1"}
    assert outlets.appeared() == frozenset()
    status.write_text("disconnected\n")
    outlets.appeared()
    assert outlets.is_pulled
    status.write_text("connected\n")
    assert outlets.appeared() == {"HDMI-A-1"}
    assert not outlets.is_pulled


def test_a_machine_without_graphics_has_no_connectors(tmp_path) -> None:
    assert machine.connected_screens(tmp_path / "none") == frozenset()
    assert not DisplayConnectors(frozenset).is_pulled
