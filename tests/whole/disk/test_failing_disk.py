"""A full disk, an I/O error, a read-only remount at every write of a tap: no pulse without an entry, and it goes on."""

import errno
import json

import pytest

from tests.crash_states.disk import environment, run


def lived(base, error, *how):
    folder = base / "state"
    folder.mkdir()
    env = environment(folder, base / "control")
    return json.loads(run("tests.crash_states.failing_disk", folder, error, *how, env=env).splitlines()[-1])


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_no_write_that_fails_opens_the_door_and_the_next_tap_works(tmp_path, error):
    found = lived(tmp_path, error)
    assert found["faults"] == []
    assert found["met"] >= 5


def test_a_door_that_moves_before_the_entry_is_written_is_caught(tmp_path):
    assert "the door moved without an entry" in lived(tmp_path, errno.EIO, "careless")["faults"][0]
