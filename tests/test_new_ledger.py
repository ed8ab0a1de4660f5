"""A kiosk that lost the end of its ledger goes on in a new one, and the server and it come to the same."""

import shutil

import msgspec
import pytest

from kiosk.clock import MovableClock
from kiosk.ledger import open_ledger, rescue
from sync.wire import Push
from tests.counter import MONDAY
from tests.linked import Hub


@pytest.fixture
def hub(tmp_path):
    with Hub(tmp_path / "server") as hub:
        yield hub


def old_copy_returns(folder, copy):
    """The card is put back to how it was: the note beside the ledger, of a later end, tells."""
    shutil.copy(copy, folder / "ledger.db")
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (folder / name).unlink(missing_ok=True)


def opened_whole(folder):
    ledger, story = rescue.open_whole(folder / "ledger.db", stamp=MovableClock(MONDAY).stamp)
    ledger.close()
    return story


def lived(hub, folder):
    """A kiosk that was copied, then sold and tapped and sent some of it, and then had its copy put back."""
    kiosk = hub.pairs(folder)
    uid = kiosk.counter.joins("ada")
    kiosk.settle()
    kiosk.counter.ledger.checkpoint()
    shutil.copy(folder / "ledger.db", folder / "copy.db")
    kiosk.counter.tap(uid)
    kiosk.counter.later(hours=4)
    kiosk.counter.tap(uid)
    kiosk.settle()
    kiosk.counter.later(hours=1)
    kiosk.counter.joins("never-sent")
    token = kiosk.worker._client._token
    kiosk.close()
    old_copy_returns(folder, folder / "copy.db")
    return uid, token


def kinds(hub):
    return {alarm.kind for alarm in hub.central.alarms()}


def test_a_kiosk_put_back_learns_from_the_server_what_it_had_sent_and_no_entry_is_doubled(hub, tmp_path):
    uid, token = lived(hub, tmp_path / "kiosk")
    story = opened_whole(tmp_path / "kiosk")
    assert story.renewed
    kiosk = hub.again(tmp_path / "kiosk", token=token)
    kiosk.counter.later(days=1)
    kiosk.counter.tap(uid)
    kiosk.settle()
    assert kinds(hub) == {"renewed"}
    (held,) = kiosk.counter.ledger.roster.holdings("ada", kiosk.counter.clock.now())
    assert held.used == 3
    assert hub.central.kiosks()[0].ledger_id == kiosk.counter.ledger.ledger_id
    assert kiosk.waiting == 0
    kiosk.close()


def test_a_kiosk_that_goes_on_under_its_old_name_forks(hub, tmp_path):
    """The bad twin: what happens without a new name."""
    uid, token = lived(hub, tmp_path / "kiosk")
    with open_ledger(tmp_path / "kiosk" / "ledger.db", stamp=MovableClock(MONDAY).stamp):
        pass
    kiosk = hub.again(tmp_path / "kiosk", token=token)
    kiosk.counter.later(days=1)
    kiosk.counter.tap(uid)
    kiosk.settle()
    assert "fork" in kinds(hub)
    kiosk.close()


def test_entries_that_were_not_sent_are_sent_under_their_old_name(hub, tmp_path):
    folder = tmp_path / "kiosk"
    kiosk = hub.pairs(folder)
    kiosk.settle()
    former = kiosk.counter.ledger.ledger_id
    kiosk.counter.joins("ada")
    token = kiosk.worker._client._token
    kiosk.close()
    (folder / "ledger.db.head").unlink()
    assert opened_whole(folder).renewed
    kiosk = hub.again(folder, token=token)
    kiosk.settle()
    page = hub.central.feed(hub.central.kiosks()[0], None)
    assert [one.entry.seq for one in page.entries if one.entry.ledger_id == former] == [1, 2, 3, 4, 5]
    assert kiosk.counter.ledger.formers == {former: 5}
    assert kiosk.counter.ledger.verify() == kiosk.counter.ledger.rebuild() == ()
    assert kinds(hub) == {"renewed"}
    kiosk.close()


def test_a_kiosk_may_not_go_on_in_the_ledger_of_another(hub, tmp_path):
    one, other = hub.pairs(tmp_path / "one"), hub.pairs(tmp_path / "other")
    own, theirs = one.counter.ledger.ledger_id, other.counter.ledger.ledger_id
    for follows in ((own,), (theirs,), ()):
        with pytest.raises(PermissionError):
            hub.central.push(hub.central.kiosk_of(one.worker._client._token), body(theirs, follows))
    with pytest.raises(PermissionError):
        hub.central.push(hub.central.kiosk_of(one.worker._client._token), body("a new one", (theirs,)))
    one.close()
    other.close()


def body(ledger_id, follows):
    return msgspec.json.encode(Push(ledger_id=ledger_id, follows=follows))
