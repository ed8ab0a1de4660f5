"""Facts of this computer: disk, network, screens, supply, clock, versions. Linux only, readable without privileges.

Read for a running kiosk and for `kiosk doctor` alike. What the facts mean is decided in kiosk.health.vitals. `root` is
the root of the system's files: `/`, or a folder of a test. The clocks are read by kiosk.clock alone.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path("/")
MODELS = ("proc/device-tree/model", "sys/class/dmi/id/product_name")
"""Files in which small computers and PCs tell their model."""
UNSEEN = "which nobody sees"
"""In the status that a kiosk gives to systemd, with the code of why (kiosk.screen.window judges that)."""
DEFAULT_ROUTE = "00000000"
"""Destination of the default route in /proc/net/route."""


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A mounted file system: its device (/dev/mmcblk0p2), its kind (ext4), and the folder where it begins."""

    source: str
    kind: str
    at: Path
    read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Disk:
    """The disk that a folder is on, in bytes; `errors`: the errors the kernel has counted on any ext4 disk."""

    free: int
    total: int
    read_only: bool
    errors: int
    mount: Mount | None = None
    """None where the kernel does not know it."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The network connection. `link`: the interface of the default route, or else one that is up."""

    link: str | None
    wireless: bool = False
    leads_on: bool = False
    """There is a default route."""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The versions of the kiosk and of what it runs on."""

    kiosk: str
    python: str
    sqlite: str
    system: str
    model: str
    """Of the computer; the kind of its processor where it has no name."""


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """The facts of a computer at a moment."""

    disk: Disk
    network: Network
    versions: Versions
    undervoltage: bool = False
    """The supply gives too little now."""


def look(folder: Path, root: Path = ROOT) -> MachineFacts:
    """Read the facts; `folder` is where the ledger is. Raises OSError when the size of its disk cannot be read."""
    return MachineFacts(
        disk=disk(folder, root), network=network(root), versions=versions(root), undervoltage=undervoltage(root)
    )


def disk(folder: Path, root: Path = ROOT) -> Disk:
    """Return the disk under a folder, which may lie below `root`. Raises OSError."""
    usage, flags = shutil.disk_usage(folder), os.statvfs(folder).f_flag
    on = mount(Path("/") / folder.relative_to(root) if folder.is_relative_to(root) else folder, root)
    read_only = bool(flags & os.ST_RDONLY) or (on is not None and on.read_only)
    return Disk(free=usage.free, total=usage.total, read_only=read_only, errors=_ext4_errors(root), mount=on)


def mount(folder: Path, root: Path = ROOT) -> Mount | None:
    """Return the mount that a folder is on, by /proc/self/mountinfo (proc_pid_mountinfo(5)); None without that file.

    Of several matching lines the last counts: later mounts lie over earlier ones.
    """
    found: Mount | None = None
    for line in text(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, ends = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(ends) < 3:
            continue
        at = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        if folder.is_relative_to(at) and (found is None or len(at.parts) >= len(found.at.parts)):
            read_only = "ro" in fields[5].split(",") or "ro" in ends[2].split(",")
            found = Mount(source=ends[1], kind=ends[0], at=at, read_only=read_only)
    return found


def _ext4_errors(root: Path) -> int:
    return sum(int(text(path) or 0) for path in (root / "sys/fs/ext4").glob("*/errors_count"))


def connected_screens(root: Path = ROOT) -> frozenset[str]:
    """Return the display connectors with a screen on them, by name (HDMI-A-1), as the kernel lists them."""
    status = (root / "sys/class/drm").glob("card*-*/status")
    return frozenset(path.parent.name.partition("-")[2] for path in status if text(path) == "connected")


def throttled(root: Path = ROOT) -> int | None:
    """Return the bits of a Raspberry Pi firmware's `get_throttled`; None on other machines."""
    try:
        return int(text(root / "sys/devices/platform/soc/soc:firmware/get_throttled"), 16)
    except ValueError:
        return None


UNDERVOLTAGE = 0x1
UNDERVOLTAGE_SINCE_BOOT = 0x10000
"""Bits of the firmware's `get_throttled`, as the Raspberry Pi documentation lists them."""


def undervoltage(root: Path = ROOT) -> bool:
    """Tell whether the supply voltage is too low now, by a Pi's firmware or the kernel's rpi_volt in hwmon."""
    watches = (path.parent for path in (root / "sys/class/hwmon").glob("*/name") if text(path) == "rpi_volt")
    alarms = any(text(folder / "in0_lcrit_alarm") == "1" for folder in watches)
    return alarms or bool((throttled(root) or 0) & UNDERVOLTAGE)


def network(root: Path = ROOT) -> Network:
    """Return how this computer is connected to a network."""
    interfaces = root / "sys/class/net"
    routes = [line.split() for line in text(root / "proc/net/route").splitlines()[1:]]
    leading = [fields[0] for fields in routes if len(fields) > 1 and fields[1] == DEFAULT_ROUTE]
    up = [path.name for path in sorted(interfaces.glob("*")) if text(path / "operstate") == "up"]
    link = next((name for name in leading if name in up), None) or next(iter(up), None)
    if link is None:
        return Network(link=None)
    return Network(link=link, wireless=(interfaces / link / "wireless").exists(), leads_on=link in leading)


def versions(root: Path = ROOT) -> Versions:
    """Return the versions."""
    release = dict(line.split("=", 1) for line in text(root / "etc/os-release").splitlines() if "=" in line)
    return Versions(
        kiosk=version("kiosk"),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        system=release.get("PRETTY_NAME", platform.system()).strip('"'),
        model=next(filter(None, (text(root / path) for path in MODELS)), platform.machine()),
    )


def zone(root: Path = ROOT) -> str | None:
    """Return the machine's time zone by its IANA name; None if it is not set."""
    try:
        where = (root / "etc/localtime").readlink().as_posix()
    except OSError:
        where = ""
    return where.partition("/zoneinfo/")[2] or text(root / "etc/timezone") or None


def text(path: Path) -> str:
    """Return the text of a file of the system, empty when it cannot be read."""
    try:
        return path.read_text(errors="replace").replace("\0", "").strip()
    except OSError:
        return ""
