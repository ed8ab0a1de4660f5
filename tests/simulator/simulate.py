"""Runs one simulation of a network from a seed, and reports the violations found."""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.ledger import Ledger
from tests.simulator import forgetting as forgetting
from tests.simulator import invariants
from tests.simulator.line import Line
from tests.simulator.world import World

MEMORY = Path("/dev/shm")
"""Where there is one, every sync to the disk is free: what is lost at a power cut is not simulated here."""


@dataclass
class Report:
    """The result of one simulation, or of many."""

    lives: int = 0
    steps: int = 0
    taps: int = 0
    requests: int = 0
    entries: int = 0
    stuck: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        for name in ("lives", "steps", "taps", "requests", "entries", "stuck"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.violations += other.violations


def simulate(
    seed: int,
    *,
    steps: int = 200,
    kiosks: tuple[int, int] = (3, 8),
    postgres: str | None = None,
    ledger_type: type[Ledger] = Ledger,
    line_type: type[Line] = Line,
) -> Report:
    """Live one life and report; whatever code raises in it counts as a violation."""
    home = Path(tempfile.mkdtemp(prefix=f"life-{seed}-", dir=MEMORY if MEMORY.is_dir() else None))
    world = World(home, seed=seed, kiosks=kiosks, postgres=postgres, ledger_type=ledger_type, line_type=line_type)
    try:
        world.live(steps)
        world.come_to_rest()
        return _report(world, steps)
    except Exception:
        return Report(lives=1, steps=steps, faults=world.faults, violations=[f"raised: {traceback.format_exc()}"])
    finally:
        world.close()
        shutil.rmtree(home, ignore_errors=True)


def after_all(world: World) -> invariants.After:
    """Return the network as it is now that all is quiet."""
    return invariants.After(
        world.server,
        world.kiosks,
        acked=world.acked,
        aside=world.aside,
        unlocked_without_entry=world.unlocked_without_entry,
        meant=world.meant,
        seconds=world.seconds,
    )


def _report(world: World, steps: int) -> Report:
    for kiosk in world.kiosks:
        world.note_unlocks(kiosk)
    after = after_all(world)
    found = [*world.violations, *invariants.violations(after)]
    world.violations = []
    if not found:  # what is wrong already would show in everything that follows
        later = list(forgetting.a_quarter_later(world))
        found += [f"D4: {what}" for what in later]
        found += world.violations + [f"later, {what}" for what in invariants.violations(after_all(world))]
    return Report(
        lives=1,
        steps=steps,
        taps=world.tapped,
        requests=sum(kiosk.line.calls for kiosk in world.kiosks),
        entries=len(after.feed),
        stuck=sum(what.startswith("I6") for what in found),
        faults=world.faults,
        violations=found,
    )
