"""Commands about the machine and the running kiosk: `run`, `demo`, `tap`, `pair`, `status` and others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from kiosk.answers import Media, Refused
from kiosk.badges import BadgeError
from kiosk.cli.errors import RefusedError
from kiosk.cli.options import Call, common_options, config_option
from kiosk.cli.perform import ask, ask_running, do, show
from kiosk.commands import ExportBooks, ListMedia, OpenDoor, Pair, SetClock, ShowStatus, TapCard
from kiosk.files import drop_root
from kiosk.settings.config import Config, demo_folder, load, resolved
from kiosk.settings.mistakes import Mistake, MistakesError


@click.command()
@config_option
@click.pass_obj
def run(call: Call) -> None:
    """Run the kiosk: reader, screen, door.

    The systemd service starts this command.
    """
    config = load(call.file())
    _refuse(call.file(), _hardware_mistakes(config, simulated=False))
    from hardware.errors import HardwareError
    from kiosk import daemon

    try:
        code = daemon.run(config)
    except (HardwareError, BadgeError) as error:
        raise RefusedError(str(error)) from error
    raise SystemExit(code)


SMALLEST, LARGEST = (240, 240), (7680, 4320)
"""Smallest and largest screen, in pixels."""


def _sized(context: click.Context, option: click.Parameter, size: tuple[int, int]) -> tuple[int, int]:
    if all(low <= side <= high for low, side, high in zip(SMALLEST, size, LARGEST, strict=True)):
        return size
    raise click.BadParameter(f"{size[0]}x{size[1]} is no screen: 240x240 to 7680x4320 pixels", context, option)


@click.command()
@click.option("--reset", is_flag=True, help="Delete the data of the demo first.")
@click.option(
    "--window/--no-window",
    default=None,
    help="Open a window, or use the terminal.  [default: a window where there is a display]",
)
@click.option(
    "--size",
    type=(int, int),
    default=(800, 480),
    metavar="WIDTH HEIGHT",
    callback=_sized,
    help="Size of the kiosk's screen in pixels.",
)
@click.option("--alone", is_flag=True, help="Start no central server.")
@click.option("--browser", is_flag=True, help="Show the screen on a page for a browser on this machine.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port of that page.")
def demo(*, reset: bool, window: bool | None, size: tuple[int, int], alone: bool, browser: bool, port: int) -> None:
    """Try the kiosk without any hardware.

    Reader, door and cards are simulated. A central server is started too, and its address is printed.
    Without a display you type commands in the terminal, and the screen is written to a picture.
    """
    from kiosk.demo import main as run_demo

    page = port if browser else None
    try:
        code = run_demo(demo_folder(), reset=reset, window=window, size=size, alone=alone, browser=page)
    except OSError as error:
        if page is None:
            raise
        raise RefusedError(f"the page cannot be served on port {page} ({error.strerror}): try --port 0") from error
    raise SystemExit(code)


@click.command()
@click.argument("card", required=False)
@common_options
def tap(call: Call, card: str | None) -> None:
    """Lay a card on the reader of the running demo.

    Without CARD, list the cards.

    \b
    Examples:
      kiosk tap
      kiosk tap celine
    """
    path = Path(call.config_path) if call.config_path else demo_folder() / "kiosk.toml"
    start = "start `kiosk demo` in another terminal"
    if not path.exists():
        raise RefusedError(f"no demo has run here: {start}")
    show(call, ask_running(load(path), TapCard(card=card), otherwise=start))


@click.command("open")
@common_options
def open_door(call: Call) -> None:
    """Open the door once.

    It is recorded in the ledger.
    """
    show(call, ask_running(call.config(), OpenDoor(), otherwise="the door is opened by a running kiosk only"))


@click.command()
@click.argument("url")
@click.argument("code")
@common_options
def pair(call: Call, *, url: str, code: str) -> None:
    """Pair this kiosk with a central server.

    URL is the address of the server, CODE the pairing code from its page of kiosks. Members and passes are then
    shared with the other kiosks. The door works on when the server cannot be reached.

    \b
    Example:
      kiosk pair https://kiosks.example.org K7QM-2XRD
    """
    do(call, Pair(url=url, code=code))


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@common_options
def export(call: Call, folder: Path | None) -> None:
    """Copy journal and ledger onto a USB stick, or into a folder.

    FOLDER is the folder of the stick, or any other that you may write (with sudo: the kiosk's user); without it, list
    the sticks. The copies hold personal data: who came when.

    \b
    Examples:
      kiosk export /media/usb
      sudo kiosk export /srv/books
    """
    if folder is None:
        do(call, ListMedia())
        return
    place, sticks = folder.absolute(), ask(call.config(), ListMedia())
    if isinstance(sticks, Media) and str(place) in [one.path for one in sticks.media]:
        do(call, ExportBooks(medium=str(place)))
    elif not place.is_dir():
        raise RefusedError(f"{place} is no folder and no stick that is plugged in")
    else:
        _export_into(call, place)


def _export_into(call: Call, place: Path) -> None:
    """Record the export, and copy the books here: the sandbox of a running kiosk has no such folder."""
    from kiosk.export import books

    config = call.config()
    drop_root(config.paths.state)
    noted = ask(config, ExportBooks(medium=str(place), is_noted_only=True))
    if isinstance(noted, Refused):
        show(call, noted)
    show(call, books.copied_into(config.paths.ledger, place, site_id=config.site, now=datetime.now(UTC)))


class _LocalTime(click.ParamType[datetime]):
    """A local time, like 2026-06-01T09:05."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        try:
            return datetime.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError:
            self.fail(f'"{value}" is no time: write it like 2026-06-01T09:05', param, ctx)


@click.command()
@click.argument("at", type=_LocalTime())
@click.option("--confirm", is_flag=True, help="The date is right, though it is far from the last entry's.")
@common_options
def clock(call: Call, *, at: datetime, confirm: bool) -> None:
    """Set the clock of the running kiosk.

    For a kiosk without a network, after a power cut.

    \b
    Example:
      kiosk clock 2026-06-01T09:05
    """
    otherwise = "set this machine's own clock instead: sudo timedatectl set-time ..."
    show(call, ask_running(call.config(), SetClock(at=at, confirmed=confirm), otherwise=otherwise))


@click.command()
@common_options
def status(call: Call) -> None:
    """Show the state of the site, the kiosk and its ledger."""
    do(call, ShowStatus())


@click.command()
@click.argument("file", required=False)
@common_options
def check(call: Call, file: str | None) -> None:
    """Check the settings of this machine.

    Prints every mistake, or all settings in use; secrets are masked.

    \b
    Examples:
      kiosk check
      kiosk check ./kiosk.toml
    """
    path = Path(file) if file else call.file()
    try:
        config = load(path)
        _refuse(path, _hardware_mistakes(config, simulated=path.parent == demo_folder()))
    except MistakesError as error:
        if not call.as_json:
            raise
        click.echo(json.dumps({"file": str(path), "mistakes": [_as_json(one) for one in error.found]}, indent=2))
        click.get_current_context().exit(1)
    if call.as_json:
        click.echo(json.dumps({"file": str(path), "mistakes": []}, indent=2))
        return
    click.echo(f"# {path}: no mistakes. These settings apply:\n{resolved(config)}", nl=False)


def _as_json(mistake: Mistake) -> dict[str, str]:
    return {"path": mistake.path, "message": mistake.message}


def _refuse(path: Path, mistakes: Iterator[Mistake]) -> None:
    found = list(mistakes)
    if found:
        raise MistakesError(str(path), found)


def _hardware_mistakes(config: Config, *, simulated: bool) -> Iterator[Mistake]:
    """Find the mistakes about pins, server address and reader."""
    from hardware.frontend import ReaderError, check_path
    from hardware.pins import check_pins

    pins = config.pins()
    for sentence in check_pins(pins, active_high=config.door.active_high, force=config.door.force):
        path, _, message = sentence.partition(": ")
        yield Mistake(path, message, pins[path])
    yield from _server_mistakes(config)
    try:
        check_path(config.reader.path, allow_udp=False, allow_simulator=simulated)
    except ReaderError as error:
        yield Mistake("reader.path", str(error).removeprefix(f"reader {config.reader.path!r}: "), config.reader.path)


def _server_mistakes(config: Config) -> Iterator[Mistake]:
    from sync.address import AddressError, check_url

    try:
        if config.server.url:
            check_url(config.server.url, plain_http=config.server.plain_http)
    except AddressError as error:
        yield Mistake("server.url", str(error), config.server.url)
