"""Lets a few sign-ins at a time through to the thread pool; others wait a moment, and are sent away if it stays full.

Whoever guesses passwords as fast as it goes is slowed down here, before anything is read, looked up or hashed: so a
flood of guesses takes neither threads nor the database from the kiosks.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from sync.central.accounts.sessions import AT_ONCE, BUSY
from sync.central.pages.framework.page_request import HEADERS, words_of

PATIENCE_SECONDS = 2.0
"""How long a sign-in waits for its turn."""
LOOK_SECONDS = 0.1
MOST_WAITING = 200
"""Further ones are sent away at once."""


class SignInQueue:
    """The middleware of the form to sign in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._handled = self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, in its turn."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        await Request[Any, Any, Any](scope, receive, send).body()  # who sends it slowly takes nobody's turn
        if not await self._is_admitted():
            await _sent_away(scope)(scope, receive, send)
        else:
            self._handled += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._handled -= 1

    async def _is_admitted(self) -> bool:
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            for _ in range(round(PATIENCE_SECONDS / LOOK_SECONDS)):
                if self._handled < AT_ONCE:
                    return True
                await asyncio.sleep(LOOK_SECONDS)
            return False
        finally:
            self._waiting -= 1


def _sent_away(scope: Scope) -> ASGIApp:
    words = words_of(Request(scope))
    told = words.say("Too many tries. Wait {time}, then try again", time=words.length(BUSY))
    headers = HEADERS | {"Retry-After": str(round(BUSY.total_seconds()))}
    return Response(told, status_code=429, media_type="text/plain", headers=headers).to_asgi_response(
        None, Request(scope)
    )
