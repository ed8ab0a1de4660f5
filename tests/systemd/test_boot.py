"""The installer's changes on a Raspberry Pi that free its serial pins for the reader, tried on copies of its files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

BOOT = Path(__file__).parents[2] / "systemd" / "boot"
CMDLINE = "console=serial0,115200 console=tty1 root=PARTUUID=1 rootfstype=ext4 fsck.repair=yes rootwait"
CONFIG = "dtparam=audio=on\n\n[cm4]\notg_mode=1\n"
BOOKWORM, BULLSEYE = "boot/firmware", "boot"


def pi(folder: Path, model: str = "Raspberry Pi 4 Model B Rev 1.4", *, where: str = BOOKWORM) -> Path:
    """The files of a Pi that matter here, below a folder; return the folder of its boot files."""
    for name in ("proc/device-tree", where):
        (folder / name).mkdir(parents=True)
    (folder / "proc/device-tree/model").write_text(f"{model}\0")
    (folder / where / "config.txt").write_text(CONFIG)
    (folder / where / "cmdline.txt").write_text(f"{CMDLINE}\n")
    return folder / where


def told(folder: Path) -> str:
    return subprocess.run([BOOT, folder], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("model", "setting"),
    [
        ("Raspberry Pi 3 Model B Plus Rev 1.3", "enable_uart=1"),
        ("Raspberry Pi Zero 2 W Rev 1.0", "enable_uart=1"),
        ("Raspberry Pi 5 Model B Rev 1.0", "dtparam=uart0=on"),
        ("Raspberry Pi Compute Module 5 Rev 1.0", "dtparam=uart0=on"),
    ],
)
def test_the_serial_port_of_the_header_is_switched_on(tmp_path, model, setting):
    boot = pi(tmp_path, model)
    told(tmp_path)
    added = (boot / "config.txt").read_text().removeprefix(CONFIG)
    assert added.split() == ["[all]", setting, "[all]", "dtparam=watchdog=on"]


@pytest.mark.parametrize("where", [BOOKWORM, BULLSEYE])
def test_the_console_leaves_the_serial_port_and_the_screen_stays_on(tmp_path, where):
    boot = pi(tmp_path, where=where)
    told(tmp_path)
    words = (boot / "cmdline.txt").read_text().split()
    assert words == [*CMDLINE.split()[1:], "consoleblank=0", "vt.global_cursor_default=0"]


def test_what_was_there_is_kept_beside_and_said(tmp_path):
    boot = pi(tmp_path)
    said = told(tmp_path)
    for name, content in (("config.txt", CONFIG), ("cmdline.txt", f"{CMDLINE}\n")):
        assert (boot / f"{name}.before-kiosk").read_text() == content
        assert str(boot / f"{name}.before-kiosk") in said


def test_a_second_time_changes_nothing_and_says_nothing(tmp_path):
    boot = pi(tmp_path)
    told(tmp_path)
    first = {path.name: path.read_text() for path in boot.iterdir()}
    assert told(tmp_path) == ""
    assert {path.name: path.read_text() for path in boot.iterdir()} == first


def test_a_machine_that_is_no_pi_is_left_alone(tmp_path):
    boot = pi(tmp_path, "QEMU Virtual Machine")
    assert told(tmp_path) == ""
    assert (boot / "config.txt").read_text() == CONFIG


def test_a_machine_without_a_device_tree_is_left_alone(tmp_path):
    assert told(tmp_path) == ""
