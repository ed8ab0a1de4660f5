"""The kiosk's link to its central server: none until it is paired, then threads of its own that nobody waits for.

What is said to the server is in sync; the door knows nothing of this.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from kiosk.answers import Done, Refused
from kiosk.clock import WallClock
from kiosk.commands import Pair
from kiosk.config import Config
from kiosk.controller import Controller
from kiosk.ledger import open_reader
from kiosk.workers import Worker
from sync import pairing
from sync.address import AddressError, check_url
from sync.client import Client, SyncError
from sync.listener import Listener
from sync.pairing import Pairing, PairingError
from sync.wire import WAIT_SECONDS, Beacon
from sync.worker import SyncWorker

if TYPE_CHECKING:
    from sync.transport import Line

log = logging.getLogger(__name__)

SILENCE_SECONDS = 300.0
"""No beat for so long means that the thread hangs: one call ends within a minute, names are looked up within another.
The watchdog then has the kiosk started anew; no network, however slow, can bring that about."""
STOP_SECONDS = 2.0
VERSION = version("kiosk")


class Uplink:
    """The threads that exchange with the central server, while the kiosk has one."""

    def __init__(self, config: Config, controller: Controller, clock: WallClock) -> None:
        self._config, self._controller, self._clock = config, controller, clock
        self._on_end: Callable[[Worker], None] = lambda _: None
        self._changing = threading.Lock()
        self._lines: tuple[Line, ...] = ()
        self._sync: SyncWorker | None = None
        self._workers: tuple[Worker, ...] = ()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The threads, for the watchdog."""
        return self._workers

    @property
    def is_paired(self) -> bool:
        """Whether there is a server to exchange with."""
        return self._sync is not None

    def start(self, on_end: Callable[[Worker], None]) -> None:
        """Begin, if the kiosk is paired. What is wrong with the pairing is logged: the door works without a server."""
        self._on_end = on_end
        self._controller.on_entry = self.wake
        try:
            paired = pairing.read(self._config.paths.pairing)
            if paired:
                self._connect(paired)
        except (PairingError, AddressError, OSError) as error:
            log.error("no exchange with the central server: %s", error)  # noqa: TRY400 - it is a sentence

    def wake(self) -> None:
        """Say that there may be a new entry to send."""
        if self._sync:
            self._sync.wake()

    def ask_to_stop(self) -> None:
        """Tell the thread to end, and cut short whatever it is waiting for."""
        for worker in self.workers:
            worker.ask_to_stop()
        for line in self._lines:
            line.close()

    def pair(self, command: Pair) -> Done | Refused:
        """Join the network of a server, and begin to exchange with it. Called from the threads of the socket."""
        with self._changing:
            answered, paired = pair(self._config, command, ledger_id=self._controller.ledger_id)
            if paired:
                self._disconnect()
                self._connect(paired)
            return answered

    def _connect(self, paired: Pairing) -> None:
        config, url = self._config, self._config.server.url or paired.url
        calling, listening = self._lines = _line(config, url), _line(config, url, waits=True)
        listener = Listener(Client(listening, token=paired.token, version=VERSION), on_news=self._told_of_news)
        self._sync = SyncWorker(
            Client(calling, token=paired.token, version=VERSION),
            open_ledger=lambda: open_reader(config.paths.ledger),
            post=self._controller.inbox.put,
            condition=self._condition,
            set_clock=self._clock.anchor,
            pause_seconds=config.server.every_seconds,
            on_pulled=listener.follow,
        )
        bodies = {"sync": self._sync.run, "listener": listener.run}
        self._workers = tuple(Worker(name, body, silence_seconds=SILENCE_SECONDS) for name, body in bodies.items())
        for worker in self._workers:
            worker.start(self._on_end)

    def _told_of_news(self) -> None:
        if self._sync:
            self._sync.news()

    def _disconnect(self) -> None:
        self.ask_to_stop()
        for worker in self.workers:
            worker.join(STOP_SECONDS)

    def _condition(self) -> Beacon:
        clock, now = self._clock.stamp().clock, self._clock.now()
        return Beacon(version=VERSION, clock=clock.value, now=now, health=self._controller.health())


def pair(config: Config, command: Pair, *, ledger_id: str) -> tuple[Done | Refused, Pairing | None]:
    """Show a code to a server and keep what it gives for it; say what was done, or why not."""
    try:
        url = check_url(command.url, plain_http=config.server.plain_http)
        line = _line(config, url)
        try:
            client = Client(line, version=VERSION)
            paired = pairing.enroll(client, url=url, code=command.code, ledger_id=ledger_id, version=VERSION)
        finally:
            line.close()
        pairing.keep(config.paths.pairing, paired)
    except (AddressError, SyncError, OSError) as error:
        return Refused(message=f"not paired: {error}"), None
    return Done(said=tuple(_told(config, paired)), id=paired.kiosk_id), paired


def _line(config: Config, url: str, *, waits: bool = False) -> Line:
    """Return a line to the server; on one that `waits`, the server may be silent for as long as it waits for news."""
    # requests takes a while to load, and a kiosk that is not paired needs none
    from sync.transport import READ_SECONDS, Line

    url = check_url(url, plain_http=config.server.plain_http)
    silence = READ_SECONDS + (WAIT_SECONDS if waits else 0)
    return Line(url, certificates=config.server.certificates, read_seconds=silence)


def _told(config: Config, paired: Pairing) -> list[str]:
    said = [f"paired with {paired.url}"]
    if paired.site_id and paired.site_id != config.site:
        said.append(f'the server has this kiosk at the site "{paired.site_id}", its settings at "{config.site}"')
    if config.badges.key is None:
        said.append("badges of other kiosks are known here only with their key: set the same [badges] key on all")
    return said
