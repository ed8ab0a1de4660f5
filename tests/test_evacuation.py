"""The evacuation list: by a host's badge alone, who is in, ticked off on this screen."""

import pytest

from kiosk.model import Signal, Touch
from tests.counter import Counter
from tests.hosts_side import HostsSide


@pytest.fixture
def counter(tmp_path):
    counter = Counter(tmp_path)
    yield counter
    counter.close()


def test_a_host_s_badge_leads_to_the_list_and_a_member_s_does_not(counter) -> None:
    claire, camille = counter.joins("claire", staff=True), counter.joins("camille")
    counter.tap(claire)
    notice = counter.wall.notices[-1]
    assert [button.id for button in notice.buttons] == ["desk", "evacuation"]
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
