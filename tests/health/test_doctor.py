"""The findings of `kiosk doctor` on machines that are folders with the files that it reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import kiosk
from kiosk.health import machine as computer
from kiosk.health.doctor import Finding, Machine, examine
from kiosk.settings.config import Config, Door, Paths, Reader

SERVING = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NRestarts": "0",
    "StatusText": "serving; screen KMSDRM 800x480",
}
MOUNTED = "29 1 179:3 / /var/lib/kiosk rw,noatime - ext4 /dev/mmcblk0p3 rw"


def answers(*, unit=SERVING, watchdog="14s"):
    """What the programs of a system say."""

    def ask(command):
        if "kiosk.service" not in command:
            return watchdog
        asked = [word.removeprefix("--property=") for word in command]
        return "\n".join(f"{name}={unit[name]}" for name in asked if name in unit)

    return ask


def machine(root: Path, *, files=(), synchronised=True, modules=("lgpio",), mounted=MOUNTED, **said) -> Machine:
    (root / "var/lib/kiosk").mkdir(parents=True)
    for name in ("dev/watchdog0", "dev/ttyS0", "dev/gpiochip0", *files):
        path, _, text = name.partition("=")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text(f"21 1 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n{mounted}\n")
    return Machine(
        root=root,
        ask=answers(**said),
        is_synchronised=lambda: synchronised,
        has_module=lambda name: name in modules,
    )


def config(*, reader="tty:S0:pn532", strike: int | None = 17) -> Config:
    return Config(site="la-serre", reader=Reader(path=reader), door=Door(strike=strike), paths=Paths())


def found(what: str, on: Machine, settings: Config | None = None) -> Finding:
    (one,) = (one for one in examine(settings or config(), on) if one.what == what)
    return one


def test_a_pi_as_it_should_be_has_no_fault(tmp_path):
    pi = machine(tmp_path, files=["proc/device-tree/model=Raspberry Pi 4 Model B\0"])
    findings = examine(config(), pi)
    assert [one for one in findings if one.level == "fault"] == []
    assert "Raspberry Pi 4" in found("machine", pi).told


def test_the_driver_of_the_screen_is_told(tmp_path):
    assert found("screen", machine(tmp_path)).told == "driver KMSDRM 800x480"


def test_a_screen_that_nobody_sees_is_a_fault_and_what_is_plugged_in_is_told(tmp_path):
    unit = SERVING | {"StatusText": "serving; screen dummy 800x480, which nobody sees (screen_dark)"}
    dark = found("screen", machine(tmp_path, unit=unit, files=["sys/class/drm/card0-HDMI-A-1/status=connected"]))
    assert dark.level == "fault"
    assert "HDMI-A-1" in dark.told
    assert dark.advice


def test_a_picture_that_stays_black_is_a_fault_and_names_what_draws_it(tmp_path):
    drawn = "KMSDRM 800x480, opengl, OpenGL ES 3.2 Mesa 22.3.6"
    unit = SERVING | {"StatusText": f"serving; screen {drawn}, which nobody sees (screen_black)"}
    black = found("screen", machine(tmp_path, unit=unit, files=["sys/class/drm/card0-HDMI-A-1/status=connected"]))
    assert black.level == "fault"
    assert drawn in black.told
    assert "libgl1" in black.advice


def test_the_renderer_of_the_screen_is_told_with_its_version(tmp_path):
    unit = SERVING | {"StatusText": "serving; screen KMSDRM 800x480, opengles2, OpenGL ES 3.2 Mesa 22.3.6"}
    screen = found("screen", machine(tmp_path, unit=unit))
    assert (screen.level, screen.told) == ("good", "driver KMSDRM 800x480, opengles2, OpenGL ES 3.2 Mesa 22.3.6")


def test_too_little_voltage_is_told_by_the_kernels_watch_too(tmp_path):
    watch = ["sys/class/hwmon/hwmon1/name=rpi_volt", "sys/class/hwmon/hwmon1/in0_lcrit_alarm=1"]
    assert found("power", machine(tmp_path, files=watch)).level == "fault"


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({"ActiveState": "activating"}, "fault"),
        ({"UnitFileState": "disabled"}, "fault"),
        ({"NRestarts": "3"}, "note"),
        ({"LoadState": "not-found"}, "note"),
    ],
)
def test_a_service_that_is_not_as_it_should_be_is_told_with_advice(tmp_path, change, level):
    service = found("service", machine(tmp_path, unit=SERVING | change))
    assert service.level == level
    assert service.advice


def test_a_hardware_watchdog_that_nobody_uses_is_a_fault(tmp_path):
    assert found("watchdog", machine(tmp_path, watchdog="infinity")).level == "fault"


@pytest.mark.parametrize("reader", ["tty:USB0:pn532", "tty:USB1:pn532"])
def test_a_name_that_stays_is_offered_for_a_reader_behind_a_usb_adapter(tmp_path, reader):
    name = "dev/serial/by-id/usb-1a86_USB_Serial-if00-port0"
    pi = machine(tmp_path, files=["dev/ttyUSB0", name])
    assert f"/{name}" in found("reader", pi, config(reader=reader)).advice
    (tmp_path / "dev/kiosk-reader").touch()
    assert "/dev/kiosk-reader" in found("reader", pi, config(reader=reader)).advice
    assert found("reader", pi, config(reader="/dev/kiosk-reader")).advice == ""


def test_a_reader_that_is_not_plugged_in_is_told_with_the_ports_that_are_there(tmp_path):
    here = machine(tmp_path, files=["dev/ttyUSB1"])
    reader = found("reader", here, config(reader="tty:USB0:pn532"))
    assert (reader.level, reader.told) == ("fault", "/dev/ttyUSB0 is not there; there are USB1")


def test_a_reader_under_a_name_of_its_own_is_looked_for_where_the_driver_opens_it(tmp_path):
    here = machine(tmp_path, files=["dev/kiosk-reader"])
    assert found("reader", here, config(reader="tty:kiosk-reader:pn532")).level == "good"


@pytest.mark.parametrize("console", ["console=serial0,115200", "console=ttyS0,115200"])
def test_a_console_on_the_readers_port_is_a_fault(tmp_path, console):
    here = machine(tmp_path, files=[f"proc/cmdline={console} root=/dev/mmcblk0p2"])
    assert found("reader", here).level == "fault"


def test_a_console_on_another_port_is_none_of_the_readers_business(tmp_path):
    here = machine(tmp_path, files=["proc/cmdline=console=ttyAMA0 root=/dev/mmcblk0p2"])
    assert found("reader", here).level == "good"


def test_pins_without_the_library_are_a_fault(tmp_path):
    assert found("pins", machine(tmp_path, modules=())).advice == "sudo apt install python3-lgpio"


def test_a_door_without_wires_is_only_noted(tmp_path):
    assert found("pins", machine(tmp_path), config(strike=None)).level == "note"


def test_a_clock_that_nothing_keeps_is_a_fault_and_with_a_battery_a_note(tmp_path):
    assert found("clock", machine(tmp_path / "a", synchronised=False)).level == "fault"
    assert (
        found("clock", machine(tmp_path / "b", synchronised=False, files=["sys/class/rtc/rtc0/since_epoch"])).level
        == "note"
    )


@pytest.mark.parametrize(
    ("mounted", "told"),
    [
        ("29 1 179:3 / /var/lib/kiosk ro,noatime - ext4 /dev/mmcblk0p3 rw", "Takes no data any more"),
        ("29 1 179:3 / /var/lib/kiosk rw - ext4 /dev/mmcblk0p3 ro", "Takes no data any more"),
        ("29 1 0:30 / /var/lib rw - overlay overlayroot rw", "lost at the next power cut"),
    ],
)
def test_data_on_a_disk_that_does_not_keep_it_is_a_fault(tmp_path, mounted, told):
    disk = found("disk", machine(tmp_path, mounted=mounted))
    assert disk.level == "fault"
    assert told in disk.told


def test_doctor_and_the_status_of_a_kiosk_judge_a_disk_and_a_network_alike(tmp_path):
    here = machine(
        tmp_path,
        files=[
            "sys/fs/ext4/mmcblk0p3/errors_count=2",
            "sys/class/net/eth0/operstate=up",
            "proc/net/route=Iface\tDestination\n",
        ],
    )
    assert found("disk", here).told == "/var/lib/kiosk on /dev/mmcblk0p3 (ext4): 2 errors were counted"
    assert found("network", here).told == "Connected, without access to the internet (eth0)"
    assert {found(what, here).level for what in ("disk", "network")} == {"note"}


def test_a_mount_with_a_space_in_its_path_is_found(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    lines = "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 21 8:2 / /media/my\\040stick rw - vfat /dev/sdb1 rw\n"
    (tmp_path / "proc/self/mountinfo").write_text(lines)
    stick = computer.mount(Path("/media/my stick/copies"), tmp_path)
    assert stick == computer.Mount(source="/dev/sdb1", kind="vfat", at=Path("/media/my stick"))
    assert computer.mount(Path("/media/my"), tmp_path) == computer.Mount(source="/dev/sda1", kind="ext4", at=Path("/"))


@pytest.mark.parametrize(("bits", "level"), [("50005", "fault"), ("50000", "note"), ("0", "good")])
def test_too_little_voltage_is_told(tmp_path, bits, level):
    pi = machine(tmp_path, files=[f"sys/devices/platform/soc/soc:firmware/get_throttled={bits}"])
    assert found("power", pi).level == level


def test_the_command_ends_with_1_when_something_is_at_fault(tmp_path):
    done = CliRunner().invoke(kiosk, ["doctor", "--config", str(tmp_path / "none.toml"), "--json"])
    assert done.exit_code == 1
    (settings, *_) = json.loads(done.output)
    assert (settings["what"], settings["level"]) == ("settings", "fault")
    assert "kiosk check" in settings["advice"]
