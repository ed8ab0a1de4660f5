"""Starts the demo and connects its parts: kiosk, simulated hardware, window or terminal, central server."""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk import notices
from kiosk.answers import Done, Refused
from kiosk.commands import TapCard
from kiosk.daemon import Kiosk, World
from kiosk.demo.bench import SENSE_SECONDS, Bench, BenchError
from kiosk.demo.browser import Browser
from kiosk.demo.introduction import introduction, no_button
from kiosk.demo.people import cards, tray_badges
from kiosk.demo.prompt import Prompt
from kiosk.demo.remote import Remote
from kiosk.demo.tray import BadgeClicked, ClockMoved, ExitPressed, TrayPanel, action_of
from kiosk.demo.tray_words import Tray, outcome, put_into_words
from kiosk.ledger import LedgerBusyError, LedgerError
from kiosk.messages import ReaderUp, Tick, Touch
from kiosk.model import Case, Denied, Signal, Site, Verdict
from kiosk.notices import Admission, Notice
from kiosk.notices.language import Language, sentences
from kiosk.screen.panel import PanelTouch
from kiosk.screen.sound.speaker import Speaker
from kiosk.screen.window import Screen
from kiosk.settings.config import Config, resolved
from kiosk.store.database import WriterLock

if TYPE_CHECKING:
    from kiosk.demo.server import DemoServer

LAMPS = {
    "red": (214, 60, 44), "green": (52, 178, 92), "blue": (70, 130, 235), "yellow": (240, 190, 40),
    "magenta": (208, 70, 190), "cyan": (40, 190, 200), "white": (255, 255, 255),
}  # fmt: skip
"""How the colours of the bench's lamp look on the tray."""


FIRST_TRIES_SECONDS = 20.0
"""How long the simulated reader may take to answer for the first time, on a machine that is busy starting."""


class FirstTries(logging.Filter):
    """Leaves out messages that the reader does not answer, until it first answered or 20 s have passed."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic, self._end = monotonic, monotonic() + FIRST_TRIES_SECONDS

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to print a line."""
        if str(record.msg).startswith("reader up"):
            self._end = self._monotonic()
        return not str(record.msg).startswith("reader down") or self._monotonic() >= self._end


def has_sound_card() -> bool:
    """Tell whether sounds can be played here: without any device ALSA prints many lines of errors."""
    run = Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"))
    served = (run / "pulse" / "native", run / "pipewire-0")
    wanted = {"SDL_AUDIODRIVER", "PULSE_SERVER"} & set(os.environ)
    return bool(wanted) or any(path.exists() for path in served) or any(Path("/dev/snd").glob("pcm*p"))


class Show:
    """Prints verdicts, draws the tray and handles clicks on it."""

    def __init__(self, bench: Bench, site: Site, screen: Screen, panel: TrayPanel) -> None:
        self._bench, self._site, self.screen, self._panel = bench, site, screen, panel
        self._verdicts: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._words = Language(site.language, site.zone)

    def on_verdict(self, verdict: Verdict, case: Case, now: datetime) -> None:
        """Print a verdict and what the door and the light did; called when all of it is done."""
        board = self._bench.board.state()
        did = outcome(
            self._site,
            strike_open=board["strike"],
            was_denied=isinstance(verdict, Denied),
            signal=Signal(board["signal"] or "idle"),
            language=case.member.language if case.member else None,
        )
        told = f"{notices.log_line(verdict, case, now)}\n      {did}"
        print(told, flush=True)
        self._verdicts.put(told)

    def lay(self, card: str) -> str:
        """Tap with a card and return the verdict. Raises BenchError."""
        before = self._bench.watching.last if self._bench.watching else None
        answer = self._bench.tap(card)
        if answer is None:
            raise BenchError(self._words.say("The kiosk did not answer: is its reader out of order?"))
        if answer.number and before and answer.number == before.number:
            return self._words.say("The same tap again: nothing is stored, and its notice is shown again")
        return self._verdicts.get(timeout=SENSE_SECONDS) if answer.number else answer.title

    def tap_card(self, command: TapCard) -> Done | Refused:
        """Answer `kiosk tap`: lay the card on the reader, or list the cards."""
        try:
            if command.card is None:
                return Done(said=("cards: " + ", ".join(cards()),), changed=False)
            return Done(said=(self.lay(command.card),))
        except BenchError as error:
            return Refused(message=str(error), code="NOT_HERE")

    def tap(self, card: str) -> str:
        """Tap with a card; return what is to say beside the verdict, which `on_verdict` prints. Raises BenchError."""
        told = self.lay(card)
        return "" if "\n" in told else told

    def tray(self) -> Tray:
        """Tell how the bench looks now."""
        board, now = self._bench.board.state(), self._bench.clock.now()
        return put_into_words(
            self._site,
            now,
            badges=tuple(tray_badges()),
            on_reader=self._bench.lying,
            strike_open=board["strike"],
            signal=Signal(board["signal"] or "idle"),
            light=LAMPS.get(board["light"]),
        )

    def refresh(self) -> None:
        """Draw the tray again if it changed; from any thread."""
        self._panel.view = self.tray()

    def react(self, event: object, wake: Callable[[], None]) -> None:
        """Do what was clicked on the tray; cards move in a thread of their own, for they wait for the reader."""
        match action_of(event.target) if isinstance(event, PanelTouch) else None:
            case BadgeClicked() as clicked:
                threading.Thread(target=self._click, args=(clicked.id,), daemon=True).start()
            case ClockMoved() as moved:
                self._bench.clock.move(moved.by)
                wake()
            case ExitPressed():
                self._bench.board.press_exit()
        self.refresh()

    def _click(self, card: str) -> None:
        if self._bench.lying == card:
            self._bench.take()
        else:
            self._bench.put(card)
        self.refresh()


def run(
    folder: Path,
    *,
    reset: bool = False,
    window: bool | None = None,
    size: tuple[int, int] = (800, 480),
    alone: bool = False,
    browser: int | None = None,
) -> int:
    """Run the demo with its data in `folder` until its window is closed or its prompt left; return the exit code.

    `window` None: a window where there is a display, else a prompt and the screen as PNG. `alone`: without the central
    server beside the kiosk. `browser`: the window is a page on this port of loopback. Raises LedgerError while another
    demo runs in the folder, OSError when the port is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _log_to_terminal()
    try:
        _claim(folder, reset=reset)
        with Bench(folder) as bench:
            windowed = has_display() if window is None else window
            return _run(bench, windowed=windowed, size=size, alone=alone, browser=browser)
    except LedgerBusyError as error:
        holder = f"process {error.pid}" if error.pid else "another process"
        raise LedgerError(f"a demo is running here ({holder}): leave it first") from error


def _log_to_terminal() -> None:
    """Print warnings, and each reader that comes and goes."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    daemon = logging.getLogger("kiosk.daemon")
    daemon.setLevel(logging.INFO)
    daemon.addFilter(FirstTries())
    logging.getLogger("nfc").setLevel(logging.CRITICAL)  # its errors are what `reader down` sums up


def _claim(folder: Path, *, reset: bool) -> None:
    """See that nobody works with the data in this folder; throw it away if wanted. Raises LedgerBusyError."""
    with closing(WriterLock(folder / "ledger.db")):
        if reset:
            throw_away(folder)


def _run(bench: Bench, *, windowed: bool, size: tuple[int, int], alone: bool, browser: int | None) -> int:
    config = bench.config(size)
    site = bench.prepare(config)
    with ExitStack() as stack:
        beside = None if alone else _beside(bench)
        if beside:
            stack.enter_context(beside)
            config = beside.pair(config)
        else:
            _forget_server(bench.folder, config)
        (bench.folder / "kiosk.toml").write_text(resolved(config))
        introduced = beside.introduction() if beside else None
        page = stack.enter_context(Browser(Remote(), browser)) if browser is not None else None
        return _serve_here(bench, config, site, windowed=windowed, size=size, server=introduced, page=page)


def _serve_here(
    bench: Bench,
    config: Config,
    site: Site,
    *,
    windowed: bool,
    size: tuple[int, int],
    server: str | None,
    page: Browser | None,
) -> int:
    panel = TrayPanel()
    screen = _open_screen(bench, site, panel, windowed=windowed, size=size, page=page)
    show = Show(bench, site, screen, panel)
    if screen.is_seen or page:
        bench.on_change = show.refresh
        show.refresh()
    world = World(
        clock=bench.clock,
        pin_factory=bench.board.factory,
        simulated=True,
        display=bench.watch,
        on_verdict=show.on_verdict,
        on_reader=lambda said: bench.reader_is(up=isinstance(said, ReaderUp)),
    )
    told = introduction(bench, site, windowed=screen.is_seen, server=server, page=page.address if page else None)
    print(told, flush=True)
    kiosk = Kiosk(config, world, screen)
    kiosk.answering.add({TapCard: show.tap_card})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: kiosk.stop())
    with kiosk:
        return _serve(kiosk, bench, show, site=site)


def _open_screen(
    bench: Bench, site: Site, panel: TrayPanel, *, windowed: bool, size: tuple[int, int], page: Browser | None = None
) -> Screen:
    """Open a window with the tray, or, where none is wanted or no display answers, a screen that becomes a picture.

    With a page the window is there too, in memory.
    """
    if page:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        screen = Screen(size, title=site.name, panel=panel, monotonic=bench.clock.monotonic)
        screen.on_frame = page.remote.framed
        return screen
    if windowed:
        screen = Screen(size, title=site.name, panel=panel, monotonic=bench.clock.monotonic)
        if screen.is_seen:
            screen.speaker = Speaker(volume=0.5 if has_sound_card() else 0)
            return screen
        screen.close()
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    return Screen(size, title=site.name, picture=bench.folder / "screen.png", monotonic=bench.clock.monotonic)


def _beside(bench: Bench) -> DemoServer | None:
    """The central server, where it is installed: a kiosk does without what it needs."""
    try:
        from kiosk.demo.server import DemoServer
    except ModuleNotFoundError as error:
        print(f"(without the central server: {error.name} is not installed; pip install 'kiosk[central]' does it)")
        return None
    return DemoServer(bench.folder, bench.clock.now)


def _forget_server(folder: Path, config: Config) -> None:
    """Forget the server that was beside the kiosk before: it does not run now. One of somebody else's is kept."""
    if not (folder / "central.db").exists():
        return
    try:
        from kiosk.demo.server import was_paired
    except ModuleNotFoundError:
        return
    if was_paired(folder, config):
        config.paths.pairing.unlink(missing_ok=True)


def has_display() -> bool:
    """Tell whether there is a desktop to open a window on."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def throw_away(folder: Path) -> None:
    """Delete what a demo left in this folder, and nothing else: not the lock, which may be held."""
    for name in (
        "ledger.db",
        "ledger.db-wal",
        "ledger.db-shm",
        "badge.key",
        "kiosk.toml",
        "screen.png",
        "server.json",
        "central.db",
        "central.db-wal",
        "central.db-shm",
        "central.db.lock",
        "central.badge.key",
    ):
        (folder / name).unlink(missing_ok=True)


def _serve(kiosk: Kiosk, bench: Bench, show: Show, *, site: Site) -> int:
    inbox = kiosk.controller.inbox

    def touch(button: str) -> str:
        shown = bench.watching.last if bench.watching else None
        buttons = [one.id for one in shown.buttons] if shown else []
        if shown is None or button not in buttons:
            raise BenchError(no_button(button, buttons, site))
        said = bench.answer_to(lambda: inbox.put(Touch(button=button, notice=shown.number)))
        match said:
            case Notice():
                return f"{said.title} — {sentences(said.lines)}" if said.lines else said.title
            case Admission():
                return f'the screen goes on with "{button}"; what it asks is for a window, or --browser'
        raise BenchError("nothing came of it: the notice has left the screen; tap again, then touch")

    def wake() -> None:
        inbox.put(Tick())

    prompt = Prompt(bench, site.zone, lay=show.tap, touch=touch, wake=wake)
    if sys.stdin is not None:  # started without one (`<&-`) there is nobody to prompt
        threading.Thread(target=_listen, args=(prompt, kiosk.stop), name="prompt", daemon=True).start()
    return 0 if kiosk.serve(lambda event: show.react(event, wake)) else 1


def _listen(prompt: Prompt, stop: Callable[[], None]) -> None:
    """Obey what is typed or piped in; its end ends the demo, unless there was nothing to read at all."""
    obeyed = 0
    for line in _lines():
        if line.strip().casefold() in ("quit", "q"):
            stop()
            return
        try:
            said = prompt.run_line(line)
        except BenchError as error:
            said = str(error)
        if said:
            print(said, flush=True)
        obeyed += 1
    if obeyed or sys.stdin.isatty():
        stop()


def _lines() -> Iterator[str]:
    """Yield what is typed, with a prompt and a history where somebody types."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    with suppress(ImportError):
        import readline  # noqa: F401 - input() gets a history and arrow keys by it
    with suppress(EOFError):
        while True:
            yield input("kiosk> ")
