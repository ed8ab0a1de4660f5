"""Starts the demo and connects its parts: kiosk, simulated hardware, window or terminal, central server."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.commands import TapCard
from kiosk.daemon import Kiosk, World
from kiosk.demo.bench import Bench, BenchError
from kiosk.demo.browser import Browser
from kiosk.demo.introduction import introduction, no_button
from kiosk.demo.prompt import Prompt
from kiosk.demo.remote import Remote
from kiosk.demo.show import Show
from kiosk.demo.terminal import log_to_terminal, read_commands
from kiosk.demo.tray import TrayPanel
from kiosk.ledger import LedgerBusyError, LedgerError
from kiosk.messages import ReaderUp, Tick, Touch
from kiosk.model import Site
from kiosk.notices import Admission, Notice
from kiosk.notices.language import sentences
from kiosk.screen.sound.speaker import Speaker
from kiosk.screen.window import Screen
from kiosk.settings.config import Config, resolved
from kiosk.store.database import WriterLock

if TYPE_CHECKING:
    from kiosk.demo.server import DemoServer


def has_sound_card() -> bool:
    """Tell whether sounds can be played here: without any device ALSA prints many lines of errors."""
    run = Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere"))
    served = (run / "pulse" / "native", run / "pipewire-0")
    wanted = {"SDL_AUDIODRIVER", "PULSE_SERVER"} & set(os.environ)
    return bool(wanted) or any(path.exists() for path in served) or any(Path("/dev/snd").glob("pcm*p"))


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
    server. `browser`: the port on loopback at which a web page shows the screen. Raises LedgerError while another demo
    runs in the folder, OSError when the port is taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log_to_terminal()
    try:
        _claim(folder, reset=reset)
        with Bench(folder) as bench:
            windowed = has_display() if window is None else window
            return _run(bench, windowed=windowed, size=size, alone=alone, browser=browser)
    except LedgerBusyError as error:
        holder = f"process {error.pid}" if error.pid else "another process"
        raise LedgerError(f"a demo is running here ({holder}): leave it first") from error


def _claim(folder: Path, *, reset: bool) -> None:
    """Make sure that no other process uses the data in this folder; delete it if `reset`. Raises LedgerBusyError."""
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
    """Return the demo's central server, None where its packages are not installed."""
    try:
        from kiosk.demo.server import DemoServer
    except ModuleNotFoundError as error:
        print(f"(without the central server: {error.name} is not installed; pip install 'kiosk[central]' does it)")
        return None
    return DemoServer(bench.folder, bench.clock.now)


def _forget_server(folder: Path, config: Config) -> None:
    """Forget the pairing with the demo's server of an earlier run; a pairing with any other server stays."""
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
    """Delete what a demo left in this folder, and nothing else; the lock file stays, since it may be held."""
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
        raise BenchError("the notice is gone: tap again, then touch")

    def wake() -> None:
        inbox.put(Tick())

    prompt = Prompt(bench, site.zone, lay=show.tap, touch=touch, wake=wake)
    if sys.stdin is not None:  # started without one (`<&-`) there is nobody to prompt
        threading.Thread(target=read_commands, args=(prompt, kiosk.stop), name="prompt", daemon=True).start()
    return 0 if kiosk.serve(lambda event: show.react(event, wake)) else 1
