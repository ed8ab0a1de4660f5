"""What pytest gives to tests by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.office.servers.office import Office, office
from tests.office.servers.server import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of a central server as it is born, of each kind in turn. Without PostgreSQL it fails."""
    return new_database(request.param, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """A central server with a house in it and people who may sign in, on a database of each kind in turn."""
    with office(tmp_path, request.param) as found:
        yield found
