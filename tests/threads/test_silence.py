"""A waiting thread beats, however long it waits: a quiet hour is no reason to restart the kiosk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import msgspec
import pytest

from hardware.reader import Reader
from kiosk.daemon import READER_SILENCE_SECONDS
from kiosk.uplink import SILENCE_SECONDS
from sync import wire
from sync.client import Client, HttpAnswer, UnreachableError
from sync.listener import Listener
from sync.transport import WHOLE_SECONDS
from tests.office.network.linked import LiveServer, answers, cut, through

HOUR = 3600.0
EXCHANGE_SECONDS = 30.0


class Hour(threading.Event):
    """An hour that passes only where a thread waits, is set when it is over, and keeps the longest silence."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.beaten = self.silence = 0.0
        self.meanwhile: Callable[[], None] = lambda: None

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.silence = max(self.silence, self.now - self.beaten)
        self.meanwhile()

    def beat(self) -> None:
        self.beaten = self.now

    def is_set(self) -> bool:
        return self.now >= HOUR

    def wait(self, timeout: float | None = None) -> bool:
        self.passes(timeout or 0.0)
        return self.is_set()

    def pause(self, event: threading.Event, seconds: float) -> bool:
        """Wait for something that is there already, or does not come."""
        if event is not self and event.is_set():
            return True
        self.passes(seconds)
        return event.is_set()


# ---------------------------------------------------------------- the thread that listens for news

QUIET = HttpAnswer(status=200, body=msgspec.json.encode(wire.NewsAnswer(news=False)))
NEWS = HttpAnswer(status=200, body=msgspec.json.encode(wire.NewsAnswer(news=True)))
STATES: Mapping[str, tuple[bool, HttpAnswer | None, float]] = {
    "nothing was exchanged yet": (False, QUIET, 25.0),
    "nothing is new": (True, QUIET, 25.0),
    "nothing is new, and the answers are slow": (True, QUIET, 2 * WHOLE_SECONDS),
    "the server lets go of all who wait": (True, QUIET, 0.1),
    "there are news at each question": (True, NEWS, 0.1),
    "the server is not there": (True, None, WHOLE_SECONDS),
    "the server is ill": (True, HttpAnswer(status=503), 1.0),
    "the server asks to be left alone": (True, HttpAnswer(status=429, headers={"retry-after": "3600"}), 1.0),
    "the server does not know the kiosk": (True, HttpAnswer(status=401), 1.0),
    "the server is of an earlier release": (True, HttpAnswer(status=404), 1.0),
}
"""Whether the exchange with the server went well, what is answered to who asks for news, and after how many seconds."""


def silence_of(kind: type[Listener], state: str, *, exchanges: bool) -> float:
    """The longest silence of a listener in an hour of this; with exchanges all along, or only at its beginning."""
    is_reached, answer, takes = STATES[state]
    hour = Hour()

    def line(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        hour.passes(takes)
        if answer is None:
            raise UnreachableError("nobody there")
        return answer

    listener = kind(Client(line, token="t"), on_news=lambda: None, clock=lambda: hour.now, pause=hour.pause)
    exchanged = [0.0]

    def exchange() -> None:
        if exchanges and hour.now - exchanged[-1] >= EXCHANGE_SECONDS:
            exchanged.append(hour.now)
            listener.follow("g.7")

    if is_reached:
        hour.meanwhile = exchange
        listener.follow("g.7")
    listener.run(hour, hour.beat)
    assert hour.now >= HOUR
    return hour.silence


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_who_listens_for_news_is_not_taken_for_dead(state: str, exchanges: bool) -> None:
    assert silence_of(Listener, state, exchanges=exchanges) <= SILENCE_SECONDS


class BeatsWhenThereAreNews(Listener):
    """A bad one: it beats around its waiting at the server, and not in it."""

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        while not stop.is_set():
            beat()
            if self._pause(self._is_due, 0.5):
                self._is_due.clear()
                self.step(lambda: not stop.is_set())
                beat()


class BeatsWhenItAsks(Listener):
    """A bad one: it beats at the server, and not while there is nothing to ask for."""

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        while not stop.is_set():
            if self._pause(self._is_due, 0.5):
                self._is_due.clear()
                self.step(lambda: beat() or not stop.is_set())  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("bad", "state"),
    [
        (BeatsWhenThereAreNews, "nothing is new"),
        (BeatsWhenThereAreNews, "nothing is new, and the answers are slow"),
        (BeatsWhenItAsks, "nothing was exchanged yet"),
        (BeatsWhenItAsks, "the server is not there"),
        (BeatsWhenItAsks, "the server lets go of all who wait"),
    ],
)
def test_a_listener_that_waits_without_a_beat_is_found_by_the_same_hour(bad: type[Listener], state: str) -> None:
    assert silence_of(bad, state, exchanges=False) > SILENCE_SECONDS


# ---------------------------------------------------------------- the others


@pytest.mark.parametrize("fault", [through, cut, answers(503), answers(503, retry_after="3600"), answers(401)])
def test_who_pauses_between_two_exchanges_is_not_taken_for_dead(tmp_path, fault) -> None:
    hour = Hour()
    with LiveServer(tmp_path / "hub") as hub:
        kiosk = hub.pairs(tmp_path / "one")
        kiosk.line.faults = [fault] * 10_000
        kiosk.worker._clock, kiosk.worker._pause = (lambda: hour.now), hour.pause
        kiosk.worker._pause_seconds = HOUR / 4
        kiosk.worker._due = kiosk.worker._seen_at = 0.0
        kiosk.worker.run(hour, hour.beat)
        kiosk.close()
    assert hour.silence <= SILENCE_SECONDS


def test_who_waits_for_a_reader_to_be_plugged_in_is_not_taken_for_dead() -> None:
    hour = Hour()
    reader = Reader("tty:NONE99:pn532", emit=lambda event: None, monotonic=lambda: hour.now)
    reader.run(hour, hour.beat)
    assert hour.silence <= READER_SILENCE_SECONDS
