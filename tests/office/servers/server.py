"""A central server on a test database, kiosks that can send it anything, and a clock that a test moves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher
from litestar import Litestar
from litestar.testing import TestClient

from kiosk.facts import AnyFact, Entry
from kiosk.store import chain
from kiosk.store.chain import Head
from sync import wire
from sync.central.accounts.hashing import PasswordHashing
from sync.central.accounts.sessions import Sessions
from sync.central.accounts.staff import Accounts
from sync.central.http.app import serve, without_central
from sync.central.kiosks.paired import Kiosk
from sync.central.kiosks.pairing import Paired
from sync.central.pages import router
from sync.central.pages.framework import codes
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.words import Words
from sync.wire import Beacon, Outcome, Push, Pushed, WireEntry
from tests.office.ledgers.small_house import MONDAY, StampClock
from tests.office.made_once import made_once
from tests.office.servers.postgres import cluster

NOON = datetime(2026, 7, 13, 12, tzinfo=UTC)


def make_database(database: str | Path) -> None:
    """Make a database of a server at this path or URL."""
    Central(Settings(database=str(database))).close()


def new_database(kind: str, folder: Path) -> str:
    """A database, `sqlite` or `postgresql`, as it is born; all have the same generation and secret.

    It is a copy of one that was made once: making one loads Alembic, and takes longer than most tests.
    """
    return copy_of("server", make_database, kind, folder)


def copy_of(name: str, make: Callable[[str | Path], object], kind: str, folder: Path) -> str:
    """A copy of the database of this name, which `make` makes for the first who asks."""
    if kind == "postgresql":
        return cluster().new_database(like=cluster().template(name, make))
    return str(shutil.copy(made_once(f"{name}.db", make), folder / "central.db"))


@dataclass
class ServerClock:
    """The server's clock."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def moves(self, **by: float) -> None:
        self.now += timedelta(**by)


def hashing_quickly(central: Central) -> Central:
    """The server, with passwords hashed as weakly as Argon2 can: they are a test's own."""
    central.hashing = PasswordHashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    central.accounts = Accounts(central.storage, now=central.now, hashing=central.hashing)
    central.sessions = Sessions(central.storage, now=central.now, hashing=central.hashing)
    return central


def app_of(central: Central, *, with_pages: bool = False) -> Litestar:
    """The application of a server: one that another of this process left, or a new one.

    To register the routes takes longer than most tests; what a server knows is in its Central.
    """
    idle = _idle_apps(central.settings.body_bytes, central.settings.hosts, with_pages)
    app = idle.pop() if idle else without_central(central.settings, [router()] if with_pages else [])
    serve(app, central)
    return app


def leave(app: Litestar, *, with_pages: bool = False) -> None:
    """Leave an application that answers no more to the next server."""
    settings = app.state.central.settings
    _idle_apps(settings.body_bytes, settings.hosts, with_pages).append(app)


@cache
def _idle_apps(body_bytes: int, hosts: tuple[str, ...], with_pages: bool) -> list[Litestar]:
    """Those that nobody uses, of the ones that take requests so long, for these hosts."""
    return []


@contextmanager
def serving(database: str, now: ServerClock | None = None, **settings: Any) -> Iterator[Central]:
    """A server without its HTTP. It folds in the call that brings entries, so that a test need not wait."""
    central = hashing_quickly(Central(Settings(database=database, **settings), now=now or ServerClock()))
    try:
        yield central
    finally:
        central.close()


@contextmanager
def called(database: str, now: ServerClock | None = None, **settings: Any) -> Iterator[TestClient[Litestar]]:
    """A server with its HTTP, called without a socket. The Central is `client.app.state.central`."""
    app = app_of(Central(Settings(database=database, **settings), now=now or ServerClock()))
    with TestClient(app) as client:
        yield client
    leave(app)


@dataclass
class MemoryLedger:
    """What a kiosk has written, in memory."""

    ledger_id: str = "ledger-a"
    moment: StampClock = field(default_factory=StampClock)
    entries: list[Entry] = field(default_factory=list)

    @property
    def head(self) -> Head:
        return Head(seq=len(self.entries), hash=self.entries[-1].hash) if self.entries else Head()

    def writes(self, *facts: AnyFact, at: datetime = MONDAY) -> list[Entry]:
        self.moment.now = at
        new = list(chain.seal(facts, ledger_id=self.ledger_id, head=self.head, stamp=self.moment()))
        self.entries += new
        return new


def pairs(central: Central, ledger_id: str = "ledger-a", *, name: str = "door", site_id: str = "la-serre") -> Paired:
    """A kiosk with this ledger joins the network."""
    code = central.kiosks.new_code(name=name, site_id=site_id)
    paired = central.kiosks.enroll(wire.Enroll(code=code, ledger_id=ledger_id, version="1"))
    assert isinstance(paired, Paired)
    return paired


def push_of(ledger_id: str, entries: Sequence[Entry | WireEntry], beacon: Beacon | None = None) -> bytes:
    words = tuple(wire.to_wire(one) if isinstance(one, Entry) else one for one in entries)
    return msgspec.json.encode(Push(ledger_id=ledger_id, entries=words, beacon=beacon or Beacon()))


def spoilt(ledger_id: str, *entries: Entry | bytes) -> bytes:
    """A push in which some entries are given as they are, byte for byte."""
    words = [one if isinstance(one, bytes) else msgspec.json.encode(wire.to_wire(one)) for one in entries]
    return b'{"ledger_id":"%s","entries":[%s]}' % (ledger_id.encode(), b",".join(words))


def sends(central: Central, kiosk: Kiosk, entries: Sequence[Entry | WireEntry], beacon: Beacon | None = None) -> Pushed:
    return central.intake.push(kiosk, push_of(kiosk.ledger_id, entries, beacon))


def outcomes(pushed: Pushed) -> list[Outcome]:
    return [status.outcome for status in pushed.statuses]


def bearer(paired: Paired) -> dict[str, str]:
    return {"authorization": f"Bearer {paired.token}"}


def fed(central: Central, kiosk: Kiosk, after: str | None = None) -> list[Entry]:
    """All entries of the feed after a cursor."""
    entries: list[Entry] = []
    while True:
        page = central.feed.page(kiosk, after)
        entries += [wire.from_wire(one.entry) for one in page.entries]
        after = page.cursor
        if not page.more:
            return entries


def kinds(central: Central) -> list[str]:
    """The kinds of the alarms going on, in their order."""
    found = central.alarms.listed()
    assert all(codes.note(Words("en", "UTC"), alarm.note, alarm.facts, {}) for alarm in found), (
        "an alarm lacks a fact of its sentence"
    )
    return sorted(alarm.kind for alarm in found)
