"""A display on its side or upside down: picture and touch are turned together, also in a real window."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.messages import Touch
from kiosk.screen.rotation import Frame, Rotation
from kiosk.screen.sdl import pygame
from kiosk.screen.window import Screen
from tests.office.watch import Watch
from tests.pictures.picture import WIDE, drawn
from tests.pictures.window_user import tool
from tests.screen.test_window import ENTRY
from tests.screen.x_server import x_server

ROTATIONS: tuple[Rotation, ...] = (0, 90, 180, 270)
UPRIGHT = drawn(ENTRY, WIDE)
UNDO = next(rect.center for rect, name in UPRIGHT.targets if name == "undo")


def display_size(rotation: Rotation) -> tuple[int, int]:
    return WIDE if rotation in (0, 180) else WIDE[::-1]


def on_the_display(at: tuple[int, int], rotation: Rotation) -> tuple[int, int]:
    """Where a pixel of the picture shows, told by a single one that is drawn there."""
    dot = pygame.Surface(WIDE)
    dot.set_at(at, (255, 255, 255))
    turned = pygame.transform.rotate(dot, -rotation)
    wide, high = turned.get_size()
    return next((x, y) for x in range(wide) for y in range(high) if turned.get_at((x, y))[0])


@contextmanager
def shown(rotation: Rotation) -> Iterator[Screen]:
    watch = Watch()
    screen = Screen(display_size(rotation), rotation=rotation, monotonic=watch)
    screen.show(ENTRY)
    screen.draw()
    watch.seconds += 2
    screen.draw()
    yield screen
    screen.close()


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_the_picture_is_the_same_turned(rotation) -> None:
    with shown(rotation):
        window = pygame.display.get_surface()
        assert window.get_size() == display_size(rotation)
        back = pygame.transform.rotate(window, rotation)
        assert pygame.image.tobytes(back, "RGB") == pygame.image.tobytes(UPRIGHT.surface, "RGB")


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_touch_means_what_is_seen_there(rotation) -> None:
    with shown(rotation) as screen:
        pygame.event.post(
            pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=on_the_display(UNDO, rotation), button=1, touch=False)
        )
        assert screen.events() == [Touch(button="undo", notice=ENTRY.number)]


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_finger_on_a_touchscreen_without_a_desktop_means_what_is_seen_there(rotation) -> None:
    with shown(rotation) as screen:
        (x, y), (wide, high) = on_the_display(UNDO, rotation), display_size(rotation)
        finger = pygame.event.Event(pygame.FINGERDOWN, touch_id=1, finger_id=0, x=(x + 0.5) / wide, y=(y + 0.5) / high)
        pygame.event.post(finger)
        assert screen.events() == [Touch(button="undo", notice=ENTRY.number)]


def test_touches_that_are_not_turned_back_are_found() -> None:
    for rotation in ROTATIONS[1:]:
        assert Frame(pygame.Surface(display_size(rotation)), 0).inside(on_the_display(UNDO, rotation)) != UNDO


WINDOW = """
import sys, threading, time
from msgspec.structs import replace
from kiosk.screen.window import Screen
from tests.pictures.door import spoken
entry = next(picture.view for picture in spoken("fr") if picture.name == "re-entry-at-once")
screen = Screen((int(sys.argv[2]), int(sys.argv[3])), rotation=int(sys.argv[1]))
screen.show(replace(entry, seconds=60.0))
stop, ends = threading.Event(), time.monotonic() + 30
def emit(touch):
    print(touch.button, flush=True)
    stop.set()
def beat():
    if screen.frames and time.monotonic() > ends - 29 and not told:
        told.append(print(screen.driver, flush=True))
    if time.monotonic() > ends:
        stop.set()
told = []
screen.run(stop, beat, emit)
"""


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_real_window_is_clicked_where_the_button_shows(rotation) -> None:
    wide, high = display_size(rotation)
    with x_server(wide, high) as env:
        command = [sys.executable, "-c", WINDOW, str(rotation), str(wide), str(high)]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as window:
            assert window.stdout
            assert window.stdout.readline() == "x11\n"
            x, y = on_the_display(UNDO, rotation)
            click = [tool("xdotool"), "mousemove", str(x), str(y), "click", "1"]
            subprocess.run(click, env=env, check=True, timeout=30)
            assert window.stdout.readline() == "undo\n"
