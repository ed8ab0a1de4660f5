"""Changing the hours at the desk: previews, closings from dates, the grid of the week; in a real ledger."""

from __future__ import annotations

from datetime import time

import pytest

from kiosk.commands import (
    AddException,
    AddMember,
    AssignBadge,
    BackToHours,
    CloseToday,
    PreviewHours,
    RemoveException,
    SellPass,
    SetDates,
    SetWeek,
    ShowHours,
    ShowWeek,
    StayOpen,
)
from kiosk.model import DatedHours, Span, WeekHours
from tests.office.kiosks.host import UID
from tests.rules.house import on

WHOLE = Span(start=time(9), end=time(17))
CLOSED = DatedHours(first=on("2026-07-20"), last=on("2026-07-24"), why="travaux")


@pytest.mark.parametrize(
    "change",
    [
        CloseToday(),
        StayOpen(until="19:30"),
        AddException(rule="2026 Jul 14 10:00-16:00"),
        RemoveException(rule="1"),
        SetDates(dates=CLOSED),
        SetWeek(week=WeekHours(days=((WHOLE,),) * 5 + ((),) * 2)),
    ],
    ids=lambda change: type(change).__name__,
)
def test_what_is_previewed_is_what_comes_to_be_and_nothing_is_written_before(host, change):
    before = host.ledger.head.seq
    preview = host.does(PreviewHours(change=change))
    assert host.ledger.head.seq == before
    host.does(change)
    assert preview.changes
    assert host.does(ShowWeek(on=preview.first)).days == preview.days
    assert preview.days != preview.before
    hours = host.does(ShowHours(count=3))
    assert (hours.opening, hours.next) == (preview.opening, preview.next)


def test_a_change_that_changes_nothing_says_so(host):
    assert not host.does(PreviewHours(change=BackToHours())).changes
    host.does(SetDates(dates=CLOSED))
    assert not host.does(PreviewHours(change=SetDates(dates=CLOSED))).changes
    assert not host.does(SetDates(dates=CLOSED)).changed


def test_a_preview_of_closing_tells_how_many_entries_go_back(host):
    host.does(AddMember(name="Céline Martin"))
    host.does(AssignBadge(member="celine", number=UID))
    host.does(SellPass(members=("celine",), product="carte-10"))
    host.tap(UID)
    preview = host.does(PreviewHours(change=CloseToday()))
    assert (preview.given_back, preview.inside) == (1, 1)
    assert host.left("celine") == 9


def test_the_same_dates_chosen_again_take_the_place_of_the_first_choice(host):
    host.does(SetDates(dates=CLOSED))
    host.does(SetDates(dates=DatedHours(first=CLOSED.first, last=CLOSED.last, open=(WHOLE,))))
    assert host.ledger.roster.site("la-serre").exceptions[1:] == ("2026 Jul 20-24 09:00-17:00",)


def test_one_day_within_a_closed_week_can_be_opened(host):
    host.does(SetDates(dates=CLOSED))
    one = on("2026-07-21")
    host.does(SetDates(dates=DatedHours(first=one, last=one, open=(WHOLE,))))
    days = host.does(ShowWeek(on=one)).days
    assert [day.open for day in days] == [(), (WHOLE,), (), (), (), (), ()]
    assert days[0].because == "travaux"


def test_exceptions_to_come_are_listed_in_their_order_and_past_ones_are_not(host):
    host.does(AddException(rule="Dec 24 09:00-12:00"))
    host.does(SetDates(dates=CLOSED))
    lines = host.does(ShowWeek()).exceptions
    assert [(str(line.begins), line.dates) for line in lines[::2]] == [("2026-07-20", CLOSED), ("2026-12-24", None)]
    host.waits(days=120)
    assert [line.rule for line in host.does(ShowWeek()).exceptions] == ["Dec 24 09:00-12:00"]


def test_dates_that_have_passed_are_refused(host):
    gone = DatedHours(first=on("2026-05-04"), last=on("2026-05-08"))
    assert "has passed" in str(host.is_refused(SetDates(dates=gone)))


def test_a_grid_that_cannot_be_is_refused_and_the_hours_stay(host):
    backwards = (Span(start=time(17), end=time(9)),)
    error = host.is_refused(SetWeek(week=WeekHours(days=(backwards,) + ((),) * 6)))
    assert "ends before it begins" in str(error)
    assert "seven days" in str(host.is_refused(SetWeek(week=WeekHours(days=()))))


def test_the_week_is_told_as_a_grid_and_can_be_put_back_as_one(host):
    grid = host.does(ShowWeek()).usual
    assert grid == WeekHours(days=((WHOLE,), (WHOLE,), (), (Span(start=time(14), end=time(17)),), (), (), ()))
    assert not host.does(SetWeek(week=grid)).changed
