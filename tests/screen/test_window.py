"""The window on SDL's dummy driver: what is drawn when, what a finger touches, the demo's tray."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

os.environ["SDL_VIDEODRIVER"] = "dummy"

from kiosk.demo.tray import (
    TRAY_BASE,
    BadgeClicked,
    ClockMoved,
    ExitPressed,
    TrayPanel,
    action_of,
    draw_tray,
)
from kiosk.messages import Touch
from kiosk.notices import Admission, Idle, Notice
from kiosk.screen.door.notice import STEPS, draw_notice
from kiosk.screen.door.shown_notice import TOO_SOON_SECONDS
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.panel import PanelTouch
from kiosk.screen.scene import Context
from kiosk.screen.scenes.people.pick_member import PickMember
from kiosk.screen.sdl import pygame
from kiosk.screen.stage import Stage
from kiosk.screen.window import Screen
from tests.pictures.door import spoken, tray_view
from tests.pictures.picture import WIDE


@pytest.fixture
def screen(watch):
    screen = Screen(WIDE, monotonic=watch)
    yield screen
    screen.close()


IDLE = next(view for picture in spoken("fr") if isinstance(view := picture.view, Idle))
ENTRY = next(
    view for picture in spoken("fr") if picture.name == "re-entry-at-once" and isinstance(view := picture.view, Notice)
)


def press(position) -> None:
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=position, button=1))


def middle_of_undo() -> tuple[int, int]:
    canvas = Canvas(pygame.Surface(WIDE))
    draw_notice(canvas, ENTRY)
    return next(rect for rect, button in canvas.targets if button == "undo").center


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


NIGHT = replace(IDLE, is_open=False, rests=True)
ENTERED = next(view for picture in spoken("fr") if picture.name == "entry" and isinstance(view := picture.view, Notice))


def brightness() -> int:
    surface = pygame.display.get_surface()
    assert surface is not None
    return sum(pygame.transform.average_color(surface)[:3])


def test_outside_hours_the_screen_goes_dim_then_dark(screen, watch) -> None:
    screen.idle(NIGHT)
    screen.draw()
    awake = brightness()
    watch.seconds += 180
    assert screen.draw()
    dim = brightness()
    watch.seconds += 420
    assert screen.draw()
    assert awake > dim * 2 > brightness() * 8


def test_a_dark_screen_draws_one_frame_a_minute_and_its_clock_wanders(screen, watch) -> None:
    screen.idle(NIGHT)
    watch.seconds += 600
    seen = set()
    for minute in range(5):
        screen.idle(replace(NIGHT, time=f"02:0{minute}", minute=120 + minute))
        drawn = [screen.draw() for _ in range(10)]
        assert drawn == [True] + [False] * 9
        surface = pygame.display.get_surface()
        assert surface is not None
        mask = pygame.mask.from_threshold(surface, (158, 164, 160), (40, 40, 40))
        seen.add(mask.centroid())
        watch.seconds += 60
    assert len(seen) == 5


@pytest.mark.parametrize("stir", ["touch", "key", "tap", "opening"])
def test_a_dark_screen_wakes_when_somebody_comes_or_is_expected(screen, watch, stir) -> None:
    screen.idle(NIGHT)
    watch.seconds += 600
    screen.draw()
    dark = brightness()
    if stir == "touch":
        press((10, 10))
        assert screen.events() == []
    elif stir == "key":
        key(pygame.K_TAB)
        assert screen.events() == []
    elif stir == "tap":
        screen.show(ENTRY)
        screen.draw()
        watch.seconds += ENTRY.seconds
    else:
        screen.idle(IDLE)
    assert screen.draw()
    assert brightness() > dark * 20


def test_in_opening_hours_the_screen_never_sleeps(screen, watch) -> None:
    screen.idle(IDLE)
    screen.draw()
    watch.seconds += 100_000
    assert not screen.draw()


def test_the_hole_of_an_entry_appears_in_a_few_frames_and_then_nothing_moves(screen, watch) -> None:
    screen.show(ENTERED)
    drawn = 0
    for _ in range(200):
        drawn += screen.draw()
        watch.seconds += 0.01
    assert drawn == STEPS + 1


def test_a_re_entry_punches_no_hole_and_is_drawn_once(screen, watch) -> None:
    screen.show(ENTRY)
    assert screen.draw()
    watch.seconds += 1
    assert not screen.draw()


def test_a_touch_names_the_button_and_the_notice(screen, watch) -> None:
    screen.show(replace(ENTRY, number=12))
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS
    press(middle_of_undo())
    assert screen.events() == [Touch(button="undo", notice=12)]


def test_a_touch_beside_the_buttons_is_nothing(screen) -> None:
    screen.show(ENTRY)
    screen.draw()
    press((10, 10))
    assert screen.events() == []


def key(name: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=name, mod=0))


def test_the_buttons_of_a_notice_can_be_pressed_by_the_keyboard(screen, watch) -> None:
    screen.show(replace(ENTRY, number=12))
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS
    pressed = []
    for _ in ENTRY.buttons:
        key(pygame.K_TAB)
        assert screen.events() == []
        assert screen.draw()  # the ring around the button is seen
        key(pygame.K_RETURN)
        pressed += screen.events()
    assert pressed == [Touch(button=button.id, notice=12) for button in ENTRY.buttons]


def test_a_key_presses_no_button_that_was_not_chosen_nor_one_of_the_next_notice(screen, watch) -> None:
    screen.show(replace(ENTRY, number=1))
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS
    key(pygame.K_RETURN)
    assert screen.events() == []
    key(pygame.K_TAB)
    screen.events()
    screen.show(replace(ENTRY, number=2))
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS
    key(pygame.K_RETURN)
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


def test_scenario_p_a_finger_on_its_way_when_the_next_notice_appears_touches_nothing(screen, watch) -> None:
    screen.show(replace(ENTRY, number=1))
    screen.draw()
    watch.seconds += 2
    screen.show(replace(ENTRY, number=2))
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS / 2
    press(middle_of_undo())
    assert screen.events() == []
    watch.seconds += TOO_SOON_SECONDS
    press(middle_of_undo())
    assert screen.events() == [Touch(button="undo", notice=2)]


def test_a_finger_that_comes_while_the_next_notice_waits_touches_what_it_saw(screen, watch) -> None:
    screen.show(replace(ENTRY, number=1))
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS
    screen.show(replace(ENTRY, number=2))
    press(middle_of_undo())
    assert screen.events() == [Touch(button="undo", notice=1)]


def test_sliding_from_a_held_letter_to_an_accent_works_with_the_window_s_own_events(screen, watch) -> None:
    def places() -> dict[str, pygame.Rect]:
        canvas = Canvas(pygame.Surface(WIDE))
        screen.stage.draw(canvas)
        return {name: rect for rect, name in canvas.targets}

    def finger(kind: int, target: str) -> None:
        more = {"buttons": (1, 0, 0), "rel": (0, 0)} if kind == pygame.MOUSEMOTION else {"button": 1}
        pygame.event.post(pygame.event.Event(kind, pos=places()[target].center, **more))
        screen.events()
        screen.draw()

    def pick(context: Context) -> PickMember:
        return PickMember(context, "Test", lambda _scene, _person: None)

    screen.stage = Stage({"test": pick}, watch)
    now = datetime(2026, 6, 1, 9, 5, tzinfo=UTC)
    screen.enter(Admission(to="test", member_id="claire", name="Claire", language="fr", zone="Europe/Paris", now=now))
    screen.draw()
    watch.seconds += 1
    finger(pygame.MOUSEBUTTONDOWN, "key:e")
    watch.seconds += 0.6
    screen.draw()
    finger(pygame.MOUSEMOTION, "key:ë")
    finger(pygame.MOUSEBUTTONUP, "key:ë")
    canvas = Canvas(pygame.Surface(WIDE))
    screen.stage.draw(canvas)
    assert "ë" in [placed.line.text for placed in canvas.written]
    assert "key:a" in places()


def test_the_tray_gives_what_was_clicked(watch) -> None:
    panel = TrayPanel()
    screen = Screen(WIDE, panel=panel, monotonic=watch)
    screen.idle(IDLE)
    panel.view = tray_view()
    screen.draw()
    assert pygame.display.get_surface().get_size() == (800, 720)
    shelf = Canvas(pygame.Surface((800, 240)), TRAY_BASE)
    draw_tray(shelf, tray_view())
    for rect, _ in shelf.targets:
        press((rect.centerx, rect.centery + 480))
    clicked = [action_of(one.target) for one in screen.events() if isinstance(one, PanelTouch)]
    assert clicked[0] == BadgeClicked(id="camille")
    minutes = (-60, -10, 10, 60, 24 * 60)
    assert clicked[-6:] == [*(ClockMoved(by=timedelta(minutes=m)) for m in minutes), ExitPressed()]


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


def test_a_picture_that_cannot_be_written_is_told_once_and_the_screen_goes_on(tmp_path, caplog) -> None:
    folder = tmp_path / "gone"
    screen = Screen(WIDE, picture=folder / "screen.png")
    for time in ("09:41", "09:42"):
        screen.idle(replace(IDLE, time=time))
        assert screen.draw()
    assert [record.levelname for record in caplog.records if "cannot be written" in record.message] == ["WARNING"]
    folder.mkdir()
    screen.idle(replace(IDLE, time="09:43"))
    assert screen.draw()
    assert (folder / "screen.png").exists()
    screen.close()


def test_a_window_of_another_size_is_drawn_anew(screen) -> None:
    screen.idle(IDLE)
    screen.draw()
    pygame.display.set_mode((1024, 600), pygame.RESIZABLE)
    pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, size=(1024, 600), w=1024, h=600))
    screen.events()
    assert screen.draw()


def test_the_loop_draws_what_other_threads_send_and_ends_when_told(screen, watch) -> None:
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
            watch.seconds += TOO_SOON_SECONDS
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
