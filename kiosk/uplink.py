"""The kiosk's link to its central server: pairing, and the threads that exchange with it.

What is sent to the server is in sync; taps do not depend on any of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kiosk.answers import Done, Refused, ServerLink
from kiosk.badges import BadgeError, badge_key, keep_key
from kiosk.clock import WallClock
from kiosk.commands import Pair
from kiosk.door.controller import Controller
from kiosk.ledger import LedgerError, LedgerReader, open_reader
from kiosk.settings.config import Config
from kiosk.threads.workers import Worker
from sync import pairing
from sync.address import AddressError, check_url
from sync.client import (
    Client,
    GoneError,
    NotTrustedError,
    RejectedError,
    SyncError,
    UnknownCallError,
    UnreachableError,
)
from sync.listener import Listener
from sync.pairing import Pairing, PairingError
from sync.wire import WAIT_SECONDS, Beacon, cursor_position
from sync.worker import SyncWorker

if TYPE_CHECKING:
    from sync.transport import HttpTransport

log = logging.getLogger(__name__)

SILENCE_SECONDS = 300.0
"""No beat for so long means that the thread hangs: one call ends within a minute, names are looked up within another.
The watchdog then restarts the kiosk; no network, however slow, can cause that."""
STOP_SECONDS = 2.0
VERSION = version("kiosk")


class Uplink:
    """Runs the threads that exchange with the central server, once the kiosk is paired."""

    def __init__(
        self,
        config: Config,
        controller: Controller,
        clock: WallClock,
        *,
        machine: Callable[[date], tuple[str, ...]] = lambda _: (),
    ) -> None:
        """`machine` returns the troubles of disk, screen and supply as codes of a beacon; it may raise OSError."""
        self._config, self._controller, self._clock = config, controller, clock
        self._machine = machine
        self._on_end: Callable[[Worker], None] = lambda _: None
        self._changing = threading.Lock()
        self._transports: tuple[HttpTransport, ...] = ()
        self._sync: SyncWorker | None = None
        self._workers: tuple[Worker, ...] = ()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The threads, for the watchdog."""
        return self._workers

    @property
    def is_paired(self) -> bool:
        """Whether the kiosk is paired with a server."""
        return self._sync is not None

    def start(self, on_end: Callable[[Worker], None]) -> None:
        """Start the threads if the kiosk is paired.

        A pairing that cannot be read is logged; the door works without it.
        """
        self._on_end = on_end
        self._controller.on_entry = self.wake
        try:
            paired = pairing.read(self._config.paths.pairing)
            if paired:
                self._connect(paired)
        except (PairingError, AddressError, OSError) as error:
            log.error("no exchange with the central server: %s", error)  # noqa: TRY400 - it is a sentence

    def wake(self) -> None:
        """Have new entries sent soon."""
        if self._sync:
            self._sync.wake()

    def ask_to_stop(self) -> None:
        """Ask the threads to stop, and end their running calls."""
        for worker in self.workers:
            worker.ask_to_stop()
        for transport in self._transports:
            transport.close()

    def live_link(self) -> ServerLink | None:
        """Return the state of the link, including the last exchange; None while not paired.

        Raises LedgerError.
        """
        with open_reader(self._config.paths.ledger) as ledger:
            link = stored_link(self._config, ledger)
        if link is None or self._sync is None:
            return link
        heard = self._sync.heard_at
        ago = None if heard is None else monotonic() - heard
        return replace(link, heard_seconds_ago=ago, trouble=self._sync.trouble)

    def pair(self, command: Pair) -> Done | Refused:
        """Pair with a server and start the threads. Called from the threads of the socket."""
        with self._changing:
            try:
                with open_reader(self._config.paths.ledger) as ledger:
                    answered, paired = pair(self._config, command, ledger)
            except LedgerError as error:
                return Refused(message=str(error), code="LEDGER_FAILED")
            if paired:
                self._controller.hide_badges_with(_own_key(self._config))
                self._disconnect()
                self._connect(paired)
            return answered

    def _connect(self, paired: Pairing) -> None:
        config, url = self._config, self._config.server.url or paired.url
        calling, listening = self._transports = _open_transport(config, url), _open_transport(config, url, waits=True)
        listener = Listener(Client(listening, token=paired.token, version=VERSION), on_news=self._on_news)
        self._sync = SyncWorker(
            Client(calling, token=paired.token, version=VERSION),
            open_ledger=lambda: open_reader(config.paths.ledger),
            post=self._controller.submit_news,
            condition=self._condition,
            set_clock=self._clock.hear_server,
            pause_seconds=config.server.every_seconds,
            on_pulled=listener.follow,
        )
        bodies = {"sync": self._sync.run, "listener": listener.run}
        self._workers = tuple(Worker(name, body, silence_seconds=SILENCE_SECONDS) for name, body in bodies.items())
        for worker in self._workers:
            worker.start(self._on_end)

    def _on_news(self) -> None:
        if self._sync:
            self._sync.wake_for_news()

    def _disconnect(self) -> None:
        self.ask_to_stop()
        for worker in self.workers:
            worker.join(STOP_SECONDS)

    def _condition(self) -> Beacon:
        clock, now = self._clock.stamp().clock, self._clock.now()
        health, mended = (*self._controller.health(), *self._machine_troubles()), self._controller.unread_repair
        return Beacon(version=VERSION, clock=clock.value, now=now, health=health, mending=mended)

    def _machine_troubles(self) -> tuple[str, ...]:
        try:
            return self._machine(self._clock.now().date())
        except OSError:
            return ("disk_failing",)


def stored_link(config: Config, ledger: LedgerReader) -> ServerLink | None:
    """Return the state of the link as stored in the files, whether or not the kiosk runs."""
    try:
        paired = pairing.read(config.paths.pairing)
    except (PairingError, OSError) as error:
        return _server_link(Pairing(url=config.server.url or "", token=""), config, ledger, trouble=str(error))
    return _server_link(paired, config, ledger) if paired else None


def _server_link(paired: Pairing, config: Config, ledger: LedgerReader, *, trouble: str = "") -> ServerLink:
    cursor = ledger.cursor
    return ServerLink(
        url=config.server.url or paired.url,
        waiting=ledger.waiting,
        sent=ledger.sent,
        seen=cursor_position(cursor) if cursor else None,
        trouble=trouble,
    )


def pair(config: Config, command: Pair, ledger: LedgerReader) -> tuple[Done | Refused, Pairing | None]:
    """Send a pairing code to a server and store the pairing; return the answer."""
    try:
        url = check_url(command.url, plain_http=config.server.plain_http)
        transport = _open_transport(config, url)
        try:
            paired, key = _enroll(config, Client(transport, version=VERSION), url, command.code, ledger)
        finally:
            transport.close()
        if key and config.badges.given is None:
            keep_key(config.paths.key_file, key)  # first: a kiosk that is paired and has another would hear of no badge
        pairing.keep(config.paths.pairing, paired)
    except (AddressError, SyncError, BadgeError, OSError) as error:
        return Refused(message=f"not paired: {error}", code=pairing_refusal_code(error), facts=_facts(error)), None
    return Done(said=tuple(_pairing_report(config, paired, has_key=key is not None)), id=paired.kiosk_id), paired


PAIRING_REFUSALS: Mapping[type[Exception], str] = {
    UnreachableError: "SERVER_SILENT",
    NotTrustedError: "PAIRING_CODE",
    UnknownCallError: "NO_SERVER",
    GoneError: "NO_SERVER",
    RejectedError: "SERVER_REFUSES",
    SyncError: "SERVER_ILL",
    AddressError: "SERVER_ADDRESS",
    BadgeError: "BADGE_KEY",
    OSError: "PAIRING_NOT_KEPT",
}
"""Why a kiosk was not paired -> the code that kiosk.notices.refusals has words for."""


def pairing_refusal_code(error: Exception) -> str:
    """Return the refusal code for an error of pairing, by its closest class in `PAIRING_REFUSALS`."""
    if isinstance(error, SyncError) and error.retry_after is not None:
        return "PAIRING_WAIT"
    return next(PAIRING_REFUSALS[kind] for kind in type(error).__mro__ if kind in PAIRING_REFUSALS)


def _facts(error: Exception) -> dict[str, str]:
    wait = error.retry_after if isinstance(error, SyncError) else None
    return {} if wait is None else {"minutes": str(-(-int(wait) // 60))}


def _enroll(config: Config, client: Client, url: str, code: str, ledger: LedgerReader) -> tuple[Pairing, bytes | None]:
    """Pair and return the network's badge key; raise BadgeError if a badge was hidden with another key meanwhile."""
    known = ledger.roster.badge_count()
    own = _own_key(config) if known or config.badges.given is not None else None
    paired, key = pairing.enroll(
        client,
        url=url,
        code=code,
        ledger_id=ledger.ledger_id,
        version=VERSION,
        badges=known,
        badge_key=own,
        formers=ledger.former_ledgers,
    )
    if key and own is None and ledger.roster.badge_count():
        raise BadgeError("a badge was assigned in the same moment: try again with a new code")
    return paired, key


def _own_key(config: Config) -> bytes:
    return badge_key(config.paths.key_file, given=config.badges.given)


def _open_transport(config: Config, url: str, *, waits: bool = False) -> HttpTransport:
    """Open a transport to the server; if it `waits` for news, the server may be silent for that long."""
    # requests takes a while to load, and a kiosk that is not paired needs none
    from sync.transport import READ_SECONDS, HttpTransport

    url = check_url(url, plain_http=config.server.plain_http)
    silence = READ_SECONDS + (WAIT_SECONDS if waits else 0)
    return HttpTransport(url, certificates=config.server.certificates, read_seconds=silence)


def _pairing_report(config: Config, paired: Pairing, *, has_key: bool) -> list[str]:
    said = [f"paired with {paired.url}"]
    if paired.site_id and paired.site_id != config.site:
        said.append(f'the server has this kiosk at the site "{paired.site_id}", its settings at "{config.site}"')
    if not has_key and config.badges.key is None:
        said.append("badges of other kiosks are known here only with their key: set the same [badges] key on all")
    return said
