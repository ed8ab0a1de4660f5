"""A kiosk on a system that is read-only except for its data: it serves, and writes nothing while nobody comes.

A mount namespace of its own makes everything else read-only: the kernel refuses each write, as on a machine set up by
docs/install.md. The idle machine is watched for ten minutes by `make vm`.
"""

import subprocess
import sys

import pytest

from tests.crash_states.killed_kiosk import furnish
from tests.crash_states.kills import Acknowledged, Door, FileWatcher, found_wrong

READ_ONLY = """
set -e
data=$1
shift
mount --make-rprivate /
mount --bind "$data" "$data"
mount -t tmpfs tmpfs /var/tmp
while read -r _ place kind _; do
    case $kind in proc | sysfs | devpts | devtmpfs | mqueue | cgroup* | securityfs) continue ;; esac
    [ "$place" = "$data" ] || [ "$place" = /var/tmp ] || mount -o remount,bind,ro "$place"
done </proc/self/mounts
exec "$@"
"""
"""All but the kernel's own file systems, one in memory for what is temporary, and the folder named. Runs as root, of
the machine or of a namespace."""
QUIET_SECONDS = 4.0


def alone(data):
    """The command that runs another one where only `data` may be written."""
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh", str(data)]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_in_there_nothing_but_the_data_can_be_written(data, tmp_path):
    script = f"touch {data}/here && ! touch {tmp_path}/elsewhere && ! touch /tmp/elsewhere"
    done = subprocess.run([*alone(data), "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Read-only file system") == 2


def test_a_kiosk_on_a_read_only_system_serves_and_writes_nothing_while_nobody_comes(data):
    furnish(data, 3)
    told = Acknowledged()
    with Door(data, told, sells=False) as door:
        door.command = [*alone(data), sys.executable]
        door.start()
        for who in range(3):
            door.tap(who)
        door.kill()
        door.start()
        door.tap(0)
        watcher = FileWatcher(data, FileWatcher.TOUCHED)
        try:
            assert not watcher.sees_a_write(QUIET_SECONDS), sorted(data.iterdir())
            door.tap(1)
            assert watcher.sees_a_write(0, anew=False), "a tap is seen"
        finally:
            watcher.close()
    assert len(told.strikes) == 5
    assert found_wrong(data, told) == []
    others = {file.name for file in data.iterdir() if not file.name.startswith("ledger.db")}
    assert others <= {"badge.key", "kiosk.sock", "log"}, "the log is this test's own"
