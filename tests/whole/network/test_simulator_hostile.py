"""A stolen kiosk in the simulator: the invariant I15 holds, and finds a server that takes in whatever a kiosk says."""

import logging

import pytest

from sync.central.feed import rights
from tests.simulator import hostile, invariants
from tests.simulator.simulate import after_all
from tests.simulator.world import World


@pytest.fixture
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def stolen(folder) -> list[str]:
    """A kiosk is stolen and says forty things that are not its to say: what the invariant finds."""
    world = World(folder, seed=5, kiosks=(3, 3))
    for kiosk in world.kiosks:
        kiosk.exchange()
    for _ in range(40):
        world.seconds += 300
        hostile.hostile(world, world.random)
    world.come_to_rest()
    found = [what for what in invariants.violations(after_all(world)) if what.startswith("I15")]
    world.close()
    return found


def test_what_a_stolen_kiosk_says_changes_nothing_of_others(tmp_path, quiet) -> None:
    assert stolen(tmp_path) == []


def test_a_server_without_rights_is_found_out(tmp_path, quiet, monkeypatch) -> None:
    monkeypatch.setattr(rights.Judge, "why_not", lambda judge, entry: "")
    assert stolen(tmp_path) != []
