"""The controller's inbox, and jobs: functions that other threads run in the controller's thread."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from kiosk.messages import BadgeAlreadyThere, BadgeRemoved, DoorMoved, ReaderDown, ReaderUp, Tick, Touch
from kiosk.model import Tap

T = TypeVar("T")


class Job(Generic[T]):
    """A function for another thread to run once, and the future of its result."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.future: Future[T] = Future()
        self._function = function

    def run(self) -> None:
        """Run the function unless its future was cancelled. Its exception is raised by `future.result()`, not here."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._function()
        except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


Message = Tap | Touch | BadgeAlreadyThere | BadgeRemoved | ReaderUp | ReaderDown | DoorMoved | Tick | Job[Any]


class Inbox:
    """A queue of messages; any thread puts them in, one takes them out."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def put(self, message: Message) -> None:
        """Add a message without waiting."""
        self._messages.put(message)

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Have a function run by the thread that takes messages out; return the future of its result."""
        job = Job(function)
        self.put(job)
        return job.future

    def get(self, seconds: float = 0.0) -> Message | None:
        """Take out the oldest message; None when none comes within so many seconds."""
        try:
            return self._messages.get(timeout=seconds) if seconds else self._messages.get_nowait()
        except queue.Empty:
            return None

    def is_empty(self) -> bool:
        """Return whether the queue is empty."""
        return self._messages.empty()
