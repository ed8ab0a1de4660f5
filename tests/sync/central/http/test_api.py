"""The calls over HTTP: who may make them, what they refuse, and what they never reveal."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
import requests
import uvicorn
from litestar import get

from sync import wire
from sync.central.http.app import create_app
from sync.central.kiosks.pairing import TRIES_AN_HOUR, Paired
from sync.central.logs import JsonFormatter
from sync.central.server import Central
from sync.central.settings import MEGABYTE, Settings
from sync.wire import Enrolled, FeedPage, Problem, Pushed, SnapshotPage
from tests.office.ledgers.small_house import house_facts
from tests.office.servers.server import MemoryLedger, ServerClock, bearer, called, new_database, pairs, push_of, serving


@pytest.fixture
def file(tmp_path) -> str:
    return new_database("sqlite", tmp_path)


def problem(answer) -> tuple[int, str]:
    return answer.status_code, msgspec.json.decode(answer.content, type=Problem).code


def test_a_kiosk_joins_pushes_and_follows_the_feed(database: str) -> None:
    ledger = MemoryLedger()
    sent = ledger.writes(*house_facts())
    with called(database) as client:
        code = client.app.state.central.kiosks.new_code(name="door", site_id="la-serre")
        answer = client.post(wire.ENROLL, content=msgspec.json.encode(wire.Enroll(code=code, ledger_id="ledger-a")))
        enrolled = msgspec.json.decode(answer.content, type=Enrolled)
        assert (enrolled.site_id, answer.headers["cache-control"]) == ("la-serre", "no-store")
        headers = {"authorization": f"Bearer {enrolled.token}"}
        pushed = client.post(wire.ENTRIES, content=push_of("ledger-a", sent), headers=headers)
        assert msgspec.json.decode(pushed.content, type=Pushed).acked == len(sent)
        page = msgspec.json.decode(client.get(wire.FEED, headers=headers).content, type=FeedPage)
        assert [wire.from_wire(one.entry) for one in page.entries] == sent
        empty = client.get(wire.FEED, params={"after": page.cursor}, headers=headers)
        assert msgspec.json.decode(empty.content, type=FeedPage).entries == ()
        snapshot = client.get(wire.SNAPSHOT, headers=headers)
        assert msgspec.json.decode(snapshot.content, type=SnapshotPage).next is not None
        assert client.get(wire.TIME).json() == {"now": "2026-07-13T12:00:00Z"}


@pytest.mark.parametrize("headers", [{}, *({"authorization": words} for words in ("Bearer ", "Bearer x", "x"))])
@pytest.mark.parametrize("path", [wire.FEED, wire.SNAPSHOT, wire.ENTRIES])
def test_who_is_not_paired_is_told_nothing(file: str, path: str, headers: dict[str, str]) -> None:
    with called(file) as client:
        pairs(client.app.state.central)
        answer = client.post(path, headers=headers) if path == wire.ENTRIES else client.get(path, headers=headers)
        assert problem(answer) == (401, "not_paired")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_kiosk_that_was_shut_out_is_told_nothing_any_more(file: str) -> None:
    with called(file) as client:
        central: Central = client.app.state.central
        paired = pairs(central)
        assert client.get(wire.FEED, headers=bearer(paired)).status_code == 200
        central.kiosks.revoke(paired.kiosk.kiosk_id)
        assert problem(client.get(wire.FEED, headers=bearer(paired))) == (401, "not_paired")


def test_a_wrong_code_and_too_many_tries_are_told_apart(file: str) -> None:
    wrong = msgspec.json.encode(wire.Enroll(code="33333333", ledger_id="ledger-a"))
    with called(file) as client:
        for _ in range(TRIES_AN_HOUR):
            assert problem(client.post(wire.ENROLL, content=wrong)) == (403, "wrong_code")
        answer = client.post(wire.ENROLL, content=wrong)
        assert problem(answer) == (429, "too_many_tries")
        assert 0 < int(answer.headers["retry-after"]) <= 3601


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", b'{"code":1}', b'{"code":"x","ledger_id":"\\u0000"}'])
def test_what_is_no_enrolment_is_malformed(file: str, body: bytes) -> None:
    with called(file) as client:
        assert problem(client.post(wire.ENROLL, content=body)) == (400, "malformed")


def test_what_is_no_push_is_malformed(file: str) -> None:
    with called(file) as client:
        headers = bearer(pairs(client.app.state.central))
        assert problem(client.post(wire.ENTRIES, content=b"{", headers=headers)) == (400, "malformed")
        other = client.post(wire.ENTRIES, content=push_of("ledger-b", []), headers=headers)
        assert problem(other) == (403, "other_ledger")


def test_a_cursor_that_is_gone_is_410_and_one_that_is_too_long_is_malformed(file: str) -> None:
    with called(file) as client:
        headers = bearer(pairs(client.app.state.central))
        assert problem(client.get(wire.FEED, params={"after": "x.1"}, headers=headers)) == (410, "gone")
        assert problem(client.get(wire.SNAPSHOT, params={"page": "x.1"}, headers=headers)) == (410, "gone")
        assert problem(client.get(wire.FEED, params={"after": "x" * 999}, headers=headers)) == (400, "malformed")


# ---------------------------------------------------------------- sizes and compression


def test_a_body_that_is_too_long_is_refused_before_it_is_read(file: str) -> None:
    with called(file) as client:
        headers = bearer(pairs(client.app.state.central))
        answer = client.post(wire.ENTRIES, content=b" " * (2 * MEGABYTE + 1), headers=headers)
        assert problem(answer) == (413, "too_long")


def test_a_body_that_swells_is_refused_at_its_limit(file: str) -> None:
    with called(file) as client:
        headers = bearer(pairs(client.app.state.central)) | {"content-encoding": "gzip"}
        bomb = gzip.compress(b" " * (200 * MEGABYTE), 9)
        assert len(bomb) < MEGABYTE
        assert problem(client.post(wire.ENTRIES, content=bomb, headers=headers)) == (413, "too_long")
        fits = gzip.compress(push_of("ledger-a", []) + b" " * (8 * MEGABYTE - 100), 9)
        assert client.post(wire.ENTRIES, content=fits, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("encoding", "body", "told"),
    [
        ("gzip", b"no gzip", (400, "gzip")),
        ("gzip", gzip.compress(b"{}" * 99, mtime=0)[:-9], (400, "gzip")),
        ("gzip", b"", (400, "gzip")),
        ("br", b"{}", (415, "encoding")),
    ],
    ids=["no gzip", "cut short", "empty", "another encoding"],
)
def test_a_body_that_cannot_be_unpacked_is_told_so(
    file: str, encoding: str, body: bytes, told: tuple[int, str]
) -> None:
    with called(file) as client:
        headers = bearer(pairs(client.app.state.central)) | {"content-encoding": encoding}
        assert problem(client.post(wire.ENTRIES, content=body, headers=headers)) == told


def test_long_answers_are_compressed_for_who_asks(file: str) -> None:
    with called(file) as client:
        headers = bearer(pairs(client.app.state.central))
        packed = gzip.compress(push_of("ledger-a", MemoryLedger().writes(*house_facts())))
        client.post(wire.ENTRIES, content=packed, headers=headers | {"content-encoding": "gzip"})
        zipped = client.get(wire.FEED, headers=headers | {"accept-encoding": "gzip"})
        plain = client.get(wire.FEED, headers=headers | {"accept-encoding": "identity"})
        assert zipped.headers["content-encoding"] == "gzip"
        assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])
        assert zipped.content == plain.content
        assert "content-encoding" not in client.get(wire.TIME).headers


# ---------------------------------------------------------------- what it tells of itself


def test_openapi_names_the_calls(file: str) -> None:
    with called(file) as client:
        described = client.get("/schema/openapi.json").json()
    calls = {path: set(methods) for path, methods in described["paths"].items() if path.startswith("/v1/")}
    assert calls == {
        wire.ENROLL: {"post"},
        wire.ENTRIES: {"post"},
        wire.FEED: {"get"},
        wire.NEWS: {"get"},
        wire.SNAPSHOT: {"get"},
        wire.TIME: {"get"},
    }
    push = described["paths"][wire.ENTRIES]["post"]
    body = push["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["required"]) == {"ledger_id"}
    assert "body_hash" in body["properties"]["entries"]["items"]["properties"]
    assert set(push["responses"]) == {"200", "400", "401", "403", "413", "415", "429", "503"}
    assert push["responses"]["401"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    assert {"Pushed", "FeedPage", "SnapshotPage", "Enrolled"} <= set(described["components"]["schemas"])


def test_no_page_about_the_calls_loads_anything_from_elsewhere(file: str) -> None:
    with called(file) as client:
        pages = [client.get(f"/schema{path}") for path in ("", "/", "/openapi.json", "/swagger", "/redoc", "/elements")]
    assert {page.status_code for page in pages} <= {200, 404}
    assert not any(re.search(r"https?://", page.text) for page in pages)


def test_the_health_can_be_asked_without_a_body(file: str) -> None:
    with called(file) as client:
        assert client.head("/health").status_code == 200
        client.app.state.central.storage.close()
        Path(file).unlink()
        assert client.head("/health").status_code == client.get("/health").status_code != 200


def test_health_and_metrics_tell_how_the_server_is(file: str) -> None:
    with called(file) as client:
        central: Central = client.app.state.central
        headers = bearer(pairs(central))
        client.post(
            wire.ENTRIES, content=push_of("ledger-a", MemoryLedger().writes(*house_facts())[1:]), headers=headers
        )
        central.books.fold()
        assert client.get("/health").json() == {"status": "ok", "behind": 0}
        told = client.get("/metrics").text
    assert "central_feed_position 5.0" in told
    assert 'central_alarms{kind="gap"} 1.0' in told
    assert 'central_requests_total{method="POST",path="/v1/entries",status="200"} 1.0' in told
    assert "ledger-a" not in told


def test_a_database_that_fails_is_told_as_503_with_a_time_to_come_again(file: str) -> None:
    with called(file) as client:
        central: Central = client.app.state.central
        headers = bearer(pairs(central))
        with central.storage.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE feed RENAME TO elsewhere")
        answer = client.get(wire.FEED, headers=headers)
        assert problem(answer) == (503, "unwilling")
        assert answer.headers["retry-after"] == "10"
        assert client.get("/health").status_code == 503
        with central.storage.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO feed")
        assert client.get(wire.FEED, headers=headers).status_code == 200


def test_what_nobody_foresaw_is_told_without_its_inside(file: str) -> None:
    @get("/broken", sync_to_thread=False)
    def broken() -> None:
        raise ZeroDivisionError("a secret")

    app = create_app(Settings(database=file), now=ServerClock(), routes=[broken])
    with logged() as lines, serving_http(app) as url:
        answer = requests.get(f"{url}/broken", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "secret" not in answer.text
    (line,) = [line for line in map(json.loads, lines()) if line.get("error") == "ZeroDivisionError"]
    assert line["where"][-1].startswith("broken:")


@contextmanager
def logged() -> Iterator[Callable[[], list[str]]]:
    """What the server logs meanwhile, line by line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("kiosk.central")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield lambda: stream.getvalue().splitlines()
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def test_the_log_has_a_line_for_each_request_and_no_secret(file: str) -> None:
    with logged() as lines, called(file) as client:
        central: Central = client.app.state.central
        code = central.kiosks.new_code(name="door")
        answer = client.post(wire.ENROLL, content=msgspec.json.encode(wire.Enroll(code=code, ledger_id="ledger-a")))
        token = answer.json()["token"]
        client.get(wire.FEED, params={"after": "secret.1"}, headers={"authorization": f"Bearer {token}"})
        client.get("/nowhere/secret")
    told = [json.loads(line) for line in lines()]
    assert [(line["path"], line["status"]) for line in told if line["message"] == "request"][:2] == [
        (wire.ENROLL, 200),
        (wire.FEED, 410),
    ]
    assert told[1]["kiosk"]
    for secret in (code, token, "secret"):
        assert all(secret not in line for line in lines())


# ---------------------------------------------------------------- over a real socket


@contextmanager
def serving_http(app) -> Iterator[str]:
    """The application under uvicorn, on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on"))
    ready = threading.Event()
    startup = server.startup

    async def started(*arguments, **named) -> None:
        await startup(*arguments, **named)
        ready.set()

    server.startup = started  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(20)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_a_kiosk_over_a_real_socket(database: str) -> None:
    sent = MemoryLedger().writes(*house_facts())
    app = create_app(Settings(database=database), now=ServerClock())
    with serving_http(app) as url, closing(requests.Session()) as session:
        paired: Paired = pairs(app.state.central)
        session.headers.update(bearer(paired))
        packed = gzip.compress(push_of("ledger-a", sent))
        pushed = session.post(url + wire.ENTRIES, data=packed, headers={"content-encoding": "gzip"}, timeout=10)
        assert pushed.json()["acked"] == len(sent)
        page = session.get(url + wire.FEED, timeout=10)
        assert page.headers["content-encoding"] == "gzip"
        entries = msgspec.json.decode(page.content, type=FeedPage).entries
        assert [wire.from_wire(one.entry) for one in entries] == sent


def test_who_listens_hears_of_every_change(database: str) -> None:
    async def heard(central: Central) -> list[int]:
        listening = central.roster_thread.positions()
        told = [await anext(listening)]
        for _ in range(2):
            await asyncio.to_thread(central.books.append, *house_facts(), by="anne")
            told.append(await anext(listening))
        await listening.aclose()
        return told

    with serving(database) as central:
        assert asyncio.run(heard(central)) == [0, 6, 12]


def test_what_is_no_push_is_one_alarm_however_often_it_comes(file: str) -> None:
    with called(file) as client:
        central = client.app.state.central
        headers = bearer(pairs(central))
        for body in (b"{", b'"\xff\xfe"', b"\0", b"[" * 9000, b'{"ledger_id":"\xff"}'):
            assert problem(client.post(wire.ENTRIES, content=body, headers=headers)) == (400, "malformed")
        (alarm,) = central.alarms.listed()
        assert (alarm.kind, alarm.note, alarm.times) == ("set_aside", "no_push", 5)


@pytest.mark.parametrize("cursor", ["a\0b", "\0", "x.\0.y", "g.9999999999999999999999.x"])
def test_a_cursor_with_anything_in_it_is_of_no_feed(database: str, cursor: str) -> None:
    with called(database) as client:
        headers = bearer(pairs(client.app.state.central))
        assert client.get(wire.FEED, params={"after": cursor}, headers=headers).status_code == 410
        assert client.get(wire.SNAPSHOT, params={"page": cursor}, headers=headers).status_code == 410
        assert client.get(wire.NEWS, params={"after": cursor, "wait": 0}, headers=headers).status_code == 200
