"""A real network: kiosks and the server as processes of their own, and a cable that can be pulled."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import requests

from kiosk.ledger import open_reader
from tests.office.ledgers.feed import rows

PATIENCE = 60.0
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def until(is_so: Callable[[], bool], what: str = "") -> None:
    """Wait for something that another process brings about."""
    tick = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        if is_so():
            return
        tick.wait(0.05)
    raise TimeoutError(what)


class CentralProcess:
    """`kiosk-central run`, on a port of this machine. Use it with `with`."""

    def __init__(self, folder: Path, database: str = "", *, limits: str = ":") -> None:
        """Without the URL of a `database` it has a SQLite file in its folder; `limits`: a command of the shell."""
        folder.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config, self._limits = folder / "central.toml", limits
        database = database or f"{folder}/central.db"
        self._config.write_text(f'database = "{database}"\nport = {self.port}\nmanagers_need_codes = false\n')
        self._log = (folder / "central.log").open("w")

    def __enter__(self) -> Self:
        server = [str(BIN / "kiosk-central"), "--config", str(self._config), "run"]
        command = ["sh", "-c", f'{self._limits} && exec "$@"', "sh", *server]
        self._process = subprocess.Popen(command, stderr=self._log, stdout=self._log)
        until(self._answers, "the server does not answer")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._log.close()

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def _answers(self) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/health", timeout=5).ok
        return False

    def does(self, *words: str, **environment: str) -> str:
        """A command at the server's machine."""
        command = [str(BIN / "kiosk-central"), "--config", str(self._config), *words]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
        return str(done.stdout)


class KioskProcess:
    """A whole kiosk (tests.office.kiosks.process) in a folder. Use it with `with`."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        """`environment` is added to this process's own."""
        folder.mkdir(exist_ok=True)
        self.folder, self._environment = folder, environment
        self.shown: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.office.kiosks.process", str(self.folder)]
        self._log = (self.folder / "kiosk.log").open("w")
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()
        until((self.folder / "kiosk.sock").exists, "the kiosk does not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(PATIENCE) == 0
        self._listening.join()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith("{"):
                self.shown.append(json.loads(line))

    def _last(self, what: str) -> dict[str, Any]:
        return next((one for one in reversed(self.shown) if one["shows"] == what), {})

    @property
    def idle(self) -> dict[str, Any]:
        """What the screen says between two taps."""
        return self._last("idle")

    @property
    def _notices(self) -> list[dict[str, Any]]:
        return [one for one in self.shown if one["shows"] == "notice"]

    def taps(self, card: str) -> str:
        """Lay a card on the reader; what the screen answers.

        The card that was tapped last at this kiosk gets its last answer again within five seconds: that is a rule of
        the house, and whoever wants to know what the kiosk knows by now taps another one before.
        """
        before = len(self._notices)
        assert self._process.stdin is not None
        self._process.stdin.write(f"tap {card}\n")
        self._process.stdin.flush()
        until(lambda: len(self._notices) > before, f"no answer to {card}")
        notice = self._notices[before]
        return " ".join([notice["title"], *notice["lines"]])

    def does(self, *words: str) -> str:
        """A command at the kiosk's machine."""
        environment = os.environ | {"KIOSK_CONFIG": str(self.folder / "kiosk.toml")}
        done = subprocess.run([BIN / "kiosk", *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def roster(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the kiosk knows, table by table."""
        with open_reader(self.folder / "ledger.db") as ledger:
            return rows(ledger._database.connection)

    def is_level(self) -> bool:
        """Whether nothing waits to be sent."""
        with open_reader(self.folder / "ledger.db") as ledger:
            return ledger.waiting == 0


class Cable:
    """Leads connections to a port of this machine on to another one, until it is pulled. Use it with `with`.

    With several ports behind it, it is a balancer: each connection goes to the next one that takes it.
    """

    def __init__(self, *to: int) -> None:
        self._next = cycle(to)
        self._count = len(to)
        self.port = free_port()
        self._ends: list[socket.socket] = []

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def plug(self) -> None:
        """Put it in."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._door,), daemon=True).start()

    def pull(self) -> None:
        """Pull it: the port is shut, and what went over it ends."""
        for end in (self._door, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = self._reach()
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_flow, args=(one, other), daemon=True).start()

    def _reach(self) -> socket.socket:
        """Connect to one that takes it; raise OSError when none does."""
        for port in islice(self._next, self._count):
            with suppress(ConnectionRefusedError):
                return socket.create_connection(("127.0.0.1", port))
        raise ConnectionRefusedError


def _flow(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(1 << 16):
            other.sendall(piece)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
