"""The kiosk's disk traffic: one sync for a tap, few bytes, a WAL that stays small, nothing while idle."""

import json

import pytest

from kiosk.store.database import WAL_LIMIT_BYTES, WAL_WORTH_EMPTYING
from tests.crash_states.disk import environment, run

KIB = 1024
TAPS = 250


def measured(base, taps, *how):
    folder = base / "state"
    folder.mkdir()
    return json.loads(run("tests.crash_states.traffic", folder, taps, *how, env=environment(folder, base / "control")))


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("traffic"), TAPS)


def test_a_tap_syncs_once_and_now_and_then_once_more(costs):
    assert 1.0 <= costs["syncs_per_tap"] <= 1.3


def test_a_tap_writes_at_most_48_kib(costs):
    assert 4 * KIB <= costs["bytes_per_tap"] <= 48 * KIB


def test_the_wal_is_emptied_between_taps_long_before_it_is_large(costs):
    assert 0 < costs["largest_wal"] < 1.1 * WAL_WORTH_EMPTYING


def test_where_somebody_always_waits_a_tap_empties_it_later(tmp_path):
    costs = measured(tmp_path, 120, "crowded")
    assert 1.5 * WAL_WORTH_EMPTYING < costs["largest_wal"] < WAL_LIMIT_BYTES


def test_nothing_is_written_while_nobody_taps(costs):
    assert costs["idle_calls"] == 0


def test_a_kiosk_that_writes_more_than_it_must_is_seen(tmp_path):
    costs = measured(tmp_path, 20, "hasty")
    assert costs["syncs_per_tap"] > 1.3
    assert costs["bytes_per_tap"] > 48 * KIB
    assert costs["idle_calls"] > 0
