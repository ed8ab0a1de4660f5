"""Alarms reach people by e-mail and webhook: a real mail server and a real web address on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from msgspec.structs import replace

from sync.central.messages import sending
from sync.central.messages.alarm_messages import alarm_message
from sync.central.messages.messenger import Messenger, Trouble
from sync.central.settings import Settings
from sync.wire import Beacon
from tests.office.ledgers.small_house import house_facts
from tests.office.servers.mailbox import Mailbox, post_office
from tests.office.servers.server import NOON, MemoryLedger, ServerClock, called, pairs, sends, serving
from tests.sync.test_news import until


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with post_office() as found:
        yield found


class Watch:
    """A server with one kiosk, whose beacons a test sends, and somebody who is told."""

    def __init__(self, central: Any, hands: ServerClock) -> None:
        self.central, self.hands = central, hands
        central.books.append(*house_facts(), by="server")
        self.kiosk = pairs(central, name="Porte nord").kiosk
        self.messenger = Messenger(central, alarm_message)

    def says(self, *health: str, **later: float) -> None:
        self.hands.moves(**later)
        sends(self.central, self.kiosk, [], Beacon(health=health))
        self.messenger.step()

    def passes(self, **time: float) -> None:
        self.hands.moves(**time)
        self.messenger.step()


@pytest.fixture
def watch(database: str, post: Mailbox) -> Iterator[Watch]:
    hands = ServerClock()
    with serving(database, hands, **post.told) as central:
        yield Watch(central, hands)


def test_a_kiosk_that_missed_three_beacons_is_told_of_once_and_when_it_is_back(watch: Watch, post: Mailbox) -> None:
    watch.says()
    watch.passes(seconds=2 * 36)
    assert post.mails == []
    watch.passes(seconds=36 + 13)
    watch.passes(minutes=10)
    assert post.subjects == ["Porte nord : la borne ne donne plus signe de vie"]
    assert post.mails[0]["To"] == "anne@example.org, louis@example.org"
    assert [one["title"].replace("\u202f", " ") for one in post.posts] == post.subjects
    watch.says(minutes=1)
    assert post.subjects[1:] == ["Terminé – Porte nord : la borne ne donne plus signe de vie"]


def test_a_server_that_was_away_itself_takes_no_kiosk_for_silent(watch: Watch, post: Mailbox) -> None:
    watch.says()
    watch.hands.moves(hours=3)
    watch.messenger = Messenger(watch.central, alarm_message)
    watch.passes(seconds=60)
    assert post.mails == []
    watch.passes(seconds=90)
    assert len(post.mails) == 1


def test_a_reader_is_told_of_after_ten_minutes_and_not_when_it_is_back_before(watch: Watch, post: Mailbox) -> None:
    for _ in range(9):
        watch.says("reader_down", minutes=1)
    watch.says(minutes=1)
    assert post.mails == []
    for _ in range(11):
        watch.says("reader_down", minutes=1)
    assert post.subjects == ["Porte nord : le lecteur ne répond pas"]


def test_a_door_forced_at_night_is_told_of_and_one_in_opening_hours_is_not(watch: Watch, post: Mailbox) -> None:
    watch.hands.now = NOON.replace(hour=9)  # a Monday, 11:00 in Serres
    watch.says("door_forced_open")
    assert post.mails == []
    watch.says()
    watch.hands.now = NOON.replace(hour=22)
    watch.says("door_forced_open")
    assert post.subjects == ["Porte nord : la porte a été ouverte sans badge"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ledger_failed", "les entrées ne peuvent pas être enregistrées"),
        ("disk_failing", "la carte mémoire est en panne"),
        ("disk_low", "la carte mémoire est presque pleine"),
        ("clock_untrusted", "l’heure n’est pas certaine"),
    ],
)
def test_a_failing_disk_is_told_of_at_once_and_a_clock_without_trust_soon(watch, post: Mailbox, code: str, said: str):
    for _ in range(8):
        watch.says(code, seconds=30)
    assert post.subjects == [f"Porte nord : {said}"]


def test_an_alarm_of_the_ledgers_is_told_of(watch: Watch, post: Mailbox) -> None:
    first, second = MemoryLedger().writes(*house_facts())[:2]
    sends(watch.central, watch.kiosk, [second])
    watch.messenger.step()
    assert post.subjects == ["Porte nord : des écritures manquent"]
    sends(watch.central, watch.kiosk, [first])
    watch.messenger.step()
    assert post.subjects[1].startswith("Terminé")


def test_what_the_mail_server_would_not_take_is_sent_later(watch: Watch, post: Mailbox) -> None:
    post.is_closed = True
    watch.says("ledger_failed")
    assert post.mails == []
    post.is_closed = False
    watch.says("ledger_failed", seconds=15)
    assert len(post.mails) == 1


def test_a_web_address_that_refuses_keeps_no_line_open(watch: Watch, post: Mailbox, caplog) -> None:
    watch.central.settings = replace(watch.central.settings, alarms_to=())
    post.is_closed = True
    watch.says("ledger_failed")
    (refusal,) = {one for record in caplog.records for one in record.args if isinstance(one, HTTPError)}
    assert refusal.code == 503
    assert refusal.closed


def test_one_way_that_fails_does_not_have_the_other_tell_again(watch: Watch, post: Mailbox) -> None:
    watch.central.settings = replace(watch.central.settings, webhook="http://127.0.0.1:9/")
    watch.says("ledger_failed")
    watch.says("ledger_failed", seconds=15)
    assert len(post.mails) == 1


def test_a_restart_tells_nothing_twice(database: str, post: Mailbox) -> None:
    hands = ServerClock()
    with serving(database, hands, **post.told) as central:
        watch = Watch(central, hands)
        watch.says("ledger_failed")
    with serving(database, hands, **post.told) as central:
        Messenger(central, alarm_message).step()
    assert len(post.mails) == 1


def test_no_message_names_a_member(watch: Watch, post: Mailbox) -> None:
    for code in ("ledger_failed", "clock_untrusted", "reader_down"):
        watch.says(code, minutes=11)
    told = "".join(str(mail) for mail in post.mails) + repr(post.posts)
    assert "Léa" not in told
    assert "lea" not in told.replace("learn", "")


def test_the_server_tells_by_itself_while_it_serves(tmp_path: Path, post: Mailbox, database: str) -> None:
    with called(database, ServerClock(), **post.told) as client:
        central = client.app.state.central
        kiosk = pairs(central, name="Porte nord").kiosk
        sends(central, kiosk, [], Beacon(health=("ledger_failed",)))
        central.changes.notify()
        until(lambda: len(post.mails) == 1 and len(post.posts) == 1)


def test_messages_are_english_where_the_settings_say_so(watch: Watch) -> None:
    settings = replace(watch.central.settings, language="en")
    trouble = Trouble(trouble_id="x", code="silent", where="North door", since=NOON)
    assert alarm_message(settings, trouble)[0] == "North door: the kiosk is not heard any more"


def test_a_web_address_that_answers_garbage_is_one_that_fails() -> None:
    """Then the message is tried again, like any that could not be sent."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def answers() -> None:
            line, _ = listening.accept()
            with closing(line):
                line.recv(1 << 16)
                line.sendall(b"nonsense\r\n\r\n")

        thread = threading.Thread(target=answers)
        thread.start()
        with pytest.raises(sending.FAILURES):
            sending.send(Settings(database="x", webhook=f"http://127.0.0.1:{listening.getsockname()[1]}/"), "s", "t")
        thread.join()
