"""The layout of every screen, in every size and language: nothing beyond the edge, cut, covered, too small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from kiosk.desk.members import LONGEST_NAME
from kiosk.model import Opening
from kiosk.notices import Health, idle
from kiosk.screen.door.sleep import Light
from kiosk.screen.drawing import theme
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import Line, fitting
from kiosk.screen.scene import Dialog
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets import listing
from kiosk.screen.widgets.button import button
from kiosk.screen.widgets.listing import Listing, Row
from tests.office.ledgers.judged_taps import MONDAY
from tests.pictures import gallery
from tests.pictures.picture import SIZES, SMALL, WIDE, Asleep, Picture, drawn
from tests.rules.house import SERRE

FINGER = 9 * 800 / 154
"""Nine millimetres in points: a 7-inch display of 800x480 is 154 mm wide."""


BORDER = 3
"""Points from a button's edge that no letter comes nearer to."""
LAID_OUT = (*SIZES, (1920, 1080))


def off_the_screen(canvas: Canvas) -> Iterator[str]:
    for placed in canvas.written:
        if not canvas.rect.contains(placed.rect):
            yield f"{placed.line.text!r} lies off the screen"
    for rect, target in canvas.targets:
        if not canvas.rect.contains(rect):
            yield f"{target} lies off the screen"


def too_small_for_a_finger(canvas: Canvas) -> Iterator[str]:
    for rect, target in canvas.targets:
        if rect.width < FINGER * canvas.unit - 1 or rect.height < FINGER * canvas.unit - 1:
            yield f"{target} is {rect.width}x{rect.height}"


def too_close(canvas: Canvas) -> Iterator[str]:
    for number, (rect, target) in enumerate(canvas.targets):
        for other, name in canvas.targets[number + 1 :]:
            if rect.colliderect(other):
                yield f"{target} lies over {name}"


def covered(canvas: Canvas) -> Iterator[str]:
    least = round(4 * canvas.unit)  # the letters of two lines never reach so far into one another
    texts = [placed for placed in canvas.written if placed.line.text.strip()]
    for number, one in enumerate(texts):
        for other in texts[number + 1 :]:
            both = one.rect.clip(other.rect)
            if both.width > 2 and both.height > least:
                yield f"{one.line.text!r} and {other.line.text!r} lie over one another"


def cut_by_its_button(canvas: Canvas) -> Iterator[str]:
    for rect, target in canvas.targets:
        for placed in canvas.written:
            inside = rect.inflate(*(-2 * round(BORDER * canvas.unit - 1),) * 2)
            if rect.collidepoint(placed.rect.center) and not inside.contains(placed.rect):
                yield f"{placed.line.text!r} touches the border of {target}"


def too_small_to_read(canvas: Canvas) -> Iterator[str]:
    for placed in canvas.written:
        if placed.line.size < theme.LEGIBLE * canvas.unit - 1:
            yield f"{placed.line.text!r} is {placed.line.size / canvas.unit:.1f} points"


RULES: tuple[Callable[[Canvas], Iterator[str]], ...] = (
    off_the_screen,
    too_small_for_a_finger,
    too_close,
    covered,
    cut_by_its_button,
    too_small_to_read,
)


def laid_out(picture: Picture, size: tuple[int, int]) -> Canvas:
    """The picture as drawn; under a question lies what can no more be read."""
    canvas = drawn(picture.view, size)
    scene = getattr(picture.view, "scene", picture.view)
    asked = getattr(scene, "dialog", None)
    if isinstance(asked, Dialog):
        first = max(n for n, placed in enumerate(canvas.written) if asked.title.startswith(placed.line.text))
        del canvas.written[:first]
    return canvas


@pytest.mark.parametrize("language", gallery.LANGUAGES)
@pytest.mark.parametrize("area", gallery.AREAS)
def test_every_screen_can_be_read_and_touched_in_every_size_and_language(area, language) -> None:
    for picture in gallery.AREAS[area](language):
        for size in LAID_OUT:
            canvas = laid_out(picture, size)
            faults = [fault for rule in RULES for fault in rule(canvas)]
            if (language, size) == ("fr", WIDE) and not is_dim(picture):  # colours are the same everywhere
                faults += too_pale(canvas)
            assert faults == [], (picture.name, size)


def too_pale(canvas: Canvas) -> Iterator[str]:
    """Find text whose contrast with what it is drawn on is less than seven to one."""
    for placed in canvas.written:
        ground = ground_of(canvas, placed.rect)
        if placed.line.text.strip() and theme.contrast(placed.line.colour, ground) < 7:
            yield f"{placed.line.text!r} is too pale: {placed.line.colour} on {ground}"


def ground_of(canvas: Canvas, rect: pygame.Rect) -> theme.Colour:
    """The colour that most of a line of text lies on: letters take less room than what is around them."""
    seen = canvas.surface.subsurface(rect.clip(canvas.rect))
    few = pygame.transform.scale(seen, (max(1, seen.get_width() // 2), max(1, seen.get_height() // 2)))
    pixels = Counter(few.get_at_mapped((x, y)) for x in range(few.get_width()) for y in range(few.get_height()))
    most = few.unmap_rgb(pixels.most_common(1)[0][0])
    return most.r, most.g, most.b


def is_dim(picture: Picture) -> bool:
    """At night the whole screen has little light, on purpose: a touch brings it back."""
    return isinstance(picture.view, Asleep) and picture.view.light is Light.DIM


def test_a_text_that_is_too_pale_for_its_ground_is_found() -> None:
    canvas = Canvas(pygame.Surface(WIDE))
    canvas.fill(canvas.rect, theme.SHADE)
    canvas.column(pygame.Rect(20, 20, 400, 60), [Line(text="Fermé", size=28, colour=theme.INK)])
    assert not list(too_pale(canvas))
    canvas.column(pygame.Rect(20, 120, 400, 60), [Line(text="Complet", size=28, colour=theme.QUIET)])
    assert [fault.split(" is ")[0] for fault in too_pale(canvas)] == ["'Complet'"]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", gallery.LANGUAGES)
def test_every_line_of_health_is_whole_and_as_large_as_the_scale_says(language, size) -> None:
    for code in Health:
        view = idle(SERRE, Opening(is_open=True), MONDAY, people_in=3, health={code}, language=language)
        canvas = drawn(view, size)
        assert [fault for rule in RULES for fault in rule(canvas)] == [], code
        assert health_of(canvas, view.health) == canvas.px(theme.SMALL), code


def health_of(canvas: Canvas, text: str) -> int:
    """The size of the health line, of which no word is missing."""
    lines = [placed.line for placed in canvas.written if placed.line.text in text]
    assert " ".join(line.text for line in lines) == text
    return lines[0].size


NAMES = ("Marie-Antoinette Montgolfier-Saint-Hilaire de la Roche", ("Anne-Sophie " * 20)[:LONGEST_NAME], "W" * 60)


def a_row(name: str, size: tuple[int, int]) -> Canvas:
    """A member in a list, with what stands below and beside the longest names."""
    canvas = Canvas(pygame.Surface(size))
    canvas.fill(canvas.rect, theme.PAPER)
    detail = "jusqu’à 17:00 · carte de 10 entrées · en retard de 25 min"
    row = Row(id="1", title=name, detail=detail, right="10/10 entrées", picture="badge")
    Listing([row]).draw(canvas, canvas.rect.inflate(-2 * canvas.px(theme.MARGIN), -2 * canvas.px(theme.MARGIN)))
    return canvas


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NAMES, ids=["long", "longest", "one-word"])
def test_a_name_too_long_for_its_row_is_cut_and_what_stands_below_it_is_whole(name, size) -> None:
    canvas = a_row(name, size)
    assert [fault for rule in RULES for fault in rule(canvas)] == []
    written = " ".join(placed.line.text for placed in canvas.written)
    assert "en retard de 25 min" in written
    assert name in written or "…" in written


def test_without_being_cut_the_longest_name_makes_its_row_too_small_to_read(monkeypatch) -> None:
    monkeypatch.setattr(listing, "abridged", lambda column, room, smallest: fitting(column, room))
    assert list(too_small_to_read(a_row(NAMES[1], SMALL)))


# ---------------------------------------------------------------- that the rules find what is wrong


def beside_the_edge(canvas: Canvas) -> None:
    button(canvas, pygame.Rect(750, 20, 90, 60), "Vendre", "sell")


def a_tiny_button(canvas: Canvas) -> None:
    button(canvas, pygame.Rect(20, 20, 90, 40), "OK", "ok")


def two_buttons_in_one_place(canvas: Canvas) -> None:
    for left in (20, 100):
        button(canvas, pygame.Rect(left, 20, 90, 60), "Oui", f"yes:{left}")


def two_lines_in_one_place(canvas: Canvas) -> None:
    for text in ("Fermé", "Ouvert"):
        canvas.column(pygame.Rect(20, 20, 200, 60), [canvas.line(text, 28, theme.INK)])


def a_word_longer_than_its_button(canvas: Canvas) -> None:
    button(canvas, pygame.Rect(100, 100, 90, 60), "", "sell")
    canvas.column(pygame.Rect(60, 100, 170, 60), [canvas.line("Renseignements", 24, theme.INK)], align="center")


def very_small_words(canvas: Canvas) -> None:
    canvas.column(pygame.Rect(20, 20, 400, 60), [Line(text="Conditions générales", size=10, colour=theme.INK)])


SPOILT = (
    beside_the_edge,
    a_tiny_button,
    two_buttons_in_one_place,
    two_lines_in_one_place,
    a_word_longer_than_its_button,
    very_small_words,
)


@pytest.mark.parametrize(("spoil", "rule"), list(zip(SPOILT, RULES, strict=True)))
def test_what_is_laid_out_badly_is_found_by_its_rule_alone(spoil, rule) -> None:
    canvas = Canvas(pygame.Surface(WIDE))
    spoil(canvas)
    assert [each for each in RULES if list(each(canvas))] == [rule]


def test_a_page_of_the_gallery_is_held_to_the_same_rules_on_the_smallest_screen() -> None:
    canvas = laid_out(gallery.find("staff-now", "fr"), SMALL)
    canvas.written.append(canvas.written[0])
    assert list(covered(canvas))
