"""Runs the application in uvicorn; at a stop, waiting requests are answered first."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn
from litestar import Litestar

from sync.central.http import connections

SHUTDOWN_SECONDS = 5
"""How long answers that are under way may take when the server is to stop."""


class Server(uvicorn.Server):
    """uvicorn's server for the application of sync.central.http.app."""

    def __init__(self, app: Litestar, **options: Any) -> None:
        """`options` are those of uvicorn.Config."""
        bounds: dict[str, Any] = {"http": connections.bounded(), "limit_concurrency": connections.MOST_CONNECTIONS}
        options = {"timeout_graceful_shutdown": SHUTDOWN_SECONDS, **bounds} | options
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, **options))
        self._stop_waiting = app.state.central.stop_waiting
        app.state.central.roster_thread.on_death = self._end

    def _end(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer running requests, and end."""
        self._stop_waiting()
        await super().shutdown(sockets)
