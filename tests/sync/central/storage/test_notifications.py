"""The processes of a server over one PostgreSQL hear of each other's changes at once, and again after a failure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from kiosk.facts import Happened
from sync.central.feed.long_polling import NewsWaiters
from sync.central.server import Central
from sync.central.storage.notifications import _channel
from tests.office.servers.server import MemoryLedger, new_database, pairs, sends, serving
from tests.sync.test_news import PATIENCE, until

NEWS = Happened(what="hello")
SHORT = 0.5


@contextmanager
def two_servers(database: str) -> Iterator[tuple[Central, Central]]:
    """The second hears of the first by notifications only: nothing of it looks by itself."""
    with serving(database) as here, serving(database) as there:
        there.feed.waiters = NewsWaiters(there.changes, there.feed.last_position, look_seconds=PATIENCE)
        yield here, there


def hears(here: Central, there: Central, *, seconds: float) -> bool:
    """Whether who waits at the second server hears within so long of what the first takes in."""
    paired = pairs(here, "ledger-a")
    place = here.feed.last_position()

    async def waits() -> bool:
        asked = asyncio.create_task(there.feed.waiters.wait_beyond(place, seconds))
        while there.feed.waiters._end < place:
            await asyncio.sleep(0)
        await asyncio.to_thread(sends, here, paired.kiosk, MemoryLedger().writes(NEWS))
        return await asked

    return asyncio.run(waits())


def test_who_waits_at_one_process_hears_of_what_another_took_in(tmp_path: Path) -> None:
    with two_servers(new_database("postgresql", tmp_path)) as (here, there):
        there.notifications.start()
        assert there.notifications.is_listening.wait(PATIENCE)
        assert hears(here, there, seconds=PATIENCE)


def test_without_notifications_it_would_not_hear(tmp_path: Path) -> None:
    with two_servers(new_database("postgresql", tmp_path)) as (here, there):
        assert not hears(here, there, seconds=SHORT)


def test_a_connection_that_was_cut_is_made_again_and_what_was_missed_is_looked_for(tmp_path: Path) -> None:
    database = new_database("postgresql", tmp_path)
    with two_servers(database) as (here, there):
        there.notifications.start()
        assert there.notifications.is_listening.wait(PATIENCE)
        seen = there.changes.count
        _cut(database)
        assert there.changes.wait(seen, PATIENCE), "a new connection looks once"
        assert hears(here, there, seconds=PATIENCE)


def _cut(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        listens = "datname = current_database() AND query LIKE 'LISTEN%'"
        cut = connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}".encode())
        assert cut.fetchall() == [(True,)]


def test_the_roster_of_one_process_is_folded_by_another_if_it_ended_before(tmp_path: Path) -> None:
    with two_servers(new_database("postgresql", tmp_path)) as (here, there):
        paired = pairs(here, "ledger-a")
        here.intake._on_new = lambda: None  # it was killed right after its commit
        there.start()
        assert there.notifications.is_listening.wait(PATIENCE)
        sends(here, paired.kiosk, MemoryLedger().writes(NEWS))
        until(lambda: folded(there) == here.feed.last_position())


def folded(central: Central) -> int:
    with central.storage.reader() as connection:
        return int(connection.exec_driver_sql("SELECT projected FROM networks").scalar_one())


def test_a_fold_that_finds_nothing_wakes_nobody(tmp_path: Path) -> None:
    with two_servers(new_database("postgresql", tmp_path)) as (here, there):
        there.notifications.start()
        assert there.notifications.is_listening.wait(PATIENCE)
        seen = there.changes.count
        for _ in range(3):
            here.books.fold()
        assert not there.changes.wait(seen, SHORT), "two processes would wake each other for ever"


def test_on_sqlite_there_is_nobody_to_hear(tmp_path: Path) -> None:
    with serving(new_database("sqlite", tmp_path)) as central:
        central.start()
        assert central.notifications._thread is None


def test_each_network_has_a_channel_that_postgresql_tells_from_others() -> None:
    with pytest.raises(AssertionError):
        _check_channels("x" * 54, "x" * 55)
    _check_channels("x" * 39, "x" * 40)


def _check_channels(*networks: str) -> None:
    seen = {_channel(one)[:63] for one in networks}  # NAMEDATALEN is 64
    assert len(seen) == len(networks)
    assert all(re.fullmatch("[a-z_0-9]+", one) for one in seen)
