"""The gallery: every screen in every size and language, as PNG, and the page that shows them all.

`python -m tests.pictures.gallery docs/screens` writes it; `--full FOLDER` writes each picture in its own size, for
whoever wants to look closely. To add a screen, yield a Picture of it in the list of its area.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from kiosk.screen.sdl import pygame
from tests.pictures import door, people, place, staff
from tests.pictures.palette_png import write
from tests.pictures.picture import SIZES, WIDE, Picture, draw
from tests.pictures.references import FOLDER as REFERENCES
from tests.pictures.references import REPRESENTATIVE

AREAS: dict[str, Callable[[str], Iterator[Picture]]] = {
    "The door": door.pictures,
    "Hosts": staff.pictures,
    "Members, passes, till": people.pictures,
    "Hours, health, first start": place.pictures,
}
"""Title of each part of the gallery, and its pictures."""

PIXELS = 54_000
"""Of each picture on a sheet, all sizes of one screen side by side: small, and its words can just be read."""
SHEET_COLOURS = 20
LANGUAGES = ("fr", "en")
MARGIN = 12
GROUND = (120, 124, 122)


def pictures(language: str) -> Iterator[Picture]:
    """Every picture in a language."""
    for area in AREAS.values():
        yield from area(language)


def find(name: str, language: str) -> Picture:
    """The picture of that name."""
    return next(picture for picture in pictures(language) if picture.name == name)


# ---------------------------------------------------------------- the gallery


def sheet(pair: tuple[Picture, ...]) -> pygame.Surface:
    """All sizes of one screen, the languages under one another; each drawn in its own size, then made smaller."""
    rows = [[_smaller(draw(picture.view, size)) for size in SIZES] for picture in pair]
    wide = sum(one.get_width() + MARGIN for one in rows[0]) + MARGIN
    high = max(one.get_height() for one in rows[0]) + MARGIN
    whole = pygame.Surface((wide, high * len(rows) + MARGIN))
    whole.fill(GROUND)
    for number, row in enumerate(rows):
        left = MARGIN
        for one in row:
            whole.blit(one, (left, MARGIN + number * high))
            left += one.get_width() + MARGIN
    return whole


def _smaller(surface: pygame.Surface) -> pygame.Surface:
    wide, high = surface.get_size()
    scale = math.sqrt(PIXELS / (wide * high))
    return pygame.transform.smoothscale(surface, (round(wide * scale), round(high * scale)))


INTRODUCTION = """# Every screen

Drawn by `make screens`, by the code that draws the kiosk's window. Each screen is shown as it is on a display of
800x480, in French; the sheet behind it has it in every size and language, made smaller. `make screens ARGS="--full
FOLDER"` writes all of them in their own size.
"""


def index() -> str:
    """The page that shows them all."""
    lines = [INTRODUCTION]
    for title, area in AREAS.items():
        names = [picture.name for picture in area("fr")]
        if names:
            lines += [f"## {title}", "", *_table(names), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(names: list[str]) -> list[str]:
    cells = [f"[![{name}]({name}.png)](sheets/{name}.png)<br>{name}" for name in names]
    cells += [""] * (len(cells) % 2)
    rows = [f"| {left} | {right} |" for left, right in zip(cells[::2], cells[1::2], strict=True)]
    return ["| | |", "|---|---|", *rows]


# ---------------------------------------------------------------- files


Pair = tuple[Picture, ...]
"""One screen in every language."""


def write_area(title: str, folder: Path, write_pair: Callable[[Pair, Path], None], begins: str) -> None:
    """Write the screens of an area whose name begins so; each is drawn before the next one is made."""
    for pair in zip(*map(AREAS[title], LANGUAGES), strict=True):
        if pair[0].name.startswith(begins):
            write_pair(pair, folder)


def write_one(pair: Pair, folder: Path) -> None:
    """Write the picture and the sheet of one screen, and what of it is a reference."""
    name = pair[0].name
    write(draw(pair[0].view, WIDE), folder / f"{name}.png")
    write(sheet(pair), folder / "sheets" / f"{name}.png", SHEET_COLOURS)
    write_references(pair, folder)


def write_references(pair: Pair, _folder: Path) -> None:
    """Write what of one screen is a reference."""
    for reference in REPRESENTATIVE:
        for picture in pair:
            if (reference.name, reference.language) == (picture.name, picture.language):
                write(draw(picture.view, reference.size), REFERENCES / reference.file)


def write_full(pair: Pair, folder: Path) -> None:
    """Write one screen in every size and language."""
    for picture in pair:
        for wide, high in SIZES:
            write(draw(picture.view, (wide, high)), folder / f"{picture.name}-{picture.language}-{wide}x{high}.png")


def write_gallery(folder: Path) -> None:
    """Write all of it, and delete the pictures of screens that are no more."""
    write(door.demo_window(), folder / "demo.png")
    (folder / "README.md").write_text(index())
    names = {picture.name for picture in pictures("fr")} | {"demo"}
    for old in (*folder.glob("*.png"), *folder.glob("sheets/*.png")):
        if old.stem not in names:
            old.unlink()


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--full", action="store_true", help="each picture in its own size, and no page")
    parser.add_argument("--references", action="store_true", help="only what new pictures are compared with")
    parser.add_argument("--only", default="", help="those whose name begins so")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    write_pair = write_full if asked.full else write_references if asked.references else write_one
    with ProcessPoolExecutor() as pool:
        done = [pool.submit(write_area, title, asked.folder, write_pair, asked.only) for title in AREAS]
    for one in done:
        one.result()
    if not asked.full and not asked.references:
        write_gallery(asked.folder)
        pages = [*asked.folder.rglob("*.png")]
        print(f"{len(pages)} files, {sum(page.stat().st_size for page in pages) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
