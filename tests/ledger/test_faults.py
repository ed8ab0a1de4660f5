"""The disk fails: the ledger says so, nothing is written in part, and it continues when the disk works again.

The faults are real: a file size that the kernel does not exceed, a database that may not grow, another process that
holds the write lock, a file that is gone. Under each, one check is made, `refuses`; a ledger that hides the error, or
keeps half, fails it.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert

from kiosk.facts import Happened
from kiosk.ledger import Ledger, LedgerError, open_ledger
from kiosk.store import chain
from kiosk.store.database import Database, transaction
from kiosk.store.entry_rows import to_row
from kiosk.store.tables import entries
from tests.office.ledgers.small_house import fresh, gathered, house_facts, let_in, taps

MUCH = Happened(what="much", detail="x" * 2_000_000)
"""More than any of the limits below allows for."""


def state(ledger, moment):
    """All that can be asked: the entries, and what the roster makes of them."""
    return (
        tuple(ledger.entries()),
        ledger.roster.holdings("lea", moment.now),
        ledger.roster.visits_of("lea", moment.now),
    )


def refuses(ledger, moment, *facts):
    """Check that an append under a fault raises LedgerError and leaves no trace, in the entries or in the roster."""
    before = state(ledger, moment)
    with pytest.raises(LedgerError, match="the ledger cannot be written"):
        ledger.append(*facts)
    assert state(ledger, moment) == before
    assert ledger.verify(head=ledger.head) == ()
    assert ledger.roster_differences() == ()


def goes_on(ledger, moment):
    """Check that the next append works, in the next place, and that a tap is charged once."""
    before = ledger.head
    ref = taps(ledger, moment)
    assert ref.seq == before.seq + 1
    assert ledger.roster.holdings("lea", moment.now)[0].used == 1
    assert ledger.verify(head=before) == ()
    assert ledger.roster_differences() == ()


def tap_and(fact, moment):
    return let_in(moment.now, "ten"), fact


# ---------------------------------------------------------------- a full disk


def limit_growth(ledger, pages=3):
    """Let the database grow by a few pages at most, as on a disk that is full but for them; None: no limit."""
    connection = ledger._database.connection
    size = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    most = 2**32 - 2 if pages is None else size + pages
    assert connection.exec_driver_sql(f"PRAGMA max_page_count={most}").scalar_one() == most


def test_a_full_disk_refuses_all_of_an_append_and_the_next_works_when_there_is_space(book, moment):
    limit_growth(book)
    refuses(book, moment, *tap_and(MUCH, moment))
    limit_growth(book, None)
    goes_on(book, moment)


def test_a_small_entry_still_fits_where_a_large_one_did_not(book, moment):
    limit_growth(book)
    refuses(book, moment, *tap_and(MUCH, moment))
    goes_on(book, moment)


class Swallower(Ledger):
    """The bad twin: it says that all is well."""

    def append(self, *facts):
        try:
            return super().append(*facts)
        except LedgerError:
            return ()


class HalfDoer(Ledger):
    """The bad twin: it writes each entry in a transaction of its own, as a ledger without transactions would."""

    def append(self, *facts):
        return tuple(entry for fact in facts for entry in super(HalfDoer, self).append(fact))


class Forgetter(Ledger):
    """The bad twin: it commits an entry apart from what it does to the roster, and then the roster fails."""

    def append(self, *facts):
        (entry,) = chain.seal(facts[:1], ledger_id=self.ledger_id, head=self.head, stamp=self._stamp())
        with transaction(self._database.connection):
            self._database.connection.execute(insert(entries), to_row(entry))
        raise LedgerError("the ledger cannot be written: no space for the roster")


@pytest.mark.parametrize("twin", [Swallower, HalfDoer, Forgetter])
def test_a_ledger_that_hides_a_fault_or_does_half_fails_the_check(book, moment, twin):
    book.__class__ = twin
    limit_growth(book)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        refuses(book, moment, *tap_and(MUCH, moment))


# ---------------------------------------------------------------- an I/O error


LIMITED = """
import resource, sys
from pathlib import Path
from kiosk.ledger import LedgerError, open_ledger
from tests.office.ledgers.small_house import StampClock
from tests.ledger.test_faults import MUCH, goes_on, refuses, tap_and

moment = StampClock()
with open_ledger(Path(sys.argv[1]), stamp=moment) as ledger:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    for _ in range(3):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), hard))
        refuses(ledger, moment, *tap_and(MUCH, moment))
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    goes_on(ledger, moment)
print("as it should be")
"""


@pytest.mark.parametrize("limit", [0, 40_000, 500_000])
def test_an_error_in_the_middle_of_a_write_is_survived(tmp_path, moment, limit):
    """The kernel stops the write that would make a file longer than `limit`: its first byte, or one within the WAL."""
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "kiosk.db"), str(limit)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.endswith("as it should be\n"), done.stderr
    with open_ledger(tmp_path / "kiosk.db", stamp=moment) as ledger:
        assert ledger.head.seq == 7
        assert ledger.verify() == ()


def kill_the_open_file():
    """As when a card loses its contact and comes back: the open WAL takes nothing more, the one on the disk does."""
    files = {file.readlink().name: int(file.name) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()}
    dead = os.open("/dev/full", os.O_RDWR)
    os.dup2(dead, files["kiosk.db-wal"])
    os.close(dead)


def test_a_file_that_died_under_the_kiosk_is_opened_anew(book, moment):
    kill_the_open_file()
    refuses(book, moment, let_in(moment.now, "ten"))
    goes_on(book, moment)


def test_reading_too_opens_a_dead_file_anew(book, moment):
    kill_the_open_file()
    book._database.connection.exec_driver_sql("PRAGMA shrink_memory")  # nothing is left but what is on the disk
    with pytest.raises(LedgerError, match="the roster cannot be read"):
        taps(book, moment)
    goes_on(book, moment)


class Clinging(Database):
    """The bad twin: it never opens the database anew."""

    def reopen(self):
        pass


def test_a_ledger_that_clings_to_a_dead_file_does_not_go_on(book, moment):
    book._database.__class__ = Clinging
    kill_the_open_file()
    with pytest.raises(LedgerError):
        book.append(let_in(moment.now, "ten"))
    with pytest.raises(LedgerError):
        goes_on(book, moment)


def test_the_errors_behind_an_error_name_nobody(book):
    book._database.connection.exec_driver_sql("DROP TABLE members")
    with pytest.raises(LedgerError) as caught:
        book.roster.member("Camille Roux")
    told = f"{caught.value} {caught.value.__cause__}"  # what a traceback in the log shows
    assert "no such table: members" in told
    assert "Camille" not in told


# ---------------------------------------------------------------- somebody in the way


def test_another_process_that_holds_the_database_is_waited_for_then_refused(book, tmp_path, moment):
    book._database.connection.exec_driver_sql("PRAGMA busy_timeout=0")  # the test need not wait as long as a kiosk does
    rude = sqlite3.connect(tmp_path / "kiosk.db", isolation_level=None)
    rude.execute("BEGIN IMMEDIATE")
    refuses(book, moment, let_in(moment.now, "ten"))
    rude.execute("ROLLBACK")
    rude.close()
    goes_on(book, moment)


# ---------------------------------------------------------------- the process ends


ACKNOWLEDGE = """
import sys
from pathlib import Path
from kiosk.ledger import open_ledger
from tests.office.ledgers.small_house import StampClock, taps

moment = StampClock()
with open_ledger(Path(sys.argv[1]), stamp=moment) as ledger:
    while True:
        print(taps(ledger, moment).seq, flush=True)
        moment.moves(minutes=50)
"""


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path, moment):
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
    for stop_after in (1, 7, 60):
        command = [sys.executable, "-c", ACKNOWLEDGE, str(tmp_path / "kiosk.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as life:
            assert life.stdout is not None
            said = [life.stdout.readline() for _ in range(stop_after)]
            life.send_signal(signal.SIGKILL)
            acknowledged = int([*said, *life.stdout][-1])
        with open_ledger(tmp_path / "kiosk.db", stamp=moment) as ledger:
            assert acknowledged <= ledger.head.seq <= acknowledged + 1
            assert ledger.verify() == ()
            assert ledger.roster_differences() == ()


def test_a_commit_that_was_cut_short_is_as_if_it_had_not_been(tmp_path, moment):
    """The last frame of the WAL is torn, as when the power goes: the entry before it is the last."""
    with fresh(tmp_path, moment) as ledger:
        ledger.append(*house_facts())
        ledger.append(let_in(moment.now, "ten"))
        wal = (tmp_path / "kiosk.db-wal").read_bytes()
        ledger.append(let_in(moment.moves(hours=4), "ten"))
        longer = (tmp_path / "kiosk.db-wal").read_bytes()
        main = (tmp_path / "kiosk.db").read_bytes()
    assert len(longer) > len(wal)
    for cut, seq in ((len(wal), 7), (len(wal) + 5000, 7), (len(longer), 8)):
        (tmp_path / "kiosk.db").write_bytes(main)
        (tmp_path / "kiosk.db-wal").write_bytes(longer[:cut])
        with open_ledger(tmp_path / "kiosk.db", stamp=moment) as ledger:
            assert ledger.head.seq == seq
            assert ledger.verify() == ()
            assert ledger.roster_differences() == ()
            assert len(gathered(ledger, moment.now).visits) == seq - 6
