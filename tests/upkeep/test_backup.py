"""Copies of the ledger: one each night, fourteen kept, and from a dead card back to taps."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from kiosk.ledger import LedgerError, open_reader, repair
from kiosk.model import Granted
from kiosk.settings.config import Backup, Config, Paths, Reader
from kiosk.upkeep import backup
from kiosk.upkeep.nightly import copy_is_due
from tests.office.kiosks.stepped import KEY, SteppedKiosk

TODAY = date(2026, 6, 1)


@pytest.fixture
def config(tmp_path):
    state, stick = tmp_path / "state", tmp_path / "stick"
    state.mkdir()
    paths = Paths(state=state, socket=tmp_path / "kiosk.sock")
    return Config(site="la-serre", reader=Reader(path="tty:S0:pn532"), paths=paths, backup=Backup(folder=stick))


def disk(path):
    """Number of the disk that a folder is on, where a stick is plugged in."""
    return "stick" in path.parts


def made(config, day):
    return backup.make(config, day, device=disk)


def lives(config):
    """A kiosk with a member who has tapped; the badge key and the pairing lie beside its ledger."""
    counter = SteppedKiosk(config.paths.state)
    uid = counter.joins("ada")
    counter.tap(uid)
    config.paths.key_file.write_bytes(KEY)
    config.paths.pairing.write_text('{"url": "https://example.org", "token": "secret"}')
    return counter, uid


def test_a_copy_is_made_beside_the_work_and_is_whole(config):
    counter, _ = lives(config)
    copied = made(config, TODAY)
    assert [copy.parent for copy in copied] == [config.paths.backup, config.backup.folder]
    with open_reader(copied[0]) as copy:
        assert copy.head == counter.ledger.head
        assert (*copy.verify(), *copy.roster_differences(), *copy.damage()) == ()
    counter.close()


def test_fourteen_copies_are_kept(config):
    counter, _ = lives(config)
    for day in range(20):
        made(config, TODAY + timedelta(days=day))
    counter.close()
    days = [backup.day_of(copy) for copy in backup.copies(replace(config, backup=Backup()))]
    assert days == [TODAY + timedelta(days=day) for day in range(19, 5, -1)]


def test_keys_lie_on_the_second_medium_for_their_owner_only(config):
    counter, _ = lives(config)
    made(config, TODAY)
    counter.close()
    for name in backup.KEYS:
        assert (config.backup.folder / name).stat().st_mode & 0o777 == 0o600
        assert not (config.paths.backup / name).exists()


def test_a_medium_that_is_full_or_gone_is_told_and_the_other_has_its_copy(config, tmp_path):
    counter, _ = lives(config)
    (tmp_path / "stick").write_text("a file where a folder should be")
    with pytest.raises(LedgerError, match="stick"):
        made(config, TODAY)
    counter.close()
    assert backup.newest(replace(config, backup=Backup())) == TODAY


def test_nothing_is_copied_to_a_medium_that_is_not_mounted(config):
    counter, _ = lives(config)
    with pytest.raises(LedgerError, match="no medium is mounted there"):
        backup.make(config, TODAY)  # the stick is a folder of the card
    counter.close()
    assert not config.backup.folder.exists()
    assert backup.newest(config) == TODAY
    assert [(copy.on, copy.is_there) for copy in backup.last_copies(config)] == [(TODAY, True), (None, False)]


def test_the_newest_copy_is_told_of_each_folder_by_itself(config):
    counter, _ = lives(config)
    made(config, TODAY)
    made(replace(config, backup=Backup()), TODAY + timedelta(days=5))
    counter.close()
    later = TODAY + timedelta(days=5)
    assert [copy.on for copy in backup.last_copies(config, device=disk)] == [later, TODAY]
    assert [copy.on for copy in backup.last_copies(replace(config, backup=Backup()))] == [later]
    assert [(copy.on, copy.is_there) for copy in backup.last_copies(config)] == [(later, True), (None, False)]


def test_a_dead_card_taps_again_from_the_second_medium(config, tmp_path):
    counter, uid = lives(config)
    made(config, TODAY)
    former = counter.ledger.ledger_id
    counter.later(hours=4)
    counter.tap(uid)
    counter.close()
    shutil.rmtree(config.paths.state)  # a new card: nothing is there
    said = backup.restore(config, config.backup.folder)
    assert "entries" in said[0]
    assert config.paths.key_file.read_bytes() == KEY
    assert config.paths.pairing.exists()
    ledger, story = repair.open_repaired(config.paths.ledger, stamp=counter.clock.stamp)
    ledger.close()
    assert story is not None
    assert story.renewed
    again = SteppedKiosk(config.paths.state)
    assert list(again.ledger.former_ledgers) == [former]
    assert again.ledger.ledger_id != former
    assert isinstance(again.tap(uid), Granted)
    assert (*again.ledger.verify(), *again.ledger.roster_differences()) == ()
    again.close()


def test_a_copy_that_is_damaged_is_refused_and_nothing_is_changed(config):
    counter, _ = lives(config)
    copy = made(config, TODAY)[0]
    head = counter.ledger.head
    counter.close()
    copy.write_bytes(copy.read_bytes()[:5000])
    with pytest.raises(LedgerError):
        backup.restore(config, copy)
    with open_reader(config.paths.ledger) as ledger:
        assert ledger.head == head


def test_nothing_is_put_back_while_the_kiosk_runs(config):
    counter, _ = lives(config)
    copy = made(config, TODAY)[0]
    with pytest.raises(LedgerError, match="is held by"):
        backup.restore(config, copy)
    counter.close()


def test_what_was_there_before_is_kept_aside(config):
    counter, uid = lives(config)
    copy = made(config, TODAY)[0]
    counter.later(hours=4)
    counter.tap(uid)
    head = counter.ledger.head
    counter.close()
    backup.restore(config, copy)
    with open_reader(config.paths.state / "before-restore" / "ledger.db") as before:
        assert before.head == head


@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        (None, "2026-06-01 12:00", True),
        (date(2026, 5, 31), "2026-06-01 01:59", False),
        (date(2026, 5, 31), "2026-06-01 02:00", True),
        (date(2026, 6, 1), "2026-06-01 23:00", False),
    ],
)
def test_a_night_has_one_copy(newest, now, due):
    assert copy_is_due(datetime.fromisoformat(now).replace(tzinfo=UTC), newest) is due


def kept(config) -> list[date | None]:
    return [backup.day_of(copy) for copy in backup.copies(replace(config, backup=Backup()))]


def test_a_clock_that_was_thirty_years_ahead_for_a_night_costs_no_good_copy(config):
    lives(config)[0].close()
    for day in range(14):
        made(config, TODAY + timedelta(days=day))
    made(config, TODAY.replace(year=2056))
    assert len(kept(config)) == 14, "one more copy, and so the oldest goes"
    later = TODAY + timedelta(days=14)
    made(config, later)
    assert later in kept(config)
    assert backup.newest(config, later) == later
    assert copy_is_due(datetime(2026, 6, 16, 3, tzinfo=UTC), backup.newest(config, date(2026, 6, 16)))


def test_a_copy_that_bears_a_later_day_holds_up_no_other_and_does_not_pile_up(config):
    lives(config)[0].close()
    for year in range(2050, 2056):
        made(config, TODAY.replace(year=year))
    for day in range(20):
        made(config, TODAY + timedelta(days=day))
    days = [day for day in kept(config) if day]
    assert sum(day > TODAY + timedelta(days=19) for day in days) == backup.MISDATED_KEPT
    assert sum(day <= TODAY + timedelta(days=19) for day in days) == backup.COPIES_KEPT
