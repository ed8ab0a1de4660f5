"""The evacuation list: opened by a host's badge alone; who is in; ticking off on this screen."""

from collections.abc import Callable
from datetime import datetime

import pytest

from kiosk.answers import Done, Inside, Present
from kiosk.commands import CloseToday, EraseMember, Leave, ListInside, StayOpen, Undo
from kiosk.facts import Erased, Tapped
from kiosk.messages import FeedArrived, Touch
from kiosk.model import Signal, Source
from kiosk.screen.scenes.visits.who_is_in import WhoIsIn
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import MONDAY, SteppedKiosk, UnsureClock


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


def test_a_host_s_badge_leads_to_the_list_and_a_member_s_does_not(counter) -> None:
    claire, camille = counter.joins("claire", staff=True), counter.joins("camille")
    counter.tap(claire)
    notice = counter.wall.notices[-1]
    assert [button.id for button in notice.buttons] == ["account", "desk", "evacuation"]
    counter.controller.handle(Touch(button="evacuation", notice=notice.number))
    (admission,) = counter.wall.admissions
    assert (admission.to, admission.member_id, admission.notice) == ("evacuation", "claire", notice.number)
    counter.later(seconds=10)
    counter.tap(camille)
    notice = counter.wall.notices[-1]
    counter.controller.handle(Touch(button="evacuation", notice=notice.number))
    assert len(counter.wall.admissions) == 1
    assert notice.signal is Signal.GRANTED


def test_the_list_names_who_is_in_and_since_when_and_follows(counter) -> None:
    counter.tap(counter.joins("camille"))
    side = HostsSide(counter, "evacuation")
    assert "1 personne à retrouver" in side.reads()
    assert "camille\ndepuis" in side.reads().replace("depuis 09:05\ncamille", "camille\ndepuis 09:05")
    counter.tap(counter.joins("théo"))
    side.wait(15)
    assert "2 personnes à retrouver" in side.reads()


def test_who_is_outside_is_ticked_off_and_can_be_taken_back(counter) -> None:
    counter.tap(counter.joins("camille"))
    side = HostsSide(counter, "evacuation", language="en")
    side.touch("row:camille")
    assert "0 people to find" in side.reads()
    side.touch("row:camille")
    assert "1 person to find" in side.reads()
    assert len(counter.ledger.roster.inside("la-serre", counter.clock.now())) == 1


def test_an_empty_house_is_said_to_be_empty(counter) -> None:
    assert "Personne n’est là" in HostsSide(counter, "evacuation").reads()


def test_the_list_stays_for_longer_than_other_scenes(counter) -> None:
    side = HostsSide(counter, "evacuation")
    side.wait(590)
    assert side.scene is not None
    side.wait(10)
    assert side.scene is None


# ---------------------------------------------------------------- it errs on the side of naming somebody


def listed(counter: SteppedKiosk, *, doubtful: bool = True) -> list[str]:
    """Return who is on the list; without `doubtful` only those who count as present."""
    answer = HostsSide(counter, "evacuation").perform(ListInside(doubtful=doubtful))
    assert isinstance(answer, Inside)
    return [person.name for person in answer.people]


def done(counter: SteppedKiosk, command) -> None:
    assert isinstance(HostsSide(counter, "evacuation").perform(command), Done)


def push(counter: SteppedKiosk, button: str) -> None:
    """Touch a button of the notice that shows."""
    counter.later(seconds=2)
    counter.controller.handle(Touch(button=button, notice=counter.wall.notices[-1].number))


def closed_early(counter: SteppedKiosk, camille: bytes) -> None:
    counter.later(minutes=10)
    done(counter, CloseToday())


def undone_by_themselves(counter: SteppedKiosk, camille: bytes) -> None:
    counter.later(seconds=20)
    counter.tap(camille)
    push(counter, "undo")


def reversed_by_a_host(counter: SteppedKiosk, camille: bytes) -> None:
    counter.later(minutes=5)
    done(counter, Undo(member="camille", reason="by mistake"))


def overstayed(counter: SteppedKiosk, camille: bytes) -> None:
    counter.later(hours=5)


def after_hours(counter: SteppedKiosk, camille: bytes) -> None:
    counter.later(hours=9)


@pytest.mark.parametrize(
    "happens",
    [closed_early, undone_by_themselves, reversed_by_a_host, overstayed, after_hours],
    ids=["closed early", "undone by themselves", "reversed by a host", "overstayed", "after hours"],
)
def test_who_came_in_and_did_not_say_that_they_left_is_named(
    counter, happens: Callable[[SteppedKiosk, bytes], None]
) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    happens(counter, camille)
    assert listed(counter) == ["camille"]
    assert listed(counter, doubtful=False) == []  # who is only counted is not named: the list alone finds them
    assert "0 personne à retrouver, et peut-être 1 de plus" in HostsSide(counter, "evacuation").reads()


def test_an_entry_that_is_given_back_by_an_early_closing_takes_nobody_off_the_list(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.later(minutes=10)
    done(counter, CloseToday())
    (visit,) = counter.ledger.roster.visits_of("camille", counter.clock.now())
    assert visit.reversed_at is not None
    assert listed(counter) == ["camille"]
    counter.later(minutes=5)
    done(counter, StayOpen(until="18:00"))
    assert listed(counter) == ["camille"]


def test_who_said_that_they_left_is_not_looked_for(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(minutes=1)
    done(counter, Leave(member="camille"))
    assert listed(counter) == []
    counter.later(minutes=1)
    counter.tap(camille)
    assert listed(counter) == ["camille"]


def test_who_extended_or_came_back_is_named_once(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    for _ in range(3):
        counter.later(hours=1)
        counter.tap(camille)
    assert listed(counter) == ["camille"]


def test_who_touched_prolong_is_named_once_for_as_long_as_they_may_be_there(counter) -> None:
    camille = counter.joins("camille")
    counter.tap(camille)
    counter.later(hours=1)
    counter.tap(camille)
    push(counter, "extend")
    push(counter, "extend_yes")
    assert counter.stored(Tapped)[-1].source is Source.TOUCH
    assert listed(counter) == listed(counter, doubtful=False) == ["camille"]
    counter.later(hours=4)  # past the first window, within the one that was bought
    assert listed(counter) == listed(counter, doubtful=False) == ["camille"]


def test_a_guest_is_named_by_their_member_after_a_closing_too(counter) -> None:
    counter.tap(counter.joins("camille"))
    push(counter, "guest")
    push(counter, "guest_yes")
    assert listed(counter) == ["camille", "camille +1"]
    counter.later(minutes=10)
    done(counter, CloseToday())
    assert listed(counter) == ["camille", "camille +1"]


def test_a_host_takes_somebody_off_who_went_after_the_closing(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.later(minutes=10)
    done(counter, CloseToday())
    counter.later(minutes=10)
    done(counter, Leave(member="camille"))
    assert listed(counter) == []


def test_next_morning_nobody_of_the_day_before_is_looked_for(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.later(hours=12, minutes=1)
    assert listed(counter) == []


@pytest.mark.parametrize("wakes", [MONDAY, datetime(2024, 1, 1, tzinfo=MONDAY.tzinfo)], ids=["at once", "in the past"])
def test_a_power_cut_and_a_clock_that_woke_anywhere_take_nobody_off_the_list(tmp_path, wakes) -> None:
    clock = UnsureClock(MONDAY, runs=False)
    clock.is_sure = True
    counter = SteppedKiosk(tmp_path, clock=clock)
    counter.tap(counter.joins("camille"))
    counter.later(minutes=10)
    done(counter, CloseToday())
    counter.close()
    again = SteppedKiosk(tmp_path, clock=UnsureClock(wakes, runs=False))
    assert listed(again) == ["camille"]
    again.close()


def test_those_who_are_in_come_before_those_who_may_be(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.later(hours=4)
    counter.tap(counter.joins("théo"))
    side = HostsSide(counter, "evacuation")
    assert listed(counter) == ["théo", "camille"]
    assert "1 personne à retrouver, et peut-être 1 de plus" in side.reads()
    assert "peut-être encore là" in side.reads()


# ---------------------------------------------------------------- forgotten while inside


def test_who_is_erased_while_inside_is_a_person_without_a_name_until_they_leave(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.later(minutes=10)
    done(counter, EraseMember(member="camille"))
    side = HostsSide(counter, "evacuation")
    assert "1 personne à retrouver" in side.reads()
    assert "1 personne (effacée)" in side.reads()
    assert "camille" not in side.reads()
    assert "depuis" not in side.reads()
    (person,) = nameless(counter)
    done(counter, Leave(member=person.member_id))
    side.wait(15)
    assert "Personne n’est là" in side.reads()


def test_who_had_left_or_never_came_is_not_looked_for_when_erased(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.joins("hugo")
    counter.later(minutes=10)
    done(counter, Leave(member="camille"))
    done(counter, EraseMember(member="camille"))
    done(counter, EraseMember(member="hugo"))
    assert nameless(counter) == ()


def test_two_who_are_erased_are_two_and_leave_one_by_one(counter) -> None:
    for name in ("camille", "hugo"):
        counter.tap(counter.joins(name))
        counter.later(minutes=1)
        done(counter, EraseMember(member=name))
    first, second = nameless(counter)
    done(counter, Leave(member=first.member_id))
    assert nameless(counter) == (second,)
    done(counter, Leave(member="erased:99999"))
    assert nameless(counter) == (second,)


def test_who_may_still_be_there_after_their_time_counts_when_erased(counter) -> None:
    counter.tap(counter.joins("camille"))
    counter.later(hours=9)
    assert listed(counter) == ["camille"]
    done(counter, EraseMember(member="camille"))
    assert len(nameless(counter)) == 1
    counter.later(hours=12, minutes=1)
    assert nameless(counter) == ()


def test_an_erasure_from_the_central_server_takes_nobody_off_the_list(counter, tmp_path) -> None:
    counter.tap(counter.joins("camille"))
    counter.joins("hugo")
    (tmp_path / "other").mkdir()
    other = SteppedKiosk(tmp_path / "other", is_blank=True)
    erased = other.ledger.append(Erased(member_id="camille"), Erased(member_id="hugo"))
    entries = tuple((number, entry) for number, entry in enumerate(erased, 1))
    counter.hears(FeedArrived(entries=entries, cursor=None)).result(0)
    assert counter.ledger.roster.member("camille") is None
    (person,) = nameless(counter)
    assert person.name == ""
    other.close()


def test_a_host_notes_on_the_screen_that_the_erased_one_has_left(counter) -> None:
    counter.tap(counter.joins("camille"))
    done(counter, EraseMember(member="camille"))
    (person,) = nameless(counter)
    side = HostsSide(counter, WhoIsIn)
    side.touch(f"row:{person.member_id}")
    assert "1 personne (effacée)" in side.reads()
    assert "reverse" not in side.targets()
    side.touch("has_left")
    side.touch("yes")
    assert nameless(counter) == ()


def nameless(counter: SteppedKiosk) -> tuple[Present, ...]:
    """Those on the list who were erased."""
    answer = HostsSide(counter, "evacuation").perform(ListInside(doubtful=True))
    assert isinstance(answer, Inside)
    return tuple(one for one in answer.people if not one.name)
