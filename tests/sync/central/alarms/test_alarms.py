"""From a fault at a door to a message: a whole kiosk, a real server, a mail server and a web address.

What is sent when is in test_messenger.py; here each alarm begins with its cause.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.answers import Done, Status, decode_answer
from kiosk.clock import MovableClock
from kiosk.commands import AddMember, Pair, ShowStatus, encode_command
from kiosk.model import ClockQuality
from kiosk.threads.control_socket import ask
from sync.central.messages.alarm_messages import alarm_message
from sync.central.messages.messenger import Messenger
from tests.office.kiosks.running import RunningKiosk
from tests.office.network.linked import LiveServer
from tests.office.network.processes import until
from tests.office.servers.mailbox import Mailbox, post_office
from tests.office.servers.server import NOON, ServerClock

NIGHT = NOON.replace(hour=23)


class Unsure(MovableClock):
    """A clock for which nothing vouches, once the day began."""

    is_sure = True

    def reading(self):
        at, seconds, sure = super().reading()
        return at, seconds, sure if self.is_sure else ClockQuality.UNTRUSTED


class Watched:
    """A kiosk at work, its server, and what people far away are told."""

    def __init__(self, folder: Path, hub: LiveServer, hands: ServerClock, post: Mailbox, stack: ExitStack) -> None:
        self.hands, self.post, self.root = hands, post, folder / "root"
        self.central, self._hub = hub.central, hub
        self.messenger = Messenger(self.central, alarm_message)
        self.clock = Unsure()
        self.folder, self._stack = folder / "kiosk", stack
        self.folder.mkdir()

    def starts(self) -> RunningKiosk:
        """Start the kiosk; the first time, pair it."""
        running = RunningKiosk(
            self.folder, root=self.root, every_seconds=1.0, is_blank=bool(self.central.kiosks.listed())
        )
        running.bench.clock = self.clock
        self._kiosk = self._stack.enter_context(ExitStack())
        self._kiosk.enter_context(running)
        if not self.central.kiosks.listed():
            pair = Pair(url=self._hub.url, code=self._hub.code("Porte nord"))
            assert isinstance(running.asks(pair), Done)
            # Only now, as the server is up: it would have a messenger of its own.
            self.central.settings = replace(self.central.settings, **self.post.told)
        return running

    def stops(self) -> None:
        self._kiosk.close()

    def hears(self, *codes: str) -> None:
        """Wait for a beacon of this very moment that says so, and look once what is to be told."""
        until(lambda: self._is_heard(codes), f"no beacon with {codes}: {self.central.kiosks.listed()[0]}")
        self.messenger.step()

    def _is_heard(self, codes: tuple[str, ...]) -> bool:
        kiosk = self.central.kiosks.listed()[0]
        return kiosk.seen_at == self.hands.now and set(codes) <= set(kiosk.beacon.health)

    def told(self) -> list[str]:
        """The subjects of the letters; the web address was told the same."""
        assert [one["title"].replace("\u202f", " ") for one in self.post.posts] == self.post.subjects
        return [one.removeprefix("Porte nord : ") for one in self.post.subjects]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        hands = ServerClock(NIGHT)
        hub = stack.enter_context(LiveServer(tmp_path / "hub", hands))
        post = stack.enter_context(post_office())
        yield Watched(tmp_path, hub, hands, post, stack)


def test_a_reader_that_is_unplugged_for_ten_minutes(watched: Watched) -> None:
    watched.starts().bench.chip.unplug()
    watched.hears("reader_down")
    assert watched.told() == []
    watched.hands.moves(minutes=11)
    watched.hears("reader_down")
    assert watched.told() == ["le lecteur ne répond pas"]


def test_a_door_that_is_forced_at_night(watched: Watched) -> None:
    watched.starts().bench.board.open_door()
    watched.hears("door_forced_open")
    assert watched.told() == ["la porte a été ouverte sans badge"]


def test_a_disk_of_which_the_kernel_counts_errors(watched: Watched) -> None:
    watched.starts()
    watched.hears()
    assert watched.told() == []
    counted = watched.root / "sys/fs/ext4/mmcblk0p2/errors_count"
    counted.parent.mkdir(parents=True)
    counted.write_text("3")
    watched.hands.moves(seconds=30)
    watched.hears("disk_failing")
    assert watched.told() == ["la carte mémoire est en panne"]


def test_a_database_that_takes_nothing_any_more(watched: Watched) -> None:
    running = watched.starts()
    watched.hears()
    with closing(sqlite3.connect(running.folder / "ledger.db")) as broken:
        broken.execute("CREATE TRIGGER broken BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'it breaks'); END")
    ask(running.socket, encode_command(AddMember(name="Zoé")))
    watched.hears("ledger_failed")
    assert watched.told() == ["les entrées ne peuvent pas être enregistrées"]


def test_a_clock_that_nothing_vouches_for(watched: Watched) -> None:
    watched.starts()
    watched.clock.is_sure = False
    watched.hears("clock_untrusted")
    assert watched.told() == []
    watched.hands.moves(minutes=4)
    watched.hears("clock_untrusted")
    assert watched.told() == ["l’heure n’est pas certaine"]


def test_a_kiosk_that_is_switched_off(watched: Watched) -> None:
    watched.starts()
    watched.hears()
    watched.stops()
    watched.hands.moves(seconds=100)
    watched.messenger.step()
    assert watched.told() == []
    watched.hands.moves(seconds=60)
    watched.messenger.step()
    assert watched.told() == ["la borne ne donne plus signe de vie"]


def test_a_database_that_was_damaged_and_mended_itself_until_a_host_has_seen_it(watched: Watched) -> None:
    watched.starts()
    watched.hears()
    watched.stops()
    zero_table(watched.folder / "ledger.db", "visits")
    watched.starts()
    watched.stops()  # a restart does not forget it
    running = watched.starts()
    assert "the damaged files are in" in status(running).mending
    assert "ledger_mended" in status(running).health
    watched.hears("ledger_mended")
    place = watched.told().index("la carte mémoire a eu une défaillance, réparée depuis : la faire remplacer")
    assert "the damaged files are in" in " ".join(watched.post.mails[place].get_content().split())
    running.tap("claire")
    assert (status(running).mending, status(running).health) == ("", ())


def zero_table(ledger: Path, table: str) -> None:
    """Write zeros over the page that a table begins with."""
    with closing(sqlite3.connect(ledger)) as opened:
        page = opened.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        size = opened.execute("PRAGMA page_size").fetchone()[0]
    with ledger.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))


def status(running: RunningKiosk) -> Status:
    told = decode_answer(ask(running.socket, encode_command(ShowStatus())))
    assert isinstance(told, Status)
    return told
