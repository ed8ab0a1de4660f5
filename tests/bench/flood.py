"""Measures what a good kiosk feels while others misbehave: passwords guessed, another kiosk's flood, many who wait.

Server and whoever misbehaves are processes of their own.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import requests

from kiosk.facts import Happened
from sync import wire
from sync.central.storage.tokens import token_hash
from tests.bench.sync import Result, process
from tests.office.network.processes import CentralProcess
from tests.office.servers.server import MemoryLedger, new_database, push_of

ROUNDS, ROUND_SECONDS, PAUSE_SECONDS = 7, 3.0, 0.02
GUESSERS, ATTACKERS = 20, 50
WAITERS, WAIT_ROUNDS, QUIET_SECONDS = 500, 5, 12.0


class PairedKiosk:
    """A kiosk of a running server, as far as its calls go."""

    def __init__(self, server: CentralProcess, name: str) -> None:
        self.url, self.ledger = server.url, MemoryLedger(f"ledger-{name}")
        code = re.search(r"\b[A-Z0-9]{4}[- ]?[A-Z0-9]{4}\b", server.does("kiosk", "pair", name))
        assert code is not None
        asked = {"code": code[0], "ledger_id": self.ledger.ledger_id, "version": "1"}
        token = requests.post(server.url + wire.ENROLL, json=asked, timeout=60).json()["token"]
        self.token = token
        self.session = requests.Session()
        self.session.headers["authorization"] = f"Bearer {token}"
        self.cursor: str | None = None

    def pull(self) -> None:
        """Get what is new in the feed."""
        answer = self.session.get(
            self.url + wire.FEED, params={"after": self.cursor} if self.cursor else {}, timeout=60
        )
        answer.raise_for_status()
        self.cursor = answer.json()["cursor"]

    def push(self) -> None:
        """Send an entry."""
        body = push_of(self.ledger.ledger_id, self.ledger.writes(Happened(what="tick")))
        self.session.post(self.url + wire.ENTRIES, data=body, timeout=60).raise_for_status()


def _timed(act: Callable[[], None]) -> list[float]:
    """Milliseconds of each call, for as long as a round lasts; a kiosk pauses between two calls."""
    found, tick, until = [], threading.Event(), time.perf_counter() + ROUND_SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
        tick.wait(PAUSE_SECONDS)
    return found


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def beside(act: Callable[[], None], misbehaves: list[str]) -> dict[str, float]:
    """Return the times of a call in quiet rounds, and in rounds beside a process that misbehaves, in turns."""
    quiet, beside_it = [], []
    for _ in range(ROUNDS):
        quiet.append(_p95(_timed(act)))
        with process(*misbehaves) as other:
            assert other.stdout is not None
            other.stdout.readline()
            beside_it.append(_p95(_timed(act)))
    ratio = statistics.median(b / q for q, b in zip(quiet, beside_it, strict=True))
    return {
        "quiet_p95_ms": round(statistics.median(quiet), 1),
        "beside_p95_ms": round(statistics.median(beside_it), 1),
        "ratio": round(ratio, 2),
    }


def guesses() -> Result:
    """Return the times of the feed while passwords are guessed as fast as the server answers."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        server = stack.enter_context(CentralProcess(Path(home) / "server"))
        server.does("account", "add", "anne", "--role", "manager", KIOSK_CENTRAL_PASSWORD="a password of some length")
        kiosk = PairedKiosk(server, "good")
        kiosk.push()
        kiosk.pull()
        return {
            f"feed beside {GUESSERS} who guess": beside(kiosk.pull, ["-m", "tests.bench.flood", "guess", server.url])
        }


def hostile() -> Result:
    """Return the times of a good kiosk's calls beside a kiosk in other hands that does what it can."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        server = stack.enter_context(CentralProcess(Path(home) / "server"))
        good, mad = PairedKiosk(server, "good"), PairedKiosk(server, "mad")
        good.push()
        misbehaves = ["-m", "tests.bench.flood", "attack", server.url, mad.token]
        return {f"{call.__name__} beside a hostile kiosk": beside(call, misbehaves) for call in (good.pull, good.push)}


# ---------------------------------------------------------------- five hundred who wait for news


def waiting() -> Result:
    """Return when so many kiosks that wait at two processes hear of news, and have them, after an entry at one."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
        database = new_database("postgresql", Path(home))
        servers = [stack.enter_context(CentralProcess(Path(home) / name, database)) for name in ("one", "other")]
        kiosk = PairedKiosk(servers[0], "good")
        kiosk.push()
        kiosk.pull()
        tokens = _paired_like(database, WAITERS)
        heard, pulled = zip(*(asyncio.run(_all_hear(servers, kiosk, tokens)) for _ in range(WAIT_ROUNDS)), strict=True)
        return {
            f"{WAITERS} kiosks hear of news": {"p95_ms": round(statistics.median(map(_p95, heard)))},
            "and have fetched them": {"p95_ms": round(statistics.median(map(_p95, pulled)))},
        }


def _paired_like(database: str, count: int) -> list[str]:
    """Pair as many kiosks as there is no hour to pair them in by codes; return their tokens."""
    tokens = [f"token-{number}" for number in range(count)]
    same = "network_id, name, site_id, paired_at, beacon"
    copy = f"INSERT INTO kiosks (kiosk_id, ledger_id, token_hash, {same}) SELECT %s, %s, %s, {same} FROM kiosks LIMIT 1"
    with psycopg.connect(database) as connection:
        for token in tokens:
            connection.execute(copy.encode(), (token, token, token_hash(token)))
    return tokens


async def _all_hear(
    servers: list[CentralProcess], kiosk: PairedKiosk, tokens: list[str]
) -> tuple[list[float], list[float]]:
    """Return after how many milliseconds each heard, and had fetched, what a kiosk then sent."""
    await asyncio.to_thread(kiosk.pull)
    began: list[float] = []
    asked = asyncio.Event()
    left = len(tokens)

    async def hear(port: int, token: str) -> tuple[float, float]:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        _ask(writer, f"{wire.NEWS}?after={kiosk.cursor}&wait=50", token)
        left -= 1
        if left == 0:
            asked.set()
        assert b'"news":true' in await _answer(reader)
        heard = time.perf_counter()
        _ask(writer, f"{wire.FEED}?after={kiosk.cursor}", token)
        await _answer(reader)
        writer.close()
        return (heard - began[0]) * 1000, (time.perf_counter() - began[0]) * 1000

    tasks = [asyncio.create_task(hear(servers[n % 2].port, token)) for n, token in enumerate(tokens)]
    await asked.wait()
    await asyncio.sleep(QUIET_SECONDS)  # all wait, and it was quiet for a while
    began.append(time.perf_counter())
    await asyncio.to_thread(kiosk.push)
    heard, pulled = zip(*await asyncio.gather(*tasks), strict=True)
    return list(heard), list(pulled)


def _ask(writer: asyncio.StreamWriter, path: str, token: str) -> None:
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n".encode())


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert length is not None
    return await reader.readexactly(int(length[1]))


# ---------------------------------------------------------------- who misbehaves, in processes of their own


def guess(url: str) -> None:
    """Guess passwords of many names from many addresses, over many lines at once."""
    session = requests.Session()
    page = session.get(f"{url}/sign-in", timeout=60)
    seal = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert seal is not None
    visit = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    numbers = itertools.count()

    def guess_on() -> None:
        mine = requests.Session()
        for number in numbers:
            form = {"csrf": seal[1], "name": f"name {number}", "password": f"guess {number}"}
            address = f"198.51.{number // 250 % 250}.{number % 250}"
            mine.post(f"{url}/sign-in", data=form, headers={"x-forwarded-for": address, "cookie": visit}, timeout=60)

    for _ in range(GUESSERS):
        threading.Thread(target=guess_on, daemon=True).start()
    print("begun", flush=True)
    threading.Event().wait()


def attack(url: str, token: str) -> None:
    """Do with a kiosk's token what it lets: garbage, half requests, the whole feed again and again, over many lines."""
    port, ledger_id = int(url.rpartition(":")[2]), "ledger-mad"
    garbage = b",".join(b'{"seq":%d,"at":"nonsense"}' % seq for seq in range(1, 501))
    body = b'{"ledger_id":"%s","entries":[%s]}' % (ledger_id.encode(), garbage)
    head = f" HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
    whole = f"POST {wire.ENTRIES}{head}content-length: {len(body)}\r\n\r\n".encode() + body
    half = f"POST {wire.ENTRIES}{head}content-length: 900000\r\n\r\n{{".encode()
    reads = [f"GET {path}{head}\r\n".encode() for path in (wire.FEED, wire.SNAPSHOT)]
    sent = (whole, half, b"GET /half", *reads)

    def attack_on(request: bytes) -> None:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 30) as line:
                line.sendall(request)
                line.recv(1 << 16)

    for request in sent * (ATTACKERS // len(sent)):
        threading.Thread(target=attack_on, args=(request,), daemon=True).start()
    print("begun", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    guess(sys.argv[2]) if sys.argv[1] == "guess" else attack(*sys.argv[2:])
