"""A week as a picture, and weekly hours written from choices: kiosk.hours.week."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk import hours
from kiosk.hours import dated, week
from kiosk.hours.language import DAYS
from kiosk.model import DatedHours, Override, Span, WeekHours
from tests.rules.house import SERRE, at, on

MORNING = Span(start=time(9), end=time(12))
AFTERNOON = Span(start=time(14), end=time(17))
WHOLE = Span(start=time(9), end=time(17))
NIGHT = Span(start=time(18), end=time())
BASTILLE = date(2026, 7, 13)
"""A Monday; the day after is a public holiday."""


def spoken(days) -> list[str]:
    """`Mo usual 09:00-17:00`."""
    return [
        f"{DAYS[one.on.weekday()]} {one.decided_by} "
        + (",".join(f"{span.start:%H:%M}-{span.end:%H:%M}" for span in one.open) or "closed")
        for one in days
    ]


def test_a_week_shows_its_hours_and_its_holidays():
    assert spoken(week.picture(SERRE, None, BASTILLE)) == [
        "Mo usual 09:00-17:00",
        "Tu holiday closed",
        "We usual closed",
        "Th usual 14:00-17:00",
        "Fr usual closed",
        "Sa usual closed",
        "Su usual closed",
    ]
    assert week.picture(SERRE, None, BASTILLE)[1].because == "Fête nationale"


def test_an_exception_on_a_holiday_is_told_as_an_exception():
    site = replace(SERRE, exceptions=('2026 Jul 14 10:00-16:00 "Atelier"',))
    tuesday = week.picture(site, None, BASTILLE)[1]
    assert (spoken([tuesday]), tuesday.because, tuesday.holiday) == (["Tu exception 10:00-16:00"], "Atelier", True)


def test_an_exception_of_another_week_changes_nothing_in_this_one():
    site = replace(SERRE, exceptions=('2026 Jul 21 off "inventaire"',))
    assert week.picture(site, None, BASTILLE) == week.picture(SERRE, None, BASTILLE)
    assert week.picture(site, None, on("2026-07-20"))[1].decided_by == "exception"


def test_a_house_closed_early_shows_what_was_left_of_the_day():
    override = Override(state="closed", since=at("2026-07-13 11:00"), until=at("2026-07-14 00:00"))
    days = week.picture(SERRE, override, BASTILLE)
    assert spoken(days[:2]) == ["Mo override 09:00-11:00", "Tu holiday closed"]


def test_a_house_that_stays_open_shows_until_when():
    override = Override(state="open", since=at("2026-07-13 16:00"), until=at("2026-07-13 19:30"))
    assert spoken(week.picture(SERRE, override, BASTILLE)[:1]) == ["Mo override 09:00-19:30"]


def test_the_night_the_clocks_go_back_has_its_hours():
    site = replace(SERRE, hours="24/7")
    assert spoken(week.picture(site, None, on("2026-10-25"), days=1)) == ["Su usual 00:00-00:00"]


# ---------------------------------------------------------------- the grid


def grid(*days: tuple[Span, ...], **more) -> WeekHours:
    return WeekHours(days=(*days, *((),) * (7 - len(days))), **more)


def test_a_grid_is_written_as_people_would_write_it():
    serre = grid((WHOLE,), (WHOLE,), (), (AFTERNOON,))
    assert week.write_week(serre) == "Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off"
    both = (MORNING, AFTERNOON)
    assert week.write_week(grid(both, both, both, both, both)) == "Mo-Fr 09:00-12:00,14:00-17:00; PH off"
    assert week.write_week(grid((NIGHT,), closed_on_holidays=False)) == "Mo 18:00-24:00"
    assert week.write_week(grid()) == "off"


def test_hours_in_other_words_are_read_as_the_grid_that_they_mean():
    assert week.read_week("Mo-Fr 08:00-18:00; We off; PH closed", "FR") == grid(
        *[() if day == 2 else (Span(start=time(8), end=time(18)),) for day in range(5)]
    )
    assert week.read_week("24/7", "FR") == WeekHours(
        days=((Span(start=time(), end=time()),),) * 7, closed_on_holidays=False
    )


@pytest.mark.parametrize(
    "expression",
    [
        'Mo-Fr 09:00-17:00; PH off; 2026 Aug 03-14 off "congés"',
        "Jun-Aug Mo-Fr 09:00-17:00",
        "Mo[1] 09:00-17:00",
        "Mo-Fr sunrise-17:00",
        "Mo-Fr 09:00-17:00; PH 10:00-12:00",
    ],
)
def test_hours_that_are_more_than_a_week_are_left_to_their_author(expression):
    assert week.read_week(expression, "FR") is None


@pytest.mark.parametrize(
    ("spans", "problem"),
    [
        ((Span(start=time(12), end=time(9)),), "ends before"),
        ((WHOLE, AFTERNOON), "overlap"),
        ((NIGHT, Span(start=time(20), end=time(21))), "overlap"),
    ],
)
def test_times_that_cannot_be_are_refused(spans, problem):
    with pytest.raises(hours.HoursError, match=problem):
        week.write_week(grid(spans))


def quarter(number: int) -> time:
    return time(number // 4 % 24, number % 4 * 15)


@st.composite
def spans(draw) -> tuple[Span, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=4)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Span(start=quarter(start), end=quarter(end)) for start, end in pairs)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[spans()] * 7), st.booleans())
def test_any_grid_comes_back_as_it_was_written(days, closed_on_holidays):
    drawn = WeekHours(days=days, closed_on_holidays=closed_on_holidays)
    written = week.write_week(drawn)
    hours.check(written, (), "FR")
    again = week.read_week(written, "FR")
    assert again is not None
    assert week.write_week(again) in (written, written.removesuffix("; PH off"))


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (DatedHours(first=on("2026-08-03"), last=on("2026-08-14"), why="congés"), '2026 Aug 03-14 off "congés"'),
        (DatedHours(first=on("2026-12-28"), last=on("2027-01-03")), "2026 Dec 28-2027 Jan 03 off"),
        (DatedHours(first=on("2026-07-28"), last=on("2026-08-02")), "2026 Jul 28-2026 Aug 02 off"),
        (DatedHours(first=on("2026-02-16"), last=on("2026-02-28")), "2026 Feb 16-2026 Feb 28 off"),
        (
            DatedHours(first=on("2026-07-14"), last=on("2026-07-14"), open=(MORNING, NIGHT), why="bal"),
            '2026 Jul 14 09:00-12:00,18:00-24:00 open "bal"',
        ),
    ],
)
def test_a_dated_change_is_written_and_read_back(change, rule):
    assert dated.write_dates(change) == rule
    assert dated.read_dates(rule) == change


def test_quotes_in_a_reason_do_not_end_it():
    change = DatedHours(first=on("2026-07-14"), last=on("2026-07-14"), why='bal  "masqué"; off')
    rule = dated.write_dates(change)
    hours.check("24/7", (rule,), "FR")
    assert dated.read_dates(rule) == replace(change, why="bal ”masqué”; off")


def test_dates_that_run_backwards_are_refused():
    with pytest.raises(hours.HoursError, match="before the first"):
        dated.write_dates(DatedHours(first=on("2026-08-14"), last=on("2026-08-03")))


@pytest.mark.parametrize("rule", ["Dec 25 off", "easter +1 day off", "2026 Aug 14-03 off", "2026 Feb 31 off"])
def test_rules_in_other_forms_are_left_as_they_are(rule):
    assert dated.read_dates(rule) is None


@pytest.mark.parametrize("day", [date.min, on("1899-12-31"), on("9999-12-30"), date.max])
def test_a_week_at_the_ends_of_the_calendar_raises_nothing(day):
    days = week.picture(SERRE, None, week.monday(day))
    assert len(days) == 7
    assert all(len(set(shown.open)) == len(shown.open) for shown in days), "no time of a day stands twice"
