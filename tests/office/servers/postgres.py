"""A PostgreSQL of the tests' own: started when the first test needs it, thrown away when the last has run.

It listens on a socket in a temporary folder and nowhere else, and never waits for the disk. It runs as `nobody` where
the tests run as root, because PostgreSQL refuses root.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

MISSING = "PostgreSQL is not installed: these tests need it. Install it by `apt-get install postgresql`"
MEMORY = Path("/dev/shm")
"""Where there is one, no test waits for a disk."""
_numbers = count(1)


def binaries() -> Path:
    """The folder of initdb and its like: on the path, or where Debian keeps every version."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)
    if not folders:
        raise RuntimeError(MISSING)
    return folders[-1]


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


class Cluster:
    """A running server with a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kiosk-postgres-", dir=MEMORY if MEMORY.is_dir() else None))
        self._user = "nobody" if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, "nobody")
        self._run("initdb", "-U", "tests", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"{settings} -c max_connections=200", "start")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries() / program), "-D", str(self.folder / "data"), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            user=self._user,
        )

    def url(self, name: str) -> str:
        return f"postgresql://tests@/{name}?host={self.folder}"

    @staticmethod
    def name_of(url: str) -> str:
        return url.removeprefix("postgresql://tests@/").partition("?")[0]

    def new_database(self, *, like: str = "template1") -> str:
        """The URL of a database that is empty, or like another one to which nobody is connected."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url(name)

    def stop(self) -> None:
        self._run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


@cache
def cluster() -> Cluster:
    """The one of this process."""
    started = Cluster()
    atexit.register(started.stop)
    return started
