"""The checks of `kiosk doctor`: screen, reader, pins, clock, disk, service. They change nothing.

Each check returns a Finding with what to do about it. Disk, network and versions are read by kiosk.health.machine and
judged by kiosk.health.vitals, as for a running kiosk; service, ports and pins are checked only here. The machine is
reached through `Machine`, so that tests can use a folder as its root. Mistakes in the settings are found by `kiosk
check`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from hardware.frontend import serial_port
from kiosk.answers import Vital
from kiosk.clock import REAL_TIME_CLOCK, kernel_is_synchronised
from kiosk.health import machine as computer
from kiosk.health.vitals import disk_vital, network_vital, versions_vital
from kiosk.notices.language import Language
from kiosk.notices.vitals import part_words
from kiosk.settings.config import Config

Level = Literal["good", "note", "fault"]
UNIT = "kiosk.service"
LEVELS: dict[str, Level] = {"good": "good", "absent": "note", "attention": "note", "fault": "fault"}
"""State of a Vital -> level of the Finding made of it."""
FORGETFUL = ("overlay", "tmpfs")
"""File systems that a power cut empties."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check; `advice` says what to do, if anything."""

    what: str
    level: Level
    told: str
    advice: str = ""


def run_quietly(command: Sequence[str]) -> str:
    """Return what a system program prints; nothing if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@dataclass(frozen=True)
class Machine:
    """Access to the machine to check: files below `root`, programs, the kernel's clock state."""

    root: Path = Path("/")
    ask: Callable[[Sequence[str]], str] = run_quietly
    is_synchronised: Callable[[], bool] = kernel_is_synchronised
    has_module: Callable[[str], bool] = lambda name: find_spec(name) is not None

    def path(self, path: str | Path) -> Path:
        """Return where a path of the machine is on this one."""
        return self.root / str(path).lstrip("/")

    def text(self, path: str) -> str:
        """Return the text of a small file, empty when it cannot be read."""
        return computer.text(self.path(path))

    def unit(self, *properties: str) -> dict[str, str]:
        """The properties of the kiosk's service; empty where there is no systemd."""
        told = self.ask(["systemctl", "show", UNIT, *(f"--property={name}" for name in properties)])
        return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)


def examine(config: Config | None, machine: Machine | None = None) -> list[Finding]:
    """Run all checks; without settings, those that need none."""
    machine = machine or Machine()
    found = [_machine(machine), *_power(machine), *_service(machine), _watchdog(machine), _screen(machine)]
    if config:
        found += [*_reader(config, machine), *_pins(config, machine), *_disk(config, machine)]
    return [*found, _of(network_vital(computer.network(machine.root))), _clock(machine)]


def _of(vital: Vital, *, where: str = "") -> Finding:
    """Return the state of a part, as a running kiosk judges it, as a finding in the same words, after `where`."""
    words = part_words(Language("en", "UTC"), vital.part, vital.code, vital.facts, now=datetime.now(UTC))
    return Finding(what=vital.part, level=LEVELS[vital.state], told=where + words.said, advice=words.advice)


def _machine(machine: Machine) -> Finding:
    known = computer.versions(machine.root)
    said = _of(versions_vital(known)).told
    return Finding(
        what="machine", level="good", told=f"{known.model}; {said}, Python {known.python}, SQLite {known.sqlite}"
    )


def _power(machine: Machine) -> Iterator[Finding]:
    bits, is_low = computer.throttled(machine.root), computer.undervoltage(machine.root)
    if bits is None and not is_low:
        return
    if is_low:
        yield Finding(what="power", level="fault", told="too little voltage now", advice="use the Pi's own supply")
    elif (bits or 0) & computer.UNDERVOLTAGE_SINCE_BOOT:
        told, advice = "too little voltage at times since the start", "use the Pi's own supply and a short cable"
        yield Finding(what="power", level="note", told=told, advice=advice)
    else:
        yield Finding(what="power", level="good", told="steady")


# ---------------------------------------------------------------- the service


def _service(machine: Machine) -> Iterator[Finding]:
    unit = machine.unit("LoadState", "ActiveState", "UnitFileState", "NRestarts")
    if unit.get("LoadState") != "loaded":
        yield Finding(what="service", level="note", told="not installed", advice="sudo systemd/install, in the release")
        return
    restarts = int(unit.get("NRestarts") or 0)
    told = f"{unit.get('ActiveState')}, {restarts} restarts by itself"
    if unit["ActiveState"] != "active":
        yield Finding(what="service", level="fault", told=told, advice="journalctl -u kiosk tells why")
    elif unit["UnitFileState"] != "enabled":
        yield Finding(what="service", level="fault", told=f"{told}; not at boot", advice="sudo systemctl enable kiosk")
    elif restarts:
        yield Finding(what="service", level="note", told=told, advice="journalctl -u kiosk tells why")
    else:
        yield Finding(what="service", level="good", told=told)


def _watchdog(machine: Machine) -> Finding:
    if not machine.path("/dev/watchdog0").exists():
        advice = "on a Pi: dtparam=watchdog=on in config.txt"
        return Finding(what="watchdog", level="note", told="no hardware watchdog", advice=advice)
    period = machine.ask(["systemctl", "show", "--property=RuntimeWatchdogUSec", "--value"])
    if period in ("", "0", "infinity"):
        advice = "sudo systemd/install puts it into /etc/systemd/system.conf.d/kiosk.conf"
        return Finding(what="watchdog", level="fault", told="a hardware watchdog that nobody uses", advice=advice)
    return Finding(what="watchdog", level="good", told=f"resets a machine that hangs for {period}")


# ---------------------------------------------------------------- screen, reader, pins


def _screen(machine: Machine) -> Finding:
    """Check which driver the running kiosk uses; the screen is not opened a second time."""
    status = machine.unit("StatusText").get("StatusText", "")
    shown = re.search(rf"screen (.+?)(?:, {computer.UNSEEN} \((\w+)\))?$", status)
    plugged = sorted(computer.connected_screens(machine.root))
    outlets = f"plugged in: {', '.join(plugged) or 'nothing'}"
    if not shown:
        return Finding(what="screen", level="good" if plugged else "note", told=f"no kiosk is showing; {outlets}")
    drawn_by, trouble = shown.groups()
    if trouble:
        return _of(
            Vital(part="screen", state="fault", code=trouble, facts={"drawn_by": drawn_by}), where=f"{outlets}; "
        )
    return Finding(what="screen", level="good", told=f"driver {drawn_by}")


def _reader(config: Config, machine: Machine) -> Iterator[Finding]:
    path = config.reader.path
    device = serial_port(path)
    if device is None:
        yield Finding(what="reader", level="good", told=f"{path}, by USB; `kiosk status` tells whether it answers")
        return
    if not machine.path(device).exists():
        others = sorted(f.name[3:] for kind in ("USB", "ACM", "AMA") for f in machine.path("/dev").glob(f"tty{kind}*"))
        seen = f"there are {', '.join(others)}" if others else "there is no other port either"
        advice = "plug it in, or free the serial port (docs/wiring.md)"
        if names := _stable_names(machine):
            advice += f'; or write path = "{names[0]}"'
        yield Finding(what="reader", level="fault", told=f"{device} is not there; {seen}", advice=advice)
        return
    console = (f"console={device.removeprefix('/dev/')}", "console=serial")
    if any(word.startswith(console) for word in machine.text("/proc/cmdline").split()):
        advice = "sudo /opt/kiosk/current/systemd/boot, then restart the machine"
        yield Finding(what="reader", level="fault", told=f"the system's console talks on {device}", advice=advice)
        return
    told, advice = f"{device} is there; `kiosk status` tells whether it answers", ""
    if device.startswith(("/dev/ttyUSB", "/dev/ttyACM")) and (names := _stable_names(machine)):
        advice = f'path = "{names[0]}" stays right when other things are plugged in'
    yield Finding(what="reader", level="good", told=told, advice=advice)


def _stable_names(machine: Machine) -> list[str]:
    """Return udev's stable names of a serial adapter, the kiosk's own first."""
    ours = machine.path("/dev/kiosk-reader")
    names = sorted(machine.path("/dev/serial/by-id").glob("*"))
    return [f"/dev/{path.relative_to(machine.path('/dev'))}" for path in ([ours] if ours.exists() else []) + names]


def _pins(config: Config, machine: Machine) -> Iterator[Finding]:
    wired = sorted(name for name, pin in config.pins().items() if pin is not None)
    if not wired:
        yield Finding(what="pins", level="note", told="nothing is wired: the door does not open by itself")
    elif not machine.path("/dev/gpiochip0").exists():
        advice = "comment them out in the settings, on a machine without pins"
        yield Finding(what="pins", level="fault", told=f"no GPIO lines for {', '.join(wired)}", advice=advice)
    elif not machine.has_module("lgpio"):
        advice = "sudo apt install python3-lgpio"
        yield Finding(what="pins", level="fault", told="the library lgpio is missing", advice=advice)
    else:
        yield Finding(what="pins", level="good", told=f"lines for {', '.join(wired)}")


# ---------------------------------------------------------------- clock and disk


def _clock(machine: Machine) -> Finding:
    battery = machine.path(REAL_TIME_CLOCK).exists()
    has = "with a clock battery" if battery else "without a clock battery"
    if machine.is_synchronised():
        return Finding(what="clock", level="good", told=f"kept by the network, {has}")
    if battery:
        return Finding(
            what="clock", level="note", told=f"not kept by the network, {has}", advice="timedatectl tells why"
        )
    advice = "a network once after each start, or a clock module: until then members are judged with care"
    return Finding(what="clock", level="fault", told=f"not known: no network time, {has}", advice=advice)


def _disk(config: Config, machine: Machine) -> Iterator[Finding]:
    state = machine.path(config.paths.state)
    if not state.exists():
        yield Finding(what="disk", level="note", told=f"{config.paths.state} is made at the first start")
        return
    disk = computer.disk(state, machine.root)
    source, kind = (disk.mount.source, disk.mount.kind) if disk.mount else ("a disk", "unknown")
    where = f"{config.paths.state} on {source} ({kind}): "
    found = _of(disk_vital(disk), where=where)
    if found.level != "fault" and kind in FORGETFUL:
        advice = "give the data a partition of its own: docs/install.md, read-only system"
        yield Finding(what="disk", level="fault", told=f"{where}lost at the next power cut", advice=advice)
    else:
        yield found
