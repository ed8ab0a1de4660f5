"""The nightly worker: old data is erased in parts, once a night; a failure is tried again."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from kiosk.clock import MovableClock
from kiosk.settings.config import Backup, Config, Paths, Reader
from kiosk.upkeep import backup
from kiosk.upkeep.nightly import AFTER_START_SECONDS, EVERY_SECONDS, PARTS, NightlyWorker, forget_part
from tests.office.kiosks.stepped import MONDAY, SteppedKiosk


class Nights:
    """A kiosk's nightly worker, a clock, and a number of parts to forget."""

    def __init__(
        self, folder: Path, parts: int, *, clock: MovableClock | None = None, medium: Path | None = None
    ) -> None:
        folder.mkdir(exist_ok=True)
        paths = Paths(state=folder, socket=folder / "kiosk.sock")
        self.config = Config(
            site="la-serre", reader=Reader(path="tty:S0:pn532"), paths=paths, backup=Backup(folder=medium)
        )
        self.clock = clock or MovableClock(MONDAY, runs=False)
        self.parts, self.asked, self.damage = parts, 0, list[str]()
        self.worker = NightlyWorker(
            self.config,
            self.clock,
            forget_part=self.forget_part,
            on_damage=self.damage.append,
            pause_seconds=0.0,
            device=self.device,
        )
        self.medium, self.mounted = medium, True

    def device(self, folder: Path) -> int:
        """The file system of a folder: the medium's own while it is mounted."""
        return 2 if folder == self.medium and self.mounted else 1

    def copied_on(self, folder: Path) -> date | None:
        """The day of the newest copy in a folder that is not of the future."""
        last = backup.last_copies(self.config, self.clock.now().date(), device=self.device)
        return next(copy.on for copy in last if copy.folder == folder)

    def forget_part(self) -> bool:
        self.asked += 1
        self.parts -= 1
        return self.parts > 0

    def forget(self, stop: threading.Event | None = None) -> int:
        """Let the worker forget; return how often a part was asked for."""
        before = self.asked
        self.worker.forget_old_data(stop or threading.Event())
        return self.asked - before


class Waits(threading.Event):
    """A stop that is set after a number of waits, which it notes; the clock moves on by what was waited."""

    def __init__(self, clock: MovableClock, most: int) -> None:
        super().__init__()
        self.clock, self.most, self.waits = clock, most, list[float]()

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self.clock.move(timedelta(seconds=timeout or 0.0))
        return len(self.waits) >= self.most


def test_all_parts_are_forgotten_once_a_night(tmp_path: Path) -> None:
    nights = Nights(tmp_path, parts=5)
    assert (nights.forget(), nights.parts) == (5, 0)
    nights.clock.move(timedelta(hours=12))
    assert nights.forget() == 0
    nights.clock.move(timedelta(hours=8))
    assert nights.forget() == 1


def test_what_never_ends_ends_for_this_night(tmp_path: Path) -> None:
    assert Nights(tmp_path, parts=10 * PARTS).forget() == PARTS


def test_a_kiosk_that_is_told_to_stop_stops_between_two_parts(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert Nights(tmp_path, parts=5).forget(stop) == 1


def test_the_worker_checks_forgets_and_copies_and_then_looks_every_ten_minutes(tmp_path: Path) -> None:
    SteppedKiosk(tmp_path).close()
    nights = Nights(tmp_path, parts=1)
    stop = Waits(nights.clock, most=5)
    nights.worker.run(stop, lambda: None)
    assert stop.waits == [AFTER_START_SECONDS, *[EVERY_SECONDS] * 4]
    assert (nights.asked, nights.damage) == (1, [])
    assert backup.newest(nights.config) == MONDAY.date()


def test_a_medium_that_is_plugged_in_again_gets_its_copy_at_once(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    SteppedKiosk(tmp_path / "state").close()
    medium = tmp_path / "stick"
    nights = Nights(tmp_path / "state", parts=1, medium=medium)
    nights.mounted = False
    nights.worker.copy_ledger()
    nights.worker.copy_ledger()
    assert nights.copied_on(medium) is None
    nights.mounted = True
    nights.worker.copy_ledger()
    assert nights.copied_on(medium) == MONDAY.date()


def test_a_medium_that_cannot_be_written_is_tried_once_a_night(tmp_path: Path, caplog) -> None:
    (tmp_path / "state").mkdir()
    SteppedKiosk(tmp_path / "state").close()
    medium = tmp_path / "stick"
    medium.write_text("in the way of the folder")
    nights = Nights(tmp_path / "state", parts=1, medium=medium)
    for _ in range(3):
        nights.worker.copy_ledger()
    assert caplog.text.count("no copy of the ledger in") == 1
    medium.unlink()
    nights.clock.move(timedelta(days=1))
    nights.worker.copy_ledger()
    assert nights.copied_on(medium) == MONDAY.date() + timedelta(days=1)


def test_a_copy_that_bears_a_later_day_is_no_copy_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    SteppedKiosk(tmp_path / "state").close()
    medium = tmp_path / "stick"
    nights = Nights(tmp_path / "state", parts=1, medium=medium)
    backup.make(nights.config, MONDAY.date().replace(year=2056), device=nights.device)
    nights.worker.copy_ledger()
    assert nights.copied_on(medium) == MONDAY.date()


def test_forgetting_that_fails_holds_up_no_copy_and_is_tried_again_the_next_night(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nights = Nights(tmp_path, parts=1)
    tries = list[int]()

    def fails() -> bool:
        tries.append(1)
        raise RuntimeError("unforeseen")

    worker = NightlyWorker(nights.config, nights.clock, forget_part=fails, on_damage=nights.damage.append)
    worker.run(Waits(nights.clock, most=2 + round(24 * 3600 / EVERY_SECONDS)), lambda: None)
    assert len(tries) == 2
    assert "unforeseen" in caplog.text
    assert "no copy of the ledger" in caplog.text  # there is no ledger: the copy was tried all the same


def test_a_ledger_that_is_damaged_is_reported(tmp_path: Path) -> None:
    nights = Nights(tmp_path, parts=1)
    nights.config.paths.ledger.write_bytes(b"no database" * 1000)
    nights.worker.check_pages()
    assert nights.damage


def test_a_kiosk_forgets_its_passages_on_day_91_and_counts_as_before(tmp_path: Path):
    counter = SteppedKiosk(tmp_path)
    badge = counter.joins("lea")
    counter.tap(badge)

    config = Nights(tmp_path / "state", parts=0).config
    worker = NightlyWorker(
        config, counter.clock, forget_part=lambda: forget_part(counter.asks), on_damage=pytest.fail, pause_seconds=0.0
    )
    for _ in range(90):
        counter.later(days=1)
        worker.forget_old_data(threading.Event())
    now = counter.clock.now()
    assert counter.ledger.roster.visits(MONDAY - timedelta(days=1), now) == ()
    assert [holding.used for holding in counter.ledger.roster.holdings("lea", now)] == [1]
    assert [entry.body for entry in counter.ledger.entries() if entry.kind == "tap"] == [None]
    assert counter.ledger.verify(head=counter.ledger.head) == ()
    assert counter.ledger.roster_differences() == ()
    counter.close()


class Vouched(MovableClock):
    """A clock that the test vouches for, or not."""

    has_witness = False

    def is_witnessed(self) -> bool:
        return self.has_witness


def test_nothing_is_forgotten_by_a_time_without_a_second_witness_and_it_is_done_once_there_is_one(
    tmp_path: Path,
) -> None:
    clock = Vouched(MONDAY, runs=False)
    nights = Nights(tmp_path, parts=3, clock=clock)
    assert nights.forget() == 0
    clock.has_witness = True
    assert nights.forget() == 3
