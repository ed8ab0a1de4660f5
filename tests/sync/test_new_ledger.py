"""A kiosk that lost the end of its ledger starts a new one, and agrees with the server."""

import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from kiosk.clock import MovableClock
from kiosk.facts import Happened
from kiosk.ledger import open_ledger, repair
from sync.central.feed import stream
from sync.central.storage import network
from sync.wire import Enroll, Push
from tests.ledger.test_repair import damage_table
from tests.office.kiosks.stepped import MONDAY, SteppedKiosk
from tests.office.ledgers.feed import rows
from tests.office.network.linked import LiveServer


@pytest.fixture
def hub(tmp_path):
    with LiveServer(tmp_path / "server") as hub:
        yield hub


def old_copy_returns(folder, copy, name="ledger.db"):
    """A database is put back to how it was. The note beside a kiosk's ledger, of a later end, tells."""
    shutil.copy(copy, folder / name)
    for end in ("-wal", "-shm"):
        (folder / f"{name}{end}").unlink(missing_ok=True)


def opened_whole(folder):
    ledger, story = repair.open_repaired(folder / "ledger.db", stamp=MovableClock(MONDAY).stamp)
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
    return {alarm.kind for alarm in hub.central.alarms.listed()}


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
    assert hub.central.kiosks.listed()[0].ledger_id == kiosk.counter.ledger.ledger_id
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


def test_a_mended_roster_that_stood_on_a_snapshot_is_asked_of_the_server_again(hub, tmp_path):
    folder = tmp_path / "kiosk"
    kiosk = hub.pairs(folder)
    kiosk.counter.joins("ada")
    kiosk.settle()
    assert kiosk.counter.ledger.snapshot_position is not None
    token, sold = kiosk.worker._client._token, rows(kiosk.counter.ledger._database.connection)["sales"]
    kiosk.close()
    damage_table(folder / "ledger.db", "sales", MovableClock(MONDAY).stamp)
    story = opened_whole(folder)
    assert (story.renewed, story.lost) == (False, 0)
    kiosk = hub.again(folder, token=token)
    kiosk.settle()
    assert rows(kiosk.counter.ledger._database.connection)["sales"] == sold != []
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
    page = hub.central.feed.page(hub.central.kiosks.listed()[0], None)
    assert [one.entry.seq for one in page.entries if one.entry.ledger_id == former] == [1, 2, 3, 4, 5]
    assert kiosk.counter.ledger.former_ledgers == {former: 5}
    assert kiosk.counter.ledger.verify() == kiosk.counter.ledger.roster_differences() == ()
    assert kinds(hub) == {"renewed"}
    kiosk.close()


def test_a_kiosk_may_not_go_on_in_the_ledger_of_another(hub, tmp_path):
    one, other = hub.pairs(tmp_path / "one"), hub.pairs(tmp_path / "other")
    own, theirs = one.counter.ledger.ledger_id, other.counter.ledger.ledger_id
    for follows in ((own,), (theirs,), ()):
        with pytest.raises(PermissionError):
            hub.central.intake.push(hub.central.kiosks.by_token(one.worker._client._token), body(theirs, follows))
    with pytest.raises(PermissionError):
        hub.central.intake.push(hub.central.kiosks.by_token(one.worker._client._token), body("a new one", (theirs,)))
    one.close()
    other.close()


# ---------------------------------------------------------------- paired anew in between


def left_with_a_tail(hub, folder):
    """A kiosk with a sale that it never sent goes on in a new ledger, and has lost its token. Returns the old name."""
    kiosk = hub.pairs(folder)
    kiosk.settle()
    former = kiosk.counter.ledger.ledger_id
    kiosk.counter.joins("ada")
    kiosk.close()
    (folder / "ledger.db.head").unlink()
    assert opened_whole(folder).renewed
    return former


def arrived(hub, ledger_id):
    """The places of a ledger's entries that the server has."""
    with hub.central.storage.reader() as connection:
        feed = stream.entries(connection, "main", after=0, size=500)
    return [entry.ref.seq for _, entry in feed if entry.ref.ledger_id == ledger_id]


def test_what_a_kiosk_had_not_sent_arrives_although_it_was_paired_anew_in_between(hub, tmp_path):
    former = left_with_a_tail(hub, tmp_path / "kiosk")
    kiosk = hub.pairs_anew(tmp_path / "kiosk")
    assert kiosk.waiting > 0
    kiosk.settle()
    assert arrived(hub, former) == [1, 2, 3, 4, 5]
    assert kiosk.waiting == 0
    assert [one.ledger_id for one in hub.central.kiosks.listed()] == [kiosk.counter.ledger.ledger_id]
    assert kinds(hub) == {"renewed"}
    kiosk.close()


def test_without_a_word_of_its_former_ledger_the_tail_waits_and_all_else_goes_on(hub, tmp_path):
    """The bad twin: an enrolment that does not name the old ledger, as releases before made them."""
    former = left_with_a_tail(hub, tmp_path / "kiosk")
    kiosk = hub.pairs_anew(tmp_path / "kiosk", formers=False)
    waiting = kiosk.waiting
    kiosk.counter.joins("bob")
    kiosk.settle()
    assert len(arrived(hub, former)) < 5
    assert arrived(hub, kiosk.counter.ledger.ledger_id)
    assert kiosk.counter.ledger.cursor is not None
    assert kiosk.waiting == waiting
    kiosk.close()


def test_what_it_could_not_send_goes_out_once_it_is_paired_by_a_release_that_says_so(hub, tmp_path):
    former = left_with_a_tail(hub, tmp_path / "kiosk")
    hub.pairs_anew(tmp_path / "kiosk", formers=False).close()
    kiosk = hub.pairs_anew(tmp_path / "kiosk")
    kiosk.settle()
    assert arrived(hub, former) == [1, 2, 3, 4, 5]
    assert [one.revoked_at is None for one in hub.central.kiosks.listed() if one.ledger_id == former] == [False]
    kiosk.close()


def test_a_kiosk_that_mended_itself_before_it_was_ever_paired_sends_all_that_it_has(hub, tmp_path):
    """Also where its code was taken by a release that does not hear of former ledgers: nobody ever sent that one."""
    folder = tmp_path / "kiosk"
    folder.mkdir()
    counter = SteppedKiosk(folder)
    counter.joins("ada")
    former, written = counter.ledger.ledger_id, counter.ledger.head.seq
    counter.ledger.start_new_ledger()
    counter.joins("bob")
    counter.close()
    kiosk = hub.pairs_anew(folder, formers=False)
    kiosk.settle()
    assert arrived(hub, former) == list(range(1, written + 1))
    assert kiosk.waiting == 0
    kiosk.close()


def test_a_server_put_back_is_sent_a_former_ledger_again(hub, tmp_path):
    folder = tmp_path / "kiosk"
    former = left_with_a_tail(hub, folder)
    kiosk = hub.pairs_anew(folder)
    hub.stop()
    shutil.copy(hub.database, hub.folder / "copy.db")
    hub.start()
    kiosk.settle()
    assert arrived(hub, former) == [1, 2, 3, 4, 5]
    hub.stop()
    old_copy_returns(hub.folder, hub.folder / "copy.db", name=Path(hub.database).name)
    hub.start()
    for _ in range(3):
        kiosk.settle()
    assert arrived(hub, former) == [1, 2, 3, 4, 5]
    assert not any(alarm.kind == "restored" for alarm in hub.central.alarms.listed())
    kiosk.close()


def test_an_unreadable_entry_of_a_former_ledger_holds_up_nothing(hub, tmp_path):
    former = left_with_a_tail(hub, tmp_path / "kiosk")
    with sqlite3.connect(tmp_path / "kiosk" / "ledger.db") as connection:
        connection.execute("UPDATE entries SET at = 'yesterday' WHERE ledger_id = ? AND seq = 4", (former,))
    connection.close()
    kiosk = hub.pairs_anew(tmp_path / "kiosk")
    kiosk.counter.joins("bob")
    kiosk.settle()
    assert arrived(hub, former) == [1, 2, 3, 5]
    assert arrived(hub, kiosk.counter.ledger.ledger_id)
    kiosk.close()


def test_a_code_does_not_open_the_servers_own_ledger(hub, tmp_path):
    hub.central.books.append(Happened(what="opened"), by="anne")
    servers = network.load(hub.central.storage).ledger_id
    asked = Enroll(code=hub.code(), ledger_id="one of mine", formers=(servers, "", "a\0b", "one of mine"))
    paired = hub.central.kiosks.enroll(asked)
    for name in (servers, "", "a\0b"):
        with pytest.raises(PermissionError):
            hub.central.intake.push(paired.kiosk, body(name, (name,)))


def test_a_kiosk_whose_ledger_another_calls_its_former_one_is_shut_out_and_staff_are_told(hub, tmp_path):
    """A cloned card that mended itself: who shows a code goes on, and the other one has to be looked at."""
    first = hub.pairs(tmp_path / "kiosk")
    first.settle()
    name = first.counter.ledger.ledger_id
    asked = Enroll(code=hub.code(), ledger_id="of the clone", formers=(name,))
    hub.central.kiosks.enroll(asked)
    assert hub.central.kiosks.by_token(first.worker._client._token) is None
    assert kinds(hub) == {"renewed"}
    paired = hub.central.kiosks.enroll(Enroll(code=hub.code(), ledger_id=name))
    assert len([one for one in hub.central.kiosks.listed() if one.revoked_at is None]) == 2
    hub.central.intake.push(paired.kiosk, body(name, ()))
    first.close()


def body(ledger_id, follows):
    return msgspec.json.encode(Push(ledger_id=ledger_id, follows=follows))
