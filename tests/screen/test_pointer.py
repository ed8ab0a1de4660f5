"""Touchscreen and mouse events on SDL's dummy driver: touches, holding and sliding; one finger at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

os.environ["SDL_VIDEODRIVER"] = "dummy"

from kiosk.demo.tray import TRAY_BASE, TrayPanel, draw_tray
from kiosk.messages import Touch
from kiosk.notices import Admission, Idle, Notice
from kiosk.screen.door.notice import draw_notice
from kiosk.screen.door.shown_notice import TOO_SOON_SECONDS
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.input.pointer import LOST_SECONDS, Pointer, PointerEvent
from kiosk.screen.scene import Context
from kiosk.screen.scenes.people.pick_member import PickMember
from kiosk.screen.sdl import pygame
from kiosk.screen.stage import Stage
from kiosk.screen.window import Screen
from tests.office.watch import Watch
from tests.pictures.door import spoken, tray_view
from tests.pictures.picture import WIDE

Event = pygame.event.Event
Place = tuple[float, float]
WIDTH, HEIGHT = WIDE
MIDDLE = (WIDTH // 2, HEIGHT // 2)
FIRST, SECOND = 1, 2
IDLE = next(picture.view for picture in spoken("fr") if isinstance(picture.view, Idle))
ENTRY = next(
    view for picture in spoken("fr") if picture.name == "re-entry-at-once" and isinstance(view := picture.view, Notice)
)


@pytest.fixture
def screen(watch):
    screen = Screen(WIDE, monotonic=watch)
    screen.idle(IDLE)
    screen.draw()
    pygame.event.clear()
    yield screen
    screen.close()


# ---------------------------------------------------------------- what SDL tells


def finger(kind: int, at: Place, number: int = FIRST) -> Event:
    """A finger's event as it comes where there is no desktop, at a pixel of the window."""
    x, y = at[0] / WIDTH, at[1] / HEIGHT
    return Event(kind, touch_id=7, finger_id=number, x=x, y=y, dx=0.0, dy=0.0, pressure=1.0, window=None)


def down(at: Place, number: int = FIRST) -> Event:
    return finger(pygame.FINGERDOWN, at, number)


def move(at: Place, number: int = FIRST) -> Event:
    return finger(pygame.FINGERMOTION, at, number)


def up(at: Place, number: int = FIRST) -> Event:
    return finger(pygame.FINGERUP, at, number)


def mouse(kind: int, at: Place, *, touch: bool = False) -> Event:
    more = {"buttons": (1, 0, 0), "rel": (0, 0)} if kind == pygame.MOUSEMOTION else {"button": 1}
    return Event(kind, pos=at, touch=touch, **more)


def with_a_mouse_s_beside(*events: Event) -> list[Event]:
    """The same with what SDL adds on a desktop: before each event of a finger one of a mouse."""
    kinds = {
        pygame.FINGERDOWN: pygame.MOUSEBUTTONDOWN,
        pygame.FINGERMOTION: pygame.MOUSEMOTION,
        pygame.FINGERUP: pygame.MOUSEBUTTONUP,
    }
    both = []
    for event in events:
        at = round(event.x * WIDTH), round(event.y * HEIGHT)
        both += [mouse(kinds[event.type], at, touch=True), event]
    return both


# ---------------------------------------------------------------- what the kiosk makes of it


class Glass(Stage):
    """The hosts' side as far as it feels fingers: what they did on it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__({}, watch)
        self.felt: list[tuple[str, tuple[int, int] | None]] = []

    def touch(self, at: tuple[int, int]) -> None:
        self.felt.append(("down", at))

    def slide(self, at: tuple[int, int]) -> None:
        self.felt.append(("move", at))

    def release(self) -> None:
        self.felt.append(("up", None))


def felt(screen: Screen, watch: Watch, events: Sequence[Event]) -> list[tuple[str, tuple[int, int] | None]]:
    screen.stage = glass = Glass(watch)
    for event in events:
        pygame.event.post(event)
    screen.events()
    return glass.felt


class MouseOnly(Pointer):
    """A bad one: as if every touch came as a mouse's click."""

    def read(self, event: Event, size: tuple[int, int]) -> PointerEvent | None:
        return None if hasattr(event, "finger_id") else super().read(event, size)


class TakesAll(Pointer):
    """A bad one: whatever comes counts, from a finger or a mouse, made by SDL or not, and wherever it is."""

    def read(self, event: Event, size: tuple[int, int]) -> PointerEvent | None:
        if hasattr(event, "finger_id"):
            how = {pygame.FINGERDOWN: "down", pygame.FINGERMOTION: "move", pygame.FINGERUP: "up"}[event.type]
            return PointerEvent(how, (round(event.x * size[0]), round(event.y * size[1])))  # type: ignore[arg-type]
        self._who = None
        return super().read(mouse(event.type, event.pos), size) if hasattr(event, "pos") else None


TOUCHED = [("down", MIDDLE), ("up", None)]
SLID = [("down", MIDDLE), ("move", (10, 20)), ("up", None)]
CASES = {
    "a finger": ([down(MIDDLE), up(MIDDLE)], TOUCHED),
    "a finger that slides": ([down(MIDDLE), move((10, 20)), up((10, 20))], SLID),
    "a finger of which SDL makes a mouse as well": (with_a_mouse_s_beside(down(MIDDLE), up(MIDDLE)), TOUCHED),
    "one that slides, and a mouse made of it": (
        with_a_mouse_s_beside(down(MIDDLE), move((10, 20)), up((10, 20))),
        SLID,
    ),
    "a second finger": (
        [down(MIDDLE), down((9, 9), SECOND), move((5, 5), SECOND), up((5, 5), SECOND), move((10, 20)), up((10, 20))],
        SLID,
    ),
    "a second finger that stays after the first": (
        [down(MIDDLE), down((9, 9), SECOND), up(MIDDLE), move((5, 5), SECOND), up((5, 5), SECOND)],
        TOUCHED,
    ),
    "a second finger after the first is lifted": (
        [down((9, 9)), up((9, 9)), down(MIDDLE, SECOND), up(MIDDLE, SECOND)],
        [("down", (9, 9)), ("up", None), *TOUCHED],
    ),
    "the mouse while a finger is down": (
        [down(MIDDLE), mouse(pygame.MOUSEBUTTONDOWN, (9, 9)), mouse(pygame.MOUSEBUTTONUP, (9, 9)), up(MIDDLE)],
        TOUCHED,
    ),
    "a finger that leaves by the lower right": (
        [down(MIDDLE), move((WIDTH, HEIGHT)), move((WIDTH + 90, HEIGHT + 90)), up((WIDTH, HEIGHT))],
        [("down", MIDDLE), *[("move", (WIDTH - 1, HEIGHT - 1))] * 2, ("up", None)],
    ),
    "a finger that leaves by the upper left": (
        [down(MIDDLE), move((-3, -90)), up((-3, -90))],
        [("down", MIDDLE), ("move", (0, 0)), ("up", None)],
    ),
    "a lifting of a finger that nobody knows": ([up(MIDDLE)], []),
    "a lifting of another finger": ([down(MIDDLE), up(MIDDLE, SECOND), up(MIDDLE)], TOUCHED),
    "a finger that moves without having been laid down": ([move((10, 20)), up((10, 20))], []),
}
"""What comes -> the events, and what is felt of them."""
PLAIN = {"a finger", "a finger that slides", "a second finger after the first is lifted"}
"""Those in which there is nothing to pass over."""


@pytest.mark.parametrize("case", CASES)
def test_of_fingers_and_the_mouse_one_is_felt(screen, watch, case) -> None:
    events, expected = CASES[case]
    assert felt(screen, watch, events) == expected


@pytest.mark.parametrize(
    ("bad", "case"),
    [
        *[(MouseOnly, case) for case in CASES if "nobody" not in case and "without" not in case],
        *[(TakesAll, case) for case in CASES if case not in PLAIN],
    ],
)
def test_a_screen_that_hears_only_the_mouse_or_everything_is_found(screen, watch, bad, case) -> None:
    events, expected = CASES[case]
    screen._pointer = bad(watch)
    assert felt(screen, watch, events) != expected


def test_the_mouse_works_as_before(screen, watch) -> None:
    kinds = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP)
    places = (MIDDLE, (10, 20), (10, 20))
    assert felt(screen, watch, [mouse(kind, at) for kind, at in zip(kinds, places, strict=True)]) == SLID


@pytest.mark.parametrize(("later", "is_heard"), [(LOST_SECONDS - 1, False), (LOST_SECONDS, True)])
def test_a_finger_whose_lifting_got_lost_does_not_keep_others_out_for_ever(screen, watch, later, is_heard) -> None:
    assert felt(screen, watch, [down((9, 9))]) == [("down", (9, 9))]
    watch.seconds += later
    assert felt(screen, watch, [down(MIDDLE, SECOND), up(MIDDLE, SECOND)]) == (TOUCHED if is_heard else [])


def test_the_same_finger_laid_down_anew_counts_at_once(screen, watch) -> None:
    assert felt(screen, watch, [down((9, 9)), down(MIDDLE), up(MIDDLE)]) == [("down", (9, 9)), *TOUCHED]


# ---------------------------------------------------------------- on what is really shown


def target(screen: Screen, name: str) -> tuple[int, int]:
    canvas = Canvas(pygame.Surface(WIDE))
    screen.stage.draw(canvas)
    return next(rect for rect, each in canvas.targets if each == name).center


@pytest.mark.parametrize(("pointer", "is_pressed"), [(Pointer, True), (MouseOnly, False)])
def test_a_finger_presses_a_button_of_a_notice(screen, watch, pointer, is_pressed) -> None:
    canvas = Canvas(pygame.Surface(WIDE))
    draw_notice(canvas, ENTRY)
    undo = next(rect for rect, button in canvas.targets if button == "undo").center
    screen._pointer = pointer(watch)
    screen.show(ENTRY)
    screen.draw()
    watch.seconds += TOO_SOON_SECONDS
    pygame.event.post(down(undo))
    pygame.event.post(up(undo))
    assert screen.events() == ([Touch(button="undo", notice=ENTRY.number)] if is_pressed else [])


@pytest.mark.parametrize(("pointer", "is_written"), [(Pointer, True), (MouseOnly, False)])
def test_a_finger_held_on_a_letter_slides_to_an_accent(screen, watch, pointer, is_written) -> None:
    def does(*events: Event) -> None:
        for event in events:
            pygame.event.post(event)
        screen.events()
        screen.draw()

    def pick(context: Context) -> PickMember:
        return PickMember(context, "Test", lambda _scene, _person: None)

    screen._pointer = pointer(watch)
    screen.stage = Stage({"test": pick}, watch)
    now = datetime(2026, 6, 1, 9, 5, tzinfo=UTC)
    screen.enter(Admission(to="test", member_id="claire", name="Claire", language="fr", zone="Europe/Paris", now=now))
    screen.draw()
    watch.seconds += 1
    does(down(target(screen, "key:e")))
    watch.seconds += 0.6
    screen.draw()
    there = target(screen, "key:ë") if is_written else MIDDLE
    does(move(there), up(there))
    canvas = Canvas(pygame.Surface(WIDE))
    screen.stage.draw(canvas)
    assert ("ë" in [placed.line.text for placed in canvas.written]) == is_written


def test_a_finger_touches_the_demo_s_tray_below_the_screen(watch) -> None:
    panel = TrayPanel()
    screen = Screen(WIDE, panel=panel, monotonic=watch)
    screen.idle(IDLE)
    panel.view = tray_view()
    screen.draw()
    pygame.event.clear()
    size = pygame.display.get_surface().get_size()
    shelf = Canvas(pygame.Surface((size[0], size[1] - HEIGHT)), TRAY_BASE)
    draw_tray(shelf, tray_view())
    x, y = shelf.targets[0][0].center
    pygame.event.post(
        Event(pygame.FINGERDOWN, touch_id=7, finger_id=1, x=x / size[0], y=(y + HEIGHT) / size[1], dx=0, dy=0)
    )
    assert len(screen.events()) == 1
    screen.close()
