"""The server as a process: it ends when one of its threads does, and compresses complete answers."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import pytest

from kiosk.facts import Happened
from sync import wire
from sync.central.http.app import create_app
from sync.central.http.serving import Server
from sync.central.settings import Settings
from tests.office.servers.server import bearer, called, pairs


class Clock:
    """The server's clock, until it breaks."""

    is_broken = False

    def __call__(self) -> float:
        if self.is_broken:
            raise RuntimeError("nobody foresaw this")
        return 0.0


class Stopping(Server):
    """Ends by itself when nothing else has ended it after so many rounds of its loop."""

    rounds = 0
    most = 0

    def at_first(self) -> None:
        """What happens when it serves."""

    async def on_tick(self, counter: int) -> bool:
        self.rounds += 1
        if self.rounds == 1:
            self.at_first()
        return await super().on_tick(counter) or self.rounds > self.most


def served(folder: Path, *, breaks: bool, most: int) -> tuple[bool, bool]:
    """Serve with a clock that breaks or does not; tell whether the server ended early, and whether it knows why."""
    clock = Clock()
    app = create_app(Settings(database=str(folder / "central.db")))
    app.state.central.roster_thread.monotonic = clock

    def go_on() -> None:
        clock.is_broken = breaks
        app.state.central.changes.notify()

    server = Stopping(app, host="127.0.0.1", port=0)
    server.most, server.at_first = most, go_on  # type: ignore[method-assign]
    server.run()
    return server.rounds <= most, app.state.central.roster_thread.is_dead


@pytest.fixture
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_server_ends_when_the_thread_that_folds_ends(tmp_path, quiet):
    assert served(tmp_path, breaks=True, most=600) == (True, True)


def test_a_server_whose_threads_live_does_not_end_by_itself(tmp_path, quiet):
    assert served(tmp_path, breaks=False, most=5) == (False, False)


@pytest.mark.parametrize(("accepted", "is_zipped"), [("gzip", True), ("identity", False)])
def test_a_long_answer_is_compressed_for_who_understands_it(tmp_path, accepted, is_zipped):
    with called(str(tmp_path / "central.db")) as client:
        central = client.app.state.central
        paired = pairs(central)
        central.books.append(*(Happened(what="tick", detail="x" * 100) for _ in range(20)), by="anne")
        with client.stream("GET", wire.FEED, headers=bearer(paired) | {"accept-encoding": accepted}) as answer:
            raw = b"".join(answer.iter_raw())
        assert (answer.headers.get("content-encoding") == "gzip") is is_zipped
        assert int(answer.headers["content-length"]) == len(raw)
        plain = gzip.decompress(raw) if is_zipped else raw
        assert plain.startswith(b'{"')


def test_a_short_answer_goes_as_it_is(tmp_path):
    with called(str(tmp_path / "central.db")) as client:
        answer = client.get(wire.TIME, headers={"accept-encoding": "gzip"})
        assert "content-encoding" not in answer.headers
