"""The on-screen keyboard under real fingers: keys respond, are held, and are missed by a little."""

from collections.abc import Iterator

import pytest

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import INK
from kiosk.screen.scenes.people.pick_member import PickMember
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.field import TextField
from kiosk.screen.widgets.keyboard import Keyboard
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk


@pytest.fixture
def side(tmp_path) -> Iterator[HostsSide]:
    counter = SteppedKiosk(tmp_path)
    yield HostsSide(counter, lambda setting: PickMember(setting, "Test", lambda scene, person: None))
    counter.close()


def written(side: HostsSide) -> str:
    assert isinstance(side.scene, PickMember)
    return side.scene._field.text


def colour(side: HostsSide, target: str) -> tuple[int, ...]:
    """What a key's ground is painted with, near its corner."""
    rect = next(rect for rect, name in side.canvas.targets if name == target)
    return tuple(side.canvas.surface.get_at((rect.left + 12, rect.top + 6)))[:3]


def test_a_key_answers_while_the_finger_is_on_it_and_not_after(side):
    assert colour(side, "key:e") != INK
    rect = next(rect for rect, name in side.canvas.targets if name == "key:e")
    side.counter.later(seconds=1)
    side.stage.touch(rect.center)
    side.settle()
    assert colour(side, "key:e") == INK
    side.stage.release()
    side.settle()
    assert colour(side, "key:e") != INK


def test_the_erasing_key_goes_on_while_it_is_held(side):
    side.type("bonjour tous")
    side.touch("key:backspace")
    assert written(side) == "bonjour tou"
    side.hold("key:backspace", 1.0)
    assert 3 <= len(written(side)) <= 6
    side.hold("key:backspace", 2.0)
    assert written(side) == ""


def test_a_letter_that_is_held_offers_its_accents(side):
    side.hold("key:e", 0.7)
    assert written(side) == ""
    assert {"key:é", "key:è", "key:ê", "key:ë", "key:e"} <= set(side.targets())
    side.touch("key:é")
    side.touch("key:z")
    assert written(side) == "éz"


def test_a_capital_that_is_held_offers_capitals(side):
    side.touch("key:shift")
    side.hold("key:E", 0.7)
    side.touch("key:É")
    assert written(side) == "É"
    side.touch("key:l")
    assert written(side) == "Él"


def test_a_letter_without_accents_may_be_held_and_is_written_once(side):
    side.hold("key:z", 3.0)
    assert written(side) == "z"
    assert "key:a" in side.targets()


def test_a_finger_that_slips_between_two_keys_means_the_nearer_one(side):
    rect = next(rect for rect, name in side.canvas.targets if name == "key:e")
    side.counter.later(seconds=1)
    side.stage.touch((rect.right + 1, rect.centery))
    side.stage.release()
    side.settle()
    assert written(side) == "e"


def test_a_finger_far_from_every_key_means_none(side):
    side.counter.later(seconds=1)
    side.stage.touch((400, 140))
    side.stage.release()
    side.settle()
    assert written(side) == ""


def test_a_finger_that_stays_when_the_scene_goes_holds_nothing(side):
    rect = next(rect for rect, name in side.canvas.targets if name == "back")
    side.counter.later(seconds=1)
    side.stage.touch(rect.center)
    side.settle()
    side.wait(5)
    assert side.scene is None


# ---------------------------------------------------------------- holding, sliding, lifting


def test_an_accent_is_written_by_sliding_to_it_and_lifting_the_finger(side):
    side.slide("key:e", "key:è", "key:ê")
    assert written(side) == "ê"
    side.touch("key:t")
    assert written(side) == "êt"


def test_the_key_that_would_be_written_is_seen_under_the_sliding_finger(side):
    side.counter.later(seconds=1)
    side.stage.touch(next(rect for rect, name in side.canvas.targets if name == "key:e").center)
    for _ in range(14):
        side.wait(0.05)
    last = next(rect for rect, name in side.canvas.targets if name == "key:ë")
    assert colour(side, "key:ë") != INK
    side.stage.slide(last.center)
    side.settle()
    assert colour(side, "key:ë") == INK
    assert colour(side, "key:e") != INK
    side.stage.release()


def test_a_finger_that_trembles_chooses_nothing_and_one_can_still_be_touched(side):
    x, y = next(rect for rect, name in side.canvas.targets if name == "key:e").center
    side.counter.later(seconds=1)
    side.stage.touch((x, y))
    for _ in range(14):
        side.wait(0.05)
    side.stage.slide((x + 6, y - 5))
    side.stage.release()
    side.settle()
    assert written(side) == ""
    side.touch("key:é")
    assert written(side) == "é"


def test_a_finger_that_is_lifted_beside_the_accents_writes_nothing(side):
    side.slide("key:e", "key:é", "key:q")
    assert written(side) == ""
    assert "key:é" in side.targets()
    side.slide("key:é", "key:s")
    assert written(side) == "é"


def test_a_finger_that_moves_before_the_accents_are_there_writes_its_letter_only(side):
    side.counter.later(seconds=1)
    side.stage.touch(side.middle("key:e"))
    side.stage.slide(side.middle("key:p"))
    side.stage.release()
    side.settle()
    assert written(side) == "e"


def test_sliding_from_a_letter_without_accents_writes_it_once(side):
    side.slide("key:z", "key:p")
    assert written(side) == "z"


def test_the_cursor_stands_after_the_last_letter_of_the_last_line():
    canvas = Canvas(pygame.Surface((800, 480)))
    TextField("Préfère le bureau près de la fenêtre").draw(canvas, pygame.Rect(20, 20, 400, 110))
    first, last = (placed.rect for placed in canvas.written)
    assert first.bottom <= last.top + 4

    def inked(x: int, y: int) -> bool:
        return tuple(canvas.surface.get_at((x, y)))[:3] == INK

    assert inked(last.right + 3, last.centery)
    assert not inked(last.right + 3, first.centery)


@pytest.mark.parametrize("layout", ["fr", "en"])
def test_on_an_upright_screen_a_letter_is_as_wide_as_a_finger_too(layout):
    canvas = Canvas(pygame.Surface((720, 1280)))
    Keyboard(layout).draw(canvas, pygame.Rect(45, 900, 630, 312), enter="OK")
    assert min(rect.width for rect, name in canvas.targets) / canvas.unit >= 9 * 800 / 154
    assert all(canvas.rect.contains(rect) for rect, _ in canvas.targets)
