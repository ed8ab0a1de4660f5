"""A hostile kiosk beside a good one, with real sockets: it gets its share of threads, time and disk, and no more."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests

from kiosk.facts import Happened
from sync import wire
from sync.central.http.app import THREADS
from sync.central.http.callers import CALLS_AT_ONCE, REFUSED_AT_ONCE, WAITS_AT_ONCE
from sync.central.kiosks.pairing import Paired
from sync.central.kiosks.rate_limit import CallsAtOnce, RateLimit
from tests.office.servers.server import MemoryLedger, bearer, called, pairs, push_of
from tests.sync.central.http.test_api import problem
from tests.sync.central.http.test_connections import SOON, RunningServer, is_cut, running
from tests.sync.test_news import PATIENCE, until


class NoLimit(CallsAtOnce):
    """The bad twin: admits every call."""

    @contextmanager
    def one_more(self, kind: str, token: str, most: int) -> Iterator[bool]:
        yield True


def posts(paired: Paired, *, body: bytes, length: int | None = None) -> bytes:
    """A push, or as much of it as is sent."""
    head = f"POST {wire.ENTRIES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {paired.token}\r\n"
    return f"{head}content-length: {length or len(body)}\r\n\r\n".encode() + body


def gets(paired: Paired, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {paired.token}\r\n\r\n".encode()


def status(line: socket.socket) -> int:
    return int(line.recv(1 << 16).split(b" ", 2)[1])


def is_refused(line: socket.socket) -> bool:
    """Whether an answer says so; it stays to be read."""
    is_there = bool(select.select([line], [], [], 0)[0])
    return is_there and line.recv(20, socket.MSG_PEEK).startswith(b"HTTP/1.1 429")


@contextmanager
def flood(server: RunningServer, sent: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that send this."""
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(server.opens())) for _ in range(count)]
        for line in lines:
            line.sendall(sent)
        yield lines


def is_answered(server: RunningServer, paired: Paired, *, seconds: float = PATIENCE) -> bool:
    """Whether a kiosk gets a page of the feed within so long."""
    try:
        return requests.get(f"http://127.0.0.1:{server.port}{wire.FEED}", headers=bearer(paired), timeout=seconds).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize("is_limited", [True, False])
def test_a_kiosk_whose_calls_hang_takes_two_threads_and_another_is_answered(tmp_path: Path, is_limited: bool) -> None:
    with running(tmp_path) as server:
        central = server.central
        mad, calm = pairs(central, "ledger-mad"), pairs(central, "ledger-calm")
        assert is_answered(server, calm)
        if not is_limited:
            central.calls_at_once = NoLimit()
        push = posts(mad, body=push_of("ledger-mad", []))
        # Each push waits for this writer, in a thread.
        with central.storage.writing(), flood(server, push, THREADS + 6) as lines:
            if is_limited:
                until(lambda: sum(map(is_refused, lines)) == len(lines) - CALLS_AT_ONCE)
                assert is_answered(server, calm)
            else:
                until(lambda: not is_answered(server, calm, seconds=4 * SOON))  # once all threads are taken


def test_a_call_beyond_the_share_is_refused_before_its_body_is_read(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        mad = pairs(server.central, "ledger-mad")
        with flood(server, posts(mad, body=b"{", length=1_000_000), CALLS_AT_ONCE):
            until(lambda: sum(server.central.calls_at_once._counts.values()) == CALLS_AT_ONCE)
            with flood(server, posts(mad, body=b"{", length=1_000_000), 1) as (line,):
                assert status(line) == 429
        until(lambda: not server.central.calls_at_once._counts)
        assert is_answered(server, mad), "its calls have ended"


def test_of_a_kiosk_that_waits_for_news_many_times_only_a_few_are_let(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        mad, calm = pairs(server.central, "ledger-mad"), pairs(server.central, "ledger-calm")
        cursor = server.central.feed.page(mad.kiosk, None).cursor
        with flood(server, gets(mad, f"{wire.NEWS}?after={cursor}&wait=50"), WAITS_AT_ONCE + 5):
            until(lambda: server.central.feed.waiters.count == WAITS_AT_ONCE)
            assert is_answered(server, mad), "its other calls are counted by themselves"
            with flood(server, gets(calm, f"{wire.NEWS}?after={cursor}&wait=50"), 1) as (line,):
                until(lambda: server.central.feed.waiters.count == WAITS_AT_ONCE + 1)
                server.central.books.append(Happened(what="hello"), by="anne")
                assert status(line) == 200


def test_who_makes_too_many_calls_is_refused_slowly_and_of_very_many_at_once(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        mad = pairs(server.central, "ledger-mad")
        server.central.calls_at_once = CallsAtOnce(refused_seconds=PATIENCE)
        slow = posts(mad, body=b"{", length=1_000_000)
        with flood(server, slow, CALLS_AT_ONCE + REFUSED_AT_ONCE):
            until(lambda: server.central.calls_at_once._counts["refused", mad.token] == REFUSED_AT_ONCE)
            with flood(server, slow, 1) as (line,):
                assert status(line) == 429
                assert server.central.calls_at_once._counts["refused", mad.token] == REFUSED_AT_ONCE


def test_what_was_refused_is_counted_as_it_was_answered(tmp_path: Path) -> None:
    with called(str(tmp_path / "central.db")) as client:
        mad = pairs(client.app.state.central)
        client.app.state.central.rate_limit = RateLimit(allowance=0.0)
        assert client.get(wire.FEED, headers=bearer(mad)).status_code == 429
        assert client.get(wire.FEED).status_code == 401
        told = client.get("/metrics").text
        assert 'path="/v1/feed",status="429"} 1.0' in told
        assert 'path="/v1/feed",status="401"} 1.0' in told
        assert 'status="500"' not in told


def test_without_a_token_nothing_is_read(tmp_path: Path) -> None:
    with running(tmp_path) as server, closing(server.opens()) as line:
        line.sendall(f"POST {wire.ENTRIES} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n".encode())
        assert status(line) == 401
        assert not is_cut(line, seconds=SOON)


def test_the_time_that_calls_take_counts_against_the_rate_limit(tmp_path: Path) -> None:
    with called(str(tmp_path / "central.db")) as client:
        central = client.app.state.central
        paired = pairs(central)
        central.time_share = RateLimit(allowance=1e-9, per_second=1e-12)
        answers = [client.get(wire.FEED, headers=bearer(paired)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]


def test_a_kiosk_that_filled_its_share_of_the_disk_may_read_and_send_later(tmp_path: Path) -> None:
    with called(str(tmp_path / "central.db")) as client:
        central = client.app.state.central
        mad, calm = pairs(central), pairs(central, "ledger-b")
        central.disk_share = RateLimit(allowance=100_000.0, per_second=1000.0)
        ledger = MemoryLedger()
        body = push_of("ledger-a", ledger.writes(Happened(what="tick", detail="x" * 1000)))
        answers = [client.post(wire.ENTRIES, content=body, headers=bearer(mad)) for _ in range(100)]
        assert {one.status_code for one in answers} == {200, 429}
        assert problem(answers[-1]) == (429, "too_much")
        assert client.get(wire.FEED, headers=bearer(mad)).status_code == 200
        assert client.post(wire.ENTRIES, content=push_of("ledger-b", []), headers=bearer(calm)).status_code == 200
