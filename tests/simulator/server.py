"""The central server inside the simulator: the real application, called without a network; it can die and be put back.

With PostgreSQL each simulated server has a database of its own in a cluster that the caller started; a copy of it is
another database.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from kiosk.facts import Entry
from sync.central.feed import stream
from sync.central.server import Central
from sync.central.settings import Settings
from sync.client import HttpAnswer, UnreachableError
from tests.office.made_once import run_folder
from tests.office.servers.postgres import cluster
from tests.office.servers.server import app_of, leave, make_database, new_database
from tests.simulator.fuses import Fuse, KilledError

_names = itertools.count(1)
PAGE = 2000


def asgi(app: Any, loop: asyncio.AbstractEventLoop) -> Callable[..., HttpAnswer]:
    """Return a transport that calls an application in this process."""

    async def call(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        parts = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(b"host", b"central"), *((n.encode(), v.encode()) for n, v in headers.items())],
            "client": ("127.0.0.1", 1),
            "server": ("central", 80),
            "root_path": "",
        }
        sent: list[Any] = []
        waiting = [{"type": "http.request", "body": body or b"", "more_body": False}]

        async def receive() -> Any:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, send)
        told = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        whole = b"".join(message.get("body", b"") for message in sent[1:])
        return HttpAnswer(status=sent[0]["status"], headers=told, body=whole)

    return lambda method, path, headers, body: loop.run_until_complete(call(method, path, headers, body))


class AtOnce(ThreadPoolExecutor):
    """Does in the calling thread what is to be done in another: there is never more than one request here."""

    def submit(self, act: Callable[..., Any], /, *words: Any, **options: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(act(*words, **options))
        except BaseException as error:
            done.set_exception(error)
        return done


class Server:
    """One central server and its files."""

    def __init__(self, home: Path, *, now: Callable[[], datetime], postgres: str | None = None) -> None:
        """`postgres` is the URL of a database of a cluster, to make others from; None: SQLite files in `home`."""
        self._home, self.now, self._postgres = home, now, postgres
        self._places: list[str] = []
        self.fuse = Fuse(self._keep_what_is_on_disk)
        self.is_up, self._kept = False, ""
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(AtOnce())
        self._place = self._copied(template_of(postgres))
        self.start()

    # ------------------------------------------------------------ where it keeps its data

    def _copied(self, source: str) -> str:
        """Copy all data of one place to a new one."""
        if self._postgres is None:
            place = str(self._home / f"central-{next(_names)}")
            copy_files(Path(source), Path(place))
        else:
            place = f"sim_{os.getpid()}_{next(_names)}"
            _sql(self._postgres, f"CREATE DATABASE {place} TEMPLATE {source}")
            self._places.append(place)
        return place

    def copy(self) -> str:
        """Copy all its data, as a backup does, and return the place of the copy."""
        if self._postgres is None:
            return self._copied(self._place)
        self.stop()  # PostgreSQL copies no database that is in use
        place = self._copied(self._place)
        self.start()
        return place

    def put_back(self, place: str) -> None:
        """Lose all data since a copy was made; the copy stays as it is."""
        self.stop()
        self._place = self._copied(place)
        self.start()

    def _keep_what_is_on_disk(self) -> None:
        self._kept = self._copied(self._place) if self._postgres is None else self._place

    # ------------------------------------------------------------ life

    def start(self) -> None:
        if not self.is_up:
            self.central = Central(_settings(self._postgres, self._place), now=self.now)
            self._app = app_of(self.central)
            self.central.books.fold()  # as its thread does first
            self._call = asgi(self._app, self.loop)
            self.is_up = True

    def stop(self) -> None:
        if self.is_up:
            self.central.close()
            leave(self._app)
            self.is_up = False

    def die(self) -> None:
        """Be gone from one instant to the next; if it died in the midst of something, the files are from then."""
        if not self._kept:
            self._keep_what_is_on_disk()
        self.stop()
        self._place, self._kept = self._kept, ""

    def close(self) -> None:
        """Stop for good. Files go with the folder they are in; databases are dropped, a cluster has room for few."""
        self.stop()
        if self._postgres is not None:
            for place in self._places:
                _sql(self._postgres, f"DROP DATABASE {place} WITH (FORCE)")
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    # ------------------------------------------------------------ calls

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        """Answer a request. Raises UnreachableError while it is down, or when it dies of it."""
        if not self.is_up:
            raise UnreachableError("the server is down")
        try:
            with self.fuse.lit():
                return self._call(method, path, headers, body)
        except KilledError:
            self.die()
            raise UnreachableError("the server died") from None

    def does(self, act: Callable[[Central], object]) -> None:
        """Have staff do something, and die of it if that is due."""
        try:
            with self.fuse.lit():
                act(self.central)
        except KilledError:
            self.die()

    def feed(self) -> list[tuple[int, Entry]]:
        """The whole feed as it is on the disk."""
        found: list[tuple[int, Entry]] = []
        with self.central.storage.reader() as connection:
            while page := stream.entries(
                connection, self.central.settings.network, after=found[-1][0] if found else 0, size=PAGE
            ):
                found += page
        return found


def copy_files(source: Path, target: Path) -> None:
    """Copy a database and its WAL, and not the index of the WAL: that is memory, and is made anew."""
    target.mkdir(parents=True)
    for file in source.iterdir():
        if not file.name.endswith(("-shm", ".lock")):
            shutil.copy(file, target / file.name)


def _settings(postgres: str | None, place: str) -> Settings:
    return Settings(database=str(Path(place) / "central.db") if postgres is None else _database(postgres, place))


def _database(url: str, name: str) -> str:
    """Return the URL of another database of the same cluster."""
    parts = urlsplit(url)
    return parts._replace(path=f"/{name}").geturl()


def _sql(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def template_of(postgres: str | None) -> str:
    """Return the place of a server that was just born: to make one loads Alembic."""
    if postgres is not None:
        return cluster().template("server", make_database)
    return str(_template_folder())


@cache
def _template_folder() -> Path:
    folder = run_folder() / f"simulator-{os.getpid()}"
    folder.mkdir()
    new_database("sqlite", folder)
    return folder
