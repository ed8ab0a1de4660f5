"""Random orders of taps, changes, faults and deaths, reduced to the shortest failing one: the invariants hold.

The simulator plays longer runs with more troubles; here a failing run shrinks to the steps that matter.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.simulator import invariants, life, trouble
from tests.simulator.line import ONCE
from tests.simulator.simulate import MEMORY
from tests.simulator.world import World

WHICH = st.integers(0, 2)
CHANCE = st.integers(0, 2**16).map(Random)
TROUBLES = (
    trouble.late_arrival,
    trouble.old_push_again,
    trouble.old_page_again,
    trouble.kill_server,
    trouble.jump_clock,
    trouble.poison,
    trouble.copy_server,
    trouble.put_server_back,
)


class Network(RuleBasedStateMachine):
    """Three kiosks of two sites and their server."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.CRITICAL)
        self.home = Path(tempfile.mkdtemp(prefix="network-", dir=MEMORY if MEMORY.is_dir() else None))
        self.world = World(self.home, seed=1, kiosks=(3, 3))
        self.kiosks = self.world.kiosks

    def _passes(self, seconds: float = 5.0) -> None:
        self.world.seconds += seconds
        self.world.revive()

    @rule(which=WHICH, chance=CHANCE)
    def somebody_taps(self, which, chance):
        life.tap(self.world, self.kiosks[which], chance)
        self._passes()

    @rule(which=WHICH, chance=CHANCE)
    def a_host_changes_something_at_a_kiosk(self, which, chance):
        life.change_at_kiosk(self.world, self.kiosks[which], chance)
        self._passes()

    @rule(chance=CHANCE)
    def a_host_changes_something_at_the_server(self, chance):
        life.change_at_server(self.world, chance)
        self._passes()

    @rule(which=WHICH)
    def a_kiosk_exchanges(self, which):
        self.kiosks[which].exchange()
        self._passes(31)

    @rule(which=WHICH, out=st.booleans(), back=st.booleans())
    def a_line_is_cut_or_mended(self, which, out, back):
        self.kiosks[which].line.is_cut_out, self.kiosks[which].line.is_cut_back = out, back

    @rule(which=WHICH, fault=st.sampled_from(ONCE))
    def something_befalls_a_request(self, which, fault):
        self.kiosks[which].line.next_faults.append(fault)

    @rule(which=WHICH, statements=st.integers(1, 40))
    def a_kiosk_is_about_to_die(self, which, statements):
        self.kiosks[which].fuse.left = statements

    @rule(what=st.sampled_from(TROUBLES), chance=CHANCE)
    def something_goes_wrong(self, what, chance):
        what(self.world, chance)
        self._passes()

    def teardown(self) -> None:
        try:
            self.world.come_to_rest()
            after = invariants.After(
                self.world.server,
                self.kiosks,
                acked=self.world.acked,
                unlocked_without_entry=self.world.unlocked_without_entry,
            )
            assert [*self.world.violations, *invariants.violations(after)] == []
        finally:
            self.world.close()
            shutil.rmtree(self.home, ignore_errors=True)
            logging.disable(logging.NOTSET)


def test_no_order_of_events_breaks_what_must_hold():
    run_state_machine_as_test(
        Network,
        settings=settings(
            max_examples=6,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
