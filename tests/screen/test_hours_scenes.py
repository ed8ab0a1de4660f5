"""The hosts' scenes of the opening hours, driven without a window, on a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from kiosk.commands import SetDates, SetWeek, ShowHours, StayOpen
from kiosk.facts import HoursOverridden, Reversed, SiteSet
from kiosk.model import DatedHours, Span
from kiosk.screen.drawing.theme import TOUCH
from kiosk.screen.scenes.hours.exceptions import Exceptions
from kiosk.screen.scenes.hours.preview import Preview
from kiosk.screen.scenes.hours.this_week import OpeningHours
from kiosk.screen.scenes.hours.week_grid import WeekGrid
from tests.office.kiosks.hosts_side import HostsSide
from tests.office.kiosks.stepped import SERRES, SteppedKiosk
from tests.pictures import place
from tests.pictures.picture import SIZES, drawn


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[SteppedKiosk]:
    counter = SteppedKiosk(tmp_path)
    yield counter
    counter.close()


@pytest.fixture
def side(counter) -> HostsSide:
    return HostsSide(counter, OpeningHours)


def through(side: HostsSide, *targets: str) -> HostsSide:
    for target in targets:
        side.touch(target)
    return side


def hours(counter) -> tuple[str, tuple[str, ...]]:
    site = counter.ledger.roster.site("la-serre")
    return site.hours, site.exceptions


def test_the_week_is_shown_with_its_hours_and_the_next_ones(side):
    assert "Ouvert jusqu’à 17:00" in side.reads()
    assert "lun. 1" in side.reads()
    through(side, "later")
    assert "lun. 8" in side.reads()
    through(side, "earlier")
    assert "lun. 1" in side.reads()
    assert "earlier" not in side.targets()


def test_closing_now_shows_what_it_means_and_is_done_by_one_more_touch(counter, side):
    counter.tap(counter.joins("lea"))
    counter.later(seconds=30)
    through(side, "close")
    assert "1 personne présente, 1 entrée rendue" in side.reads()
    assert counter.stored(HoursOverridden) == []
    through(side, "do")
    assert isinstance(side.scene, OpeningHours)
    assert "C’est fait" in side.reads()
    assert [fact.override.state for fact in counter.stored(HoursOverridden)] == ["closed"]
    assert len(counter.stored(Reversed)) == 1


def test_saying_no_changes_nothing(counter, side):
    through(side, "close", "no")
    assert isinstance(side.scene, OpeningHours)
    assert counter.stored(HoursOverridden) == []


def test_a_time_after_the_usual_closing_can_be_chosen_from_the_morning_on(side):
    through(side, "stay")
    read = side.reads().split("\n")
    assert [one for one in read if one[:2].isdigit()] == [
        *(f"{hour}:00" for hour in range(10, 17)),
        "17:30", "18:00", "18:30", "19:00", "19:30", "20:00", "20:30", "21:00",
    ]  # fmt: skip
    through(side, "21:00", "do")
    assert "Ouvert jusqu’à 21:00" in side.reads()


def test_staying_open_ends_by_itself(counter, side):
    through(side, "stay", "15:00", "do")
    assert side.asked.count(StayOpen(until="15:00", by="claire")) == 1
    through(side, "stay", "00:00", "do")
    assert "Ouvert jusqu’à minuit" in side.reads()
    counter.later(hours=15)
    assert "Fermé, ouvre aujourd’hui à 09:00" in HostsSide(counter, OpeningHours).reads()


def test_the_usual_hours_can_be_had_back(counter, side):
    through(side, "close", "do")
    assert "close" not in side.targets()
    through(side, "back-to-hours", "do")
    assert "Ouvert jusqu’à 17:00" in side.reads()
    assert counter.stored(HoursOverridden)[-1].override is None


def test_two_weeks_in_august_are_closed_by_touch_alone(counter, side):
    through(side, "exceptions", "close", "month:1", "month:1", "on:2026-08-03", "on:2026-08-14", "on-we-go", "annual")
    assert "Premier changement\u202f: lundi 3 août" in side.reads()
    assert hours(counter)[1] == ()
    through(side, "do")
    assert isinstance(side.scene, Exceptions)
    assert hours(counter)[1] == ('2026 Aug 03-14 off "Congés"',)
    assert "Lundi 3 août au vendredi 14 août" in side.reads()


def test_a_saturday_is_opened_with_its_times_and_a_reason_of_one_s_own(counter, side):
    through(side, "exceptions", "open", "on:2026-06-06", "on-we-go", "move:0,0,1", "move:0,1,-1", "done:day", "own")
    side.type("Bal d’été")
    side.press("enter")
    through(side, "do")
    assert hours(counter)[1] == ('2026 Jun 06 09:30-16:30 open "Bal d’été"',)
    asked = [command for command in side.asked if isinstance(command, SetDates)]
    day = date(2026, 6, 6)
    spans = (Span(start=time(9, 30), end=time(16, 30)),)
    assert asked == [SetDates(dates=DatedHours(first=day, last=day, open=spans, why="Bal d’été"))]


def test_an_exception_is_taken_away_after_a_look_at_what_that_means(counter, side):
    through(side, "exceptions", "close", "on:2026-06-02", "on-we-go", "none", "do")
    rule = hours(counter)[1][0]
    through(side, f"row:{rule}")
    assert isinstance(side.scene, Preview)
    through(side, "do")
    assert hours(counter)[1] == ()
    assert "Rien de prévu" in side.reads()


def test_days_that_have_passed_cannot_be_touched(side):
    through(side, "exceptions", "close")
    assert "on:2026-06-01" in side.targets()
    through(side, "month:1")
    assert "on:2026-06-30" not in side.targets()


def test_a_first_touch_after_a_whole_stretch_begins_anew(side):
    through(side, "exceptions", "close", "on:2026-06-09", "on:2026-06-11", "on:2026-06-10")
    assert "Mercredi 10 juin" in " ".join(side.reads().split())


def test_the_usual_week_is_changed_day_by_day(counter, side):
    through(side, "grid", "day:2", "once", "move:0,0,-1", "done:day", "done")
    assert isinstance(side.scene, Preview)
    through(side, "do")
    assert hours(counter)[0] == "Mo,Tu 09:00-17:00; We 08:30-17:00; Th 14:00-17:00; PH off"


def test_an_example_is_a_week_to_begin_from(counter, side):
    through(side, "grid", "presets", "noon")
    assert isinstance(side.scene, WeekGrid)
    through(side, "day:5", "twice", "done:day", "day:0", "closed", "done:all", "holidays", "done", "do")
    assert hours(counter)[0] == "off"
    assert len([command for command in side.asked if isinstance(command, SetWeek)]) == 1


def test_times_never_run_backwards_however_often_one_touches(side):
    through(side, "grid", "day:0", "twice", *["move:0,1,1"] * 9, *["move:1,0,-1"] * 9)
    reads = side.reads()
    assert reads.index("13:30") < reads.index("14:00")


def test_hours_with_more_to_them_than_a_week_are_not_replaced_unsaid(tmp_path):
    site = replace(SERRES, hours="Jun-Aug Mo-Fr 09:00-17:00; PH off")
    counter = SteppedKiosk(tmp_path, site=site)
    side = through(HostsSide(counter, OpeningHours), "grid")
    assert "remplacerait" in side.reads()
    counter.close()


def test_a_change_that_changes_nothing_cannot_be_made(counter, side):
    through(side, "grid", "done")
    assert "C’est déjà ainsi" in side.reads()
    assert "do" not in side.targets()
    assert counter.stored(SiteSet)[1:] == []


def test_the_same_is_done_with_the_keyboard_alone(counter, side):
    side.press("tab", "tab")
    while side.stage._focus != "close":
        side.press("tab")
    side.press("enter")
    assert isinstance(side.scene, Preview)
    side.press("enter")
    assert counter.stored(HoursOverridden)[0].by == "claire"
    assert side.perform(ShowHours()).opening.is_open is False


def test_a_time_that_has_passed_meanwhile_is_told_in_the_host_s_language(counter, side):
    through(side, "stay")
    counter.clock.move(timedelta(hours=1))
    through(side, "10:00")
    assert "10:00 est déjà passé" in side.reads()


def test_an_answer_that_does_not_come_is_told(counter):
    side = HostsSide(counter, OpeningHours)
    side.answers = False
    through(side, "close")
    side.wait(11)
    assert "Pas de réponse" in side.reads()


# ---------------------------------------------------------------- what can be touched and read


def test_whatever_can_be_touched_is_large_enough_for_a_finger():
    for picture in place.pictures("fr"):
        for size in SIZES:
            canvas = drawn(picture.view, size)
            least = canvas.px(TOUCH) - 1
            small = [name for rect, name in canvas.targets if min(rect.size) < least and not name.startswith("key:")]
            assert small == [], (picture.name, size)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nothing_is_written_too_small_to_be_read(language):
    for picture in place.pictures(language):
        canvas = drawn(picture.view, SIZES[0])
        assert [one.line.text for one in canvas.written if one.line.size < 14] == [], picture.name
