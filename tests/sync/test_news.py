"""A connected kiosk hears at once what happened elsewhere, and waiting for it costs the server almost nothing."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import pytest

from kiosk.facts import Happened
from sync import wire
from sync.central.feed import stream
from sync.central.feed.change_signal import ChangeSignal
from sync.central.feed.long_polling import ANSWERS_A_SECOND, MOST_AT_ONCE, SPREAD_SECONDS, NewsWaiters, Pace
from sync.central.http.callers import WAITS_AT_ONCE
from sync.central.server import Central
from sync.client import Client, HttpAnswer
from sync.listener import UNKNOWN_SECONDS, Listener
from sync.transport import HttpTransport
from sync.wire import Problem
from tests.office.network.linked import LinkedKiosk, LiveServer
from tests.office.servers.server import MemoryLedger, bearer, called, new_database, pairs, sends, serving
from tests.sync.test_worker import at_work, tap_of

NEWS = Happened(what="hello")
PATIENCE = 20.0


@pytest.fixture
def hub(tmp_path):
    with LiveServer(tmp_path / "hub") as hub:
        yield hub


# ---------------------------------------------------------------- at the server


def asks(client, headers: Mapping[str, str], after: str, wait: float) -> bool:
    answer = client.get(wire.NEWS, params={"after": after, "wait": wait}, headers=headers)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=wire.NewsAnswer).news


def test_there_are_news_for_who_has_not_all_and_none_for_who_has(database: str) -> None:
    with called(database) as client:
        central: Central = client.app.state.central
        paired = pairs(central)
        central.books.append(NEWS, by="anne")
        first = central.feed.page(paired.kiosk, None).cursor
        assert not asks(client, bearer(paired), first, 0.1)
        central.books.append(NEWS, by="anne")
        assert asks(client, bearer(paired), first, PATIENCE)


@pytest.mark.parametrize(("query", "status"), [("", 400), ("?after=x.1&wait=900", 400), ("?after=x.1&wait=x", 400)])
def test_who_waits_says_after_what_and_not_for_ever(tmp_path, query: str, status: int) -> None:
    with called(new_database("sqlite", tmp_path)) as client:
        answer = client.get(wire.NEWS + query, headers=bearer(pairs(client.app.state.central)))
        assert answer.status_code == status
        assert msgspec.json.decode(answer.content, type=Problem).code == "malformed"
        assert client.get(wire.NEWS + "?after=x.1").status_code == 401


def test_who_waits_is_answered_when_somebody_writes(hub) -> None:
    paired = pairs(hub.central)
    cursor = hub.central.feed.page(paired.kiosk, None).cursor
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(Client(hub.line(read_seconds=PATIENCE), token=paired.token).news, cursor)
        until(lambda: hub.central.feed.waiters.count == 1)
        hub.central.books.append(NEWS, by="anne")
        assert waits.result()


def test_what_another_process_of_the_server_took_in_is_news_as_well(tmp_path) -> None:
    database = new_database("postgresql", tmp_path)
    with serving(database) as here, serving(database) as there:
        paired = pairs(here)
        place = here.feed.last_position()
        waiting = NewsWaiters(ChangeSignal(), here.feed.last_position, look_seconds=0.01)  # it is never notified

        async def waits() -> bool:
            asked = asyncio.create_task(waiting.wait_beyond(place, PATIENCE))
            await asyncio.to_thread(sends, there, paired.kiosk, MemoryLedger().writes(NEWS))
            return await asked

        assert asyncio.run(waits())


def test_a_server_that_stops_lets_go_of_who_waits(hub) -> None:
    paired = pairs(hub.central)
    cursor = hub.central.feed.page(paired.kiosk, None).cursor
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(Client(hub.line(read_seconds=PATIENCE), token=paired.token).news, cursor)
        until(lambda: hub.central.feed.waiters.count == 1)
        hub.stop()
        assert not waits.result()
    hub.start()


def test_five_hundred_who_wait_are_one_question_to_the_database() -> None:
    changes, end, questions = ChangeSignal(), 7, 0

    def where_it_ends() -> int:
        nonlocal questions
        questions += 1
        return end

    async def all_wait() -> list[bool]:
        nonlocal end
        waiting = NewsWaiters(changes, where_it_ends, look_seconds=PATIENCE, chance=lambda: 0.0)
        tasks = [asyncio.create_task(waiting.wait_beyond(7, PATIENCE)) for _ in range(500)]
        while questions == 0:
            await asyncio.sleep(0)
        end = 8
        changes.notify()
        return await asyncio.gather(*tasks)

    assert asyncio.run(all_wait()) == [True] * 500
    assert questions == 2


def test_many_who_wait_cost_the_server_no_thread_and_all_are_told(hub) -> None:
    many = 80
    paired = [pairs(hub.central, f"ledger-{number}") for number in range(many // WAITS_AT_ONCE)] * WAITS_AT_ONCE
    cursor = hub.central.feed.page(paired[0].kiosk, None).cursor
    lines = [socket.create_connection(("127.0.0.1", hub.port), PATIENCE) for _ in range(many)]
    for line, one in zip(lines, paired, strict=True):
        asked = (
            f"GET {wire.NEWS}?after={cursor}&wait=50 HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {one.token}\r\n\r\n"
        )
        line.sendall(asked.encode())
    until(lambda: hub.central.feed.waiters.count == many)
    assert threading.active_count() < 50  # its pools have a few threads, whoever waits
    hub.central.books.append(NEWS, by="anne")
    told = [line.recv(1000) for line in lines]
    assert all(b"200 OK" in answer for answer in told)
    for line in lines:
        line.close()


def test_five_hundred_hear_of_news_within_a_second_and_of_a_stream_of_news_less_often() -> None:
    pace = Pace()
    assert pace.seconds(1, 1000.0) == 0.0
    assert pace.seconds(3, 1100.0) < 0.01
    assert pace.seconds(500, 1200.0) < 0.5
    spent = [pace.seconds(500, 1200.0 + second) for second in range(1, 6)]
    assert spent[0] < 0.5
    assert max(spent) * ANSWERS_A_SECOND == pytest.approx(500 - ANSWERS_A_SECOND, rel=0.1)
    assert pace.seconds(500, 1300.0) < 0.5, "it was quiet"


def test_a_clock_that_stands_still_gives_no_answers() -> None:
    pace = Pace()
    assert [pace.seconds(MOST_AT_ONCE, 5.0) >= SPREAD_SECONDS for _ in range(2)] == [False, True]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    tick = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if is_so():
            return
        tick.wait(0.01)
    raise TimeoutError


# ---------------------------------------------------------------- the kiosk's thread that listens


class ScriptedTransport:
    """A server that answers this, one after the other; what it was asked; and how often there were news."""

    def __init__(self, *answers: HttpAnswer | None) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        self.news = 0
        self.now, self.takes = 0.0, float(wire.WAIT_SECONDS)
        self.listener = Listener(Client(self, token="t"), on_news=self.rings, clock=lambda: self.now)
        self.on_asked: Callable[[], None] = lambda: None

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        self.asked.append(path.partition("after=")[2].partition("&")[0])
        self.on_asked()
        self.now += self.takes
        answer = self._answers.pop(0)
        if answer is None:
            raise ZeroDivisionError
        return answer

    def rings(self) -> None:
        self.news += 1


def news(is_so: bool) -> HttpAnswer:
    return HttpAnswer(status=200, body=msgspec.json.encode(wire.NewsAnswer(news=is_so)))


def test_a_kiosk_asks_again_and_again_until_there_are_news_and_then_leaves_it_to_the_exchange() -> None:
    told = ScriptedTransport(news(False), news(False), news(True))
    told.listener.follow("g.7")
    told.listener.step()
    assert (told.asked, told.news) == (["g.7"] * 3, 1)


def test_news_that_the_exchange_has_already_are_none() -> None:
    told = ScriptedTransport(news(True), news(True))
    told.on_asked = lambda: told.listener.follow("g.8")  # the kiosk's own push, on its other line, went meanwhile
    told.listener.follow("g.7")
    told.listener.step()
    assert (told.asked, told.news) == (["g.7", "g.8"], 1)


def test_a_server_that_stops_and_lets_go_of_all_who_wait_is_not_asked_again_and_again() -> None:
    told = ScriptedTransport(news(False), news(False))
    told.takes = 0.1
    told.listener.follow("g.7")
    told.listener.step()
    assert (len(told.asked), told.news) == (1, 0)


@pytest.mark.parametrize(
    "answer", [HttpAnswer(status=503), HttpAnswer(status=401), HttpAnswer(status=200, body=b"<html>"), None]
)
def test_what_goes_wrong_is_left_to_the_exchange(answer: HttpAnswer | None) -> None:
    told = ScriptedTransport(answer, news(True))
    told.listener.follow("g.7")
    told.listener.step()
    assert (len(told.asked), told.news) == (1, 0)
    told.listener.follow("g.7")
    told.listener.step()
    assert told.news == 1


def test_a_server_of_an_earlier_release_is_asked_again_after_an_hour() -> None:
    told = ScriptedTransport(HttpAnswer(status=404), news(True))
    told.listener.follow("g.7")
    told.listener.step()
    told.listener.step()
    assert len(told.asked) == 1
    told.now += UNKNOWN_SECONDS
    told.listener.step()
    assert told.news == 1


# ---------------------------------------------------------------- both


@contextmanager
def listening(kiosk: LinkedKiosk, line: HttpTransport) -> Iterator[None]:
    """A kiosk with all its threads, as the uplink has them, that would exchange by itself once in three hours."""
    kiosk.worker._pause_seconds = 10_000.0
    listener = Listener(Client(line, token=kiosk.worker._client._token), on_news=kiosk.worker.wake_for_news)
    kiosk.worker._on_pulled = listener.follow
    stop = threading.Event()
    thread = threading.Thread(target=listener.run, args=(stop, lambda: None))
    thread.start()
    try:
        with at_work(kiosk):
            yield
    finally:
        stop.set()
        line.close()
        thread.join()


def test_what_staff_change_reaches_a_kiosk_that_has_just_paused(tmp_path, hub) -> None:
    kiosk = hub.pairs(tmp_path / "one")
    with listening(kiosk, hub.line(read_seconds=PATIENCE)):
        until(lambda: hub.central.feed.waiters.count == 1)
        hub.central.books.append(NEWS, by="anne")
        end = hub.central.feed.last_position()
        until(lambda: has_seen(kiosk, end))
        assert wire.ENTRIES not in kiosk.line.paths()[-1:]
    kiosk.close()


def has_seen(kiosk: LinkedKiosk, position: int) -> bool:
    return stream.position_of(kiosk.counter.ledger.cursor) == position


def test_a_tap_is_sent_while_the_kiosk_waits_for_news(tmp_path, hub) -> None:
    kiosk = hub.pairs(tmp_path / "one")
    kiosk.counter.joins("ana")
    kiosk.counter.controller.on_entry = kiosk.worker.wake
    with listening(kiosk, hub.line(read_seconds=PATIENCE)):
        until(lambda: hub.central.feed.waiters.count == 1)
        before = len(hub.has(kiosk))
        kiosk.counter.controller.inbox.put(tap_of(kiosk, "ana"))
        until(lambda: len(hub.has(kiosk)) > before)
    kiosk.close()
