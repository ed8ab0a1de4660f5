"""Bounds of one connection: how long a request may take to arrive and an answer to be taken, and how long both may be.

uvicorn limits only how long a connection stays open between two requests. Without these bounds whoever sends a letter a
minute, or reads none, holds a connection for ever, and memory as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""From the first byte of a request, or the connection's beginning, to the end of its headers."""
BODY_SECONDS = 60.0
"""From there to the end of its body: a full push has about 100 KB, compressed."""
ANSWER_SECONDS = 60.0
"""From an answer that the network does not take to its last byte."""
MOST_HEAD_BYTES = 64 << 10
MOST_BYTES = 16 << 20
"""Of a request. What is longer than the settings allow gets an answer that says so, if it is no longer than this."""
MOST_UNFINISHED = 256
"""Connections whose next request is not there as a whole. Of more the oldest is closed: honest ones are soon done."""
MOST_CONNECTIONS = 4000
"""Further requests are answered 503. The unit allows twice as many files."""


class BoundedProtocol(HttpToolsProtocol):
    """The protocol of one connection."""

    head_seconds, body_seconds, answer_seconds = HEAD_SECONDS, BODY_SECONDS, ANSWER_SECONDS

    def __init__(self, *told: Any, unfinished: dict[BoundedProtocol, None], **named: Any) -> None:
        """`unfinished` are the connections of the server whose request is not there yet, the oldest first."""
        super().__init__(*told, **named)
        self._unfinished = unfinished
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._head_is_read = False
        self._bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # `pause_writing` is called for whatever is not taken at once
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._finish_reading()
        self._stop(self._writing)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a piece of a request."""
        if self._reading is None:
            self._await_head()
        self._bytes += len(data)
        super().data_received(data)
        if self._reading is not None and self._bytes > (MOST_BYTES if self._head_is_read else MOST_HEAD_BYTES):
            self.give_up()

    def on_message_begin(self) -> None:
        """Wait for a request that begins in the piece in which the one before ended."""
        if self._reading is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to wait for the body."""
        self._stop(self._reading)
        self._reading = self.loop.call_later(self.body_seconds, self.give_up)
        self._head_is_read, self._bytes = True, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop waiting: the request is there."""
        self._finish_reading()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Count the connection among those without a request."""
        super().on_response_complete()
        if not self.pipeline and not self.transport.is_closing():
            self._add_unfinished()

    def pause_writing(self) -> None:
        """Begin to wait for the network to take what is written."""
        super().pause_writing()
        self._writing = self._writing or self.loop.call_later(self.answer_seconds, self.give_up)

    def resume_writing(self) -> None:
        """Stop waiting: all was taken."""
        self._stop(self._writing)
        self._writing = None
        super().resume_writing()

    def _await_head(self) -> None:
        self._reading = self.loop.call_later(self.head_seconds, self.give_up)
        self._add_unfinished()

    def _add_unfinished(self) -> None:
        self._unfinished.setdefault(self)
        if len(self._unfinished) > MOST_UNFINISHED:
            next(iter(self._unfinished)).give_up()

    def _finish_reading(self) -> None:
        self._stop(self._reading)
        self._reading, self._head_is_read, self._bytes = None, False, 0
        self._unfinished.pop(self, None)

    def give_up(self) -> None:
        """Cut the connection off."""
        self._finish_reading()
        self.transport.abort()

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


def bounded(protocol: type[BoundedProtocol] = BoundedProtocol) -> Callable[..., BoundedProtocol]:
    """Return what makes the protocols of one server."""
    return partial(protocol, unfinished={})
