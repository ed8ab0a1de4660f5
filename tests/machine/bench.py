"""The machine, the reader at its port and the screen: what the stages of `make vm` work with."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from hardware.simulator.cards import Ntag
from hardware.simulator.chip import Pn532
from kiosk.screen.sdl import pygame
from tests.machine import image
from tests.machine.guest import Guest, GuestError

CARDS = [Ntag(bytes.fromhex("04A2B3") + number.to_bytes(4)) for number in range(1, 7)]
AWAY_SECONDS = 1.7
"""The reader takes a card for the same touch until it was away for 1.5 s."""
SITE = """
[site]
id = "la-serre"
name = "La Serre"
zone = "Europe/Paris"
country = "FR"
currency = "EUR"
language = "fr"
hours = "24/7"
"""
SETTLING_SECONDS = 10.0
"""An emulated machine draws its first picture for seconds after it is ready."""
KIOSK = "/usr/local/bin/kiosk"
UNIT = "kiosk.service"
SAID_OF_THE_READER = (
    f"journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID {UNIT}) -o cat --no-pager "
    "| grep -E 'reader (up|down)' | tail -1"
)
"""The last word on it by the process that serves now."""


@dataclass
class Bench:
    """Where the machine's files are, the reader that is plugged into it, and what was measured."""

    folder: Path
    pictures: Path
    """Where pictures of the machine's screen are kept."""
    release: Path
    debian: int
    chip: Pn532
    seed: int
    cuts: int
    figures: dict[str, Any] = field(default_factory=dict)

    def told(self, what: str, value: object) -> None:
        """Note a figure, and print it."""
        self.figures[what] = value
        print(f"  {what}: {value}", flush=True)

    @contextmanager
    def machine(self, disk: str, *, data: str | None = None, screen: bool = True) -> Iterator[Guest]:
        """A machine that runs on this disk of the folder, and is talked to."""
        where = self.folder / data if data else None
        with Guest(self.folder, self.folder / disk, reader=self.chip.port, data=where, screen=screen) as guest:
            yield guest.boot()

    @contextmanager
    def ready(self) -> Iterator[Guest]:
        """A machine that serves and shows its idle picture: it was frozen there once, and does not boot.

        Its reader is plugged in then. What is done to it is done to a copy of its disk.
        """
        image.copy(self.folder / READY_DISK, self.folder / "work.img")
        memory = self.folder / READY_MEMORY
        with Guest(self.folder, self.folder / "work.img", reader=self.chip.port, plugged=False, memory=memory) as guest:
            guest.thaw()
            serving(guest)
            yield guest

    def fresh(self, disk: str) -> str:
        """A copy of the installed machine's disk, to do things to."""
        image.copy(self.folder / "installed.img", self.folder / disk)
        return disk


def require(holds: object, what: str) -> None:
    """Stop the stage when something does not hold."""
    if not holds:
        raise GuestError(what)


def status(guest: Guest) -> dict[str, Any]:
    """What the kiosk in the machine says of itself."""
    answer: dict[str, Any] = json.loads(guest.run(f"{KIOSK} status --json"))
    return answer


def pid(guest: Guest) -> str:
    """The process that serves."""
    return guest.run(f"systemctl show -P MainPID {UNIT}")


def put_script(guest: Guest, name: str) -> str:
    """Put one of the scripts beside this file into the machine; return the command that runs it."""
    path = Path(__file__).parent / name
    guest.run(f"cat > /root/{name} <<'END'\n{path.read_text()}END")
    return f"/opt/kiosk/current/bin/python /root/{name}"


def serving(guest: Guest, seconds: float = 600.0) -> float:
    """Wait until the kiosk is ready and its reader answers; return the seconds that it took. Raises GuestError."""
    began = time.monotonic()
    guest.wait(f"systemctl is-active {UNIT}", seconds=seconds)
    while "reader up" not in guest.run(SAID_OF_THE_READER):
        if time.monotonic() > began + seconds:
            about = guest.run(
                f"{KIOSK} status || true; journalctl -b -o short-monotonic --no-pager -u {UNIT} | tail -20; "
                "journalctl -b -k -o short-monotonic --no-pager | grep -iE 'tty|usb' | tail -20; cat /proc/devices"
            )
            raise GuestError(f"the reader does not answer after {seconds:g} s\n{about}")
        time.sleep(1.0)
    return time.monotonic() - began


def tap(bench: Bench, card: Ntag, seconds: float) -> None:
    """Lay a card on the reader for so long, and keep it away until it counts again."""
    bench.chip.put(card)
    time.sleep(seconds)
    bench.chip.take()
    time.sleep(AWAY_SECONDS)


READY_DISK, READY_MEMORY = "ready.img", "ready.memory"
SCENE, DETAIL = 1 / 12, 1 / 4000
"""Share of the pixels that change: with another scene, more than with a pressed key; with a dot of a PIN."""
STILL_SECONDS = 4.0
"""An emulated kiosk draws a frame in half a second or more: only a picture that stays so long is its last."""


class Picture(NamedTuple):
    """What the machine's screen showed: its pixels, three bytes each, and the file they were kept in."""

    path: Path
    pixels: bytes

    @property
    def colours(self) -> int:
        """How many different colours there are."""
        return len({self.pixels[at : at + 3] for at in range(0, len(self.pixels), 3)})

    def share_of(self, colour: tuple[int, int, int]) -> float:
        """How much of it has exactly this colour, 0 to 1."""
        wanted = bytes(colour)
        places = range(0, len(self.pixels), 3)
        return sum(self.pixels[at : at + 3] == wanted for at in places) / len(places)

    def differs_from(self, other: Picture, share: float = SCENE) -> bool:
        """Whether at least that share of the pixels changed, or the size of the screen."""
        if len(self.pixels) != len(other.pixels):
            return True
        places = range(0, len(self.pixels), 3)
        changed = sum(self.pixels[at : at + 3] != other.pixels[at : at + 3] for at in places)
        return changed > len(places) * share


def take_picture(bench: Bench, guest: Guest, name: str) -> Picture:
    """Keep what the machine's screen shows, as `debian-N-name.png`."""
    raw, path = bench.folder / "screen.ppm", bench.pictures / f"debian-{bench.debian}-{name}.png"
    monitor = guest.monitor()
    monitor.ask("screendump", filename=str(raw))
    monitor.close()
    shown = pygame.image.load(str(raw))
    pygame.image.save(shown, str(path))
    return Picture(path, pygame.image.tostring(shown, "RGB"))


def await_picture(
    bench: Bench,
    guest: Guest,
    name: str,
    before: Picture,
    *,
    share: float = SCENE,
    still: bool = True,
    seconds: float = 90.0,
) -> Picture:
    """Wait until the screen shows something else than before, by a share of its pixels, and `still`: stands still.

    Raises GuestError.
    """
    end = time.monotonic() + seconds
    last, now = before, take_picture(bench, guest, name)
    since = time.monotonic()
    while not (now.differs_from(before, share) and (not still or time.monotonic() - since >= STILL_SECONDS)):
        require(time.monotonic() < end, f"the screen does not change: {now.path}")
        time.sleep(0.5)
        last, now = now, take_picture(bench, guest, name)
        since = since if now.pixels == last.pixels else time.monotonic()
    return now
