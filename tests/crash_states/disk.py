"""Records and disturbs a program's disk calls: what was written, in which order, and errors on demand.

A shim in C (tests/crash_states/disk.c) is loaded by LD_PRELOAD into a new Python, so that the calls are those of the
real SQLAlchemy, sqlite3 and kernel. Needs a C compiler.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.office.made_once import made_once

HERE = Path(__file__).parent
NEVER = 2**62
_HEAD = struct.Struct("IIqq")
_COUNTERS = ("calls", "syncs", "bytes", "fail_from", "fail_until", "error", "partly")
_WORDS = struct.Struct(f"{len(_COUNTERS)}q")


def shim() -> Path:
    """The compiled shim."""
    return made_once("disk.so", _compile)


def _compile(path: Path) -> None:
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, HERE / "disk.c", "-ldl"], check=True
    )


@dataclass(frozen=True)
class Call:
    """Something done to a file. `kind`: open, write, sync, truncate, unlink, rename."""

    kind: str
    path: str
    offset: int = 0
    """Of a write; the new length of a truncated file; 1 where opening made or emptied the file."""
    data: bytes = b""
    to: str = ""


_KINDS = {"o": "open", "w": "write", "s": "sync", "t": "truncate", "u": "unlink", "r": "rename"}


def read(log: Path) -> Iterator[Call]:
    """Yield what a program did, in order; paths are the names of files in its folder."""
    raw, at, names = log.read_bytes(), 0, {}
    while at < len(raw):
        kind, file, offset, length = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        data, at, letter = raw[at : at + length], at + length, chr(kind)
        if letter == "o":
            names[file] = Path(data.decode()).name
        if letter in "ur":
            path, _, to = data.decode().rstrip("\0").partition("\0")
            yield Call(_KINDS[letter], Path(path).name, to=Path(to).name)
        else:
            yield Call(_KINDS[letter], names[file], offset, data if letter == "w" else b"")


class Control:
    """The counters that a program and its test share."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_WORDS.pack(*(0 for _ in _COUNTERS)))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), _WORDS.size)

    def __getattr__(self, name: str) -> int:
        """`calls`, `syncs` or `bytes` so far."""
        place = _COUNTERS.index(name)
        return int(_WORDS.unpack(self._map)[place])

    def _set(self, name: str, value: int) -> None:
        struct.pack_into("q", self._map, 8 * _COUNTERS.index(name), value)

    def fail(self, error: int, *, after: int = 0, calls: int = NEVER, partly: bool = False) -> None:
        """Make calls fail with an errno after so many successful ones; `partly`: half of a write succeeds."""
        self._set("error", error)
        self._set("partly", int(partly))
        self._set("fail_from", self.calls + after)
        self._set("fail_until", self.calls + after + calls)

    def mend(self) -> None:
        """All works again."""
        self._set("fail_until", 0)
        self._set("partly", 0)
        self._set("error", 0)


def environment(folder: Path, control: Path, log: Path | None = None) -> dict[str, str]:
    """The environment of a program whose files in `folder` are watched."""
    Control(control)
    watched = {
        "LD_PRELOAD": str(shim()),
        "KIOSK_DISK_FOLDER": str(folder.resolve()),
        "KIOSK_DISK_CONTROL": str(control),
    }
    return {**os.environ, **watched, **({"KIOSK_DISK_LOG": str(log)} if log else {})}


def run(module: str, *arguments: object, env: dict[str, str], seconds: float = 120) -> str:
    """Run a module of the tests with the shim under it; return what it printed."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=seconds, cwd=HERE.parents[1])
    if done.returncode:
        raise AssertionError(f"{module} {arguments}: {done.stdout}\n{done.stderr}")
    return done.stdout
