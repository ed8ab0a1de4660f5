"""A host signs in at the screen: by badge, then PIN; then the menu."""

import pytest
from argon2 import PasswordHasher

from kiosk.commands import SetPin
from kiosk.desk import pins
from kiosk.messages import Touch
from kiosk.screen.scenes.menu import ITEMS, Menu
from kiosk.screen.scenes.sign_in import SignInScene
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import KEY, SteppedKiosk

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    counter.joins("claire", staff=True)
    yield counter
    counter.close()


@pytest.fixture
def side(counter):
    side = HostsSide(counter, "desk")
    side.perform(SetPin(member="claire", hashed=CHEAP.hash(pins._peppered("482613", KEY))))
    return side


def tap_digits(side: HostsSide, digits: str) -> None:
    for digit in digits:
        side.touch(f"pad:{digit}")
    side.touch("pad:ok")


def test_the_button_of_a_host_s_notice_leads_to_the_pin(counter) -> None:
    counter.tap(bytes([4]) + b"claire")
    notice = counter.wall.notices[-1]
    counter.controller.handle(Touch(button="desk", notice=notice.number))
    assert counter.wall.admissions[-1].to == "desk"


def test_the_right_pin_leads_to_the_menu_by_finger(side) -> None:
    tap_digits(side, "482613")
    assert isinstance(side.scene, Menu)
    side.touch("back")
    assert side.scene is None


def test_the_right_pin_leads_to_the_menu_by_keyboard(side) -> None:
    side.type("4826")
    side.type("19")
    side.press("backspace", "backspace")
    side.type("13")
    side.press("enter")
    assert isinstance(side.scene, Menu)


def test_a_wrong_pin_says_so_and_the_digits_are_gone(side) -> None:
    tap_digits(side, "482614")
    assert isinstance(side.scene, SignInScene)
    assert "Ce n’est pas le bon code" in side.reads()
    assert "pad:ok" not in side.targets()
    tap_digits(side, "482613")
    assert isinstance(side.scene, Menu)


def test_after_five_wrong_pins_the_screen_says_how_long_to_wait(side) -> None:
    for _ in range(5):
        tap_digits(side, "482614")
    tap_digits(side, "482613")
    assert "attendez 1\u00a0min" in side.reads()
    side.wait(31)
    tap_digits(side, "482613")
    assert isinstance(side.scene, Menu)


def test_the_digits_are_never_shown(side) -> None:
    for digit in "482613":
        side.touch(f"pad:{digit}")
    keys = [line for line in side.reads().split("\n") if line.isdigit()]
    assert sorted(keys) == list("0123456789")


def test_a_host_without_a_pin_is_told_what_to_do(counter) -> None:
    side = HostsSide(counter, "desk", language="en")
    tap_digits(side, "4826")
    assert "claire has no PIN yet" in side.reads()


def test_every_item_of_the_menu_leads_somewhere_and_back(side) -> None:
    tap_digits(side, "482613")
    for item in ITEMS:
        side.touch(item.target)
        assert not isinstance(side.scene, Menu)
        side.touch("back")
        assert isinstance(side.scene, Menu)
