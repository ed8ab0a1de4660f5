"""The hosts' scenes of the kiosk's health: parts, clock, central server, USB stick; driven without a window."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.answers import Answered, Done, Medium, Refused, Status
from kiosk.commands import Command, Pair, SetClock
from kiosk.facts import Happened
from kiosk.screen.scenes.machine.clock import ClockSet, moved
from kiosk.screen.scenes.machine.export import Export
from kiosk.screen.scenes.machine.health import HealthOfKiosk, HealthPart
from kiosk.screen.scenes.machine.pairing import PairWithServer
from kiosk.screen.scenes.people.member import MemberAccount
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import MONDAY, SteppedKiosk, UnsureClock
from tests.pictures import place


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


class Around(place.OnStick):
    """The kiosk around the controller: a folder for a stick, and a server that may be there."""

    stick: Path | None = None
    server: Answered = Done(said=("paired",))

    @property
    def sticks(self) -> tuple[Medium, ...]:
        return (Medium(path=str(self.stick), name="CLE", free=10**9),) if self.stick else ()

    def perform(self, command: Command) -> Answered:
        if isinstance(command, Pair):
            return self.server
        return super().perform(command)


# ---------------------------------------------------------------- the parts


def test_the_gravest_part_comes_first_and_tells_what_to_do(counter):
    side = Around(counter, HealthOfKiosk)
    assert [one for one in side.targets() if one.startswith("row:")][1:3] == ["row:reader", "row:exchange"]
    side.touch("row:reader")
    assert isinstance(side.scene, HealthPart)
    assert "Débranchez" in side.reads()


def test_a_part_that_is_well_says_that_there_is_nothing_to_do(counter):
    side = Around(counter, HealthOfKiosk)
    side.touch("row:door")
    assert "Rien à faire" in side.reads()


def test_the_parts_are_looked_at_again_and_again(counter):
    side = Around(counter, HealthOfKiosk)
    before = len(side.asked)
    side.wait(6)
    assert len(side.asked) == before + 1


# ---------------------------------------------------------------- the clock


@pytest.fixture
def doubtful(tmp_path: Path) -> Iterator[SteppedKiosk]:
    """A kiosk after a power cut: nothing vouches for its clock."""
    counter = SteppedKiosk(tmp_path, clock=UnsureClock(MONDAY, runs=False))
    yield counter
    counter.close()


def local(*parts: int) -> datetime:
    """What the wall's clock shows."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - it has no zone


def set_by(counter: SteppedKiosk, at: datetime) -> Answered:
    return HostsSide(counter, HealthOfKiosk).perform(SetClock(at=at, by="claire"))


def test_a_clock_that_is_kept_cannot_be_set_by_hand(counter):
    answer = set_by(counter, local(2026, 6, 1, 10))
    assert isinstance(answer, Refused)
    assert answer.code == "CLOCK_KEPT"


def test_setting_the_clock_is_asked_once_and_written_down_with_who_did_it(doubtful):
    side = Around(doubtful, ClockSet)
    side.touch("hour:+")
    side.touch("minute:-")
    side.touch("set")
    assert "10:04" in side.reads()
    assert doubtful.stored(Happened) == []
    side.touch("yes")
    [fact] = doubtful.stored(Happened)
    assert (fact.what, fact.detail.endswith("-> 2026-06-01T08:04:00+00:00 by claire")) == ("clock_confirmed", True)


def test_the_date_of_a_clock_that_is_kept_can_be_confirmed(counter):
    side = Around(counter, ClockSet)
    side.touch("hour:+")
    side.touch("set")
    side.touch("yes")
    assert "09:05" in side.reads(), "it is the kept time that is asked about"
    side.touch("yes")
    assert [fact.what for fact in counter.stored(Happened)] == ["clock_confirmed"]


def test_the_clock_is_not_set_before_what_was_written_when_it_was_sure(doubtful):
    doubtful.clock.is_sure = True
    doubtful.tap(doubtful.joins("lea"))
    doubtful.clock.is_sure = False
    early = set_by(doubtful, local(2026, 6, 1, 8, 0))
    assert isinstance(early, Refused)
    assert (early.code, early.facts) == ("CLOCK_BEFORE", {"moment": "2026-06-01 09:05"})
    assert isinstance(set_by(doubtful, local(2026, 6, 1, 9, 6)), Done)


def test_a_year_that_is_far_off_is_refused(doubtful):
    answer = set_by(doubtful, local(2226, 6, 1, 9, 6))
    assert isinstance(answer, Refused)
    assert answer.code == "CLOCK_YEAR"


def test_a_time_that_comes_twice_and_one_that_never_comes_are_understood(doubtful):
    twice, never = local(2026, 10, 25, 2, 30), local(2027, 3, 28, 2, 30)
    answers = [set_by(doubtful, at) for at in (twice, never)]
    assert [answer.id for answer in answers if isinstance(answer, Done)] == [
        "2026-10-25T00:30:00+00:00",
        "2027-03-28T01:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("part", "by", "after"),
    [
        ("month", 1, "2026-02-28 23:59"),
        ("day", 1, "2026-01-01 23:59"),
        ("hour", 1, "2026-01-31 00:59"),
        ("minute", 1, "2026-01-31 23:00"),
        ("year", -1, "2025-01-31 23:59"),
    ],
)
def test_a_step_of_one_part_leaves_the_others(part, by, after):
    assert f"{moved(local(2026, 1, 31, 23, 59), part, by):%Y-%m-%d %H:%M}" == after


# ---------------------------------------------------------------- the central server


def test_a_server_is_joined_by_its_address_and_code_on_glass(counter):
    side = Around(counter, PairWithServer)
    side.type("hub.example.org")
    side.press("enter")
    for key in ("k", "figures", "7", "letters", "q", "m"):
        side.touch(f"key:{key}")
    side.press("enter")
    assert Pair(url="https://hub.example.org", code="K7QM") in side.asked
    assert side.scene is None


def test_a_server_that_does_not_know_the_code_is_told_and_what_was_written_stays(counter):
    side = Around(counter, PairWithServer)
    side.server = Refused(message="not paired: wrong code", code="PAIRING_CODE")
    side.type("hub")
    side.press("enter")
    side.type("X")
    side.press("enter")
    assert "demandez-en un nouveau" in side.reads()
    assert "https://hub" in side.reads()


def test_no_server_is_asked_without_a_code(counter):
    side = Around(counter, PairWithServer)
    side.press("enter", "enter")
    assert side.asked == []
    assert "Écrivez le code" in side.reads()


# ---------------------------------------------------------------- the stick


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def test_the_books_are_copied_after_a_word_on_personal_data_and_that_is_written_down(counter, stick):
    side = Around(counter, Export)
    assert "Pas encore de clé" in side.reads()
    side.stick = stick
    side.wait(3)
    side.touch(f"row:{stick}")
    assert "données personnelles" in " ".join(side.reads().split())
    assert list(stick.iterdir()) == []
    side.touch("yes")
    assert isinstance(side.scene, Export)
    assert "Vous pouvez retirer la clé" in side.reads()
    assert [path.name for path in stick.iterdir()] == ["kiosk-la-serre-2026-06-01-090505"]
    assert counter.stored(Happened)[-1].detail == f"{stick} by claire"


def test_saying_no_copies_nothing(counter, stick):
    side = Around(counter, Export)
    side.stick = stick
    side.wait(3)
    side.touch(f"row:{stick}")
    side.touch("no")
    assert list(stick.iterdir()) == []
    assert counter.stored(Happened) == []


def test_a_stick_pulled_out_meanwhile_is_told(counter, stick):
    side = Around(counter, Export)
    side.stick = stick
    side.wait(3)
    side.touch(f"row:{stick}")
    side.stick = None
    side.touch("yes")
    assert "rebranchez-la" in side.reads()


def at_the_data_of_lea(counter: SteppedKiosk) -> Around:
    counter.joins("lea")
    side = Around(counter, lambda setting: MemberAccount(setting, "lea"))
    for target in ("more", "export", "stick"):
        side.touch(target)
    return side


def test_a_member_is_given_what_is_kept_of_them_on_a_stick(counter, stick):
    side = at_the_data_of_lea(counter)
    assert "Pas encore de clé" in side.reads()
    side.stick = stick
    side.wait(3)
    side.touch(f"row:{stick}")
    assert "C’est pour lea" in side.reads()
    assert list(stick.iterdir()) == []
    side.touch("yes")
    assert "Vous pouvez retirer la clé" in side.reads()
    (file,) = stick.iterdir()
    assert file.name.startswith("kiosk-la-serre-lea-2026-06-01-")
    document = json.loads(file.read_text())
    assert document["member"]["name"] == "lea"
    assert document["passes"]


def test_that_a_stick_was_given_is_kept_without_whom_it_tells_of(counter, stick):
    side = at_the_data_of_lea(counter)
    side.stick = stick
    side.wait(3)
    side.touch(f"row:{stick}")
    side.touch("yes")
    (noted,) = (fact for fact in counter.stored(Happened) if fact.what == "member_exported")
    assert noted.detail == f"{stick} by claire"
    assert "lea" not in noted.detail


def test_nothing_half_written_stays_when_the_stick_of_a_member_fails(counter, tmp_path):
    side = at_the_data_of_lea(counter)
    side.stick = tmp_path / "gone"
    side.wait(3)
    side.touch(f"row:{side.stick}")
    side.touch("yes")
    assert "prenez-en une autre" in side.reads()


def test_a_status_without_parts_shows_that_nothing_is_known(counter):
    side = HostsSide(counter, HealthOfKiosk)
    assert isinstance(side.perform(side.asked[0]), Status)
    assert "Rien n’est encore connu" in side.reads()
