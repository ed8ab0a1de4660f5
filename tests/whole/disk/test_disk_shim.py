"""The shim under the disk tests: it records what is done to the files of a folder, and makes calls fail on demand."""

import errno
import subprocess
import sys

import pytest

from tests.crash_states.disk import Call, Control, environment, read

PROGRAM = """
import os, sys
folder = sys.argv[1]
file = os.open(folder + "/a", os.O_RDWR | os.O_CREAT)
os.write(file, b"one")
os.pwrite(file, b"two", 100)
os.fdatasync(file)
os.ftruncate(file, 50)
os.rename(folder + "/a", folder + "/b")
os.unlink(folder + "/b")
os.write(os.open(folder + ".beside", os.O_RDWR | os.O_CREAT), b"not watched")
"""


@pytest.fixture
def watched(tmp_path):
    (tmp_path / "state").mkdir()

    def run():
        env = environment(tmp_path / "state", tmp_path / "control", tmp_path / "log")
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "state")]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)

    Control(tmp_path / "control")
    return tmp_path, run


def test_every_change_is_recorded_in_its_order(watched):
    folder, run = watched
    assert run().returncode == 0
    assert list(read(folder / "log")) == [
        Call("open", "a", 1),
        Call("write", "a", 0, b"one"),
        Call("write", "a", 100, b"two"),
        Call("sync", "a"),
        Call("truncate", "a", 50),
        Call("rename", "a", to="b"),
        Call("unlink", "b"),
    ]
    control = Control(folder / "control")
    assert (control.calls, control.syncs, control.bytes) == (7, 1, 6)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_calls_fail_with_the_error_that_is_asked_for(watched, error):
    folder, run = watched
    Control(folder / "control").fail(error, after=2)
    assert f"[Errno {error}]" in run().stderr
    assert [call.kind for call in read(folder / "log")] == ["open", "write"]


def test_a_write_can_stop_half_way(watched):
    folder, run = watched
    Control(folder / "control").fail(errno.ENOSPC, after=1, calls=1, partly=True)
    assert run().returncode == 0
    assert list(read(folder / "log"))[1] == Call("write", "a", 0, b"o")
