"""Builds the web application: the calls of kiosks, the staff's pages if there are any, health and metrics.

TLS, and hiding /metrics from the public, are left to the reverse proxy.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Response, Router, get, head
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send

from kiosk.store.database import LedgerError
from sync.central.http import api
from sync.central.http.callers import AnyRequest
from sync.central.http.compression import compressing
from sync.central.http.metrics import TYPE, Metrics
from sync.central.http.openapi import refuses
from sync.central.http.problems import ProblemError, problem
from sync.central.logs import FACTS, LOGGER
from sync.central.messages.alarm_messages import alarm_message
from sync.central.messages.messenger import Messenger
from sync.central.server import Central, wall_clock
from sync.central.settings import Settings
from sync.central.storage import network

log = logging.getLogger(LOGGER)
THREADS = 24
"""That answer requests. Each has a connection to the database, of which PostgreSQL has 100 unless told otherwise."""
BUSY_SECONDS = "10"
"""Retry-After of an answer that failed because the database did not answer."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The server's health: `behind` is how many positions the roster is behind the feed."""

    status: str
    behind: int = 0


def create_app(
    settings: Settings,
    *,
    now: Callable[[], datetime] = wall_clock,
    routes: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """Open the database and return the application, which closes the database when it is shut down.

    `routes` are served beside the calls of kiosks. The Central is in the application's state, as `central`, and a
    dependency of that name. Raises LedgerError when the database cannot be opened.
    """
    app = without_central(settings, routes)
    serve(app, Central(settings, now=now))
    return app


def without_central(settings: Settings, routes: Sequence[ControllerRouterHandler]) -> Litestar:
    """Return the application with the limits of `settings`, before `serve` gives it a Central."""
    return Litestar(
        route_handlers=[_calls(), health, health_head, metrics, *routes],
        dependencies={
            "central": Provide(_central, sync_to_thread=False),
            "measured": Provide(_measured, sync_to_thread=False),
        },
        lifespan=[_running],
        middleware=[_watching],
        exception_handlers={HTTPException: _refused, LedgerError: _unwilling, Exception: _failed},
        request_max_body_size=settings.body_bytes,
        allowed_hosts=AllowedHostsConfig(list(settings.hosts)) if settings.hosts else None,
        openapi_config=_openapi(),
        logging_config=None,
    )


def serve(app: Litestar, central: Central) -> None:
    """Make an application answer for this `central` only."""
    app.state.central, app.state.metrics = central, Metrics(central)


def _central(state: State) -> Central:
    central: Central = state.central
    return central


def _measured(state: State) -> Metrics:
    measured: Metrics = state.metrics
    return measured


def _calls() -> Router:
    """Return the calls of kiosks. Only these are compressed: the size of a compressed page could reveal its secrets."""
    return Router("/", route_handlers=api.CALLS, middleware=[compressing])


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Kiosk central server",
        version="1",
        description="What a kiosk and the central server say to each other. The rules are in docs/protocol.md.",
        components=Components(security_schemes={"kiosk": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"kiosk": []}],
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],  # the pages to read it in load scripts from elsewhere
    )


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    central: Central = app.state.central
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "request"))
    messenger = Messenger(central, alarm_message)
    central.start()
    messenger.start()
    try:
        yield
    finally:
        messenger.close()
        central.close()


# ---------------------------------------------------------------- health and metrics


@get(
    "/health",
    sync_to_thread=True,
    security=[{}],
    responses=refuses(),
    summary="Whether the database answers and the roster keeps up",
)
def health(central: NamedDependency[Central]) -> Health:
    """Answer 503 when the database cannot be read."""
    behind = central.feed.last_position() - network.load(central.storage).projected
    return Health(status="ok", behind=max(behind, 0))


@head("/health", sync_to_thread=True, security=[{}], include_in_schema=False)
def health_head(central: NamedDependency[Central]) -> None:
    """Answer as /health does, without a body."""
    health.fn(central)


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def metrics(measured: NamedDependency[Metrics]) -> Response[bytes]:
    """Return the metrics for Prometheus."""
    return Response(measured.text(), headers={"content-type": TYPE}, media_type=MediaType.TEXT)


# ---------------------------------------------------------------- failures


def _refused(_: AnyRequest, error: HTTPException) -> Response[bytes]:
    code = error.code if isinstance(error, ProblemError) else _CODES.get(error.status_code, "refused")
    detail = error.detail or code
    extra = getattr(error, "extra", None)
    if error.status_code == 400 and extra:
        detail = f"{detail}: {extra}"
    return problem(error.status_code, code, detail, error.headers)


_CODES = {400: "malformed", 404: "not_found", 405: "method", 413: "too_long"}


def _unwilling(_: AnyRequest, error: LedgerError) -> Response[bytes]:
    log.error("the database does not answer", extra={FACTS: {"error": str(error)}})
    return problem(503, "unwilling", "the server's database does not answer: try again", {"retry-after": BUSY_SECONDS})


def _failed(_: AnyRequest, error: Exception) -> Response[bytes]:
    log.error("a request failed", exc_info=error)
    return problem(500, "failed", "the server failed, and its log says where")


# ---------------------------------------------------------------- watching requests


def _watching(app: ASGIApp) -> ASGIApp:
    """Count, time and log each request: method, path and status, never content."""

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, sending)
        except HTTPException as error:
            status = error.status_code
            raise
        except LedgerError:
            status = 503
            raise
        finally:
            _note(scope, status, time.monotonic() - began)

    return watched


def _note(scope: Scope, status: int, seconds: float) -> None:
    held: Any = scope
    method, path = held["method"], held.get("path_template") or "unknown"
    held["app"].state.metrics.observe(method=method, path=path, status=status, seconds=seconds)
    facts = {"method": method, "path": path, "status": status, "ms": round(seconds * 1000)}
    kiosk = held["state"].get("kiosk")
    log.info("request", extra={FACTS: {**facts, **({"kiosk": kiosk} if kiosk else {})}})
