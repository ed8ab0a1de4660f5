"""The first start on the screen, with real scenes, commands and ledger: from an empty folder to a tap that opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.answers import Done, Refused
from kiosk.commands import SetUp, SignIn
from kiosk.facts import MemberSet
from kiosk.messages import Tick
from kiosk.model import Granted, Member, Reason
from kiosk.screen.scenes.hours.week_grid import DayTimes
from kiosk.screen.scenes.set_up.last_steps import Ready, Summary
from kiosk.screen.scenes.set_up.pin import HostPin
from kiosk.screen.scenes.set_up.steps import Step
from kiosk.screen.window import Screen
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SteppedKiosk

HOST_BADGE, OTHER_BADGE = b"\x04hosts.", b"\x04other."


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path, is_blank=True)
    counter.controller.handle(Tick())
    yield counter
    counter.close()


@pytest.fixture
def side(counter) -> HostsSide:
    return HostsSide(counter, "set_up", member_id="")


def write(side: HostsSide, text: str) -> None:
    """Write on the on-screen keyboard."""
    for letter in text:
        page = "key:figures" if letter.isdigit() else "key:accents" if f"key:{letter}" not in side.targets() else None
        if letter == " ":
            side.touch("key:space")
            continue
        if f"key:{letter}" not in side.targets() and f"key:{letter.swapcase()}" in side.targets():
            side.touch("key:shift")
        elif page and f"key:{letter}" not in side.targets():
            side.touch(page)
        side.touch(f"key:{letter}")
    side.touch("key:enter")


def tap(counter: SteppedKiosk, side: HostsSide, badge: bytes) -> None:
    """Lay a badge on the reader, and hand its notice to the screen."""
    counter.later(seconds=10)
    counter.tap(badge)
    side.notice(counter.wall.notices[-1])


def answer_all(counter: SteppedKiosk, side: HostsSide) -> None:
    """All answers by touch alone."""
    side.touch("language:fr")
    side.touch("here")
    write(side, "La Serre")
    side.touch("noon")
    side.touch("carte-10")
    side.touch("pad:ok")
    side.touch("key:enter")
    tap(counter, side, HOST_BADGE)
    side.touch("on-we-go")
    choose_pin(side)
    side.touch("go-on")


def choose_pin(side: HostsSide, pin: str = "4711") -> None:
    """Type a PIN twice."""
    for _ in range(2):
        for digit in pin:
            side.touch(f"pad:{digit}")
        side.touch("pad:ok")


def test_an_empty_kiosk_is_set_up_by_touch_alone_and_the_host_s_badge_then_opens(counter, side):
    answer_all(counter, side)
    assert isinstance(side.scene, Summary)
    assert "Carte de 10 entrées, 50" in side.reads()
    assert counter.ledger.roster.site("la-serre") is None
    side.touch("start")
    assert isinstance(side.scene, Ready)
    assert counter.door.unlocks == []
    tap(counter, side, HOST_BADGE)
    assert side.scene is None
    verdict = counter.verdicts[-1]
    assert isinstance(verdict, Granted)
    assert verdict.reason is Reason.STAFF
    assert len(counter.door.unlocks) == 1
    site = counter.ledger.roster.site("la-serre")
    assert (site.name, site.hours) == ("La Serre", "Mo-Fr 09:00-12:00,14:00-18:00; PH off")
    assert counter.ledger.roster.products()[0].name == "Carte de 10 entrées"


def test_a_badge_laid_at_any_step_is_remembered_and_the_last_one_counts(counter, side):
    tap(counter, side, OTHER_BADGE)
    assert isinstance(side.scene, Step)
    answer_all(counter, side)
    side.touch("start")
    tap(counter, side, OTHER_BADGE)
    assert counter.verdicts[-1].reason is Reason.UNKNOWN_BADGE


def test_a_phone_on_the_reader_loses_no_answer(counter, side):
    side.touch("language:fr")
    side.touch("here")
    write(side, "La Serre")
    tap(counter, side, b"\x08abc")
    assert "Quand est-ce ouvert" in side.reads()


def test_without_a_badge_the_kiosk_is_set_up_all_the_same(counter, side):
    answer_all(counter, side)
    for _ in range(3):
        side.touch("back")
    side.touch("without")
    choose_pin(side)
    side.touch("go-on")
    side.touch("start")
    assert isinstance(side.scene, Ready)
    assert [member.role for member in counter.ledger.roster.members()] == ["staff"]


def test_every_step_leads_back_with_what_was_written(side):
    side.touch("language:fr")
    side.touch("here")
    write(side, "La Serre")
    side.touch("back")
    assert "La Serre" in side.reads()


def test_an_empty_name_is_asked_for_again(side):
    side.touch("language:fr")
    side.touch("here")
    side.touch("key:enter")
    assert "Écrivez d’abord un nom" in side.reads()


def test_all_of_it_is_in_english_once_english_is_chosen(counter, side):
    side.touch("language:en")
    assert "Where is the kiosk?" in side.reads()
    side.touch("here")
    assert "Name of the place" in side.reads()
    write(side, "Hub")
    side.touch("own")
    side.touch("day:5")
    side.touch("once")
    side.touch("done:day")
    side.touch("done")
    side.touch("later")
    side.touch("key:enter")
    side.touch("without")
    choose_pin(side)
    side.touch("go-on")
    side.touch("start")
    site = counter.ledger.roster.site("la-serre")
    assert (site.language, site.hours) == ("en", "Mo-Sa 09:00-17:00; PH off")
    assert counter.ledger.roster.products() == ()


def test_a_price_is_asked_with_its_cents(counter, side):
    side.touch("language:fr")
    side.touch("here")
    write(side, "La Serre")
    side.touch("always")
    side.touch("mois")
    side.press("backspace", "backspace", "backspace")
    assert "pad:ok" not in side.targets()
    side.type("95.507")
    assert "95,50" in side.reads()
    side.press("backspace")
    side.touch("pad:5")
    side.press("enter")
    side.touch("key:enter")
    side.touch("without")
    choose_pin(side)
    side.touch("go-on")
    side.touch("start")
    assert counter.ledger.roster.products()[0].price_cents == 9555


def test_the_host_signs_in_with_the_pin_that_was_typed_twice(counter, side):
    answer_all(counter, side)
    side.touch("start")
    host = counter.ledger.roster.members()[0].id
    assert isinstance(side.perform(SignIn(member=host, pin="4711")), Done)
    assert isinstance(side.perform(SignIn(member=host, pin="4712")), Refused)


def test_a_pin_typed_differently_the_second_time_is_asked_for_anew(counter, side):
    answer_all(counter, side)
    side.touch("back")
    side.touch("back")
    for digit in "1379":
        side.touch(f"pad:{digit}")
    side.touch("pad:ok")
    for digit in "1370":
        side.touch(f"pad:{digit}")
    side.touch("pad:ok")
    assert "recommencez" in side.reads()


def test_a_pin_that_is_too_easy_is_refused_and_another_is_enough(counter, side):
    answer_all(counter, side)
    side.touch("back")
    side.touch("back")
    choose_pin(side, "1234")
    side.touch("go-on")
    side.touch("start")
    assert isinstance(side.scene, HostPin)
    assert "Ce code est le premier que l’on essaierait" in side.reads()
    assert counter.ledger.roster.site("la-serre") is None
    choose_pin(side)
    side.touch("go-on")
    side.touch("start")
    assert isinstance(side.scene, Ready)
    host = counter.ledger.roster.members()[0].id
    assert isinstance(side.perform(SignIn(member=host, pin="4711")), Done)


def test_nobody_is_hurried(side):
    side.touch("language:fr")
    side.wait(3600)
    assert isinstance(side.scene, Step)


def test_nobody_is_hurried_while_a_day_is_put_together(counter, side):
    side.touch("language:fr")
    side.touch("here")
    write(side, "Hub")
    side.touch("own")
    side.touch("day:5")
    side.wait(3600)
    tap(counter, side, b"\x08abc")
    assert isinstance(side.scene, DayTimes)


def test_who_set_it_up_cannot_go_back_and_do_it_again(counter, side):
    answer_all(counter, side)
    side.touch("start")
    side.touch("finish")
    assert side.scene is None
    asked = [command for command in side.asked if isinstance(command, SetUp)]
    assert len(asked) == 1


# ---------------------------------------------------------------- when it shows, and when never again


def test_a_kiosk_that_knows_nothing_shows_the_first_start_in_place_of_the_idle_screen(counter):
    instead = counter.wall.views[-1].instead
    assert instead is not None
    assert instead.to == "set_up"


def test_once_there_is_a_site_or_a_host_no_visitor_can_begin_it(counter, side):
    answer_all(counter, side)
    side.touch("start")
    assert counter.wall.views[-1].instead is None


def test_a_host_without_a_site_is_asked_first(counter):
    counter.ledger.append(MemberSet(member=Member(id="claire", name="Claire", role="staff")))
    counter.later(seconds=61)
    counter.controller.handle(Tick())
    assert counter.wall.views[-1].instead is None
    assert counter.wall.views[-1].trouble


def test_the_window_begins_the_first_start_by_itself_and_again_after_it_was_left(counter, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    screen = Screen((480, 320))
    screen.idle(counter.wall.views[-1])
    screen.draw()
    first = screen.stage.scene
    assert isinstance(first, Step)
    screen.stage.leave()
    screen.draw()
    assert isinstance(screen.stage.scene, Step)
    assert screen.stage.scene is not first
    screen.close()
