"""What pytest gives to tests by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.central import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of a central server as it is born, of each kind in turn. Without PostgreSQL it fails."""
    return new_database(request.param, tmp_path)
