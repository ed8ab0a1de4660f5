"""The pictures of hours, health and the first start: each scene as a host comes to it, on a real ledger."""

import atexit
import copy
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from kiosk.answers import Answered, Medium, Status, Vital
from kiosk.commands import AddException, CloseToday, Command, ListMedia
from kiosk.model import Site
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.scene import Context, Scene
from kiosk.screen.scenes.hours.this_week import OpeningHours
from kiosk.screen.scenes.machine.export import Copying, Export
from kiosk.screen.scenes.machine.health import HealthOfKiosk
from kiosk.screen.scenes.set_up.last_steps import HostBadge, Ready, Summary
from kiosk.screen.scenes.set_up.trial import Trial
from kiosk.screen.widgets.page import draw_question
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SERRES, SteppedKiosk
from tests.pictures.picture import Picture
from tests.pictures.picture import Scene as Drawable

S = TypeVar("S", bound=Scene)
LONG_SITE = replace(SERRES, name="Maison des associations et du télétravail de Villefranche-de-Rouergue")
PLANNED = (
    '2026 Jun 02 10:00-12:00,14:00-19:30 "Atelier couture et réparation"',
    '2026 Aug 03-14 off "congés annuels"',
    "2026 Dec 24 09:00-12:00",
    'Dec 26 off "pont"',
)


@cache
def counter(site: Site = SERRES, *done: Command) -> SteppedKiosk:
    """A kiosk on Monday morning, with what was done to it."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    made = SteppedKiosk(Path(folder.name), site=site)
    atexit.register(made.close)
    side = HostsSide(made, OpeningHours)
    for command in done:
        side.perform(command)
    return made


def came(language: str, to: str | Callable[[Context], Scene], *touches: str, at: SteppedKiosk | None = None) -> Scene:
    """The scene that one comes to by these touches."""
    side = HostsSide(at or counter(), to, language=language)
    for target in touches:
        side.touch(target)
    assert side.scene is not None
    return side.scene


def hours(language: str) -> Iterator[tuple[str, Scene]]:
    """The hours and all that leads to a change of them."""
    planned = counter(SERRES, *(AddException(rule=rule) for rule in PLANNED))
    yield "hours", came(language, OpeningHours, at=planned)
    yield "hours-later", came(language, OpeningHours, "later", at=planned)
    yield "hours-closed", came(language, OpeningHours, at=counter(SERRES, CloseToday()))
    yield "hours-until", came(language, OpeningHours, "stay")
    yield "hours-close", came(language, OpeningHours, "close")
    yield "exceptions", came(language, OpeningHours, "exceptions", at=planned)
    days = ("exceptions", "close", "month:1", "month:1", "on:2026-08-03", "on:2026-08-14")
    yield "exceptions-days", came(language, OpeningHours, *days)
    yield "exceptions-why", came(language, OpeningHours, *days, "on-we-go")
    yield "exceptions-own", came(language, OpeningHours, *days, "on-we-go", "own")
    yield "exceptions-preview", came(language, OpeningHours, *days, "on-we-go", "annual")
    yield "exceptions-times", came(language, OpeningHours, "exceptions", "open", "on:2026-06-06", "on-we-go")
    yield "week", came(language, OpeningHours, "grid")
    yield "week-day", came(language, OpeningHours, "grid", "day:3", "twice")
    yield "week-examples", came(language, OpeningHours, "grid", "presets")


@contextmanager
def blank() -> Iterator[SteppedKiosk]:
    """A kiosk that knows nothing yet."""
    with tempfile.TemporaryDirectory() as folder, closing(SteppedKiosk(Path(folder), is_blank=True)) as made:
        yield made


def shown(side: HostsSide, kind: type[S]) -> S:
    """The scene that shows, which is of this kind."""
    assert isinstance(side.scene, kind)
    return side.scene


def keep(side: HostsSide) -> Scene:
    """The scene as it is now, whatever becomes of it."""
    assert side.scene is not None
    kept = copy.copy(side.scene)
    kept.__dict__ = copy.deepcopy({k: v for k, v in side.scene.__dict__.items() if k not in ("context", "words")}) | {
        "context": side.scene.context,
        "words": side.scene.words,
    }
    return kept


PARTS = (
    Vital(part="reader", state="good", code="reader_up", facts={"name": "PN532 v1.6"}),
    Vital(part="door", state="good", code="door_wired"),
)


def first_start(language: str) -> Iterator[tuple[str, Scene]]:
    """The first start, step by step, on a kiosk that knows nothing yet."""
    with blank() as made:
        yield from steps(HostsSide(made, "set_up", language=language), language)


def steps(side: HostsSide, language: str) -> Iterator[tuple[str, Scene]]:
    """What shows after each touch."""
    yield "set-up-1-language", keep(side)
    side.touch(f"language:{language}")
    yield "set-up-2-where", keep(side)
    side.touch("elsewhere")
    yield "set-up-2-letters", keep(side)
    side.touch("letter:C")
    yield "set-up-2-countries", keep(side)
    side.touch("back")
    side.touch("back")
    side.touch("here")
    side.type("La Serre, espace partagé")
    yield "set-up-3-name", keep(side)
    side.press("enter")
    yield "set-up-4-hours", keep(side)
    side.touch("noon")
    yield "set-up-5-tariff", keep(side)
    side.touch("carte-10")
    yield "set-up-5-price", keep(side)
    side.touch("pad:ok")
    yield "set-up-6-host", keep(side)
    side.press("enter")
    yield "set-up-7-badge", keep(side)
    shown(side, HostBadge).badge("K7PX")
    side.settle()
    yield "set-up-7-badge-read", keep(side)
    side.touch("on-we-go")
    yield "set-up-8-pin", keep(side)
    for key in (*"4711", "ok", *"4711", "ok"):
        side.touch(f"pad:{key}")
    yield from trial(side)
    side.touch("go-on")
    summary = shown(side, Summary)
    summary.vitals = PARTS
    yield "set-up-10-summary", keep(side)
    yield "set-up-11-ready", Ready(summary.context, summary.draft)


def trial(side: HostsSide) -> Iterator[tuple[str, Scene]]:
    """Reader and door, as they answer."""
    shown(side, Trial).vitals = PARTS
    yield "set-up-9-trial", keep(side)
    side.touch("open")
    yield "set-up-9-trial-asked", keep(side)
    side.touch("stuck")
    yield "set-up-9-trial-stuck", keep(side)
    side.touch("open")
    side.touch("opened")
    yield "set-up-9-trial-done", keep(side)


class OnStick(HostsSide):
    """What the kiosk around the controller answers: parts, sticks."""

    @property
    def sticks(self) -> tuple[Medium, ...]:
        """Those that are plugged in."""
        return (Medium(path="/media/kiosk/CLE-16", name="CLE-16", free=14_300_000_000),)

    def perform(self, command: Command) -> Answered:
        """Answer with parts and sticks."""
        self.counter.sticks = self.sticks
        answer = super().perform(command)
        return replace(answer, vitals=WRONG) if isinstance(answer, Status) else answer


WRONG = (
    Vital(part="reader", state="fault", code="reader_down", facts={"error": "unplugged"}),
    Vital(part="door", state="good", code="door_wired"),
    Vital(part="disk", state="good", code="disk_roomy", facts={"free": "22400000000", "total": "31900000000"}),
    Vital(part="clock", state="good", code="clock_holdover"),
    Vital(part="network", state="good", code="network_wifi", facts={"link": "wlan0"}),
    Vital(part="exchange", state="attention", code="exchange_unreachable", facts={"waiting": "1247"}),
    Vital(part="copy", state="good", code="copy_made", facts={"on": "2026-06-01"}),
    Vital(
        part="versions",
        state="good",
        code="versions",
        facts={"kiosk": "0.1.0", "system": "Debian GNU/Linux 12 (bookworm)", "model": "Raspberry Pi 4 Model B Rev 1.4"},
    ),
)


def health(language: str) -> Iterator[tuple[str, Drawable]]:
    """The parts, and what can be done about them."""
    for name, *touches in (
        ("health",),
        ("health-reader", "row:reader"),
        ("health-versions", "row:>", "row:versions"),
        ("clock", "clock"),
        ("clock-sure", "clock", "hour:+", "set"),
        ("pair", "pair"),
        ("export", "export"),
        ("export-sure", "export", "row:/media/kiosk/CLE-16"),
    ):
        side = OnStick(counter(), HealthOfKiosk, language=language)
        for target in touches:
            side.touch(target)
        yield name, Asked(keep(side))
    assert side.scene is not None
    yield "export-copying", Copying(side.scene.context, Export(side.scene.context).title(), ListMedia())


@dataclass(frozen=True)
class Asked:
    """A scene with the question that lies over it."""

    scene: Scene

    def draw(self, canvas: Canvas) -> None:
        """Draw both, as the stage does."""
        self.scene.draw(canvas)
        asked = self.scene.dialog
        if asked:
            draw_question(canvas, asked.title, asked.lines, yes=asked.yes, no=asked.no, danger=asked.danger)


def pictures(language: str) -> Iterator[Picture]:
    """Every picture of this area in a language; `name` begins with "place-"."""
    for name, scene in (*hours(language), *health(language), *first_start(language)):
        yield Picture(f"place-{name}", scene, language)
