"""A sample of the power cuts that `make powercut` goes through, and that a database that syncs less is caught."""

import pytest

from tests.crash_states import lives
from tests.crash_states.power_cut import BLOCKS, check_crash_states, record

CALLS = {"tap": 4, "sale": 10, "page": 20, "adoption": 20, "migration": 10}
"""Every call of a life, or every so many."""


@pytest.mark.parametrize("name", lives.NAMES)
def test_a_power_cut_loses_nothing_that_was_told_and_breaks_nothing(tmp_path, name):
    found = check_crash_states(record(name, tmp_path, TAPS="6"), variants=2, every=CALLS[name])
    assert (found.lost, found.broken) == (0, 0), found.first
    assert found.distinct > 20


def test_a_database_that_does_not_wait_for_the_disk_loses_entries_and_is_caught(tmp_path):
    assert check_crash_states(record("tap", tmp_path, "NORMAL", TAPS="6"), variants=1, every=6).lost > 0


def test_a_database_that_never_syncs_is_damaged_and_caught(tmp_path):
    assert check_crash_states(record("tap", tmp_path, "OFF", TAPS="12"), variants=2, every=4).broken > 0


@pytest.mark.parametrize("block", BLOCKS)
def test_a_torn_write_that_ruins_its_block_loses_no_entry_that_was_told(tmp_path, block):
    found = check_crash_states(record("tap", tmp_path, TAPS="6"), variants=1, every=2, block=block)
    assert (found.lost, found.broken) == (0, 0), found.first
    assert found.distinct > 20


@pytest.mark.parametrize("block", BLOCKS)
def test_a_database_that_trusts_the_disk_with_half_written_blocks_loses_entries_and_is_caught(tmp_path, block):
    found = check_crash_states(record("tap", tmp_path, TAPS="6", KIOSK_DISK_PSOW="1"), variants=1, every=2, block=block)
    assert found.lost + found.broken > 0
