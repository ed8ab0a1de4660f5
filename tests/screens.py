"""Renders the screens as PNG: `python -m tests.screens docs/screens`, or with `--all` every scene in every size.

Without a window, by the same scenes that the window draws. What they show is judged by the real rules (tests.taps).
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from kiosk import hours, notices
from kiosk.model import Override, Signal, Site
from kiosk.notices import Health, Idle, Notice, Offer, Tray, VirtualBadge
from kiosk.screen.canvas import Canvas, cut
from kiosk.screen.scenes.idle import draw_idle
from kiosk.screen.scenes.notice import draw_notice
from kiosk.screen.sdl import pygame
from kiosk.screen.tray import TRAY_BASE, TRAY_SHARE, draw_tray
from tests.house import SERRE, at
from tests.taps import CAMILLE, MONDAY, Told, denied, granted

WIDE = (800, 480)
SIZES = (WIDE, (480, 320), (1024, 600), (1280, 800), (1920, 1080), (720, 1280))
SHOWN = {
    "entry", "entry-short", "re-entry", "low", "debt", "holiday", "no-entries", "unknown", "unlimited",
}  # fmt: skip
"""What is kept in docs/screens, in French at 800x480; English and the other sizes have one or two each."""


@dataclass(frozen=True)
class Picture:
    """A scene to draw, and the name of its file."""

    name: str
    view: Notice | Idle
    language: str


def notice_of(told: Told, language: str) -> Notice:
    """What a tap shows, with the buttons that it would have."""
    offers = (Offer.LEAVE, Offer.UNDO) if told.name == "re-entry" else ()
    return notices.notice(told.verdict, told.case, told.now, offers=offers, language=language)


def idles(language: str) -> Iterator[Picture]:
    """The idle screen in all its states."""

    def idle(name: str, when: str, *, site: Site = SERRE, override: Override | None = None, **more) -> Picture:
        now = at(when)
        view = notices.idle(
            site, hours.opening(site, override, now), now, language=language, **{"people_in": 4, **more}
        )
        return Picture(f"idle-{name}", view, language)

    special = replace(SERRE, exceptions=('2026 Jul 15 10:00-16:00 open "Atelier couture"',))
    forever = replace(SERRE, hours="24/7")
    yield idle("open", "2026-07-13 09:42")
    yield idle("closed", "2026-07-15 18:20", people_in=0)
    yield idle("holiday", "2026-07-14 10:03", people_in=0)
    yield idle("exception", "2026-07-15 11:30", site=special, people_in=1)
    yield idle("leave", "2026-08-04 10:00", people_in=0)
    yield idle("day-and-night", "2026-07-13 02:07", site=forever, people_in=1)
    yield idle("reader-down", "2026-07-13 09:42", health={Health.READER_DOWN})
    yield idle("clock", "2026-07-13 09:42", health={Health.CLOCK_UNTRUSTED})
    yield idle("server", "2026-07-13 09:42", health={Health.SERVER_UNREACHABLE})
    for side in ("left", "top", "bottom"):
        yield idle(f"reader-{side}", "2026-07-13 09:42", reader_side=side)
    yield idle("long", "2026-09-23 20:00", site=replace(special, name=LONG_SITE), people_in=138, health=set(Health))


LONG_SITE = "Maison des associations et du télétravail de Villefranche-de-Rouergue"


def service(language: str) -> Iterator[Picture]:
    """The notices that no tap answers."""
    site = replace(SERRE, language=language)
    yield Picture("undone", notices.undone(site, CAMILLE, 8), language)
    yield Picture("undo-refused", notices.undo_refused(site, CAMILLE, "ONCE_A_DAY"), language)
    yield Picture("goodbye", notices.goodbye(site, CAMILLE, MONDAY), language)


def pictures(language: str) -> Iterator[Picture]:
    """Every scene in a language."""
    yield from idles(language)
    for told in (*granted(), *denied()):
        yield Picture(told.name, notice_of(told, language), language)
    yield from service(language)


def draw(view: Notice | Idle, size: tuple[int, int]) -> pygame.Surface:
    """Draw one view on a surface of its own."""
    surface = pygame.Surface(size)
    scene: Callable[..., None] = draw_notice if isinstance(view, Notice) else draw_idle
    scene(Canvas(surface), view)
    return surface


TRAY_LABELS = (
    ("Camille", "10 entrées"), ("Nadia", "dernière entrée"), ("Théo", "plus d’entrée"), ("Lucie", "carte expirée"),
    ("Maxime", "mois illimité"), ("Inès", "badge perdu"), ("Claire", "accueil"), ("Sam", "in English"),
    ("Inconnu", "jamais vu ici"), ("Téléphone", "change de numéro"), ("Carte de bus", "autre badge"),
)  # fmt: skip


def tray_view() -> Tray:
    """The demo's tray while Camille's badge lies on the reader."""
    return notices.tray(
        SERRE,
        MONDAY,
        badges=tuple(VirtualBadge(id=name, name=name, detail=detail) for name, detail in TRAY_LABELS),
        on_reader="Camille",
        strike_open=True,
        signal=Signal.GRANTED,
        light=(40, 200, 90),
    )


def demo_window(language: str = "fr") -> pygame.Surface:
    """The demo's window: kiosk and tray."""
    window = pygame.Surface((WIDE[0], round(WIDE[1] / (1 - TRAY_SHARE))))
    shelf, kiosk = cut(window.get_rect(), window.get_height() - WIDE[1], side="bottom")
    told = next(granted())
    draw_notice(Canvas(window.subsurface(kiosk)), notice_of(told, language))
    draw_tray(Canvas(window.subsurface(shelf), TRAY_BASE), tray_view())
    return window


# ---------------------------------------------------------------- files


def kept() -> Iterator[tuple[str, pygame.Surface]]:
    """What docs/screens holds: few, and each shows something that the others do not."""
    french = {picture.name: picture.view for picture in pictures("fr")}
    english = {picture.name: picture.view for picture in pictures("en")}
    for name in ("idle-open", "idle-holiday", "idle-reader-down", *sorted(SHOWN)):
        yield f"{name}.png", draw(french[name], WIDE)
    yield "entry-short-en.png", draw(english["entry-short"], WIDE)
    yield "entry-480x320.png", draw(french["entry"], (480, 320))
    yield "idle-open-720x1280.png", draw(french["idle-open"], (720, 1280))
    yield "debt-720x1280.png", draw(french["debt"], (720, 1280))
    yield "demo.png", demo_window()


def every() -> Iterator[tuple[str, pygame.Surface]]:
    """Every scene, in every language and size."""
    for language in notices.languages():
        for picture in pictures(language):
            for size in SIZES:
                yield f"{picture.name}-{language}-{size[0]}x{size[1]}.png", draw(picture.view, size)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--all", action="store_true", help="every scene in every language and size")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for name, surface in every() if asked.all else kept():
        pygame.image.save(surface, str(asked.folder / name))


if __name__ == "__main__":
    main()
