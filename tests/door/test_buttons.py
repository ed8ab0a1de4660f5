"""The buttons after a tap, on a real ledger: what they do, what they cost, and that they are for one badge only."""

import pytest
from msgspec.structs import replace

from kiosk.answers import Inside, Refused
from kiosk.commands import ListInside
from kiosk.facts import Left, Reversed, Tapped
from kiosk.messages import Touch
from kiosk.model import Source
from kiosk.notices.view import NOTICE_SECONDS
from tests.office.kiosks.stepped import SERRES, SteppedKiosk


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


def touch(counter: SteppedKiosk, button: str, *, number: int | None = None) -> str:
    """Touch a button of the notice that shows; return the title of what shows then."""
    shown = number or counter.wall.notices[-1].number
    counter.controller.handle(Touch(button=button, notice=shown))
    return counter.wall.notices[-1].title


def buttons(counter: SteppedKiosk) -> list[str]:
    return [str(button.id) for button in counter.wall.notices[-1].buttons]


def come_in(counter: SteppedKiosk, name: str = "camille", *, units: int = 10, later: float = 120) -> bytes:
    """Tap, and tap again after a while."""
    uid = counter.joins(name, units=units)
    counter.tap(uid)
    counter.later(seconds=later)
    counter.tap(uid)
    return uid


def left(counter: SteppedKiosk, name: str = "camille") -> int:
    held = counter.ledger.roster.holdings(name, counter.clock.now())
    return sum((one.pass_.terms.units or 0) - one.used for one in held)


def inside(counter: SteppedKiosk) -> list[str]:
    answer = counter.asks(ListInside())
    assert isinstance(answer, Inside), isinstance(answer, Refused) and answer.message
    return [one.name for one in answer.people]


def people_in(counter: SteppedKiosk) -> int:
    return counter.ledger.roster.people_in("la-serre", counter.clock.now())


# ---------------------------------------------------------------- which buttons, and for whom


def test_the_first_tap_offers_a_guest_the_second_all_the_rest(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    assert buttons(counter) == ["guest", "account"]
    counter.later(seconds=20)
    counter.tap(camille)
    assert buttons(counter) == ["leave", "undo", "extend", "guest", "account"]
    counter.later(minutes=30)
    counter.tap(camille)
    assert buttons(counter) == ["leave", "extend", "guest", "account"]


def test_whoever_has_no_entry_left_is_offered_nothing_that_costs_one(counter) -> None:
    come_in(counter, units=1)
    assert buttons(counter) == ["leave", "account"]


@pytest.mark.parametrize("button", ["undo", "leave", "extend", "guest", "extend_yes", "guest_yes"])
def test_scenario_p_nobody_touches_a_button_of_the_badge_before(counter, button) -> None:
    come_in(counter, later=20)
    number = counter.wall.notices[-1].number
    counter.tap(counter.joins("hugo"))
    facts = counter.ledger.head.seq
    said = counter.wall.notices[-1]
    counter.controller.handle(Touch(button=button, notice=number))
    assert counter.ledger.head.seq == facts
    assert counter.wall.notices[-1] == said


@pytest.mark.parametrize("button", ["extend_yes", "guest_yes"])
def test_scenario_p_the_answer_to_a_question_is_for_whom_it_was_put_to(counter, button) -> None:
    come_in(counter)
    touch(counter, button.removesuffix("_yes"))
    number = counter.wall.notices[-1].number
    counter.tap(counter.joins("hugo"))
    facts = counter.ledger.head.seq
    touch(counter, button, number=number)
    assert counter.ledger.head.seq == facts


def test_the_buttons_work_for_as_long_as_the_notice_shows(counter) -> None:
    come_in(counter)
    counter.later(seconds=NOTICE_SECONDS + 1)
    facts = counter.ledger.head.seq
    touch(counter, "leave")
    assert counter.ledger.head.seq == facts


def test_a_button_that_is_not_shown_does_nothing(counter) -> None:
    come_in(counter)
    facts = counter.ledger.head.seq
    touch(counter, "guest_yes")
    assert counter.ledger.head.seq == facts


# ---------------------------------------------------------------- the next window


def test_prolonging_is_asked_once_and_costs_an_entry(counter) -> None:
    come_in(counter)
    assert touch(counter, "extend") == "Prolonger\u202f?"
    assert left(counter) == 9
    assert touch(counter, "extend_yes") == "Créneau prolongé"
    assert left(counter) == 8
    assert counter.wall.notices[-1].lines[0] == "Jusqu’à 15:05"
    fact = counter.stored(Tapped)[-1]
    assert (fact.source, fact.member_id) == (Source.TOUCH, "camille")


def test_a_no_changes_nothing(counter) -> None:
    come_in(counter)
    facts = counter.ledger.head.seq
    touch(counter, "extend")
    assert touch(counter, "keep") == "Rien n’a changé"
    assert counter.ledger.head.seq == facts
    assert buttons(counter) == []


def test_after_prolonging_the_whole_time_is_free_to_come_back_in(counter) -> None:
    camille = come_in(counter)
    touch(counter, "extend")
    touch(counter, "extend_yes")
    counter.later(hours=4)
    counter.tap(camille)
    assert counter.wall.notices[-1].title == "Rebonjour"
    assert left(counter) == 8


def test_a_prolonging_that_was_undone_leaves_its_member_in_with_the_first_window(counter) -> None:
    come_in(counter)
    touch(counter, "extend")
    touch(counter, "extend_yes")
    assert buttons(counter) == ["undo"]
    assert touch(counter, "undo") == "Entrée rendue"
    assert left(counter) == 9
    assert people_in(counter) == 1
    assert counter.wall.notices[-1].lines == ("Il vous reste 9 entrées", "Votre propre créneau continue")
    counter.later(hours=4)
    assert people_in(counter) == 0


def test_the_touch_that_comes_twice_buys_once(counter) -> None:
    come_in(counter)
    touch(counter, "extend")
    number = counter.wall.notices[-1].number
    touch(counter, "extend_yes", number=number)
    touch(counter, "extend_yes", number=number)
    assert left(counter) == 8


def test_what_a_host_changed_between_question_and_answer_counts(counter) -> None:
    come_in(counter, units=2)
    touch(counter, "extend")
    first = counter.stored(Tapped)[0]
    counter.ledger.append(replace(first, verdict=replace(first.verdict)))  # the last entry goes at another kiosk
    assert touch(counter, "extend_yes") == "Impossible"
    assert left(counter) == 0


def test_a_disk_that_fails_sells_nothing(counter) -> None:
    come_in(counter)
    touch(counter, "extend")
    counter.break_disk()
    assert touch(counter, "extend_yes") == "Hors service"
    counter.break_disk(False)
    assert left(counter) == 9


# ---------------------------------------------------------------- guests


def test_a_guest_is_asked_about_costs_an_entry_and_is_counted(counter) -> None:
    come_in(counter)
    assert touch(counter, "guest") == "Un invité\u202f?"
    assert people_in(counter) == 1
    assert touch(counter, "guest_yes") == "Bienvenue à votre invité"
    assert (left(counter), people_in(counter)) == (8, 2)
    assert inside(counter) == ["camille", "camille +1"]


def test_a_guest_goes_when_their_time_is_over(counter) -> None:
    come_in(counter)
    touch(counter, "guest")
    touch(counter, "guest_yes")
    counter.later(hours=4)
    assert people_in(counter) == 0


def test_guests_leave_with_their_member(counter) -> None:
    camille = come_in(counter)
    touch(counter, "guest")
    touch(counter, "guest_yes")
    counter.later(minutes=5)
    counter.tap(camille)
    touch(counter, "leave")
    assert people_in(counter) == 0
    assert {fact.member_id for fact in counter.stored(Left)} == {"camille", "camille+1"}


def test_a_guest_taken_back_leaves_their_member_in(counter) -> None:
    come_in(counter)
    touch(counter, "guest")
    touch(counter, "guest_yes")
    assert touch(counter, "undo") == "Entrée rendue"
    assert (left(counter), people_in(counter)) == (9, 1)
    assert counter.stored(Reversed)[-1].by == "self"


def test_an_undo_of_a_guest_is_one_of_the_member_s_undos(counter) -> None:
    camille = come_in(counter, later=20)
    touch(counter, "undo")
    counter.later(seconds=30)
    counter.tap(camille)
    counter.later(seconds=10)
    counter.tap(camille)
    touch(counter, "guest")
    touch(counter, "guest_yes")
    assert buttons(counter) == []


def test_there_are_only_as_many_guests_as_the_place_allows(counter) -> None:
    camille = come_in(counter)
    for _ in range(SERRES.policy.guests):
        touch(counter, "guest")
        touch(counter, "guest_yes")
        counter.later(seconds=10)
        counter.tap(camille)
    assert touch(counter, "guest") == "Impossible"
    assert counter.wall.notices[-1].lines[0] == "Vous avez déjà 2 invités ici"
    assert (left(counter), people_in(counter)) == (7, 3)


def test_a_question_makes_no_sound_and_the_answer_does(counter) -> None:
    come_in(counter)
    touch(counter, "guest")
    assert counter.light.sounds[-1] == "none"
    touch(counter, "guest_yes")
    assert counter.light.sounds[-1] == "usual"


def test_the_ledger_adds_up_after_all_of_it(counter) -> None:
    camille = come_in(counter)
    for one, other in (("guest", "guest_yes"), ("extend", "extend_yes")):
        touch(counter, one)
        touch(counter, other)
        counter.later(seconds=10)
        counter.tap(camille)
    assert counter.ledger.verify() == ()
