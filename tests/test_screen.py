"""The screen: every scene in every size, the palette, the window's life on SDL's dummy driver."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace

os.environ["SDL_VIDEODRIVER"] = "dummy"

from kiosk.model import Signal, Touch
from kiosk.notices import Button, Idle, Notice, Punch
from kiosk.screen import theme
from kiosk.screen.canvas import Canvas
from kiosk.screen.lettering import Line, fitting, height, width
from kiosk.screen.pictograms import pictogram
from kiosk.screen.punch_card import columns
from kiosk.screen.scenes.idle import draw_idle
from kiosk.screen.scenes.notice import draw_notice
from kiosk.screen.sdl import pygame
from kiosk.screen.tray import TRAY_BASE, BadgeClicked, ClockMoved, ExitPressed, draw_tray
from kiosk.screen.window import Screen
from tests.screens import SIZES, WIDE, draw, pictures, tray_view

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


def ink(name: str) -> bytes:
    """Where a pictogram has its sign and where its ground, without its colours."""
    drawn = pictogram(name, 64, (255, 255, 255), (0, 0, 0))
    return bytes(drawn.get_at((x, y)).a > 127 and drawn.get_at((x, y)).r > 127 for x in range(64) for y in range(64))


def test_every_signal_has_a_picture_of_its_own_that_needs_no_colour() -> None:
    shapes = {signal: ink(signal) for signal in theme.TONES}
    for one in shapes:
        for other in shapes:
            differ = sum(a != b for a, b in zip(shapes[one], shapes[other], strict=True))
            assert one == other or differ > 64 * 64 / 20, (one, other)


# ---------------------------------------------------------------- every scene, every size


def drawn(view, size) -> Canvas:
    canvas = Canvas(pygame.Surface(size))
    (draw_notice if isinstance(view, Notice) else draw_idle)(canvas, view)
    return canvas


def texts(view) -> list[str]:
    if isinstance(view, Notice):
        card = (view.punch.name, view.punch.note) if view.punch else ()
        labels = [button.label for button in view.buttons]
        return [text for text in (view.title, view.greeting, *view.lines, *card, *labels) if text]
    return [view.site, view.state, view.change, view.time, view.date, view.hint, view.where, view.people, view.health]


def cut_off(canvas: Canvas, wanted: list[str]) -> list[str]:
    """What of these texts cannot be read on the canvas, whole and inside."""
    inside = [placed.line.text for placed in canvas.written if canvas.rect.contains(placed.rect)]
    readable = " ".join(inside)
    return [text for text in wanted if text not in readable]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_text_is_ever_cut(language, size) -> None:
    for picture in pictures(language):
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
    for picture in pictures("fr"):
        assert overlapping(drawn(picture.view, size)) == [], picture.name


def smallest_words(canvas: Canvas, notice: Notice) -> int:
    """Size of the smallest line of a notice; what stands on the card is read with the card in hand."""
    card = {str(place) for place in range(100)} | ({notice.punch.name} if notice.punch else set())
    told = [p.line for p in canvas.written if any(p.line.text in line for line in notice.lines)]
    return min((line.size for line in told if line.text not in card), default=0)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_must_be_read_at_a_metre_is_five_millimetres_high_on_a_seven_inch_screen(language) -> None:
    for picture in pictures(language):
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


# ---------------------------------------------------------------- the window


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def screen(watch):
    screen = Screen(WIDE, monotonic=watch)
    yield screen
    screen.close()


IDLE = next(view for picture in pictures("fr") if isinstance(view := picture.view, Idle))
ENTRY = next(view for picture in pictures("fr") if isinstance(view := picture.view, Notice))


def press(position) -> None:
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=position, button=1))


def middle_of_undo() -> tuple[int, int]:
    return drawn(ENTRY, WIDE).targets[0][0].center


def test_the_same_view_twice_is_drawn_once(screen) -> None:
    screen.idle(IDLE)
    assert screen.draw()
    screen.idle(replace(IDLE))
    assert not screen.draw()
    screen.idle(replace(IDLE, time="09:43"))
    assert screen.draw()
    assert screen.frames == 2


def test_a_notice_stays_for_its_seconds_and_the_idle_screen_comes_back(screen, watch) -> None:
    screen.idle(IDLE)
    screen.show(ENTRY)
    assert screen.draw()
    watch.seconds += ENTRY.seconds - 0.1
    screen.idle(replace(IDLE, time="09:43"))
    assert not screen.draw()
    watch.seconds += 0.2
    assert screen.draw()
    assert not screen.draw()


def test_a_touch_names_the_button_and_the_notice(screen) -> None:
    screen.show(replace(ENTRY, number=12))
    screen.draw()
    press(middle_of_undo())
    assert screen.events() == [Touch(button="undo", notice=12)]


def test_a_touch_beside_the_buttons_is_nothing(screen) -> None:
    screen.show(ENTRY)
    screen.draw()
    press((10, 10))
    assert screen.events() == []


def test_a_touch_after_the_notice_has_gone_is_nothing(screen, watch) -> None:
    screen.show(ENTRY)
    screen.draw()
    watch.seconds += ENTRY.seconds
    press(middle_of_undo())
    assert screen.events() == []


def test_a_finger_that_comes_after_the_next_tap_touches_the_next_notice_only(screen) -> None:
    screen.show(replace(ENTRY, number=1))
    screen.draw()
    screen.show(replace(ENTRY, number=2, buttons=()))
    screen.draw()
    press(middle_of_undo())
    assert screen.events() == []


def test_a_finger_that_comes_while_the_next_notice_waits_touches_what_it_saw(screen) -> None:
    screen.show(replace(ENTRY, number=1))
    screen.draw()
    screen.show(replace(ENTRY, number=2))
    press(middle_of_undo())
    assert screen.events() == [Touch(button="undo", notice=1)]


def test_the_tray_gives_what_was_clicked(screen) -> None:
    screen.idle(IDLE)
    screen.draw()
    screen.tray(tray_view())
    screen.draw()
    assert pygame.display.get_surface().get_size() == (800, 720)
    shelf = Canvas(pygame.Surface((800, 240)), TRAY_BASE)
    draw_tray(shelf, tray_view())
    for rect, _ in shelf.targets:
        press((rect.centerx, rect.centery + 480))
    clicked = screen.events()
    assert clicked[0] == BadgeClicked(id="Camille")
    minutes = (-60, -10, 10, 60, 24 * 60)
    assert clicked[-6:] == [*(ClockMoved(by=timedelta(minutes=m)) for m in minutes), ExitPressed()]
    assert overlapping(shelf) == []


def test_each_frame_is_written_to_the_picture(tmp_path) -> None:
    path = tmp_path / "screen.png"
    screen = Screen(WIDE, picture=path)
    screen.idle(IDLE)
    screen.draw()
    first = path.read_bytes()
    screen.show(ENTRY)
    screen.draw()
    assert pygame.image.load(str(path)).get_size() == WIDE
    assert path.read_bytes() != first
    assert [found.name for found in tmp_path.iterdir()] == ["screen.png"]
    screen.close()


def test_a_window_of_another_size_is_drawn_anew(screen) -> None:
    screen.idle(IDLE)
    screen.draw()
    pygame.display.set_mode((1024, 600), pygame.RESIZABLE)
    pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, size=(1024, 600), w=1024, h=600))
    screen.events()
    assert screen.draw()


def test_the_loop_draws_what_other_threads_send_and_ends_when_told(screen) -> None:
    stop, beats, touched = threading.Event(), [], []

    def controller() -> None:
        screen.idle(IDLE)
        screen.show(replace(ENTRY, number=3))

    def emit(touch) -> None:
        touched.append(touch)
        stop.set()

    def beat() -> None:
        beats.append(screen.frames)
        if screen.frames == 1 and not touched:
            press(middle_of_undo())

    thread = threading.Thread(target=controller)
    thread.start()
    thread.join()
    screen.run(stop, beat, emit)
    assert touched == [Touch(button="undo", notice=3)]
    assert screen.frames == 1
    assert beats
    assert not screen.closed


def test_closing_the_window_ends_the_loop(screen) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    screen.run(threading.Event(), lambda: None, lambda _: None)
    assert screen.closed


def test_without_a_display_the_screen_is_drawn_into_memory_and_the_log_says_so() -> None:
    code = (
        "import logging; logging.basicConfig()\n"
        "from kiosk.screen.window import Screen\n"
        "screen = Screen((480, 320)); print(screen.driver, screen.draw())"
    )
    env = {**os.environ, "SDL_VIDEODRIVER": "nosuchdriver"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["dummy", "False"]
    assert "drawn into memory, where nobody sees it" in done.stderr


def test_pygame_does_not_bar_others_from_pkg_resources() -> None:
    assert sys.modules.get("pkg_resources", ...) is not None
