"""What this computer tells of itself: its disk, its network, what it runs. Linux only, read without any right.

Nothing here judges, and nothing knows of badges or doors; kiosk.health.vitals says what the facts mean. `root` is where
the files of the system begin: `/`, or a folder of a test.
"""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path("/")
DEFAULT_ROUTE = "00000000"
"""Destination of the default route in /proc/net/route."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """The disk that a folder lies on, in bytes; `errors`: what the kernel has counted on any ext4 disk."""

    free: int
    total: int
    read_only: bool
    errors: int


@dataclass(frozen=True, kw_only=True)
class Network:
    """How this computer is connected. `link`: the interface that leads on to the world, or else one that is up."""

    link: str | None
    wireless: bool = False
    leads_on: bool = False
    """There is a default route."""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What runs here."""

    kiosk: str
    python: str
    sqlite: str
    system: str
    model: str
    """Of the computer; the kind of its processor where it has no name."""


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """All of it, at a moment."""

    disk: Disk
    network: Network
    versions: Versions


def look(folder: Path, root: Path = ROOT) -> MachineFacts:
    """Look at the computer; `folder` is where the ledger is. Raises OSError when its disk does not even tell a size."""
    return MachineFacts(disk=disk(folder, root), network=network(root), versions=versions(root))


def disk(folder: Path, root: Path = ROOT) -> Disk:
    """The disk under a folder. Raises OSError."""
    usage, flags = shutil.disk_usage(folder), os.statvfs(folder).f_flag
    return Disk(free=usage.free, total=usage.total, read_only=bool(flags & os.ST_RDONLY), errors=_ext4_errors(root))


def _ext4_errors(root: Path) -> int:
    return sum(int(_text(path) or 0) for path in (root / "sys/fs/ext4").glob("*/errors_count"))


def network(root: Path = ROOT) -> Network:
    """The way to the world, if there is one."""
    interfaces = root / "sys/class/net"
    routes = [line.split() for line in _text(root / "proc/net/route").splitlines()[1:]]
    leading = [fields[0] for fields in routes if len(fields) > 1 and fields[1] == DEFAULT_ROUTE]
    up = [path.name for path in sorted(interfaces.glob("*")) if _text(path / "operstate") == "up"]
    link = next((name for name in leading if name in up), None) or next(iter(up), None)
    if link is None:
        return Network(link=None)
    return Network(link=link, wireless=(interfaces / link / "wireless").exists(), leads_on=link in leading)


def versions(root: Path = ROOT) -> Versions:
    """What runs here."""
    release = dict(line.split("=", 1) for line in _text(root / "etc/os-release").splitlines() if "=" in line)
    return Versions(
        kiosk=version("kiosk"),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        system=release.get("PRETTY_NAME", platform.system()).strip('"'),
        model=_text(root / "proc/device-tree/model").rstrip("\0") or platform.machine(),
    )


def zone(root: Path = ROOT) -> str | None:
    """The time zone that this computer was given, as the IANA calls it; None where none can be told."""
    try:
        where = (root / "etc/localtime").readlink().as_posix()
    except OSError:
        where = ""
    return where.partition("/zoneinfo/")[2] or _text(root / "etc/timezone") or None


def _text(path: Path) -> str:
    """What a file of the system says, nothing where there is none."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
