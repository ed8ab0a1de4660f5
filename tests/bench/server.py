"""Measures the server with many kiosks: poison (S2), the rush after an outage (S5), feed gaps (S6), ingest (P5).

Lines and clocks are simulated in the first two; server, kiosks and databases are real.
"""

from __future__ import annotations

import heapq
import logging
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import psycopg
from sqlalchemy import Connection

from kiosk.facts import Entry, Happened
from sync import wire
from sync.central.feed import ingest
from sync.central.server import Central
from sync.central.storage.database import Turn
from sync.client import Client, HttpAnswer
from sync.wire import Push, to_wire
from tests.office.servers.server import NOON, MemoryLedger, new_database, pairs, serving
from tests.simulator import trouble
from tests.simulator.line import Line, Sent
from tests.simulator.simulate import MEMORY
from tests.simulator.world import World

Result = dict[str, dict[str, float]]
QUEUE = 1000
KIOSKS, OUTAGE_SECONDS, WATCHED_SECONDS, BUCKET_SECONDS = 500, 1800, 300, 5
FIXED_SECONDS = 30.0
WRITERS, COMMITS = 8, 10_000
BATCH, BATCHES = 500, 10


def folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)


# ---------------------------------------------------------------- poison at the head of a queue (S2)


class Counting(Line):
    """Records the length of the feed after each push."""

    def deliver(self, request: Sent) -> HttpAnswer:
        answer = super().deliver(request)
        if request[1] == wire.ENTRIES:
            central: Central = self.server.central  # type: ignore[attr-defined]
            self.__dict__.setdefault("lengths", []).append(central.feed.last_position())
        return answer


def poison() -> Result:
    """Return the number of requests until all entries of a queue arrived except a rejected one at its head."""
    doses = ("_of_the_future", "_malformed", "_altered", "_unreadable")
    return {f"poison{dose.replace('_', ' ')}, then {QUEUE - 1}": _poisoned(dose) for dose in doses}


def _poisoned(dose: str) -> dict[str, float]:
    with folder() as home:
        world = World(Path(home), seed=1, kiosks=(1, 1), line_type=Counting)
        kiosk = world.kiosks[0]
        getattr(trouble, dose)(kiosk)
        kiosk.ledger.append(*(Happened(what=f"number {number}") for number in range(QUEUE - 1)))
        kiosk.exchange()
        lengths: list[int] = kiosk.line.__dict__["lengths"]
        there = {entry.ref.seq for _, entry in world.server.feed() if entry.ref.ledger_id == kiosk.ledger.ledger_id}
        world.close()
    return {"arrived": len(there - {1}), "requests": lengths.index(max(lengths)) + 1}


# ---------------------------------------------------------------- all kiosks at once after an outage (S5)


def rush(kiosks: int = KIOSKS) -> Result:
    """Return the requests in each five seconds after an outage, and when the last kiosk has sent all."""
    return {
        f"{kiosks} kiosks back after an outage": _rush(kiosks, fixed=None),
        f"the same, trying every {FIXED_SECONDS:.0f} s": _rush(kiosks, fixed=FIXED_SECONDS),
    }


def _rush(kiosks: int, *, fixed: float | None) -> dict[str, float]:
    logging.disable(logging.CRITICAL)
    with folder() as home:
        world = World(Path(home), seed=1, kiosks=(0, 0))
        for number in range(kiosks):
            world.seconds += 40.0  # a hundred may be paired in an hour
            world.image_anew(world.new_kiosk(("la-serre", "les-tuves")[number % 2]))
            world.kiosks[-1].exchange()
        began = world.seconds
        for kiosk in world.kiosks:
            kiosk.ledger.append(Happened(what="the line goes down"))
            kiosk.next_exchange = began
        back_at = began + OUTAGE_SECONDS
        calls, drained_at = _calls_after(world, back_at, fixed)
        world.close()
    buckets = [calls[number] for number in range(WATCHED_SECONDS // BUCKET_SECONDS)]
    mean = sum(buckets) / len(buckets)
    return {
        "peak": max(buckets),
        "mean": round(mean, 1),
        "ratio": round(max(buckets) / mean, 2),
        "all_sent_s": round(drained_at - back_at),
    }


def _calls_after(world: World, back_at: float, fixed: float | None) -> tuple[Counter[int], float]:
    due: list[tuple[float, int]] = [(kiosk.next_exchange, number) for number, kiosk in enumerate(world.kiosks)]
    heapq.heapify(due)
    calls: Counter[int] = Counter()
    unsent, drained_at = set(range(len(world.kiosks))), back_at
    while due[0][0] < back_at + WATCHED_SECONDS or unsent:
        world.seconds, number = heapq.heappop(due)
        kiosk = world.kiosks[number]
        is_down = world.seconds < back_at
        kiosk.line.is_cut_out, before = is_down, kiosk.line.calls
        kiosk.exchange()
        if not is_down:
            calls[int((world.seconds - back_at) // BUCKET_SECONDS)] += kiosk.line.calls - before
        if number in unsent and not kiosk.ledger.waiting:
            unsent.discard(number)
            drained_at = world.seconds
        after = world.seconds + fixed if fixed and is_down else kiosk.next_exchange
        heapq.heappush(due, (max(after, world.seconds + 0.001), number))
    return calls, drained_at


# ---------------------------------------------------------------- gaps in the feed on PostgreSQL (S6)


def gaps() -> Result:
    """Return how many entries a reader misses while eight writers commit one by one: by the feed, and by a sequence."""
    with tempfile.TemporaryDirectory() as home, serving(new_database("postgresql", Path(home))) as central:
        central.start()
        with central.storage.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE naive (id bigserial PRIMARY KEY)")
        kiosks = [pairs(central, f"ledger-{number}").kiosk for number in range(WRITERS)]
        ledgers = [MemoryLedger(kiosk.ledger_id) for kiosk in kiosks]
        reader = pairs(central, "reader").kiosk

        def write(number: int) -> None:
            (entry,) = ledgers[number].writes(Happened(what="tick"))
            central.intake.push(kiosks[number], _body([entry], kiosks[number].ledger_id))

        def read(after: object) -> tuple[int, object]:
            page = central.feed.page(reader, after)  # type: ignore[arg-type]
            return len(page.entries), page.cursor

        feed = _missed(write, read)
        naive = _missed(partial(_write_naively, central), partial(_read_naively, central))
    return {"feed on PostgreSQL": feed, "numbers of a sequence": naive}


def _write_naively(central: Central, _: int) -> None:
    with central.storage.writing() as connection:
        connection.exec_driver_sql("INSERT INTO naive DEFAULT VALUES")
        time.sleep(0.001)  # a transaction takes its time


def _read_naively(central: Central, after: object) -> tuple[int, object]:
    with central.storage.reader() as connection:
        query = "SELECT id FROM naive WHERE id > %s ORDER BY id"
        found = connection.exec_driver_sql(query, (after or 0,)).scalars().all()
    return len(found), found[-1] if found else after


def _missed(write: Callable[[int], None], read: Callable[[object], tuple[int, object]]) -> dict[str, float]:
    stop, seen, cursor = threading.Event(), 0, None
    each = COMMITS // WRITERS

    def follow() -> None:
        nonlocal seen, cursor
        is_last = False
        while not is_last:
            is_last = stop.is_set()
            while (found := read(cursor))[0]:
                seen, cursor = seen + found[0], found[1]

    def write_all(number: int) -> None:
        for _ in range(each):
            write(number)

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        following = pool.submit(follow)
        for writing in [pool.submit(write_all, number) for number in range(WRITERS)]:
            writing.result()
        stop.set()
        following.result()
    return {"committed": each * WRITERS, "missed": each * WRITERS - seen}


# ---------------------------------------------------------------- ingest (P5)


def ingesting(rounds: int = 7) -> Result:
    """Return rows a second into PostgreSQL in batches of 500: bare COPY, the database layer, and the whole of HTTP."""
    logging.disable(logging.CRITICAL)
    rates: dict[str, list[float]] = {"bare COPY": [], "database layer": [], "whole HTTP path": []}
    with tempfile.TemporaryDirectory() as home, folder() as simulated:
        url = new_database("postgresql", Path(home))
        world = World(Path(simulated), seed=1, kiosks=(0, 0), postgres=url)
        central = world.server.central
        central.start()
        paired = pairs(central, "http")
        ways = {
            "bare COPY": partial(_copy, central, MemoryLedger("copy")),
            "database layer": partial(_take, central, MemoryLedger("layer")),
            "whole HTTP path": partial(_post, world, paired.token, MemoryLedger("http")),
        }
        with central.storage.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE bare (LIKE feed)")
        for _ in range(rounds + 1):
            for name, way in ways.items():
                rates[name].append(way())
        world.close()
    return {name: _rate(found[1:], rates["bare COPY"][1:]) for name, found in rates.items()}


def _rate(found: list[float], bare: list[float]) -> dict[str, float]:
    ratio = statistics.median(one / other for one, other in zip(found, bare, strict=True))
    return {"rows_a_second": round(statistics.median(found)), "over_bare": round(ratio, 3)}


def _batches(ledger: MemoryLedger) -> list[list[Entry]]:
    return [ledger.writes(*(Happened(what="tick", detail="x" * 80) for _ in range(BATCH))) for _ in range(BATCHES)]


def _timed(act: Callable[[list[Entry]], object], batches: list[list[Entry]]) -> float:
    started = time.perf_counter()
    for batch in batches:
        act(batch)
    return BATCH * BATCHES / (time.perf_counter() - started)


def _copy(central: Central, ledger: MemoryLedger) -> float:
    def act(new: list[tuple[object, ...]]) -> None:
        with central.storage.writing() as connection:
            raw: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            words = f"COPY bare ({', '.join(ingest.COLUMNS)}) FROM STDIN"
            with raw.cursor() as cursor, cursor.copy(words.encode()) as copy:
                for row in new:
                    copy.write_row(row)

    prepared = [ingest.rows("main", batch, after=0, now=NOON) for batch in _batches(ledger)]
    started = time.perf_counter()
    for new in prepared:
        act(new)
    return BATCH * BATCHES / (time.perf_counter() - started)


def _take(central: Central, ledger: MemoryLedger) -> float:
    def act(batch: list[Entry]) -> None:
        with central.storage.writing(Turn.FEED) as connection:
            _take_one(connection, ledger.ledger_id, batch)

    return _timed(act, _batches(ledger))


def _take_one(connection: Connection, ledger_id: str, batch: list[Entry]) -> None:
    before = ingest.progress(connection, "main", ledger_id)
    ingest.store(connection, "main", ledger_id, before=before, batch=batch, now=NOON)


def _post(world: World, token: str, ledger: MemoryLedger) -> float:
    client = Client(world.server, token=token)
    pushes = [Push(ledger_id=ledger.ledger_id, entries=tuple(map(to_wire, batch))) for batch in _batches(ledger)]
    started = time.perf_counter()
    for push in pushes:
        client.push(push)
    return BATCH * BATCHES / (time.perf_counter() - started)


def _body(entries: list[Entry], ledger_id: str) -> bytes:
    return msgspec.json.encode(Push(ledger_id=ledger_id, entries=tuple(map(to_wire, entries))))
