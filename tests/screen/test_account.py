"""What a member does with their own account on the screen: the scene alone, and the way into it by a badge."""

import pytest
from msgspec.structs import replace

from kiosk.answers import Refused
from kiosk.commands import ChangeMember
from kiosk.facts import MemberSet
from kiosk.messages import Touch
from kiosk.notices import Language
from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.scene import Ask, Context, Swap
from kiosk.screen.scenes.people.own_account import OwnAccount
from kiosk.screen.sdl import pygame
from tests.office.kiosks.stepped import SteppedKiosk
from tests.pictures.picture import WIDE


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


def ask(counter: SteppedKiosk, command):
    """What the kiosk answers to a command of the screen."""
    return counter.asks(command)


def perform(counter: SteppedKiosk, scene: OwnAccount, effects) -> OwnAccount:
    """Carry out what a scene asks for, until it asks for nothing more; return the scene that shows then."""
    while isinstance(effects, Ask):
        effects = scene.answered(effects.command, ask(counter, effects.command))
    if isinstance(effects, Swap):
        assert isinstance(effects.to, OwnAccount)
        return perform(counter, effects.to, effects.to.opened())
    return scene


def opened(counter: SteppedKiosk, name: str = "camille") -> OwnAccount:
    context = Context(words=Language("fr", "Europe/Paris"), now=counter.clock.now, member_id=name)
    scene = OwnAccount(context)
    return perform(counter, scene, scene.opened())


def touch(counter: SteppedKiosk, scene: OwnAccount, target: str) -> OwnAccount:
    canvas = Canvas(pygame.Surface(WIDE))
    scene.draw(canvas)
    assert target in [name for _, name in canvas.targets]
    return perform(counter, scene, scene.touched(target))


def written(scene: OwnAccount) -> str:
    canvas = Canvas(pygame.Surface(WIDE))
    scene.draw(canvas)
    return " ".join(placed.line.text for placed in canvas.written)


def member(counter: SteppedKiosk, name: str = "camille"):
    return counter.ledger.roster.member(name)


def test_it_tells_entries_and_visits(counter) -> None:
    counter.tap(counter.joins("camille"))
    scene = opened(counter)
    assert "9 / 10" in written(scene)
    scene = touch(counter, scene, "visits")
    assert "Lundi 1er juin" in written(scene)
    assert "de 09:05 à 12:05" in written(scene)


def test_a_touch_changes_a_wish_and_another_changes_it_back(counter) -> None:
    counter.joins("camille")
    scene = touch(counter, opened(counter), "settings")
    scene = touch(counter, scene, "large_text")
    assert member(counter).large_text
    assert "Grand texte\u202f: oui" in written(scene)
    touch(counter, scene, "large_text")
    assert not member(counter).large_text


def test_the_sound_goes_round_and_is_heard_at_the_next_tap(counter) -> None:
    uid = counter.joins("camille")
    scene = touch(counter, opened(counter), "settings")
    heard = []
    for _ in range(3):
        scene = touch(counter, scene, "sound")
        counter.later(seconds=10)
        counter.tap(uid)
        heard.append(counter.wall.notices[-1].sound)
    assert heard == ["slow", "none", "usual"]


def test_another_language_is_spoken_at_once_and_at_the_next_tap(counter) -> None:
    uid = counter.joins("camille")
    scene = touch(counter, opened(counter), "settings")
    scene = touch(counter, scene, "language")
    assert scene.title() == "My account"
    assert "Language: English" in written(scene)
    counter.tap(uid)
    assert counter.wall.notices[-1].title == "Entry recorded"
    scene = touch(counter, scene, "language")
    assert scene.title() == "Mon compte"


def test_one_decides_what_others_see(counter) -> None:
    uid = counter.joins("camille")
    scene = touch(counter, opened(counter), "privacy")
    scene = touch(counter, scene, "listed")
    counter.controller.handle(counter.tapped(uid))
    assert counter.wall.views[-1].names == "camille"
    for _ in range(2):
        scene = touch(counter, scene, "greeting")
    assert member(counter).greeting == "nothing"
    counter.later(seconds=10)
    counter.controller.handle(counter.tapped(uid))
    assert counter.wall.notices[-1].greeting is None
    assert counter.wall.views[-1].names == ""


def test_a_pseudonym_is_offered_to_who_has_one(counter) -> None:
    counter.joins("camille")
    counter.ledger.append(MemberSet(member=replace(member(counter), pseudonym="Plume")))
    scene = touch(counter, opened(counter), "privacy")
    for _ in range(2):
        scene = touch(counter, scene, "greeting")
    assert "Salutation\u202f: Plume" in written(scene)


def test_it_is_only_ever_about_its_own_member(counter) -> None:
    counter.joins("camille")
    counter.joins("hugo")
    scene = opened(counter)
    for tab, target in (("settings", "sound"), ("settings", "large_text"), ("privacy", "listed")):
        scene.touched(tab)
        effect = scene.touched(target)
        assert isinstance(effect, Ask)
        assert isinstance(effect.command, ChangeMember)
        assert effect.command.member == "camille"
    assert "hugo" not in written(scene)


def test_a_refusal_is_shown(counter) -> None:
    counter.joins("camille")
    scene = opened(counter)
    scene.answered(
        ChangeMember(member="camille"), Refused(message="the ledger cannot be written", code="LEDGER_FAILED")
    )
    assert scene.message
    assert not scene.message.is_good


@pytest.mark.parametrize(("status", "offered"), [("active", True), ("lost", False)])
def test_the_way_in_is_a_button_after_the_tap_but_not_with_a_lost_badge(counter, status, offered) -> None:
    counter.tap(counter.joins("camille", status=status))
    notice = counter.wall.notices[-1]
    assert ("account" in [button.id for button in notice.buttons]) == offered
    counter.controller.handle(Touch(button="account", notice=notice.number))
    assert [(one.to, one.member_id) for one in counter.wall.admissions] == [("account", "camille")] * offered


def test_scenario_p_nobody_opens_the_account_of_the_badge_before(counter) -> None:
    counter.tap(counter.joins("camille"))
    number = counter.wall.notices[-1].number
    counter.tap(counter.joins("hugo"))
    counter.controller.handle(Touch(button="account", notice=number))
    assert counter.wall.admissions == []


def test_a_host_looks_at_an_account_of_their_own_too(counter) -> None:
    badge = counter.joins("claire", staff=True)
    for _ in range(2):  # the first tap comes in
        counter.tap(badge)
        counter.later(minutes=10)
        assert "account" in [one.id for one in counter.wall.notices[-1].buttons]
    assert opened(counter, "claire").account is not None
