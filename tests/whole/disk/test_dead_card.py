"""A dead card: the kiosk is gone with all its data, a new one is paired, and members tap as before.

Restoring from a copy on a second medium is in test_backup.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from kiosk.answers import Done
from kiosk.commands import Pair
from kiosk.ledger import open_ledger, open_reader
from kiosk.model import Granted, Reason
from tests.office.kiosks.running import RunningKiosk
from tests.office.ledgers.feed import rows
from tests.office.ledgers.small_house import StampClock
from tests.office.network.linked import LiveServer
from tests.office.network.processes import until


def pair(running: RunningKiosk, hub: LiveServer, name: str) -> None:
    command = Pair(url=hub.url, code=hub.code(name))
    told = running.asks(command)
    assert isinstance(told, Done), told


def roster(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with open_reader(folder / "ledger.db") as ledger:
        return rows(ledger._database.connection)


def is_level(folder: Path) -> bool:
    with open_reader(folder / "ledger.db") as ledger:
        return ledger.waiting == 0


def knows(folder: Path, member: str) -> bool:
    with open_reader(folder / "ledger.db") as ledger:
        return ledger.roster.member(member) is not None


def test_after_a_dead_card_a_new_kiosk_lets_members_in_with_the_balances_that_the_server_knows(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    with LiveServer(tmp_path / "hub") as hub:
        with RunningKiosk(old, every_seconds=1.0) as running:
            pair(running, hub, "front door")
            used = running.tap("camille")
            assert used.reason is Reason.ENTRY_USED
            until(lambda: is_level(old), "the server does not get all")
            now = running.bench.clock.now()
        before = roster(old)
        shutil.rmtree(old)

        with RunningKiosk(new, is_blank=True, every_seconds=1.0) as running:
            running.bench.clock.set(now)
            pair(running, hub, "front door, new card")
            until(lambda: knows(new, "camille"), "the roster does not come")
            after = roster(new)
            assert {name: after[name] for name in ("members", "badges", "passes")} == {
                name: before[name] for name in ("members", "badges", "passes")
            }
            back, first = running.tap("camille"), running.tap("tom")
            assert back.reason is Reason.RE_ENTRY, "her entry was used on the old card, and still runs"
            assert isinstance(first, Granted)
            assert first.reason is Reason.ENTRY_USED
            until(lambda: is_level(new), "the server does not get the taps on the new card")
    with open_ledger(new / "ledger.db", stamp=StampClock()) as ledger:
        assert (*ledger.verify(), *ledger.roster_differences()) == ()
