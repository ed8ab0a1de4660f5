"""The scenes: the palette, every view in every size and both languages, the punch card."""

import pytest
from msgspec.structs import replace

from kiosk.model import Signal
from kiosk.notices import Button, Notice, Punch
from kiosk.screen.door.punch_card import columns
from kiosk.screen.drawing import theme
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.lettering import Line, fitting, height, width
from kiosk.screen.drawing.pictograms import pictogram
from kiosk.screen.sdl import pygame
from tests.pictures.door import spoken
from tests.pictures.picture import SIZES, WIDE, draw, drawn

PIXELS_PER_MM = 800 / 154
"""A 7-inch display of 800x480 is 154 mm wide."""

LONGEST = Notice(
    signal=Signal.ATTENTION,
    title="Annulation malheureusement impossible",
    greeting="Bonsoir Marie-Antoinette-Joséphine",
    lines=(
        "Vous avez 11 h 59 jusqu’au mercredi 30 septembre 2026 à 23:59",
        "Il vous reste 1234567890 entrées cette semaine-ci",
        "Votre carte expire dans 30 jours, le 30 septembre 2026",
        "1 234 567,89 € rendus sur votre compte : deux demi-journées au prix d’une journée",
    ),
    punch=Punch(total=40, used=37, fresh=2, name="Carnet solidaire du territoire", note="jusqu’au 30 septembre"),
    buttons=(Button(id="leave", label="Je pars"), Button(id="undo", label="Annuler cette entrée")),
    number=7,
)


# ---------------------------------------------------------------- the look


def too_pale(pairs) -> list[str]:
    return [name for name, ink, ground in pairs if theme.contrast(ink, ground) < 7]


def test_all_text_has_a_contrast_of_seven_to_one() -> None:
    assert too_pale(theme.pairs()) == []
    assert len(theme.pairs()) > 20


def test_a_pale_text_is_found() -> None:
    assert too_pale([("grey on paper", (120, 120, 120), theme.PAPER)]) == ["grey on paper"]


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert theme.contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def ink(name: str) -> list[bool]:
    """Where a pictogram has ink."""
    drawn = pictogram(name, 64, (255, 255, 255))
    return [drawn.get_at((x, y)).a > 127 for x in range(64) for y in range(64)]


def test_every_signal_has_a_picture_of_its_own_that_needs_no_colour() -> None:
    shapes = {signal: ink(signal) for signal in theme.TONES}
    for one in shapes:
        for other in shapes:
            differ = sum(a != b for a, b in zip(shapes[one], shapes[other], strict=True))
            assert one == other or differ > 64 * 64 / 20, (one, other)


def alike(colours: dict[str, theme.Colour]) -> list[tuple[str, str]]:
    """Pairs of colours that one could take for one another."""
    names = list(colours)
    pairs = [(one, other) for number, one in enumerate(names) for other in names[number + 1 :]]
    return [
        (one, other)
        for one, other in pairs
        if sum(abs(a - b) for a, b in zip(colours[one], colours[other], strict=True)) < 60
    ]


def test_every_signal_has_a_colour_of_its_own() -> None:
    bands = {str(signal): tone.band for signal, tone in theme.TONES.items()}
    assert set(bands) == set(Signal) - {Signal.IDLE}
    assert alike(bands) == []
    assert alike({"green": (14, 92, 58), "nearly": (20, 96, 60)}) == [("green", "nearly")]


# ---------------------------------------------------------------- every scene, every size


def texts(view) -> list[str]:
    if isinstance(view, Notice):
        card = (view.punch.name, view.punch.note) if view.punch and not view.large else ()
        labels = [button.label for button in view.buttons]
        return [text for text in (view.title, view.greeting, *view.lines, *card, *labels) if text]
    return [
        view.site,
        view.state,
        view.change,
        view.time,
        view.date,
        view.hint,
        view.where,
        view.people,
        view.names,
        view.health,
    ]


def cut_off(canvas: Canvas, wanted: list[str]) -> list[str]:
    """What of these texts cannot be read on the canvas, whole and inside."""
    inside = [placed.line.text for placed in canvas.written if canvas.rect.contains(placed.rect)]
    readable = " ".join(inside)
    return [text for text in wanted if text not in readable]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_text_is_ever_cut(language, size) -> None:
    for picture in spoken(language):
        assert cut_off(drawn(picture.view, size), texts(picture.view)) == [], picture.name


@pytest.mark.parametrize("size", SIZES)
def test_the_longest_names_and_numbers_fit(size) -> None:
    assert cut_off(drawn(LONGEST, size), texts(LONGEST)) == []


def test_a_text_that_runs_off_the_screen_is_found() -> None:
    canvas = Canvas(pygame.Surface((100, 100)))
    canvas.column(pygame.Rect(60, 10, 100, 30), [Line(text="Bonjour Camille", size=12, colour=theme.INK)])
    assert cut_off(canvas, ["Bonjour Camille"]) == ["Bonjour Camille"]


def overlapping(canvas: Canvas) -> list[tuple[str, str]]:
    rects = [(placed.line.text, placed.rect.inflate(0, -placed.rect.height // 3)) for placed in canvas.written]
    return [(a, b) for n, (a, one) in enumerate(rects) for b, other in rects[n + 1 :] if one.colliderect(other)]


def test_a_text_on_another_is_found() -> None:
    canvas = Canvas(pygame.Surface((300, 100)))
    for text in ("Bonjour", "Camille"):
        canvas.column(pygame.Rect(10, 10, 200, 30), [Line(text=text, size=20, colour=theme.INK)])
    assert overlapping(canvas) == [("Bonjour", "Camille")]


@pytest.mark.parametrize("size", SIZES)
def test_no_text_lies_on_another(size) -> None:
    for picture in spoken("fr"):
        assert overlapping(drawn(picture.view, size)) == [], picture.name


def smallest_words(canvas: Canvas, notice: Notice) -> int:
    """Size of the smallest line of a notice; what stands on the card is read with the card in hand."""
    pressed = " ".join(button.label for button in notice.buttons)  # read with the finger on them
    card = {str(place) for place in range(100)} | ({notice.punch.name} if notice.punch else set())
    words = [p.line for p in canvas.written if p.line.text not in pressed]
    told = [line for line in words if any(line.text in told for told in notice.lines)]
    return min((line.size for line in told if line.text not in card), default=0)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_must_be_read_at_a_metre_is_five_millimetres_high_on_a_seven_inch_screen(language) -> None:
    for picture in spoken(language):
        if isinstance(picture.view, Notice):
            assert smallest_words(drawn(picture.view, WIDE), picture.view) >= 5 * PIXELS_PER_MM, picture.name


def test_words_that_had_to_shrink_too_far_are_found() -> None:
    assert 0 < smallest_words(drawn(LONGEST, WIDE), LONGEST) < 5 * PIXELS_PER_MM


def test_buttons_are_large_enough_for_a_finger_and_lie_apart() -> None:
    targets = drawn(replace(LONGEST, lines=()), WIDE).targets
    assert [button for _, button in targets] == ["leave", "undo"]
    assert all(min(rect.size) >= 9 * PIXELS_PER_MM for rect, _ in targets)
    assert not targets[0][0].colliderect(targets[1][0])


@pytest.mark.parametrize(("places", "expected"), [(1, 1), (5, 5), (10, 5), (20, 10), (40, 10)])
def test_a_punch_card_keeps_its_rows_even(places, expected) -> None:
    assert columns(places, pygame.Rect(0, 0, 420, 150)) == expected


@pytest.mark.parametrize("total", [1, 2, 5, 7, 10, 20, 40, 60, 61, 1000, None])
def test_a_used_place_shows_on_every_card(total) -> None:
    def card(used: int, fresh: int) -> bytes:
        punch = Punch(total=total, used=used, fresh=fresh)
        view = Notice(signal=Signal.GRANTED, title="", punch=punch)
        return pygame.image.tostring(draw(view, WIDE), "RGB")

    assert (card(0, 0) != card(1, 0)) == (total is not None)


def test_a_fresh_place_is_marked() -> None:
    def card(fresh: int) -> bytes:
        view = Notice(signal=Signal.GRANTED, title="", punch=Punch(total=10, used=4, fresh=fresh))
        return pygame.image.tostring(draw(view, WIDE), "RGB")

    assert card(0) != card(1) != card(2)


def test_words_shrink_together_until_they_fit() -> None:
    column = [Line(text="Il vous reste neuf entrées", size=80, colour=theme.INK)] * 3
    lines = fitting(column, (300, 120))
    assert height(lines) <= 120
    assert all(width(line.text, line.size, bold=False) <= 300 for line in lines)
    assert len({line.size for line in lines}) == 1


def test_no_break_spaces_hold() -> None:
    column = [Line(text="Ouverture\u202f: 17\u00a0h\u00a030", size=30, colour=theme.INK)]
    assert [line.text for line in fitting(column, (190, 200))] == ["Ouverture\u202f:", "17\u00a0h\u00a030"]


@pytest.mark.parametrize(
    "text", ["\u202e", "\u200b\u200d", "\x00", "a\x00b", "\n", "e\u0301", "\u0301", "\ud83d", "😀", "\u00ad"]
)
def test_signs_that_nothing_is_drawn_for_harm_nothing(text) -> None:
    canvas = Canvas(pygame.Surface(WIDE))
    canvas.column(canvas.rect, [canvas.line(text, theme.BODY, theme.INK)])
    assert [placed.line.text for placed in canvas.written] == [text]


def test_a_word_without_an_end_is_broken_and_leaves_what_stands_beside_it_large() -> None:
    column = [Line(text="Æ" * 60, size=28, colour=theme.INK), Line(text="depuis 09:05", size=20, colour=theme.INK)]
    lines = fitting(column, (420, 130))
    assert "".join(line.text for line in lines[:-1]) == "Æ" * 60
    assert all(width(line.text, line.size, bold=False) <= 420 for line in lines)
    assert lines[-1].size >= 14
    whole = fitting([Line(text="Marie-Antoinette-Joséphine", size=80, colour=theme.INK)], (300, 400))
    assert [line.text for line in whole] == ["Marie-Antoinette-Joséphine"]
