"""A kiosk with its sync client, without threads: tests run exchanges step by step."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

from kiosk.clock import WallClock
from kiosk.ledger import open_reader
from sync.central.http.serving import Server
from sync.central.server import Central, wall_clock
from sync.central.settings import Settings
from sync.client import Client, HttpAnswer, Transport, UnreachableError
from sync.pairing import enroll
from sync.transport import HttpTransport
from sync.wire import Beacon
from sync.worker import SyncWorker, Wait
from tests.office.kiosks.stepped import SteppedKiosk
from tests.office.servers.server import app_of, leave, new_database

Request = tuple[str, str, Mapping[str, str], bytes | None]
Fault = Callable[[Transport, Request], HttpAnswer]


def lost(line: Transport, request: Request) -> HttpAnswer:
    """The server does it, and the answer gets lost."""
    line(*request)
    raise UnreachableError("the answer got lost")


def cut(line: Transport, request: Request) -> HttpAnswer:
    """The request never arrives."""
    raise UnreachableError("nobody there")


def twice(line: Transport, request: Request) -> HttpAnswer:
    """The network delivers the request two times."""
    line(*request)
    return line(*request)


def through(line: Transport, request: Request) -> HttpAnswer:
    """Nothing goes wrong."""
    return line(*request)


def answers(status: int, **headers: str) -> Fault:
    """Somebody answers this without asking the server."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda line, request: HttpAnswer(status=status, headers=told)


class FaultyLine:
    """A transport whose next calls fail as told; later calls go well."""

    def __init__(self, line: Transport) -> None:
        self._line = line
        self.faults: list[Fault] = []
        self.calls: list[Request] = []

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        request = (method, path, headers, body)
        self.calls.append(request)
        fault = self.faults.pop(0) if self.faults else through
        return fault(self._line, request)

    def paths(self) -> list[str]:
        """What was called so far, without parameters."""
        return [path.partition("?")[0] for _, path, _, _ in self.calls]


class LinkedKiosk:
    """One kiosk, its ledger in `folder`, that exchanges when it is told to."""

    def __init__(self, folder: Path, line: Transport, *, token: str, counter: SteppedKiosk | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.line = FaultyLine(line)
        self.counter = counter or SteppedKiosk(folder)
        self.worker = self._worker(token)

    def _worker(self, token: str) -> SyncWorker:
        return SyncWorker(
            Client(self.line, token=token),
            open_ledger=lambda: open_reader(self.folder / "ledger.db"),
            post=self.counter.hears,
            condition=lambda: Beacon(clock=self.counter.clock.quality()),
            set_clock=self.counter.clock.hear_server,
            jitter=lambda: 0.5,
            clock=self.counter.clock.monotonic,
        )

    def step(self, *faults: Fault) -> Wait:
        """Exchange once, with these faults on the way."""
        self.line.faults = list(faults)
        return self.worker.step()

    def settle(self) -> None:
        """Exchange until there is nothing more to do."""
        while self.step().seconds == 0:
            pass

    @property
    def waiting(self) -> int:
        return self.counter.ledger.waiting

    def close(self) -> None:
        self.worker.close()
        self.counter.close()


class LiveServer:
    """The central server at work on a port of this machine, its database in `folder`. Use it with `with`."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = wall_clock) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self._now = folder, now
        self.database = str(new_database("sqlite", folder))
        self.port = 0
        self.lines: list[HttpTransport] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for line in self.lines:
            line.close()
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self.central = Central(Settings(database=self.database), now=self._now)
        self._app = app_of(self.central)
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self.port = self._socket.getsockname()[1]
        self._server = Server(self._app, timeout_graceful_shutdown=2)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, and let go of port and database."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        leave(self._app)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def line(self, **limits: float) -> HttpTransport:
        """A line to this server, closed with it."""
        line = HttpTransport(self.url, **limits)  # type: ignore[arg-type]
        self.lines.append(line)
        return line

    def code(self, name: str = "a kiosk") -> str:
        return self.central.kiosks.new_code(name=name)

    def pairs(self, folder: Path, *, is_blank: bool = False, clock: WallClock | None = None) -> LinkedKiosk:
        """A kiosk in this folder, paired; it keeps its ledger when it had one."""
        folder.mkdir(exist_ok=True)
        counter, line = SteppedKiosk(folder, is_blank=is_blank, clock=clock), self.line()
        ledger_id = counter.ledger.ledger_id
        paired, _ = enroll(Client(line), url=self.url, code=self.code(folder.name), ledger_id=ledger_id, version="1")
        return LinkedKiosk(folder, line, token=paired.token, counter=counter)

    def pairs_anew(self, folder: Path, *, formers: bool = True) -> LinkedKiosk:
        """Shut out the kiosk of this folder, whose pairing is lost, and pair it; without `formers` as it once did."""
        counter, line = SteppedKiosk(folder, is_blank=True), self.line()
        named = counter.ledger.former_ledgers if formers else {}
        ledger_id, code = counter.ledger.ledger_id, self.code(folder.name)
        for known in self.central.kiosks.listed():
            if known.ledger_id == ledger_id:
                self.central.kiosks.revoke(known.kiosk_id)
        paired, _ = enroll(Client(line), url=self.url, code=code, ledger_id=ledger_id, version="1", formers=named)
        return LinkedKiosk(folder, line, token=paired.token, counter=counter)

    def again(self, folder: Path, *, token: str) -> LinkedKiosk:
        """A kiosk that was paired in this folder before."""
        return LinkedKiosk(folder, self.line(), token=token, counter=SteppedKiosk(folder, is_blank=True))

    def has(self, kiosk: LinkedKiosk) -> list[tuple[int, bytes | None]]:
        """The entries of this kiosk that are here, in the feed's order: seq and body."""
        page, found = self.central.feed.page(self.central.kiosks.listed()[0], None), []
        while True:
            found += [one.entry for one in page.entries if one.entry.ledger_id == kiosk.counter.ledger.ledger_id]
            if not page.more:
                return [(entry.seq, entry.body) for entry in found]
            page = self.central.feed.page(self.central.kiosks.listed()[0], page.cursor)
