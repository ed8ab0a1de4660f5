"""Files that are made once for a whole test run, whichever of its processes needs them first."""

from __future__ import annotations

import atexit
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

RUN_FOLDER = "KIOSK_TESTS_FOLDER"
"""The variable that names the folder of the test run; tests/conftest.py makes and removes it."""


@cache
def run_folder() -> Path:
    """The folder shared by all processes of the test run; outside of one, a folder of this process."""
    if RUN_FOLDER in os.environ:
        return Path(os.environ[RUN_FOLDER])
    own = tempfile.TemporaryDirectory(prefix="kiosk-")
    atexit.register(own.cleanup)
    return Path(own.name)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Be the only process of the test run in here, of those that give the same name."""
    with (run_folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The file of this name in the folder of the run. `make` makes it at the path it is given, if nobody has yet."""
    path = run_folder() / name
    with locked(name):
        if not path.exists():
            unfinished = path.with_name(f"new-{name}")
            unfinished.unlink(missing_ok=True)
            make(unfinished)
            unfinished.rename(path)
    return path
