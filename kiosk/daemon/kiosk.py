"""A running kiosk: builds every part from the settings, starts them, watches them, stops them in reverse."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Self

import hardware.reader as reading
from hardware.door import DoorEvent
from kiosk.answering import Answering
from kiosk.clock import WallClock
from kiosk.daemon import compositor
from kiosk.daemon.books import PROBE_BYTES, open_books
from kiosk.daemon.wires import open_wires
from kiosk.door.controller import Controller
from kiosk.door.devices import Display, DoorDevices
from kiosk.files import takes_writes
from kiosk.health import machine
from kiosk.health.status import StatusReporter
from kiosk.ledger import ClosedLedger, repair_notice
from kiosk.ledger.repair import mark_as_damaged
from kiosk.ledger.timekeeping import tell_known_times
from kiosk.messages import BadgeAlreadyThere, BadgeRemoved, DoorMoved, ReaderDown, ReaderUp, Tick, Touch
from kiosk.model import Case, Tap, Verdict
from kiosk.screen.door.sleep import Sleep
from kiosk.screen.sound.speaker import Speaker
from kiosk.screen.stage import SceneCommand
from kiosk.screen.window import Screen
from kiosk.settings.config import Config
from kiosk.threads.control_socket import ControlServer
from kiosk.threads.inbox import Inbox
from kiosk.threads.workers import Systemd, Worker, stop_all
from kiosk.upkeep.nightly import NightlyWorker, forget_part
from kiosk.uplink import Uplink

log = logging.getLogger(__name__)

WATCHDOG_SECONDS = 2.0
"""How often the watchdog is fed: a fraction of WatchdogSec in kiosk.service."""
STOP_SECONDS = 4.0
"""How long the threads have to end, below TimeoutStopSec of kiosk.service."""
DISK_SECONDS = 10.0
"""How often a disk that took nothing at the start is tried again."""
DISK_SILENCE_SECONDS = 300.0
"""A worn card may take minutes to answer; the watchdog waits, as there is no ledger to serve meanwhile."""
READER_SILENCE_SECONDS = 8.0
"""Longer than an attempt to reach a reader that is down; some drivers wait for ever once a reader stops answering."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What a kiosk is given from outside: the machine's clock and pins, or those of the simulated bench."""

    clock: WallClock
    pin_factory: Any = None
    """None: the machine's own pins, opened if any is wired."""
    simulated: bool = False
    """The reader may be an emulated chip on a pseudo-terminal."""
    display: Callable[[Screen], Display] = lambda screen: screen
    """Wraps the display that the controller shows notices on; the demo records them there."""
    on_verdict: Callable[[Verdict, Case, datetime], None] | None = None
    on_reader: Callable[[ReaderUp | ReaderDown], None] = lambda _: None
    """Told when the reader comes and goes, from its thread."""
    disk_seconds: float = DISK_SECONDS
    """Between two tries of a disk that took nothing at the start."""
    root: Path = machine.ROOT
    """The root of the system's own files (/proc, /sys, /etc)."""


class Kiosk:
    """All parts of one running kiosk, a context manager: leaving it stops the threads and closes every device."""

    def __init__(self, config: Config, world: World, screen: Screen) -> None:
        """Open what must be there: ledger, pins, socket.

        Raises LedgerError, BadgeError, HardwareError or OSError, with a sentence that says what to repair.
        """
        self.screen, self._config, self._world = screen, config, world
        self._ended = threading.Event()
        self._begins_anew = False
        self._systemd = Systemd()
        self._fed_at = monotonic()
        with ExitStack() as stack:
            self.controller = _build_controller(config, world, screen, stack)
            reader = reading.Reader(
                config.reader.path,
                emit=self._sensed,
                allow_simulator=world.simulated,
                monotonic=world.clock.monotonic,
            )
            self._status = StatusReporter(
                config, self.controller, screen=lambda: (screen.drawn_by, screen.trouble), root=world.root
            )
            self._uplink = Uplink(config, self.controller, world.clock, machine=self._status.machine_troubles)
            self._status.uplink = self._uplink
            self.answering = Answering(
                self.controller,
                world.clock,
                site_id=config.site,
                ledger=config.paths.ledger,
                pair=self._uplink.pair,
                complete_status=self._status.complete,
            )
            control = ControlServer(config.paths.socket, self.answering.answer_line)
            stack.callback(control.close)
            self._workers: tuple[Worker, ...] = (
                Worker("controller", self.controller.run),
                Worker("reader", reader.run, silence_seconds=READER_SILENCE_SECONDS),
                Worker("control", control.run),
            )
            self.controller.on_damage = self._damaged
            nightly = NightlyWorker(
                config, world.clock, forget_part=lambda: forget_part(self.answering.answer), on_damage=self._damaged
            )
            self._nightly = Worker("nightly", nightly.run)
            if not self.controller.ledger_id:
                self._workers += (Worker("disk", self._wait_for_disk, silence_seconds=DISK_SILENCE_SECONDS),)
            self._stack = stack.pop_all()

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The threads that the watchdog watches: all but the main one and the nightly worker's."""
        return (*self._workers, *self._uplink.workers)

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start(self._died)
        self._nightly.start(self._died)
        self._uplink.start(self._died)
        seen = f", {machine.UNSEEN} ({self.screen.trouble})" if self.screen.trouble else ""
        self._systemd.ready(f"serving; screen {self.screen.drawn_by}{seen}")
        return self

    def __exit__(self, *_: object) -> None:
        self._systemd.stopping()
        self.controller.inbox.put(Tick())
        self._uplink.ask_to_stop()
        for name in stop_all((*self.workers, self._nightly), seconds=STOP_SECONDS):
            log.error("%s did not stop in time", name)
        self._stack.close()

    def serve(self, react: Callable[[object], None] | None = None) -> bool:
        """Run the screen in the calling (main) thread until `stop`; return whether every worker lived to the end.

        `react` is called with what was touched outside of the kiosk's picture: the demo's tray.
        """

        def emit(event: object) -> None:
            if isinstance(event, Touch):
                self.controller.inbox.put(event)
            elif isinstance(event, SceneCommand):
                self._answer_screen(event)
            elif react:
                react(event)

        self.screen.run(self._ended, self._beat, emit)
        return not self._begins_anew and not any(worker.ended.is_set() for worker in self.workers)

    def stop(self) -> None:
        """End `serve`; callable from any thread and from a signal handler."""
        self._ended.set()

    def _answer_screen(self, asking: SceneCommand) -> None:
        """Answer a command of the screen in another thread, so that the screen does not wait."""
        answered = self.answering.start(asking.command)
        answered.add_done_callback(lambda done: self.screen.answer(asking.number, done.result()))

    def _beat(self) -> None:
        if monotonic() - self._fed_at >= WATCHDOG_SECONDS:
            self._fed_at = monotonic()
            self._systemd.alive(self.workers)
            if outlets := self.screen.plugged_in():
                log.warning("a screen was plugged in (%s): the kiosk restarts to use it", ", ".join(outlets))
                self._begins_anew = True
                self.stop()

    def _died(self, worker: Worker) -> None:
        log.critical("%s ended unexpectedly: the kiosk restarts", worker.name)
        self.stop()

    def _wait_for_disk(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Retry a disk that took no writes at the start; once it does, end, so that systemd restarts the kiosk."""
        while not stop.wait(self._world.disk_seconds):
            beat()
            if takes_writes(self._config.paths.state, PROBE_BYTES):
                log.warning("the disk takes writes again: the kiosk restarts")
                self._begins_anew = True
                self.stop()
                stop.wait()

    def _damaged(self, why: str) -> None:
        log.critical("the ledger is damaged: the kiosk restarts, which repairs it: %s", why)
        mark_as_damaged(self._config.paths.ledger, why)
        self._begins_anew = True
        self.stop()

    def _sensed(self, event: reading.Event) -> None:
        """Turn an event of the reader into a message; called from the reader's thread."""
        put = self.controller.inbox.put
        match event:
            case reading.CardSensed() as card:
                put(Tap(uid=card.uid, monotonic=card.monotonic, technology=card.technology, assurance=card.assurance))
            case reading.CardUnreadable():
                put(Tap(uid=None, monotonic=event.monotonic))
            case reading.CardAlreadyThere():
                log.info("a badge lay on the reader already: it is no tap until it is lifted and laid again")
                put(BadgeAlreadyThere())
            case reading.CardRemoved():
                put(BadgeRemoved())
            case reading.ReaderUp() | reading.ReaderDown():
                if isinstance(event, reading.ReaderUp):
                    log.info("reader up: %s", event.name)
                    said: ReaderUp | ReaderDown = ReaderUp(name=event.name)
                else:
                    log.warning("reader down: %s", event.error)
                    said = ReaderDown(error=event.error)
                self._status.reader = said
                put(said)
                self._world.on_reader(said)


def _build_controller(config: Config, world: World, screen: Screen, stack: ExitStack) -> Controller:
    """Open ledger and devices, each closed by `stack` in reverse order, and build the controller."""
    inbox = Inbox()

    def moved(event: DoorEvent) -> None:
        inbox.put(DoorMoved(what=event.what, monotonic=world.clock.monotonic()))

    door, indicator, fault = open_wires(config, world.pin_factory, moved, stack)
    ledger, story, key = open_books(config, world.clock)
    stack.callback(ledger.close)
    if not isinstance(ledger, ClosedLedger):
        tell_known_times(world.clock, ledger)
    devices = DoorDevices(
        door=door,
        indicator=indicator,
        display=world.display(screen),
        unlock_seconds=config.door.unlock_seconds,
        language=config.screen.language,
        reader_side=config.screen.reader_side,
        quiet=config.sound.quiet_times,
        on_verdict=world.on_verdict,
    )
    controller = Controller(ledger, devices, inbox=inbox, clock=world.clock, site_id=config.site, badge_key=key)
    told_before = "" if story or isinstance(ledger, ClosedLedger) else repair_notice.unacknowledged(ledger)
    if story or told_before:
        controller.report_repair(str(story or told_before), is_noted=not story)
    if fault:
        controller.door.report_fault()
    return controller


def run(config: Config) -> int:
    """Run the kiosk until told to stop (SIGTERM, SIGINT, window closed); return the process's exit code.

    Raises what Kiosk raises.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    sleep = Sleep(dim=config.screen.dim_minutes * 60 or None, dark=config.screen.dark_minutes * 60 or None)
    driver = os.environ.get("SDL_VIDEODRIVER", "")
    screen = Screen(
        config.screen.size,
        fullscreen=config.screen.fullscreen,
        rotation=config.screen.rotation,
        title=config.site,
        sleep=sleep,
        note=config.paths.socket.with_name("screen.opening"),
        connectors=machine.connected_screens,
    )
    if script := compositor.script_for(driver, screen.trouble, machine.connected_screens()):
        screen.close()
        compositor.start(script)
    screen.speaker = Speaker(volume=config.sound.volume)
    with Kiosk(config, World(clock=WallClock()), screen) as kiosk:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: kiosk.stop())
        lived = kiosk.serve()
    screen.close()
    return 0 if lived else 1
