"""The hosts' side: where touches, keys and answers go, and how a visit ends. With scenes made for the test."""

from typing import ClassVar

import pytest

from kiosk.answers import Answered, Inside, Refused
from kiosk.commands import CloseToday, ListInside
from kiosk.facts import HoursOverridden
from kiosk.model import Signal
from kiosk.notices import Notice
from kiosk.screen.input.keys import Key
from kiosk.screen.scene import Ask, Back, Go, Quit, Scene, Swap
from kiosk.screen.stage import TOO_SOON_SECONDS
from kiosk.screen.widgets.button import Choice, grid
from kiosk.screen.widgets.message import Message
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk


class Plain(Scene):
    """Buttons that wish what their names say."""

    targets: ClassVar[tuple[str, ...]] = ("close", "look", "deeper", "instead", "out", "ask")

    def __init__(self, context) -> None:
        super().__init__(context)
        self.answers: list[Answered] = []
        self.codes: list[str] = []
        self.opened_times = 0

    def title(self) -> str:
        return "Essai"

    def opened(self):
        self.opened_times += 1

    def body(self, canvas, rect) -> None:
        grid(canvas, rect, [Choice(target=one, label=one) for one in self.targets], columns=3)

    def touched(self, target):
        if target == "ask":
            self.confirm("Fermer ?", "Plus personne n’entre.", yes="Fermer", then=Ask(CloseToday()))
        return {
            "close": Ask(CloseToday()),
            "look": Ask(ListInside(), blocks=False),
            "deeper": Go(Deeper(self.context)),
            "instead": Swap(Deeper(self.context)),
            "out": Quit(),
        }.get(target)

    def answered(self, command, answer):
        self.answers.append(answer)
        return super().answered(command, answer)

    def badge(self, code):
        self.codes.append(code)


class Deeper(Plain):
    every_seconds = 20.0
    waits_for_badge = True

    def touched(self, target):
        return Back(message=Message("Vu d’en bas")) if target == "look" else super().touched(target)


class Typing(Plain):
    default = "close"

    def __init__(self, context) -> None:
        super().__init__(context)
        self.text = ""

    def typed(self, key):
        if key.name != "text":
            return False
        self.text += key.text
        return None


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


@pytest.fixture
def side(counter):
    return HostsSide(counter, Plain)


def overrides(counter: SteppedKiosk) -> int:
    return len(counter.stored(HoursOverridden))


# ---------------------------------------------------------------- effects


def test_a_touch_has_a_command_performed_and_the_answer_comes_back(side, counter) -> None:
    side.touch("close")
    assert overrides(counter) == 1
    assert len(side.scene.answers) == 1


def test_until_it_is_answered_a_command_is_not_asked_twice(side) -> None:
    side.answers = False
    side.touch("close")
    side.touch("close")
    side.touch("look")
    assert side.asked == [CloseToday()]
    side.touch("back")
    assert side.scene is None


def test_what_does_not_block_can_be_asked_again(side) -> None:
    side.answers = False
    side.touch("look")
    side.touch("look")
    assert side.asked == [ListInside(), ListInside()]


def test_a_command_without_an_answer_says_so_on_the_screen(side) -> None:
    side.answers = False
    side.touch("close")
    side.wait(9)
    assert side.scene.answers == []
    side.wait(2)
    assert isinstance(side.scene.answers[0], Refused)
    assert "Pas de réponse" in side.reads()
    side.touch("close")
    assert len(side.asked) == 2


def test_an_answer_that_comes_too_late_is_dropped(side) -> None:
    side.answers = False
    side.touch("close")
    side.wait(11)
    side.stage.answer(1, Inside(people=()))
    assert len(side.scene.answers) == 1


def test_an_answer_to_a_scene_that_was_left_is_dropped(side) -> None:
    side.answers = False
    side.touch("look")
    left = side.scene
    side.touch("leave")
    side.stage.answer(1, Inside(people=()))
    assert left.answers == []


def test_scenes_lead_deeper_and_back_with_a_message(side) -> None:
    first = side.scene
    side.touch("deeper")
    assert isinstance(side.scene, Deeper)
    side.touch("look")
    assert side.scene is first
    assert first.opened_times == 2
    assert "Vu d’en bas" in side.reads()
    side.touch("close")
    assert "Vu d’en bas" not in side.reads()


def test_back_leads_to_a_scene_of_a_kind(side) -> None:
    first = side.scene
    side.touch("deeper")
    side.touch("deeper")
    side.touch("deeper")
    side.stage._do(side.scene, Back(to=Plain))
    side.settle()
    assert isinstance(side.scene, Deeper)
    while side.scene is not first:
        side.touch("back")
    side.touch("back")
    assert side.scene is None


def test_a_scene_in_the_place_of_another_leads_back_past_it(side) -> None:
    side.touch("instead")
    assert isinstance(side.scene, Deeper)
    side.touch("back")
    assert side.scene is None


# ---------------------------------------------------------------- questions


def test_what_asks_first_is_done_after_a_yes_only(side, counter) -> None:
    side.touch("ask")
    assert "Plus personne n’entre." in side.reads()
    assert side.targets() == ["no", "yes"]
    side.touch("no")
    assert overrides(counter) == 0
    side.touch("ask")
    side.touch("yes")
    assert overrides(counter) == 1
    assert side.scene.dialog is None


def test_a_finger_that_touches_twice_does_not_say_yes_by_it(side, counter) -> None:
    side.touch("ask")
    middle = next(rect for rect, name in side.canvas.targets if name == "yes").center
    side.touch("no")
    side.touch("ask")
    side.stage.touch(middle)
    side.settle()
    assert side.scene.dialog is not None
    counter.later(seconds=TOO_SOON_SECONDS)
    side.stage.touch(middle)
    side.settle()
    assert overrides(counter) == 1


def test_escape_is_a_no(side, counter) -> None:
    side.touch("ask")
    side.press("escape")
    assert side.scene.dialog is None
    assert side.scene is not None
    assert overrides(counter) == 0


def test_enter_on_a_question_is_a_yes_only_once_yes_has_the_focus(side, counter) -> None:
    side.touch("ask")
    side.press("enter")
    assert side.scene.dialog is not None
    side.press("tab", "tab", "enter")
    assert overrides(counter) == 1


# ---------------------------------------------------------------- keys


def test_everything_can_be_reached_and_pressed_by_the_keyboard(side) -> None:
    seen = set()
    for _ in side.targets():
        side.press("tab")
        seen.add(side.stage._focus)
    assert seen == set(side.targets())
    side.press("escape")
    assert side.scene is None


def test_the_focus_can_be_seen(side) -> None:
    before = side.canvas.surface.copy()
    side.press("tab")
    rect = next(rect for rect, name in side.canvas.targets if name == side.stage._focus)
    assert side.canvas.surface.get_at((rect.left + 1, rect.centery)) != before.get_at((rect.left + 1, rect.centery))


def test_arrows_lead_to_what_lies_there(side) -> None:
    side.press("tab", "right", "down", "left")
    assert side.stage._focus == "instead"
    side.press("up")
    assert side.stage._focus == "close"
    side.press("enter")
    assert side.asked == [CloseToday()]


def test_letters_go_to_the_scene_that_takes_them_and_enter_means_its_default(counter) -> None:
    side = HostsSide(counter, Typing)
    side.type("é a")
    assert isinstance(side.scene, Typing)
    assert side.scene.text == "é a"
    side.press("enter")
    assert side.asked == [CloseToday()]


def test_a_touch_takes_the_focus_away(side) -> None:
    side.press("tab")
    side.touch("look")
    assert side.stage._focus is None


# ---------------------------------------------------------------- the end of a visit


def test_a_visit_ends_by_itself_a_minute_after_the_last_touch(side) -> None:
    side.wait(50)
    side.touch("look")
    side.wait(59)
    assert side.scene is not None
    side.wait(1)
    assert side.scene is None


def test_a_visit_that_ends_at_a_key_or_an_answer_keeps_nothing(side) -> None:
    side.touch("deeper")
    side.touch("leave")
    assert side.scene is None
    side.stage.key(Key(name="enter"))
    side.stage.touch((400, 240))
    assert side.stage.asked() == []


def tapped(number: int, code: str | None = None) -> Notice:
    return Notice(signal=Signal.DENIED, title="Badge inconnu", code=code, number=number)


def test_another_badge_ends_the_visit(side) -> None:
    assert not side.notice(tapped(2))
    assert side.scene is None


def test_the_badge_that_began_the_visit_does_not_end_it_by_lying_on_the_reader(side) -> None:
    assert side.notice(tapped(1))
    assert side.scene is not None


def test_an_unknown_badge_goes_to_the_scene_that_waits_for_one(side) -> None:
    side.touch("deeper")
    assert side.notice(tapped(2, code="K7PM"))
    assert side.scene.codes == ["K7PM"]
    assert not side.notice(tapped(3))
    assert side.scene is None


def test_a_scene_that_changes_by_itself_looks_again(side) -> None:
    side.touch("deeper")
    side.wait(19)
    assert side.scene.opened_times == 1
    side.wait(1)
    assert side.scene.opened_times == 2
