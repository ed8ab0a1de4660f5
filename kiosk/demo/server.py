"""The central server of the demo: runs in the kiosk's process with the demo's clock, already paired.

It is the real server on a port of this machine; only its clock is the bench's, so that its pages show the demo's time.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

from litestar import Litestar
from msgspec.structs import replace

from kiosk import uplink
from kiosk.answers import Refused
from kiosk.commands import Pair
from kiosk.demo.bench import BenchError
from kiosk.ledger import open_reader
from kiosk.settings.config import Config
from kiosk.settings.config import Server as ServerAddress
from sync import pairing
from sync.central.accounts.staff import Role
from sync.central.http.app import create_app
from sync.central.http.serving import Server
from sync.central.pages import router
from sync.central.server import Central
from sync.central.settings import Settings
from sync.pairing import PairingError

PORT = 8080
"""The port, if it is free; else any other."""
NAME, PASSWORD = "demo", "demo-la-serre"
STOP_SECONDS = 2


class DemoServer:
    """The central server, with its database in the demo's folder. It serves inside `with`."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """`now` returns the time of the bench."""
        self._socket = _listen()
        port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        settings = Settings(database=str(folder / "central.db"), port=port, hosts=hosts, managers_need_codes=False)
        self._app: Litestar = create_app(settings, now=now, routes=[router()])
        self._central: Central = self._app.state.central
        if not self._central.accounts.listed():
            self._central.accounts.add(NAME, PASSWORD, Role.MANAGER)

    def __enter__(self) -> Self:
        self._server = Server(self._app, timeout_graceful_shutdown=STOP_SECONDS)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, name="central")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def pair(self, config: Config) -> Config:
        """Pair the kiosk, unless it is already; return its settings with this server in them. Raises BenchError."""
        if not _knows(self._central, config):
            code = self._central.kiosks.new_code(name=f"{config.site} (demo)", site_id=config.site)
            with open_reader(config.paths.ledger) as ledger:
                answered, _ = uplink.pair(config, Pair(url=self.url, code=code), ledger)
            if isinstance(answered, Refused):
                raise BenchError(answered.message)
        return replace(config, server=ServerAddress(url=self.url))

    def introduction(self) -> str:
        """Return the text that gives its address and how to sign in."""
        return f"server   {self.url}   (sign in as {NAME}, password {PASSWORD}; --alone goes without)"


def was_paired(folder: Path, config: Config) -> bool:
    """Tell whether the kiosk is paired with the demo's own server of an earlier run."""
    central = Central(Settings(database=str(folder / "central.db")))
    try:
        return _knows(central, config)
    finally:
        central.close()


def _knows(central: Central, config: Config) -> bool:
    try:
        paired = pairing.read(config.paths.pairing)
    except PairingError:
        return False
    return paired is not None and central.kiosks.by_token(paired.token) is not None


def _listen() -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", PORT))
    except OSError:
        return socket.create_server(("127.0.0.1", 0))
