"""Fixtures for all tests, and the folder in memory in which a test run works."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from kiosk.ledger import Ledger
from tests.office.ledgers.small_house import StampClock, fresh, house_facts
from tests.office.made_once import RUN_FOLDER
from tests.office.servers import postgres
from tests.office.servers.office import Office, office
from tests.office.servers.server import new_database

MEMORY = Path("/dev/shm")
PREFIX = "kiosk-tests-"
WHOLE = Path(__file__).parent / "whole"
DAYS = Path(__file__).parent / "screen" / "test_staff_day.py"
ENOUGH_BYTES = 2 << 30
"""A test run needs less than half of it."""


def pytest_configure(config: pytest.Config) -> None:
    """Create a folder for the run: in memory if there is enough, so that no test waits for a disk."""
    if hasattr(config, "workerinput"):
        return
    base = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES else Path(tempfile.gettempdir())
    remove_old_runs(base)
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base)
    os.environ[RUN_FOLDER] = os.environ["TMPDIR"] = tempfile.tempdir = folder
    config.option.basetemp = config.option.basetemp or f"{folder}/t"  # short: a socket's path has 107 bytes at most


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with its part of what takes longest, because a late one would delay the end.

    The days of hosts in a real window come first: they mostly wait. Then tests/whole.
    """
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    days = [item for item in items if item.path == DAYS]
    long = [*days, *(item for item in items if WHOLE in item.path.parents)]
    rest = (item for item in items if item.path != DAYS and WHOLE not in item.path.parents)
    size = -(-len(items) // workers)
    shares = [long[n::workers] for n in range(workers)]
    items[:] = [item for share in shares for item in (*share, *islice(rest, size - len(share)))]


def remove_old_runs(base: Path) -> None:
    """Remove the folders of runs that failed or were killed, once their process is gone."""
    for folder in base.glob(f"{PREFIX}*-*"):
        if not Path("/proc", folder.name.removeprefix(PREFIX).partition("-")[0]).exists():
            postgres.stop(folder)
            shutil.rmtree(folder, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Stop what the run started, and remove its folder; what a failed test left in it is kept until the next run."""
    if hasattr(session.config, "workerinput"):
        return
    folder = Path(os.environ[RUN_FOLDER])
    postgres.stop(folder)
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def databases_are_dropped() -> Iterator[None]:
    """Drop the PostgreSQL databases that a test created."""
    yield
    if postgres.cluster.cache_info().currsize:
        postgres.cluster().drop_new_databases()


@pytest.fixture(autouse=True)
def windows_are_closed() -> Iterator[None]:
    """Close SDL's window after each test: there is only one per process."""
    yield
    if "pygame" in sys.modules:
        sys.modules["pygame"].display.quit()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of a central server, of each kind in turn. Without PostgreSQL this fails."""
    return new_database(request.param, tmp_path)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Office]:
    """A central server with a site and people who may sign in, on SQLite."""
    with office(tmp_path) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def house_on_each(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """The same on a database of each kind in turn, for tests that run every statement of the pages."""
    with office(tmp_path, request.param) as found:
        yield found


@pytest.fixture
def moment() -> StampClock:
    """The clocks of a kiosk's machine."""
    return StampClock()


@pytest.fixture
def book(tmp_path: Path, moment: StampClock) -> Iterator[Ledger]:
    """The ledger of a small site: see tests.office.ledgers.small_house."""
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
        yield ledger
