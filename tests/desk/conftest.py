"""Hosts at the desk of La Serre."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.commands import AddMember, SellPass
from tests.office.kiosks.host import Host, description


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host whose site file was just imported."""
    host = Host(tmp_path)
    host.imports(description())
    yield host
    host.ledger.close()


@pytest.fixture
def with_celine(host: Host) -> Host:
    """The same, and Céline Martin with a card of ten."""
    host.does(AddMember(name="Céline Martin"))
    host.does(SellPass(members=("Céline Martin",), product="carte-10"))
    return host
