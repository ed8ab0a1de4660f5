"""The units of the kiosk, checked by systemd's own tools.

`systemd-analyze verify` exits 0 on unknown keys and bad values, so any output counts as a failure. It would also report
the kiosk itself as missing where it is not installed, so a copy is checked that starts an existing program.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "systemd"
UNIT = (SYSTEMD / "kiosk.service").read_text()
INSTALLED = "/opt/kiosk/current/bin/kiosk"
PACE = "/opt/kiosk/current/systemd/pace"


def settings(unit=UNIT):
    """All settings of a unit as name -> its values in order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "SYSTEMD_LOG_COLOR": "0"})
    return done.returncode, done.stdout + done.stderr


def copy_to(folder, unit):
    path = folder / "kiosk.service"
    path.write_text(unit.replace(INSTALLED, "/bin/true").replace(PACE, "/bin/true"))
    return path


def complaints(folder, unit=UNIT):
    """Every word that systemd has to say against a unit."""
    _, words = run("systemd-analyze", "verify", "--man=no", str(copy_to(folder, unit)))
    return words


def is_hard_enough(folder, unit=UNIT):
    """Whether the exposure that systemd computes (0 to 10) is 2.0 or less."""
    code, _ = run("systemd-analyze", "security", "--offline=true", "--threshold=20", str(copy_to(folder, unit)))
    return code == 0


def altered(old, new):
    assert old in UNIT
    return UNIT.replace(old, new, 1)


def test_systemd_has_nothing_to_say_against_the_unit(tmp_path):
    assert complaints(tmp_path) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WatchdogSec=20", "WatchDogSecs=20"),
        ("RestartSec=1", "RestartSec=soon"),
        ("ProtectSystem=strict", "ProtectSystem=very"),
        ("Type=notify", "Type=notifying"),
        (INSTALLED, "/opt/kiosk/nowhere"),
    ],
    ids=["unknown key", "bad time", "bad word", "bad type", "no program"],
)
def test_a_mistake_in_the_unit_is_found(tmp_path, old, new):
    assert complaints(tmp_path, altered(old, new)) != ""


def test_the_unit_is_exposed_to_2_of_10_at_most(tmp_path):
    assert is_hard_enough(tmp_path)


def test_a_softer_unit_is_found(tmp_path):
    assert not is_hard_enough(tmp_path, altered("CapabilityBoundingSet=\n", ""))


def test_it_starts_the_installed_kiosk_with_the_machines_settings():
    assert settings()["ExecStart"] == [f"{INSTALLED} run --config /etc/kiosk/kiosk.toml"]


def test_it_is_restarted_for_ever_and_never_in_a_hurry():
    assert settings()["Restart"] == ["always"]
    assert settings()["StartLimitIntervalSec"] == ["0"]
    assert int(settings()["RestartSec"][0]) >= 1


def paced(file):
    """What a start is made to wait, in seconds as `sleep` is told them; the waiting itself is left out."""
    script = (SYSTEMD / "pace").read_text().replace("exec sleep", "echo")
    code, words = run("sh", "-c", script, "pace", str(file))
    assert code == 0, words
    return int(words.split()[-1]) if words else 0


def test_a_program_that_keeps_failing_is_started_once_a_minute_in_the_end(tmp_path):
    assert [paced(tmp_path / "starts") for _ in range(10)] == [0, 0, 0, 5, 10, 20, 40, 60, 60, 60]


def test_ten_quiet_minutes_are_a_new_beginning(tmp_path):
    starts = tmp_path / "starts"
    starts.write_text("40\n")
    past = starts.stat().st_mtime - 11 * 60
    os.utime(starts, (past, past))
    assert paced(starts) == 0


@pytest.mark.parametrize("damaged", ["", "x\n", "-3\n"])
def test_a_damaged_count_of_starts_keeps_no_kiosk_from_starting(tmp_path, damaged):
    (tmp_path / "starts").write_text(damaged)
    assert paced(tmp_path / "starts") == 0


def test_the_pace_keeps_nothing_from_starting_and_outlives_a_restart():
    assert settings()["ExecStartPre"] == [f"-{PACE} /run/kiosk/starts"]
    assert settings()["RuntimeDirectoryPreserve"] == ["restart"]
    assert os.access(SYSTEMD / "pace", os.X_OK)


def test_a_hang_is_noticed_and_a_stop_has_time_to_secure_the_door():
    assert settings()["Type"] == ["notify"]
    assert 10 <= int(settings()["WatchdogSec"][0]) <= 30
    assert int(settings()["TimeoutStopSec"][0]) >= 5
    assert settings()["KillSignal"] == ["SIGTERM"]


HINDRANCES = ["ProtectClock=yes", "PrivateDevices=yes", "PrivateUsers=yes", "ProcSubset=pid", "PrivateNetwork=yes"]


def drawn_with(unit, driver=None):
    """The SDL driver that the program uses under this unit, and what it has SDL draw with; `driver` is a drop-in's."""
    given = dict(one.split("=", 1) for value in settings(unit)["Environment"] for one in value.split())
    if driver:
        given["SDL_VIDEODRIVER"] = driver
    code = (
        "import os, kiosk.screen.sdl; print(os.environ['SDL_VIDEODRIVER'], os.environ['SDL_FRAMEBUFFER_ACCELERATION'])"
    )
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**ours, **given}, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return tuple(done.stdout.split())


def test_the_screen_without_a_desktop_is_drawn_with_what_every_such_screen_has():
    assert "SDL_FRAMEBUFFER_ACCELERATION=opengles2" in settings()["Environment"]
    assert drawn_with(UNIT) == ("kmsdrm", "opengles2")


@pytest.mark.parametrize("value", ["opengl", "0"])
def test_a_unit_under_which_that_screen_would_be_black_is_found(value):
    assert drawn_with(altered("ACCELERATION=opengles2", f"ACCELERATION={value}")) != ("kmsdrm", "opengles2")


@pytest.mark.parametrize("driver", ["wayland", "x11", "dummy", "offscreen"])
def test_a_window_under_another_driver_is_drawn_without_any_of_that(driver):
    assert drawn_with(UNIT, driver) == (driver, "0")


def hindrances(unit):
    """Settings that would look harder and leave the kiosk without clock, devices, model of the Pi or server."""
    return [line for line in HINDRANCES if re.search(f"^{line}$", unit, re.MULTILINE)]


def test_it_is_left_what_it_needs():
    assert hindrances(UNIT) == []
    assert {"kiosk"} == set(settings()["StateDirectory"]) == set(settings()["RuntimeDirectory"])
    assert settings()["WorkingDirectory"] == ["/run/kiosk"]
    assert "AF_UNIX" in settings()["RestrictAddressFamilies"][0]


@pytest.mark.parametrize("line", HINDRANCES)
def test_a_unit_that_is_too_hard_is_found(line):
    assert hindrances(f"{UNIT}\n[Service]\n{line}\n") == [line]


def test_no_port_can_be_opened_on_the_kiosk():
    assert settings()["SocketBindDeny"] == ["any"]


def test_secrets_may_be_credentials_and_need_not_be():
    """One without a folder is looked for in the credential stores; a path that is not there would stop the start."""
    secrets = dict(one.split(":") for one in settings()["LoadCredential"])
    assert set(secrets) == {"badge.key", "server.json"}
    assert not any("/" in store for store in secrets.values())


def test_a_kiosk_without_a_server_can_do_without_any_network(tmp_path):
    alone = f"{UNIT}\n{(SYSTEMD / 'alone.conf').read_text()}"
    assert complaints(tmp_path, alone) == ""
    families = settings(alone)["RestrictAddressFamilies"]
    assert families[-2:] == ["", "AF_UNIX AF_NETLINK"]  # an empty value forgets the list before it
    assert settings(alone)["IPAddressDeny"] == ["any"]


@pytest.mark.parametrize("device", ["ttyAMA", "ttyS", "ttyUSB", "gpiochip", "drm", "input"])
def test_it_may_use_its_devices(device):
    assert f"char-{device} rw" in settings()["DeviceAllow"]


MADE_KNOWN_BY = {"ttyUSB": "usbserial", "ttyACM": "cdc_acm", "usb_device": "usbcore", "drm": "drm", "alsa": "snd"}
"""Kinds of devices that Debian's kernel learns of from a module, and which; the others it always knows."""


def let_in_too_late(unit):
    """Kinds of devices that the unit allows and whose module may be loaded only after it was started.

    systemd looks the kinds up in /proc/devices once, at the start, and passes over those that are not there.
    """
    found = settings(unit)
    first = set(" ".join(found.get("Wants", [])).split()) & set(" ".join(found.get("After", [])).split())
    kinds = {allowed.split()[0].removeprefix("char-") for allowed in found["DeviceAllow"]}
    return {kind for kind in kinds & set(MADE_KNOWN_BY) if f"modprobe@{MADE_KNOWN_BY[kind]}.service" not in first}


def test_a_device_that_is_found_after_the_start_is_let_in_too():
    assert let_in_too_late(UNIT) == set()


@pytest.mark.parametrize("kind", MADE_KNOWN_BY)
def test_a_kind_of_device_whose_driver_is_not_waited_for_is_found(kind):
    assert kind in let_in_too_late(UNIT.replace(f"modprobe@{MADE_KNOWN_BY[kind]}.service", "", 1))


def test_the_clock_can_be_read_under_its_system_call_filter():
    """The last word on a call wins: a later list may give back what an earlier one took."""
    filters = settings()["SystemCallFilter"]
    assert {"adjtimex", "clock_adjtime"} <= set(filters[-1].split())


def test_xwayland_may_set_its_own_user_under_the_system_call_filter():
    assert "setuid" in settings()["SystemCallFilter"][-1].split()


def users_of(folder):
    """Make the kiosk's user in an empty system; return the groups it is in."""
    (folder / "etc").mkdir()
    code, words = run("systemd-sysusers", f"--root={folder}", str(SYSTEMD / "kiosk.sysusers"))
    assert code == 0, words
    lines = [line.split(":") for line in (folder / "etc/group").read_text().splitlines()]
    return {name for name, *_, members in lines if "kiosk" in members.split(",") or name == "kiosk"}


def test_the_user_is_in_the_groups_that_own_the_devices(tmp_path):
    assert users_of(tmp_path) == {"kiosk", "dialout", "plugdev", "gpio", "video", "render", "input", "audio"}
    assert "/usr/sbin/nologin" in (tmp_path / "etc/passwd").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_settings_are_for_the_kiosks_eyes_only(tmp_path):
    users_of(tmp_path)
    (tmp_path / "etc/kiosk").mkdir()
    settings_file = tmp_path / "etc/kiosk/kiosk.toml"
    settings_file.touch(mode=0o644)
    code, words = run("systemd-tmpfiles", "--create", f"--root={tmp_path}", str(SYSTEMD / "kiosk.tmpfiles"))
    assert (code, words) == (0, "")
    group = re.search(r"^kiosk:x:(\d+):", (tmp_path / "etc/group").read_text(), re.MULTILINE)
    assert group
    assert (settings_file.stat().st_mode & 0o777, settings_file.stat().st_gid) == (0o640, int(group[1]))
