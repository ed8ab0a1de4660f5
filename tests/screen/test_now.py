"""Who is in, and today's taps, on the hosts' side."""

import pytest

from kiosk.facts import Happened, Left, Reversed, Tapped
from kiosk.model import Source
from kiosk.screen.scenes.visits.today import Today
from kiosk.screen.scenes.visits.who_is_in import WhoIsIn
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk


@pytest.fixture
def counter(tmp_path):
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


# ---------------------------------------------------------------- now


def test_who_is_in_is_told_with_since_until_and_why(counter) -> None:
    counter.tap(counter.joins("Camille"))
    seen = HostsSide(counter, WhoIsIn).reads()
    assert "Camille" in seen
    assert "depuis 09:05\N{NO-BREAK SPACE}· Entrée utilisée" in seen
    assert "jusqu’à 12:05" in seen


def test_somebody_whose_time_is_over_is_told_to_have_gone_probably(counter) -> None:
    counter.tap(counter.joins("Camille"))
    counter.later(hours=3, minutes=5)
    assert "départ probable" in HostsSide(counter, WhoIsIn).reads()


def test_scenario_q_a_member_without_badge_is_checked_in_by_hand(counter) -> None:
    counter.joins("Zoé")
    side = HostsSide(counter, WhoIsIn)
    side.touch("check_in")
    for letter in "zoe":
        side.touch(f"key:{letter}")
    side.touch("row:Zoé")
    assert counter.stored(Tapped) == []
    side.touch("yes")
    (tapped,) = counter.stored(Tapped)
    assert (tapped.member_id, tapped.source) == ("Zoé", Source.STAFF)
    assert isinstance(side.scene, WhoIsIn)
    assert "Zoé\N{NO-BREAK SPACE}· Entrée utilisée" in side.reads()
    assert counter.door.unlocks == []


def test_a_check_in_that_is_denied_says_why(counter) -> None:
    counter.joins("Zoé", units=0)
    side = HostsSide(counter, WhoIsIn, language="en")
    side.touch("check_in")
    side.type("zoé")
    side.touch("row:Zoé")
    side.touch("yes")
    assert "Not let in: No pass" in side.reads()
    side.touch("back")
    side.touch("back")
    assert isinstance(side.scene, WhoIsIn)


def test_somebody_who_left_is_checked_out_after_a_yes(counter) -> None:
    counter.tap(counter.joins("Camille"))
    side = HostsSide(counter, WhoIsIn)
    side.touch("row:Camille")
    side.touch("has_left")
    side.touch("no")
    assert counter.stored(Left) == []
    side.touch("has_left")
    side.touch("yes")
    assert [fact.member_id for fact in counter.stored(Left)] == ["Camille"]
    assert "Départ enregistré\u202f: Camille" in side.reads()
    assert "row:Camille" not in side.targets()


def test_an_entry_is_given_back_with_a_reason_and_once(counter) -> None:
    counter.tap(counter.joins("Camille"))
    side = HostsSide(counter, WhoIsIn)
    side.touch("row:Camille")
    side.touch("reverse")
    side.touch("goodwill")
    assert "Raison\u202f: Geste commercial" in side.reads()
    side.touch("yes")
    (reversal,) = counter.stored(Reversed)
    assert (reversal.reason, reversal.by) == ("Geste commercial", "claire")
    assert isinstance(side.scene, WhoIsIn)
    assert "Entrée rendue" in side.reads()
    assert "row:Camille" not in side.targets()
    side = HostsSide(counter, Today)
    side.touch("all")
    side.touch(next(one for one in side.targets() if one.startswith("row:")))
    side.touch("twice")
    side.touch("yes")
    assert len(counter.stored(Reversed)) == 1


def test_a_reason_can_be_typed_and_must_be_given(counter) -> None:
    counter.tap(counter.joins("Camille"))
    side = HostsSide(counter, WhoIsIn)
    side.touch("row:Camille")
    side.touch("reverse")
    side.press("enter")
    assert "Dites pourquoi" in side.reads()
    side.type("panne de badge")
    side.press("enter")
    side.touch("yes")
    assert [fact.reason for fact in counter.stored(Reversed)] == ["panne de badge"]


def test_the_door_opens_once_after_its_line_is_in_the_ledger(counter) -> None:
    side = HostsSide(counter, WhoIsIn)
    side.touch("door")
    assert counter.door.unlocks == []
    side.touch("yes")
    (happened,) = counter.stored(Happened)
    assert (happened.what, happened.detail) == ("opened_by_host", "claire")
    assert counter.door.unlocks == [counter.ledger.head.seq]
    assert "ouverte un instant" in side.reads()


def test_a_door_whose_line_cannot_be_written_stays_shut(counter) -> None:
    side = HostsSide(counter, WhoIsIn)
    counter.break_disk()
    side.touch("door")
    side.touch("yes")
    assert counter.door.unlocks == []
    assert "Rien ne peut être enregistré" in side.reads()


# ---------------------------------------------------------------- today


def test_refusals_and_unknown_badges_come_first_with_their_code(counter) -> None:
    counter.tap(counter.joins("Camille"))
    verdict = counter.tap(bytes.fromhex("04112233445566"))
    side = HostsSide(counter, Today)
    assert "Badge inconnu" in side.reads()
    assert f"Badge {verdict.claim_code}" in side.reads()
    assert "Camille" not in side.reads()
    side.touch("all")
    assert "Camille" in side.reads()
    assert "Entrée utilisée" in side.reads()


def test_an_entry_of_today_is_given_back_from_its_line(counter) -> None:
    counter.tap(counter.joins("Camille"))
    side = HostsSide(counter, Today)
    assert "Rien à signaler" in side.reads()
    side.touch("all")
    side.touch(f"row:{counter.ledger.head.seq}")
    side.touch("mistake")
    side.touch("yes")
    assert len(counter.stored(Reversed)) == 1
    assert isinstance(side.scene, Today)
    assert "Entrée rendue" in side.reads()


def test_a_line_that_took_nothing_can_only_be_read(counter) -> None:
    camille = counter.joins("Camille")
    counter.tap(camille)
    counter.later(minutes=5)
    counter.tap(camille)
    side = HostsSide(counter, Today)
    side.touch("all")
    assert len([target for target in side.targets() if target.startswith("row:")]) == 1
