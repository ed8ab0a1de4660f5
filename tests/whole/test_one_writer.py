"""Only one connection ever writes the database: seen from a running kiosk over a day."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kiosk.ledger import LedgerBusyError, LedgerError, open_ledger
from kiosk.store.database import OLDEST_SQLITE, check_version
from tests.office.ledgers.small_house import StampClock

HERE = Path(__file__).parents[2]


def day(folder: Path, *words: str) -> Any:
    command = [sys.executable, "-m", "tests.whole.audited_kiosk", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=HERE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_whole_day_of_a_kiosk_opens_its_database_for_writing_once(tmp_path):
    found = day(tmp_path)
    assert found["writers"] == ["MainThread"]
    assert found["descriptors"] == [1, 1]
    assert len(found["readers"]) >= 3, "status, exchange and copy read beside it"
    assert found["copies"] == 1


def test_a_second_connection_that_writes_is_seen(tmp_path):
    assert len(day(tmp_path, "two-writers")["writers"]) == 2


def test_a_second_writer_is_turned_away_whatever_its_sqlite(tmp_path):
    with open_ledger(tmp_path / "kiosk.db", stamp=StampClock()), pytest.raises(LedgerBusyError):
        open_ledger(tmp_path / "kiosk.db", stamp=StampClock())


def test_a_sqlite_that_was_never_tried_is_refused_at_the_start():
    check_version(OLDEST_SQLITE)
    with pytest.raises(LedgerError, match=r"SQLite 3\.36\.0 is too old"):
        check_version((3, 36, 0))
