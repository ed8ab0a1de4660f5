"""Who calls: the kiosk of a token, and its share of the server's threads, memory and time.

A kiosk hangs on a wall in public, and whoever takes it has its token. What is beyond its share is refused before the
body is read and before a thread is taken, so that it costs the other kiosks nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Middleware, Receive, Scope, Send

from sync.central.http.problems import ProblemError, too_much
from sync.central.kiosks import rate_limit
from sync.central.kiosks.paired import Kiosk
from sync.central.server import Central

AnyRequest = Request[Any, Any, Any]
CALLS_AT_ONCE = 2
"""Of one kiosk: it makes one at a time, and may give up one that is still worked on."""
WAITS_AT_ONCE = 2
"""The same for calls that wait for news."""
REFUSED_AT_ONCE = 100
"""Further calls of one kiosk wait for a moment before they are refused, so many at a time: this slows down a flood."""
_FOUND = "calling_kiosk"


def kiosks_only(kind: str, at_once: int) -> Middleware:
    """Return the middleware of a call that takes a token; a kiosk makes so many of this kind at once."""

    def middleware(app: ASGIApp) -> ASGIApp:
        async def called(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            central: Central = scope["app"].state.central
            token = _token(Request(scope))
            with central.calls_at_once.one_more(kind, token, at_once) as is_admitted:
                if not is_admitted:
                    with central.calls_at_once.one_more("refused", token, REFUSED_AT_ONCE) as is_slowed_down:
                        await asyncio.sleep(central.calls_at_once.refused_seconds if is_slowed_down else 0)
                    raise too_much(1.0, "this kiosk makes too many calls at once: wait for an answer")
                kiosk = await asyncio.to_thread(_kiosk, central, token)
                if wait := _wait(central, kiosk):
                    await asyncio.sleep(central.calls_at_once.refused_seconds)
                    raise too_much(wait, "this kiosk sent too much: wait before the next call")
                scope["state"]["kiosk"] = kiosk.kiosk_id
                scope["state"][_FOUND] = kiosk
                await app(scope, receive, send)

        return called

    return middleware


def _token(request: AnyRequest) -> str:
    """Return the token of a call. Raises ProblemError for none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _not_paired()
    return token.strip()


def _kiosk(central: Central, token: str) -> Kiosk:
    """Return the kiosk of a token. Raises ProblemError for one that is unpaired or revoked."""
    kiosk = central.kiosks.by_token(token)
    if kiosk is None:
        raise _not_paired()
    return kiosk


def _wait(central: Central, kiosk: Kiosk) -> float:
    """Return for how many seconds a kiosk is beyond its limits; 0 for one that is not, whose call is then counted."""
    now = central.now().timestamp()
    wait = max(limit.wait(kiosk.kiosk_id, now) for limit in (central.rate_limit, central.time_share))
    if not wait:
        central.rate_limit.spend(kiosk.kiosk_id, rate_limit.CALL_COST, now)
    return wait


def _not_paired() -> ProblemError:
    challenge = {"www-authenticate": "Bearer"}
    return ProblemError(401, "not_paired", "this kiosk is not paired, or no longer: pair it again", challenge)


def kiosk_of(request: AnyRequest) -> Kiosk:
    """Return the kiosk that makes this call."""
    kiosk: Kiosk = request.scope["state"][_FOUND]
    return kiosk


@contextmanager
def timed(central: Central, kiosk: Kiosk) -> Iterator[None]:
    """Count the time that a call takes against the share of its kiosk."""
    began = time.monotonic()
    try:
        yield
    finally:
        central.time_share.spend(kiosk.kiosk_id, time.monotonic() - began, central.now().timestamp())
