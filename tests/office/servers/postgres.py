"""The PostgreSQL of a test run: started when the first test needs it, shared by all processes, stopped at the end.

It listens only on a socket in a temporary folder, and does not wait for the disk. It runs as `nobody` if the tests run
as root, because PostgreSQL refuses root.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from tests.office.made_once import RUN_FOLDER, locked, run_folder

MISSING = "PostgreSQL is not installed: these tests need it. Install it by `apt-get install postgresql`"
SETTINGS = {
    "listen_addresses": "''",
    "max_connections": "200",
    "fsync": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
}
"""Small, and with nothing outside of its folder."""
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


def _run(folder: Path, program: str, *arguments: str) -> None:
    subprocess.run(
        [str(binaries() / program), "-D", str(folder / "data"), *arguments],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        cwd=folder,
        user="nobody" if os.getuid() == 0 else None,
    )


def _start(folder: Path) -> None:
    """Start the server of a folder, unless it runs."""
    if folder.exists():
        return
    folder.mkdir()
    if os.getuid() == 0:
        folder.parent.chmod(0o711)
        shutil.chown(folder, "nobody")
    _run(folder, "initdb", "-U", "tests", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    sockets = f"-c unix_socket_directories={folder}"
    _run(folder, "pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"{settings} {sockets}", "start")


def stop(run: Path) -> None:
    """Stop the server in the folder of a test run, if there is one, and remove its files."""
    folder = run / "postgres"
    if (folder / "data" / "postmaster.pid").exists():
        _run(folder, "pg_ctl", "-m", "fast", "stop")
    shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """A running server and the databases that this process made in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: list[str] = []

    def url(self, name: str) -> str:
        return f"postgresql://tests@/{name}?host={self.folder}"

    @staticmethod
    def name_of(url: str) -> str:
        return url.removeprefix("postgresql://tests@/").partition("?")[0]

    def new_database(self, *, like: str = "template1") -> str:
        """The URL of a database that is empty, or like another one to which nobody is connected."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {like}")
        self._made.append(name)
        return self.url(name)

    def drop_new_databases(self) -> None:
        """Drop what `new_database` made, whoever is still connected."""
        while self._made:
            self._do(f"DROP DATABASE {self._made.pop()} WITH (FORCE)")

    def template(self, name: str, make: Callable[[str], object]) -> str:
        """The name of a database to make others like. `make` fills it, given its URL, if nobody has in this run."""
        with locked(f"postgres-{name}"):
            if not self._do(f"SELECT FROM pg_database WHERE datname = '{name}'"):
                self._do(f"DROP DATABASE IF EXISTS new_{name} WITH (FORCE)")
                self._do(f"CREATE DATABASE new_{name}")
                make(self.url(f"new_{name}"))
                self._do(f"ALTER DATABASE new_{name} RENAME TO {name}")
        return name

    def _do(self, statement: str) -> int:
        """Run a statement; how many rows it found."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            return connection.execute(statement.encode()).rowcount


@cache
def cluster() -> Cluster:
    """The one of this test run, or of this process where no tests run."""
    folder = run_folder() / "postgres"
    with locked("postgres"):
        _start(folder)
    if RUN_FOLDER not in os.environ:
        atexit.register(stop, run_folder())
    return Cluster(folder)
