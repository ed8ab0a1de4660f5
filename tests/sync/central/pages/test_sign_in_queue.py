"""Sign-ins wait in a queue of their own, so that a flood of guesses leaves threads for everybody else."""

from __future__ import annotations

import asyncio
import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from sync.central.accounts.hashing import NICENESS, PasswordHashing
from sync.central.accounts.sessions import AT_ONCE, BUSY
from sync.central.pages.own_account import sign_in_queue
from sync.central.pages.own_account.sign_in_queue import SignInQueue
from tests.office.servers.office import PASSWORD, Office, went


def posted() -> Any:
    """A form as it comes in; a route tells how long it may be."""
    form = {"type": "http", "method": "POST", "path": "/sign-in", "headers": [], "query_string": b"", "state": {}}
    return form | {"route_handler": SimpleNamespace(resolve_request_max_body_size=lambda: 10_000)}


async def whole_form() -> Any:
    return {"type": "http.request", "body": b"name=anne", "more_body": False}


async def half_a_form() -> Any:
    await asyncio.Event().wait()
    raise AssertionError("nothing more comes")


class Visitors:
    """Sign-ins that arrive at a queue, behind which nothing is answered until the test says so."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.go_on = asyncio.Event()
        self.statuses: list[int] = []

    async def answers(self, scope, receive, send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go_on.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(self, message) -> None:
        if message["type"] == "http.response.start":
            self.statuses.append(message["status"])

    async def come(self, queue, count: int) -> None:
        await asyncio.gather(*(queue(posted(), whole_form, self.send) for _ in range(count)))


def let_in(queue_type, count: int) -> tuple[int, list[int]]:
    """How many were let in at once, and what all were answered."""

    async def crowd() -> tuple[int, list[int]]:
        visitors = Visitors()
        coming = asyncio.create_task(visitors.come(queue_type(visitors.answers), count))
        while len(visitors.statuses) + visitors.inside < count:
            await asyncio.sleep(0)
        visitors.go_on.set()
        await coming
        return visitors.most, sorted(visitors.statuses)

    return asyncio.run(crowd())


class WithoutQueue:
    """The bad twin: lets everybody in."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, *call) -> None:
        await self._app(*call)


@pytest.mark.parametrize(("queue_type", "is_bounded"), [(SignInQueue, True), (WithoutQueue, False)])
def test_only_a_few_sign_ins_are_handled_at_once_and_the_others_are_sent_away(queue_type, is_bounded: bool) -> None:
    most, statuses = let_in(queue_type, AT_ONCE + 10)
    assert (most == AT_ONCE and statuses == [200] * AT_ONCE + [429] * 10) is is_bounded


def test_beyond_those_who_may_wait_one_is_sent_away_at_once() -> None:
    many = sign_in_queue.MOST_WAITING + AT_ONCE + 5
    _, statuses = let_in(SignInQueue, many)
    assert statuses.count(429) == many - AT_ONCE


def test_who_waits_is_let_in_once_there_is_room() -> None:
    async def two_rounds() -> list[int]:
        visitors = Visitors()
        coming = asyncio.create_task(visitors.come(SignInQueue(visitors.answers), AT_ONCE + 1))
        while visitors.inside < AT_ONCE:
            await asyncio.sleep(0)
        visitors.go_on.set()
        await coming
        return visitors.statuses

    assert asyncio.run(two_rounds()) == [200] * (AT_ONCE + 1)


def test_who_sends_the_form_slowly_takes_nobodys_turn() -> None:
    async def answered() -> list[int]:
        visitors = Visitors()
        queue = SignInQueue(visitors.answers)
        slow = [asyncio.create_task(queue(posted(), half_a_form, visitors.send)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        visitors.go_on.set()
        await visitors.come(queue, 1)
        for one in slow:
            one.cancel()
        return visitors.statuses

    assert asyncio.run(answered()) == [200]


def test_who_is_sent_away_is_told_how_long_to_wait(house: Office) -> None:
    visitor = house.visitor()
    for _ in range(AT_ONCE):
        assert house.central.sessions._places.acquire(blocking=False)
    answer = visitor.send("/sign-in", name="chef", password=PASSWORD)
    assert answer.status_code == 429
    for _ in range(AT_ONCE):
        house.central.sessions._places.release()
    assert went(visitor.send("/sign-in", name="chef", password=PASSWORD)) == "/"
    assert BUSY.total_seconds() > sign_in_queue.PATIENCE_SECONDS


class Noting(PasswordHasher):
    """Notes in which thread it hashes, and how nice that one is."""

    def hash(self, password, *, salt=None) -> str:
        self.nice = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.thread = threading.current_thread()
        return super().hash(password, salt=salt)


def test_passwords_are_hashed_in_a_thread_that_yields_to_all_others() -> None:
    hasher = Noting(time_cost=1, memory_cost=8, parallelism=1)
    hashing = PasswordHashing(hasher)
    assert hashing.is_right(hashing.hash("a password"), "a password")
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert hasher.nice == max(own, NICENESS)
    assert hasher.thread is not threading.current_thread()
    hashing.close()


def test_an_unknown_account_takes_as_long_and_is_never_right() -> None:
    hashing = PasswordHashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert not hashing.is_right(None, "a password")
    assert not hashing.is_right("no hash at all", "a password")
    hashing.close()
