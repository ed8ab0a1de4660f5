"""The first start and power cuts: after a cut at any step the kiosk asks again or works.

Nobody can take it over.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.answers import Answered, Done, Refused
from kiosk.commands import Command, SetUp, SignIn, TryDoor
from kiosk.facts import Happened, MemberSet, SiteSet
from kiosk.messages import Tick
from kiosk.model import Granted, Member, Reason
from kiosk.screen.scenes.hours.week_grid import PRESETS
from kiosk.screen.scenes.set_up.last_steps import Ready
from kiosk.screen.scenes.set_up.trial import Trial
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SERRES, SteppedKiosk

HOST_BADGE = b"\x04hosts."
PIN = "4711"
SECONDS_A_TOUCH = 3
"""Of somebody who reads the screen for the first time; keys of a name are quicker."""


def asked(counter: SteppedKiosk, command: Command) -> Answered:
    return counter.asks(command)


def faults(folder: Path) -> list[str]:
    """Return what is wrong with a kiosk that is switched on after a power cut."""
    counter = SteppedKiosk(folder, is_blank=True)
    counter.controller.handle(Tick())
    try:
        if counter.wall.views[-1].instead:
            return ["half of it is there"] if counter.ledger.roster.sites() else []
        hosts = [one for one in counter.ledger.roster.members() if one.role == "staff"]
        found = [f"{host.name} has no PIN" for host in hosts if host.pin is None]
        found += ["nobody signs in"] if not any(_signs_in(counter, host.id) for host in hosts) else []
        again = asked(counter, SetUp(name="Mine", host="Me", week=PRESETS[0].week, pin="9517"))
        found += ["it can be taken over"] if not isinstance(again, Refused) else []
        found += ["the door is tried"] if not isinstance(asked(counter, TryDoor()), Refused) else []
        return found
    finally:
        counter.close()


def _signs_in(counter: SteppedKiosk, host: str) -> bool:
    return isinstance(asked(counter, SignIn(member=host, pin=PIN)), Done)


class Filmed(HostsSide):
    """A first start in which every touch is counted, and every state on the disk is kept."""

    def __init__(self, folder: Path) -> None:
        self.touches = 0
        self.kept: list[Path] = []
        self._folder = folder
        counter = SteppedKiosk(folder / "kiosk", is_blank=True)
        counter.controller.handle(Tick())
        super().__init__(counter, "set_up", member_id="")

    def touch(self, target: str) -> None:
        """Touch it, count it, and keep what a power cut would leave now."""
        super().touch(target)
        self.touches += 1
        self.keep()

    def perform(self, command: Command) -> Answered:
        """Perform a command, and keep what a power cut would leave before the answer is received."""
        answer = super().perform(command)
        self.keep()
        return answer

    def keep(self) -> None:
        """Copy the files as they are, unless they have not grown."""
        copy = self._folder / f"cut-{self.counter.ledger.head.seq}"
        if copy not in self.kept:
            shutil.copytree(self._folder / "kiosk", copy)
            self.kept.append(copy)

    def lay(self, badge: bytes) -> None:
        """Lay a badge on the reader."""
        self.counter.later(seconds=10)
        self.counter.tap(badge)
        self.notice(self.counter.wall.notices[-1])
        self.keep()

    def write(self, text: str) -> None:
        """Type on the on-screen keyboard."""
        for letter in text:
            self.touch("key:space" if letter == " " else f"key:{letter}")
        self.touch("key:enter")

    def type_pin(self) -> None:
        """Type the PIN twice."""
        for _ in range(2):
            for digit in PIN:
                self.touch(f"pad:{digit}")
            self.touch("pad:ok")


def by_a_preset(side: Filmed) -> None:
    side.touch("noon")


def day_by_day(side: Filmed) -> None:
    """Monday and Tuesday 9 to 17, Thursday 14 to 17."""
    side.touch("own")
    for day in (2, 4):
        side.touch(f"day:{day}")
        side.touch("closed")
        side.touch("done:day")
    side.touch("day:3")
    for _ in range(10):
        side.touch("move:0,0,1")
    side.touch("done:day")
    side.touch("done")


@pytest.fixture
def filmed(tmp_path: Path):
    (tmp_path / "kiosk").mkdir()
    side = Filmed(tmp_path)
    yield side
    side.counter.close()


def set_up(side: Filmed, hours: Callable[[Filmed], None]) -> None:
    """All of it, by touch, reader and door tried."""
    side.touch("language:fr")
    side.touch("here")
    side.write("La Serre")
    hours(side)
    side.touch("carte-10")
    side.touch("pad:ok")
    side.touch("key:enter")
    side.lay(HOST_BADGE)
    side.touch("on-we-go")
    side.type_pin()
    side.touch("open")
    side.touch("opened")
    side.touch("go-on")
    side.touch("start")


@pytest.mark.parametrize(
    ("hours", "most", "written"),
    [
        (by_a_preset, 30, "Mo-Fr 09:00-12:00,14:00-18:00; PH off"),
        (day_by_day, 49, "Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off"),
    ],
    ids=["by an example", "day by day"],
)
def test_the_first_start_takes_three_minutes_of_touches_and_no_keyboard(filmed, hours, most, written):
    set_up(filmed, hours)
    assert isinstance(filmed.scene, Ready)
    assert filmed.touches == most
    assert filmed.touches * SECONDS_A_TOUCH <= 180
    site = filmed.counter.ledger.roster.site("la-serre")
    assert (site.hours, site.zone, site.country, site.currency) == (written, "Europe/Paris", "FR", "EUR")


def test_a_power_cut_after_any_step_leaves_a_kiosk_that_asks_anew_or_that_works(filmed):
    set_up(filmed, by_a_preset)
    assert len(filmed.kept) == 4  # nothing yet, a badge, the door, all of it
    assert [faults(folder) for folder in filmed.kept] == [[], [], [], []]


def test_a_host_who_is_written_before_their_pin_is_found_out(tmp_path):
    counter = SteppedKiosk(tmp_path, is_blank=True)
    counter.ledger.append(SiteSet(site=SERRES))
    counter.ledger.append(MemberSet(member=Member(id="claire", name="Claire", role="staff")))
    counter.close()
    assert faults(tmp_path) == ["Claire has no PIN", "nobody signs in"]


def test_after_a_cut_the_first_start_is_gone_through_again_to_its_end(filmed, tmp_path):
    set_up(filmed, by_a_preset)
    before = Filmed.__new__(Filmed)
    before.touches, before.kept, before._folder = 0, [], tmp_path / "again"
    before._folder.mkdir()
    shutil.copytree(filmed.kept[-2], before._folder / "kiosk")
    counter = SteppedKiosk(before._folder / "kiosk", is_blank=True)
    HostsSide.__init__(before, counter, "set_up", member_id="")
    set_up(before, by_a_preset)
    assert isinstance(before.scene, Ready)
    before.lay(HOST_BADGE)
    verdict = counter.verdicts[-1]
    assert isinstance(verdict, Granted)
    assert verdict.reason is Reason.STAFF
    counter.close()


# ---------------------------------------------------------------- the reader and the door


def to_the_trial(side: Filmed) -> None:
    side.touch("language:fr")
    side.touch("here")
    side.write("Hub")
    by_a_preset(side)
    side.touch("later")
    side.touch("key:enter")
    side.touch("without")
    side.type_pin()
    assert isinstance(side.scene, Trial)


def test_the_door_is_opened_once_and_asked_after(filmed):
    to_the_trial(filmed)
    assert filmed.counter.door.unlocks == []
    filmed.touch("open")
    assert [fact.what for fact in filmed.counter.stored(Happened)] == ["door_tried"]
    assert filmed.counter.door.unlocks == [filmed.counter.ledger.head.seq]
    assert "La porte s’est-elle ouverte" in filmed.reads()
    filmed.touch("opened")
    assert "La porte s’ouvre" in filmed.reads()


def test_a_door_that_stays_shut_is_told_where_to_look_and_can_be_tried_again(filmed):
    to_the_trial(filmed)
    filmed.touch("open")
    filmed.touch("stuck")
    assert "le câble et l’alimentation" in filmed.reads().replace("\n", " ")
    filmed.touch("open")
    filmed.touch("opened")
    assert len(filmed.counter.door.unlocks) == 2
    filmed.touch("go-on")
    filmed.touch("start")
    assert isinstance(filmed.scene, Ready)


def test_without_a_line_in_the_ledger_the_door_is_not_tried(filmed):
    to_the_trial(filmed)
    filmed.counter.break_disk()
    filmed.touch("open")
    assert filmed.counter.door.unlocks == []
    filmed.counter.break_disk(broken=False)


def test_a_badge_that_tries_the_reader_is_not_given_to_the_host(filmed):
    to_the_trial(filmed)
    filmed.lay(b"\x04other.")
    assert " lu\n" in filmed.reads()
    filmed.touch("go-on")
    filmed.touch("start")
    filmed.lay(b"\x04other.")
    assert filmed.counter.verdicts[-1].reason is Reason.UNKNOWN_BADGE


def test_once_it_is_set_up_nobody_tries_the_door(filmed):
    set_up(filmed, by_a_preset)
    opened = len(filmed.counter.door.unlocks)
    assert isinstance(asked(filmed.counter, TryDoor()), Refused)
    assert len(filmed.counter.door.unlocks) == opened
