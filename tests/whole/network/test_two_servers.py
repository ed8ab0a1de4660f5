"""Two processes of one server over one PostgreSQL, behind a balancer; one of them is killed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kiosk.facts import Happened
from sync.client import Client, SyncError
from sync.transport import HttpTransport
from sync.wire import Enroll, Push, to_wire
from tests.office.network.processes import Cable, CentralProcess, until
from tests.office.servers.postgres import cluster
from tests.office.servers.server import MemoryLedger, make_database


class CallingKiosk:
    """A kiosk whose every call may come to another process of the server."""

    def __init__(self, url: str, server: CentralProcess, name: str) -> None:
        code = re.search(r"\b[A-Z0-9]{4}[- ]?[A-Z0-9]{4}\b", server.does("kiosk", "pair", name))
        assert code is not None
        self._url, self.ledger = url, MemoryLedger(f"ledger-{name}")
        self._token = self.line(None).enroll(Enroll(code=code[0], ledger_id=self.ledger.ledger_id)).token

    def line(self, token: str | None) -> Client:
        return Client(HttpTransport(self._url, read_seconds=60.0), token=token)

    @property
    def client(self) -> Client:
        """A new line for each call, so that the balancer chooses."""
        return self.line(self._token)

    def push(self) -> int:
        """Send an entry, again until it is taken: what a kiosk's worker does. Return how far the ledger is there."""
        self.ledger.writes(Happened(what="tick"))
        push = Push(ledger_id=self.ledger.ledger_id, entries=tuple(map(to_wire, self.ledger.entries)))
        acked: list[int] = []

        def is_taken() -> bool:
            with suppress(SyncError):
                acked.append(self.client.push(push).acked)
            return bool(acked)

        until(is_taken, "no process of the server takes it")
        return acked[0]

    def cursor(self) -> str:
        """The cursor of the feed's end."""
        cursor, more = None, True
        while more:
            page, _ = self.client.feed(cursor)
            cursor, more = page.cursor, page.more
        assert cursor is not None
        return cursor


@contextmanager
def two_processes(folder: Path) -> Iterator[tuple[CentralProcess, CentralProcess, Cable]]:
    database = cluster().new_database(like=cluster().template("server", make_database))
    with (
        CentralProcess(folder / "one", database) as one,
        CentralProcess(folder / "other", database) as other,
        Cable(one.port, other.port) as balancer,
    ):
        yield one, other, balancer


def test_a_kiosk_hears_at_one_process_what_came_in_at_the_other_and_goes_on_when_one_is_killed(tmp_path: Path) -> None:
    with two_processes(tmp_path) as (one, other, balancer), ThreadPoolExecutor(1) as pool:
        near, far = CallingKiosk(one.url, one, "near"), CallingKiosk(other.url, one, "far")
        anywhere = CallingKiosk(balancer.url, one, "anywhere")
        waits = pool.submit(far.client.news, far.cursor(), wait=50)
        assert near.push() == 1
        assert waits.result(), "the other process took it in"

        waits = pool.submit(near.client.news, near.cursor(), wait=50)
        assert anywhere.push() == 1
        assert waits.result()

        waits = pool.submit(near.client.news, near.cursor(), wait=50)
        one.kill()
        with pytest.raises(SyncError):
            waits.result()
        waits = pool.submit(anywhere.client.news, anywhere.cursor(), wait=50)
        assert [anywhere.push() for _ in range(4)] == [2, 3, 4, 5], "every call is led to the one that lives"
        assert waits.result()
        assert far.push() == 1
        with pytest.raises(SyncError):  # without a balancer a kiosk would have lost its server
            near.client.feed(None)
