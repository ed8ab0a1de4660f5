"""Compresses answers for clients that accept it. Only complete answers: a stream is sent unchanged."""

from __future__ import annotations

import gzip

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from sync.wire import COMPRESS_OVER

LEVEL = 5


def compressing(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that long answers are compressed.

    Litestar's own middleware leaves its compressor open when the client disconnects before the answer.
    """

    async def zipped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and "gzip" in Headers.from_scope(scope).get("accept-encoding", ""):
            send = _compressing(send)
        await app(scope, receive, send)

    return zipped


def _compressing(send: Send) -> Send:
    start: HTTPResponseStartEvent | None = None

    async def sending(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message  # its headers depend on the body
            return
        if start is not None and message["type"] == "http.response.body":
            if len(message["body"]) > COMPRESS_OVER and not message.get("more_body"):
                message["body"] = gzip.compress(message["body"], LEVEL, mtime=0)
                headers = MutableScopeHeaders(start)
                headers["content-encoding"] = "gzip"
                headers["content-length"] = str(len(message["body"]))
                headers.extend_header_value("vary", "accept-encoding")
            await send(start)
            start = None
        await send(message)

    return sending
