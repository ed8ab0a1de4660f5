"""Measures what the network costs: taps while the server is dead, silent or slow; and sending a long queue.

Server and slow line are processes of their own. Run by `python -m tests.bench network` and `drain`.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from kiosk.facts import MemberSet
from kiosk.ledger import open_reader
from kiosk.messages import ServerNews
from kiosk.model import Member, Tap
from sync.central.server import Central
from sync.central.settings import Settings
from sync.client import Client, SyncError
from sync.transport import HttpTransport
from sync.wire import Enroll, Push, to_wire
from sync.worker import SyncWorker
from tests.office.kiosks.stepped import SteppedKiosk, work
from tests.office.network.linked import FaultyLine

QUEUED = 15_000
SINGLES = 100
"""Entries sent one by one, for comparison; what all would take is worked out from them."""
ROUND_TRIP_SECONDS = 0.05
BETWEEN_TAPS_SECONDS = 0.02
TAPS_IN_A_ROW = 20
WARM_UP_SECONDS = 0.2
"""What a thread does once, when a kiosk starts (it opens the database, it loads what a first call needs), is not what
the network does to a tap. A call that is refused, or waits, by then, is."""
Result = Mapping[str, float] | Mapping[str, Mapping[str, float]]


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as started:
        try:
            yield started
        finally:
            started.terminate()


@contextmanager
def slow_server(folder: Path, *ledger_ids: str) -> Iterator[tuple[str, list[str]]]:
    """Start a server behind a slow line; yield it with a token for each of these ledgers."""
    central = Central(Settings(database=str(folder / "central.db")))
    tokens = []
    for ledger_id in ledger_ids:
        paired = central.kiosks.enroll(Enroll(code=central.kiosks.new_code(name=ledger_id), ledger_id=ledger_id))
        tokens.append(paired.token)  # type: ignore[union-attr]
    central.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    start = ("-c", "from sync.central.cli import main; main()", "--database", str(folder / "central.db"), "run")
    with (
        process(*start, "--port", str(port)),
        process("-m", "tests.bench.slow_line", str(port), str(ROUND_TRIP_SECONDS / 2)) as line,
    ):
        assert line.stdout is not None
        url = f"http://127.0.0.1:{int(line.stdout.readline())}"
        await_server(url)
        yield url, tokens


def await_server(url: str) -> None:
    for _ in range(100):
        line = HttpTransport(url)
        try:
            Client(line).time()
        except SyncError:
            time.sleep(0.2)
        else:
            return
        finally:
            line.close()
    raise TimeoutError(url)


# ---------------------------------------------------------------- taps (P4)


class Door:
    """A kiosk's door with a worker that talks to a server, or to none."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.counter = folder, SteppedKiosk(folder)
        self.uids = [self.counter.joins(f"m{number:04}", units=100_000) for number in range(20)]
        self.url: str | None = None
        self.token = "none"
        self._opened_at = 0.0
        self.counter.door.unlock = self._unlock  # type: ignore[method-assign]

    def _unlock(self, seconds: float) -> None:
        self._opened_at = time.perf_counter()

    @contextmanager
    def talking(self) -> Iterator[None]:
        """Run the worker's thread, as in the kiosk, inside `with`."""
        if self.url is None:
            yield
            return
        line, stop, controller = HttpTransport(self.url), threading.Event(), self.counter.controller
        worker = SyncWorker(
            Client(line, token=self.token),
            open_ledger=lambda: open_reader(self.folder / "ledger.db"),
            post=controller.submit_news,
        )
        controller.on_entry = worker.wake
        thread = threading.Thread(target=worker.run, args=(stop, lambda: None))
        thread.start()
        time.sleep(WARM_UP_SECONDS)
        try:
            yield
        finally:
            stop.set()
            line.close()
            thread.join()

    def taps(self) -> list[float]:
        """Return the seconds from badge number to strike, tap by tap, with news received in between."""
        found = []
        with self.talking():
            for number in range(TAPS_IN_A_ROW):
                time.sleep(BETWEEN_TAPS_SECONDS)
                work(self.counter.controller)
                self.counter.later(seconds=7)
                uid = self.uids[number % len(self.uids)]
                tap = Tap(uid=uid, monotonic=self.counter.clock.monotonic(), technology="NTAG213")
                started = time.perf_counter()
                self.counter.controller.handle(tap)
                found.append(self._opened_at - started)
        return found


def network(rounds: int) -> dict[str, dict[str, float]]:
    """Measure taps with each kind of server, one of each per round; return the ratios to no server."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=1000) as hole:
        doors = {name: Door(Path(folder) / name) for name in ("none", "dead", "silent", "slow")}
        with socket.create_server(("127.0.0.1", 0)) as gone:
            doors["dead"].url = f"http://127.0.0.1:{gone.getsockname()[1]}"
        doors["silent"].url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        with slow_server(Path(folder), doors["slow"].counter.ledger.ledger_id) as (url, tokens):
            doors["slow"].url, doors["slow"].token = url, tokens[0]
            found: dict[str, list[list[float]]] = {name: [] for name in doors}
            for door in doors.values():
                door.taps()
            beside: dict[str, list[list[float]]] = {name: [] for name in doors}
            for _ in range(max(rounds, 5)):
                for name, door in doors.items():
                    # A row of the same without a server before and after: what else the machine does falls on both.
                    before = doors["none"].taps()
                    found[name].append(door.taps())
                    beside[name].append(before + doors["none"].taps())
        for door in doors.values():
            door.counter.close()
    return compared(found, beside)


def compared(found: dict[str, list[list[float]]], beside: dict[str, list[list[float]]]) -> dict[str, dict[str, float]]:
    """Return the median over all rounds of the ratios of the round's medians to those of `beside`."""

    def at(rows: list[list[float]], part: float) -> float:
        ordered = sorted(seconds for row in rows for seconds in row)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]

    def middles(rows: list[list[float]]) -> list[float]:
        return [statistics.median(row) for row in rows]

    return {
        f"tap, server {name}": {
            "p50_ms": round(at(rows, 0.5) * 1e3, 3),
            "p99_ms": round(at(rows, 0.99) * 1e3, 3),
            "p50_over_none": round(
                statistics.median(a / b for a, b in zip(middles(rows), middles(beside[name]), strict=True)), 3
            ),
            "p99_over_none": round(at(rows, 0.99) / at(beside[name], 0.99), 3),
            "n": sum(map(len, rows)),
        }
        for name, rows in found.items()
    }


# ---------------------------------------------------------------- a long queue (S4)


def drain() -> dict[str, float]:
    """Send a queue of 15,000 entries, then some one by one, over a line with 50 ms round-trip time."""
    with tempfile.TemporaryDirectory() as folder:
        counter = SteppedKiosk(Path(folder))
        queue = (MemberSet(member=Member(id=f"m{number}", name=f"Member {number}")) for number in range(QUEUED))
        counter.ledger.append(*queue)
        ledger_id = counter.ledger.ledger_id
        with slow_server(Path(folder), ledger_id, "one by one") as (url, tokens):
            line = HttpTransport(url)
            faulty = FaultyLine(line)
            worker = SyncWorker(
                Client(faulty, token=tokens[0]),
                open_ledger=lambda: open_reader(Path(folder) / "ledger.db"),
                post=counter.hears,
            )
            drained_in, requests = timed_until_drained(worker, counter, faulty)
            one_by_one = single_pushes(Client(line, token=tokens[1]), counter)
            worker.close()
            line.close()
        counter.close()
    return {
        "entries": QUEUED,
        "requests": requests,
        "seconds": round(drained_in, 2),
        "one request per entry, seconds (worked out)": round(one_by_one * QUEUED, 1),
        "times faster": round(one_by_one * QUEUED / drained_in, 1),
    }


def timed_until_drained(worker: SyncWorker, counter: SteppedKiosk, line: FaultyLine) -> tuple[float, int]:
    """Return seconds and requests until the server has acknowledged everything."""
    found: list[tuple[float, int]] = []
    started = time.perf_counter()

    def post(news: ServerNews) -> Future[None]:
        written = counter.hears(news)
        if not found and counter.ledger.waiting == 0:
            found.append((time.perf_counter() - started, len(line.calls)))
        return written

    worker._post = post
    while not found:
        worker.step()
    return found[0]


def single_pushes(client: Client, counter: SteppedKiosk) -> float:
    """Return the seconds for each entry when each is pushed alone."""
    entries = [to_wire(entry) for entry in counter.ledger.entries(limit=SINGLES)]
    started = time.perf_counter()
    for entry in entries:
        client.push(Push(ledger_id="one by one", entries=(entry,)))
    return (time.perf_counter() - started) / len(entries)


def show(result: Result, write: Callable[[str, object], None], name: str) -> None:
    for line, value in result.items():
        numbers = value if isinstance(value, Mapping) else {"": value}
        print(f"{line:46}", *(f"{label} {number:<10}" for label, number in numbers.items()))
    write(name, result)
