"""A kiosk exchanges with the real central server, over a line with faults."""

from __future__ import annotations

import gzip
import shutil
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kiosk.clock import WallClock
from kiosk.clock.sources import HOLD_SECONDS
from kiosk.facts import BadgeSet, MemberSet
from kiosk.ledger import LedgerError, open_reader
from kiosk.messages import FeedArrived, ServerNews, SnapshotArrived
from kiosk.model import Badge, ClockQuality, Denied, Granted, Member, Reason, Tap, Verdict
from kiosk.notices import Health
from kiosk.store.feed.snapshot import PAGE_ROWS
from sync import wire
from sync.backoff import PAUSE_SECONDS, delay
from sync.client import Client, HttpAnswer, Transport
from sync.exchange import CHUNK
from sync.transport import HttpTransport
from sync.wire import Push
from sync.worker import LONG_SECONDS
from tests.clocks.virtual_machine import VirtualMachine
from tests.office.kiosks.stepped import SERRES, SteppedKiosk
from tests.office.network.linked import Fault, LinkedKiosk, LiveServer, Request, answers, cut, lost, through, twice


@pytest.fixture
def hub(tmp_path):
    with LiveServer(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def kiosk(tmp_path, hub):
    """A kiosk whose server knows everything that it does, but for one tap by Ana."""
    kiosk = hub.pairs(tmp_path / "one")
    uid = kiosk.counter.joins("ana")
    kiosk.settle()
    kiosk.counter.tap(uid)
    kiosk.line.calls.clear()
    yield kiosk
    kiosk.close()


def own(kiosk: LinkedKiosk) -> list[tuple[int, bytes | None]]:
    """The kiosk's own entries: seq and body."""
    return [(entry.ref.seq, entry.body) for entry in kiosk.counter.ledger.entries()]


def used(kiosk: LinkedKiosk, member: str = "ana") -> int:
    return sum(one.used for one in kiosk.counter.ledger.roster.holdings(member, kiosk.counter.clock.now()))


def uid(name: str) -> bytes:
    """The number of the badge that SteppedKiosk.joins gives to somebody."""
    return bytes([4]) + name.encode()[:6].ljust(6, b".")


def comes_back(kiosk: LinkedKiosk, name: str = "ana") -> Verdict | None:
    """Tap again after the hours that an entry lasts."""
    kiosk.counter.later(hours=4)
    return kiosk.counter.tap(uid(name))


# ---------------------------------------------------------------- all is well


def test_what_happens_at_a_kiosk_is_at_the_server_byte_for_byte(hub, kiosk):
    wait = kiosk.step()
    assert hub.has(kiosk) == own(kiosk)
    assert kiosk.waiting == 0
    assert (wait.seconds, wait.wakeable) == (PAUSE_SECONDS, True)


def test_an_exchange_pushes_first_and_then_pulls(kiosk):
    kiosk.step()
    assert kiosk.line.paths() == [wire.ENTRIES, wire.FEED]


def test_nothing_new_is_two_calls_and_says_how_the_kiosk_is(hub, kiosk):
    kiosk.settle()
    kiosk.line.calls.clear()
    kiosk.step()
    assert len(kiosk.line.calls) == 2
    [one] = hub.central.kiosks.listed()
    assert (one.beacon.waiting, one.beacon.sent) == (0, kiosk.counter.ledger.head.seq)


def test_a_member_who_joined_at_one_kiosk_is_let_in_at_the_other_and_pays_once(tmp_path, hub, kiosk):
    other = hub.pairs(tmp_path / "two", is_blank=True)
    kiosk.settle()
    other.settle()
    verdict = other.counter.tap(uid("ana"))
    assert isinstance(verdict, Granted)
    assert verdict.reason is Reason.RE_ENTRY
    other.settle()
    kiosk.settle()
    assert (used(kiosk), used(other)) == (1, 1)
    other.close()


def test_what_staff_change_at_the_server_is_seen_at_the_door(hub, kiosk):
    kiosk.settle()
    lost_badge = Badge(id=hub.central.books.roster.badges("ana")[0].id, member_id="ana", status="lost")
    hub.central.books.append(BadgeSet(badge=lost_badge), by="host")
    kiosk.settle()
    verdict = comes_back(kiosk)
    assert isinstance(verdict, Denied)
    assert verdict.reason is Reason.BADGE_BLOCKED


def test_fifteen_hundred_entries_go_out_in_four_calls(hub, kiosk):
    kiosk.counter.ledger.append(*(MemberSet(member=Member(id=f"m{n}", name=f"M {n}")) for n in range(1500)))
    kiosk.step()
    assert kiosk.line.paths().count(wire.ENTRIES) == 4
    assert kiosk.waiting == 0


def test_a_tap_waits_for_no_more_than_a_chunk_of_what_arrives(tmp_path, hub, kiosk):
    kiosk.settle()
    hub.central.books.append(
        *(MemberSet(member=Member(id=f"m{n}", name=f"M {n}")) for n in range(3 * CHUNK)), by="host"
    )
    counter: SteppedKiosk = kiosk.counter
    handed: list[int] = []

    def post(news: ServerNews) -> Future[None]:
        handed.append(len(getattr(news, "entries", ())))
        return counter.hears(news)

    kiosk.worker._post = post
    kiosk.settle()
    assert max(handed) <= CHUNK
    assert sum(handed) >= 3 * CHUNK
    assert kiosk.counter.ledger.roster.member("m149") is not None


# ---------------------------------------------------------------- the line fails


@pytest.mark.parametrize(
    "fault", [cut, lost, answers(500), answers(502), answers(503, retry_after="7")], ids=lambda fault: fault.__name__
)
def test_a_push_that_fails_is_made_again_and_arrives_once(hub, kiosk, fault):
    wait = kiosk.step(fault)
    assert not wait.wakeable
    assert kiosk.waiting == 1
    kiosk.step()
    assert hub.has(kiosk) == own(kiosk)
    assert kiosk.waiting == 0


def test_a_push_that_arrives_twice_counts_once(hub, kiosk):
    kiosk.step(twice)
    assert hub.has(kiosk) == own(kiosk)


def test_a_page_of_the_feed_that_gets_lost_comes_again_and_counts_once(hub, kiosk):
    hub.central.books.append(MemberSet(member=Member(id="bo", name="Bo")), by="host")
    kiosk.step(through, lost)
    assert kiosk.counter.ledger.roster.member("bo") is None
    kiosk.step()
    assert kiosk.counter.ledger.roster.member("bo") is not None
    assert used(kiosk) == 1


def test_failures_are_waited_out_ever_longer_and_success_ends_that(kiosk):
    waits = [kiosk.step(cut).seconds for _ in range(12)]
    assert waits == [delay(failures, 0.5) for failures in range(1, 13)]
    assert kiosk.step().seconds == PAUSE_SECONDS
    assert kiosk.step(cut).seconds == delay(1, 0.5)


@pytest.mark.parametrize("status", [503, 429])
def test_a_server_that_asks_for_a_pause_gets_it(kiosk, status):
    wait = kiosk.step(answers(status, retry_after="120"))
    assert wait.seconds >= 120
    assert not wait.wakeable


def test_a_kiosk_that_was_shut_out_goes_on_at_the_door_and_tries_ever_more_rarely(hub, kiosk):
    assert hub.central.kiosks.revoke(hub.central.kiosks.listed()[0].kiosk_id)
    waits = [kiosk.step().seconds for _ in range(4)]
    assert waits == sorted(waits)
    assert isinstance(comes_back(kiosk), Granted)


def test_nobody_at_the_port_is_a_failure_like_any_other(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    line = HttpTransport(f"http://127.0.0.1:{port}")
    kiosk = LinkedKiosk(tmp_path / "one", line, token="t")
    assert kiosk.step().seconds == delay(1, 0.5)
    kiosk.close()
    line.close()


# ---------------------------------------------------------------- a server that forgot


def test_a_cursor_that_is_gone_leads_to_a_snapshot(hub, kiosk):
    hub.central.books.append(MemberSet(member=Member(id="bo", name="Bo")), by="host")
    kiosk.step(through, answers(410))
    assert wire.SNAPSHOT in kiosk.line.paths()
    assert kiosk.counter.ledger.roster.member("bo") is not None
    assert used(kiosk) == 1


def test_a_server_that_says_gone_for_ever_is_not_asked_for_ever(kiosk):
    def gone(line: Transport, request: Request) -> HttpAnswer:
        return HttpAnswer(status=410) if request[1].startswith(wire.FEED) else line(*request)

    wait = kiosk.step(*[gone] * 1000)
    assert not wait.wakeable
    assert len(kiosk.line.calls) < 50


def test_a_server_put_back_from_an_old_copy_is_sent_again_what_it_lost(hub, kiosk):
    hub.stop()
    shutil.copytree(hub.folder, hub.folder.parent / "copy")
    hub.start()
    kiosk.settle()
    comes_back(kiosk)
    kiosk.settle()
    before = own(kiosk)
    hub.stop()
    shutil.rmtree(hub.folder)
    shutil.copytree(hub.folder.parent / "copy", hub.folder)
    hub.start()
    assert len(hub.has(kiosk)) < len(before)
    kiosk.step(cut)  # the old connection
    kiosk.settle()
    assert sorted(hub.has(kiosk)) == before
    assert kiosk.waiting == 0
    assert used(kiosk) == 2


# ---------------------------------------------------------------- a new kiosk


def test_a_kiosk_with_an_empty_ledger_serves_its_door_after_one_exchange(tmp_path, hub, kiosk):
    kiosk.settle()
    fresh = hub.pairs(tmp_path / "fresh", is_blank=True)
    assert fresh.counter.ledger.head.seq == 0
    fresh.settle()
    assert isinstance(fresh.counter.tap(uid("ana")), Granted)
    assert fresh.counter.wall.views[-1].site == SERRES.name
    fresh.close()


@pytest.mark.parametrize("breaks_at", range(1, 4))
def test_a_snapshot_that_breaks_off_goes_on_where_it_broke(tmp_path, hub, kiosk, breaks_at):
    kiosk.settle()
    many = (MemberSet(member=Member(id=f"m{number:04}", name="One of many")) for number in range(PAGE_ROWS))
    hub.central.books.append(*many, by="host")
    fresh = hub.pairs(tmp_path / "fresh", is_blank=True)
    fresh.step(*[through] * breaks_at, cut)  # after a push, the heads, a page and a page
    assert fresh.counter.ledger.roster.member("ana") is None
    fresh.settle()
    assert fresh.counter.ledger.roster.member("ana") is not None
    fetched = [path for _, path, _, _ in fresh.line.calls if path.startswith(wire.SNAPSHOT)]
    assert len(fetched) == len(set(fetched)) + 1
    fresh.close()


# ---------------------------------------------------------------- poison


def rejecting(*seqs: int) -> Fault:
    """Somebody on the way refuses every push that has one of these entries in it."""

    def fault(line: Transport, request: Request) -> HttpAnswer:
        method, path, headers, body = request
        if path == wire.ENTRIES:
            words = msgspec.json.decode(unpacked(headers.get("content-encoding"), body or b""), type=Push)
            if {entry.seq for entry in words.entries} & set(seqs):
                return HttpAnswer(status=422)
        return line(method, path, headers, body)

    return fault


def unpacked(encoding: str | None, body: bytes) -> bytes:
    return gzip.decompress(body) if encoding == "gzip" else body


def test_an_entry_that_is_refused_delays_no_other(hub, kiosk):
    kiosk.counter.ledger.append(*(MemberSet(member=Member(id=f"m{n}", name=f"M {n}")) for n in range(1000)))
    head = kiosk.counter.ledger.head.seq
    bad = head - 998
    kiosk.step(*[rejecting(bad)] * 100)
    assert [seq for seq, _ in hub.has(kiosk)] == [seq for seq in range(1, head + 1) if seq != bad]
    comes_back(kiosk)
    kiosk.line.calls.clear()
    kiosk.step(*[rejecting(bad)] * 100)
    assert hub.has(kiosk)[-1][0] == head + 1
    assert len(kiosk.line.calls) <= 3


def test_a_server_that_refuses_everything_is_asked_few_times_and_still_heard(hub, kiosk):
    kiosk.counter.ledger.append(*(MemberSet(member=Member(id=f"m{n}", name=f"M {n}")) for n in range(400)))
    hub.central.books.append(MemberSet(member=Member(id="bo", name="Bo")), by="host")
    wait = kiosk.step(*[rejecting(*range(2000))] * 1000)
    assert not wait.wakeable
    assert len(kiosk.line.calls) < 100
    assert kiosk.counter.ledger.roster.member("bo") is not None


def test_an_entry_that_is_damaged_here_delays_no_other(hub, kiosk):
    comes_back(kiosk)
    head = kiosk.counter.ledger.head.seq
    with sqlite3.connect(kiosk.folder / "ledger.db") as database:
        database.execute("UPDATE entries SET clock = 'sundial' WHERE seq = ?", (head - 1,))
    database.close()
    kiosk.step()
    assert [seq for seq, _ in hub.has(kiosk)] == [*range(1, head - 1), head]


def test_an_entry_of_the_feed_that_this_release_cannot_read_delays_no_other(hub, kiosk):
    def later(line: Transport, request: Request) -> HttpAnswer:
        answer = line(*request)
        body = unpacked(answer.headers.get("content-encoding"), answer.body)
        return HttpAnswer(status=answer.status, body=body.replace(b'"clock":"trusted"', b'"clock":"gps"', 1))

    kiosk.settle()
    hub.central.books.append(*(MemberSet(member=Member(id=name, name=name)) for name in ("bo", "cy")), by="host")
    kiosk.step(through, later)
    assert kiosk.counter.ledger.roster.member("bo") is None
    assert kiosk.counter.ledger.roster.member("cy") is not None


def test_a_ledger_that_cannot_be_written_is_waited_for_and_nothing_is_skipped(hub, kiosk):
    kiosk.settle()
    hub.central.books.append(MemberSet(member=Member(id="bo", name="Bo")), by="host")
    kiosk.counter.break_disk()
    assert not kiosk.step().wakeable
    kiosk.counter.break_disk(False)
    kiosk.settle()
    assert kiosk.counter.ledger.roster.member("bo") is not None


@pytest.mark.parametrize(
    "news",
    [
        SnapshotArrived(rows={"heads": (), "members": ("nonsense",)}, position=1, cursor="c", last=True),  # type: ignore[dict-item]
        SnapshotArrived(rows={"members": ({"id": {"a": 1}},)}, position=1, cursor="c", last=True),
        FeedArrived(entries=((1, "nonsense"),), cursor="c"),  # type: ignore[arg-type]
    ],
    ids=["rows that are none", "no heads", "entries that are none"],
)
def test_nonsense_from_a_server_is_not_taken_in_and_the_door_goes_on(kiosk, news):
    with pytest.raises(LedgerError):
        kiosk.counter.hears(news).result(0)
    assert kiosk.counter.ledger.cursor != "c"
    assert isinstance(comes_back(kiosk), Granted)


def test_a_mistake_of_the_exchange_itself_is_waited_out_like_any_failure(hub, kiosk, caplog):
    def broken(line: Transport, request: Request) -> HttpAnswer:
        raise ZeroDivisionError

    assert not kiosk.step(broken).wakeable
    assert "failed unexpectedly" in caplog.text
    kiosk.step()
    assert hub.has(kiosk) == own(kiosk)


# ---------------------------------------------------------------- what people are told


@pytest.mark.parametrize("stops", [True, False])
def test_what_fails_while_the_kiosk_stops_is_told_to_nobody(kiosk, caplog, stops):
    stop = threading.Event()

    def fails(line: Transport, request: Request) -> HttpAnswer:
        if stops:
            stop.set()
        return cut(line, request)

    kiosk.line.faults = [fails, cut, cut]

    def rests(*_: object) -> bool:
        stop.set()
        return True

    kiosk.worker._pause = rests
    kiosk.worker.run(stop, lambda: None)
    assert ("next try in" in caplog.text) == (not stops)


def test_a_server_that_was_away_for_an_hour_is_a_quiet_line_until_it_is_back(kiosk):
    wall = kiosk.counter.wall
    kiosk.step(cut)
    assert Health.SERVER_UNREACHABLE not in kiosk.counter.controller.health()
    kiosk.counter.later(seconds=LONG_SECONDS + 1)
    kiosk.step(cut)
    assert "serveur central injoignable" in wall.views[-1].health
    assert not wall.views[-1].trouble
    assert wall.views[-1].can_tap
    kiosk.step()
    assert wall.views[-1].health == "Tout fonctionne"


# ---------------------------------------------------------------- the thread


@contextmanager
def at_work(kiosk: LinkedKiosk) -> Iterator[None]:
    """The worker's own thread, and one for the controller, as in the kiosk."""
    stop, inbox = threading.Event(), kiosk.counter.controller.inbox
    kiosk.worker._post = kiosk.counter.controller.submit_news

    def control() -> None:
        while not stop.is_set():
            message = inbox.get(0.05)
            if message is not None:
                kiosk.counter.controller.handle(message)

    threads = [threading.Thread(target=control), threading.Thread(target=kiosk.worker.run, args=(stop, lambda: None))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)


def until(heard: Callable[[], bool], hub: LiveServer) -> None:
    """Wait for the server to have heard, woken by each call that it answers."""
    changes = hub.central.changes
    for _ in range(10):
        count = changes.count
        if heard():
            return
        changes.wait(count, 5)
    raise TimeoutError


def test_a_new_entry_is_sent_at_once_and_not_when_the_pause_is_over(hub, kiosk):
    kiosk.worker._pause_seconds = 10_000.0
    kiosk.counter.controller.on_entry = kiosk.worker.wake
    with at_work(kiosk):
        until(lambda: hub.has(kiosk) == own_here(kiosk), hub)
        before = len(hub.has(kiosk))
        kiosk.counter.controller.inbox.put(tap_of(kiosk, "ana"))
        until(lambda: len(hub.has(kiosk)) > before, hub)


def own_here(kiosk: LinkedKiosk) -> list[tuple[int, bytes | None]]:
    with open_reader(kiosk.folder / "ledger.db") as ledger:
        return [(entry.ref.seq, entry.body) for entry in ledger.entries()]


def tap_of(kiosk: LinkedKiosk, name: str) -> Tap:
    kiosk.counter.later(hours=4)
    return Tap(uid=uid(name), monotonic=kiosk.counter.clock.monotonic(), technology="NTAG213")


def test_a_worker_whose_news_nobody_takes_in_still_stops(kiosk):
    posted, stop = threading.Event(), threading.Event()
    kiosk.worker._post = lambda delivery: posted.set()
    thread = threading.Thread(target=kiosk.worker.run, args=(stop, lambda: None))
    thread.start()
    assert posted.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_it_beats_while_it_waits_for_the_controller(kiosk):
    beats = threading.Semaphore(0)
    stop = threading.Event()
    kiosk.worker._post = lambda delivery: None
    thread = threading.Thread(target=kiosk.worker.run, args=(stop, beats.release))
    thread.start()
    assert all(beats.acquire(timeout=10) for _ in range(4))
    stop.set()
    thread.join(10)


# ---------------------------------------------------------------- the door does not feel it


CONNECTIONS: list[tuple[str, int]] = []
"""The sockets opened by threads that are being watched: event and thread."""
WATCHED: set[int] = set()


def watch(event: str, _: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.__new__", "socket.getaddrinfo") and threading.get_ident() in WATCHED:
        CONNECTIONS.append((event, threading.get_ident()))


sys.addaudithook(watch)


def opened(act: Callable[[], object]) -> list[str]:
    """What a deed opened, looked up or connected to."""
    CONNECTIONS.clear()
    WATCHED.add(threading.get_ident())
    try:
        act()
    finally:
        WATCHED.clear()
    return [event for event, _ in CONNECTIONS]


def test_a_tap_opens_no_socket(kiosk):
    kiosk.counter.controller.on_entry = kiosk.worker.wake
    assert opened(lambda: kiosk.counter.controller.handle(tap_of(kiosk, "ana"))) == []
    assert kiosk.waiting == 2


def test_the_twin_that_asks_the_server_at_each_tap_is_found_out(hub, kiosk):
    def tap_online() -> None:
        kiosk.counter.controller.handle(tap_of(kiosk, "ana"))
        line = hub.line()
        Client(line, token="t").time()

    assert "socket.connect" in opened(tap_online)


def test_people_come_in_while_the_server_is_a_black_hole(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        line = HttpTransport(f"http://127.0.0.1:{hole.getsockname()[1]}", read_seconds=600)
        kiosk = LinkedKiosk(tmp_path / "one", line, token="t")
        kiosk.counter.joins("ana")
        stop = threading.Event()
        thread = threading.Thread(target=kiosk.worker.run, args=(stop, lambda: None))
        thread.start()
        taken, _ = hole.accept()
        assert isinstance(kiosk.counter.tap(uid("ana")), Granted)
        assert thread.is_alive()
        stop.set()
        line.close()
        thread.join(10)
        assert not thread.is_alive()
        taken.close()
        kiosk.counter.close()


# ---------------------------------------------------------------- the time


def test_a_kiosk_that_lost_the_time_takes_it_from_the_server(tmp_path, hub):
    machine = VirtualMachine(datetime.now(UTC))
    machine.loses_power(timedelta(days=3), network=False)
    machine.steps(timedelta(days=-2000))
    kiosk = hub.pairs(tmp_path / "lost", clock=WallClock(machine))
    assert kiosk.counter.clock.quality() is ClockQuality.UNTRUSTED
    kiosk.settle()
    assert kiosk.counter.clock.quality() is ClockQuality.UNTRUSTED, "it was told the time once, by one"
    machine.passes(timedelta(seconds=HOLD_SECONDS))
    servers = datetime.now(UTC) + timedelta(seconds=HOLD_SECONDS)
    kiosk.counter.clock.hear_server(servers, machine.monotonic())
    assert kiosk.counter.clock.quality() is ClockQuality.HOLDOVER
    assert abs(kiosk.counter.clock.now() - servers) < timedelta(minutes=1)
    kiosk.settle()
    assert kiosk.line.paths().count("/v1/time") == 1
    machine.passes(timedelta(days=1, seconds=1))
    kiosk.settle()
    assert kiosk.line.paths().count("/v1/time") == 2
    kiosk.close()


def test_a_kiosk_that_knows_the_time_does_not_ask_for_it(kiosk):
    kiosk.settle()
    assert "/v1/time" not in kiosk.line.paths()


def test_a_time_that_was_long_on_its_way_is_not_taken(tmp_path, hub):
    machine = VirtualMachine(datetime.now(UTC))
    machine.loses_power(timedelta(days=3), network=False)
    kiosk = hub.pairs(tmp_path / "slow", clock=WallClock(machine))

    def slow(line: Transport, request: Request) -> HttpAnswer:
        machine.passes(timedelta(seconds=5))
        return line(*request)

    kiosk.step(*[slow] * 9)
    assert "/v1/time" in kiosk.line.paths()
    assert kiosk.counter.clock.quality() is ClockQuality.UNTRUSTED
    kiosk.close()
