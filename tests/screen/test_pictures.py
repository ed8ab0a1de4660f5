"""Pictures: screens look as when they were last approved, and the gallery can be made."""

from collections.abc import Iterator
from functools import cache

import pytest

from kiosk.model import Signal
from kiosk.screen.drawing import theme
from kiosk.screen.sdl import pygame
from tests.pictures import gallery, palette_png
from tests.pictures.picture import UPRIGHT, WIDE, Picture, draw
from tests.pictures.references import CELL, FOLDER, REPRESENTATIVE, Reference, difference, show


def stored(reference: Reference) -> pygame.Surface | None:
    path = FOLDER / reference.file
    return pygame.image.load(str(path)) if path.exists() else None


def compared(picture: Picture) -> Iterator[str]:
    """Compare a picture with the references that there are of it; tell what differs and where to look."""
    for reference in REPRESENTATIVE:
        if (reference.name, reference.language) == (picture.name, picture.language):
            now, then = draw(picture.view, reference.size), stored(reference)
            apart = difference(then, now) if then else None
            if apart is None or not apart.is_small:
                yield f"{apart}: look at {show(reference.file, then, now)}"


@cache
def looked_at(area: str, language: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Of each picture of an area: its name, the kind of its screen, what differs. To make them takes seconds."""
    return tuple(
        (one.name, type(getattr(one.view, "scene", one.view)).__name__, tuple(compared(one)))
        for one in gallery.AREAS[area](language)
    )


def kinds_by_name(area: str, language: str) -> dict[str, str]:
    return {name: kind for name, kind, _ in looked_at(area, language)}


@pytest.mark.parametrize("area", gallery.AREAS)
def test_the_screens_look_as_they_did(area) -> None:
    found = [one for language in gallery.LANGUAGES for one in looked_at(area, language)]
    apart = [told for _, _, differences in found for told in differences]
    assert apart == [], 'if they are meant to look so, `make screens ARGS="--references ."` makes them the references'


def test_there_is_a_reference_of_every_kind_of_screen() -> None:
    kinds = {name: kind for area in gallery.AREAS for name, kind in kinds_by_name(area, "fr").items()}
    assert set(kinds.values()) == {kinds[reference.name] for reference in REPRESENTATIVE}


def test_every_reference_is_compared() -> None:
    assert {path.name for path in FOLDER.glob("*.png")} == {reference.file for reference in REPRESENTATIVE}


ENTRY = Reference("entry")


def entry() -> pygame.Surface:
    return draw(gallery.find("entry", "fr").view, WIDE)


def nudged(surface: pygame.Surface, by: tuple[int, int]) -> pygame.Surface:
    moved = pygame.Surface(surface.get_size())
    moved.blit(surface, (0, 0))
    moved.blit(surface, by)
    return moved


def test_letters_that_lie_a_pixel_beside_are_forgiven() -> None:
    for by in ((1, 0), (0, 1), (-1, -1)):
        assert difference(entry(), nudged(entry(), by)).is_small


def test_a_picture_in_few_colours_is_as_good_as_the_picture(tmp_path) -> None:
    palette_png.write(entry(), tmp_path / "entry.png")
    assert difference(pygame.image.load(str(tmp_path / "entry.png")), entry()).is_small
    assert (tmp_path / "entry.png").stat().st_size < 16_000


def with_a_blot(surface: pygame.Surface) -> None:
    surface.fill(theme.INK, pygame.Rect(500, 20, 3 * CELL, CELL))


def with_another_band(surface: pygame.Surface) -> None:
    surface.fill(theme.TONES[Signal.RE_ENTRY].band, pygame.Rect(0, 0, 288, 40))


def with_a_word_less(surface: pygame.Surface) -> None:
    surface.fill(theme.PAPER, pygame.Rect(300, 20, 480, 60))


def with_everything_lower(surface: pygame.Surface) -> None:
    surface.blit(surface.copy(), (0, 10))


@pytest.mark.parametrize("spoil", [with_a_blot, with_another_band, with_a_word_less, with_everything_lower])
def test_what_a_person_would_notice_is_found_and_shown(spoil, tmp_path) -> None:
    spoilt = entry()
    spoil(spoilt)
    assert not difference(entry(), spoilt).is_small
    path = show("spoilt.png", entry(), spoilt, tmp_path)
    assert pygame.image.load(str(path)).get_size() == (3 * 800, 480)


def test_a_screen_of_another_size_is_found() -> None:
    assert not difference(entry(), draw(gallery.find("entry", "fr").view, UPRIGHT)).is_small


# ---------------------------------------------------------------- what holds for every screen of every area


@pytest.mark.parametrize("area", gallery.AREAS)
def test_every_picture_has_a_name_of_its_own_and_is_in_every_language(area) -> None:
    names = [[name for name, _, _ in looked_at(area, language)] for language in gallery.LANGUAGES]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0])


def test_the_gallery_shows_every_screen() -> None:
    page = gallery.index()
    assert all(f"sheets/{name}.png" in page for area in gallery.AREAS for name in kinds_by_name(area, "fr"))
