"""Forgetting what is old, once a day: by the kiosk itself, part after part."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from kiosk.answers import Done, decode_answer
from kiosk.commands import ForgetOld, encode_command
from kiosk.threads.control_socket import Request
from kiosk.upkeep.nightly import PARTS, Nights
from tests.office.counter import MONDAY, Counter


class Days:
    """A clock, and somebody who forgets a number of parts, then has no more."""

    def __init__(self, parts: int) -> None:
        self.now = MONDAY
        self.parts, self.beats = parts, 0
        self.nights = Nights(self.forget, lambda: self.now, pause_seconds=0.0)

    def forget(self, beat: Callable[[], None]) -> bool:
        self.parts -= 1
        return self.parts > 0

    def beat(self) -> None:
        self.beats += 1


def test_all_parts_are_done_once_a_day_and_the_thread_shows_that_it_lives():
    days = Days(parts=5)
    assert days.nights.is_due()
    days.nights.pass_by(threading.Event(), days.beat)
    assert (days.parts, days.beats) == (0, 5)
    assert not days.nights.is_due()
    days.now += timedelta(hours=12)
    assert not days.nights.is_due()
    days.now += timedelta(hours=8)
    assert days.nights.is_due()


def test_what_never_ends_ends_for_this_night():
    days = Days(parts=10 * PARTS)
    days.nights.pass_by(threading.Event(), days.beat)
    assert days.beats == PARTS


def test_a_kiosk_that_is_told_to_stop_stops_between_two_parts():
    days, stop = Days(parts=5), threading.Event()
    stop.set()
    days.nights.pass_by(stop, days.beat)
    assert days.beats == 1


def test_the_thread_ends_when_it_is_told_to():
    days, stop = Days(parts=1), threading.Event()
    thread = threading.Thread(target=days.nights.run, args=(stop, days.beat))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_kiosk_forgets_its_passages_on_day_91_and_counts_as_before(tmp_path: Path):
    counter = Counter(tmp_path)
    badge = counter.joins("lea")
    counter.tap(badge)

    def forget(_: Callable[[], None]) -> bool:
        request = Request(encode_command(ForgetOld()))
        counter.controller.handle(request)
        told = decode_answer(request.wait(0))
        return isinstance(told, Done) and told.changed

    nights = Nights(forget, counter.clock.now, pause_seconds=0.0)
    for _ in range(90):
        counter.later(days=1)
        nights.pass_by(threading.Event(), lambda: None)
    now = counter.clock.now()
    assert counter.ledger.roster.visits(MONDAY - timedelta(days=1), now) == ()
    assert [holding.used for holding in counter.ledger.roster.holdings("lea", now)] == [1]
    assert [entry.body for entry in counter.ledger.entries() if entry.kind == "tap"] == [None]
    assert counter.ledger.verify(head=counter.ledger.head) == ()
    assert counter.ledger.rebuild() == ()
    counter.close()
