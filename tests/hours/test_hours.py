from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from opening_hours import OpeningHours

from kiosk import hours
from kiosk.model import Override, Window
from tests.rules.house import SERRE, at


def site(expression: str, *exceptions: str, **changes):
    return replace(SERRE, hours=expression, exceptions=exceptions, **changes)


def close(since: str, until: str) -> Override:
    return Override(state="closed", since=at(since), until=at(until))


def stay(since: str, until: str) -> Override:
    return Override(state="open", since=at(since), until=at(until))


# ---------------------------------------------------------------- who decides


def test_monday_morning_is_open_until_five():
    state = hours.opening(SERRE, None, at("2026-07-13 09:05"))
    assert (state.is_open, state.because, state.is_holiday) == (True, None, False)
    assert state.changes_at == at("2026-07-13 17:00")


def test_weekend_is_closed_until_monday():
    assert hours.opening(SERRE, None, at("2026-07-11 12:00")).changes_at == at("2026-07-13 09:00")


def test_holiday_wins_over_weekly_hours_and_is_called_by_its_name():
    state = hours.opening(SERRE, None, at("2026-07-14 10:00"))
    assert (state.is_open, state.is_holiday, state.because) == (False, True, "Fête nationale")


def test_house_that_does_not_heed_holidays_is_open_and_says_nothing_of_them():
    state = hours.opening(site("Mo-Su 09:00-17:00"), None, at("2026-07-14 18:00"))
    assert (state.is_open, state.is_holiday, state.because) == (False, False, None)


def test_words_of_the_rule_come_before_the_name_of_the_holiday():
    state = hours.opening(site('Mo-Fr 09:00-17:00; PH off "pont"'), None, at("2026-07-14 10:00"))
    assert (state.because, state.is_holiday) == ("pont", True)


def test_exception_wins_over_the_holiday():
    state = hours.opening(site(SERRE.hours, "2026 Jul 14 10:00-16:00"), None, at("2026-07-14 10:00"))
    assert (state.is_open, state.changes_at) == (True, at("2026-07-14 16:00"))


def test_last_exception_that_applies_decides():
    twice = site(SERRE.hours, "2026 Jul 13-17 off", "2026 Jul 13 10:00-12:00")
    assert hours.opening(twice, None, at("2026-07-13 10:00")).is_open
    assert not hours.opening(twice, None, at("2026-07-16 15:00")).is_open


def test_comment_of_an_exception_tells_why():
    assert hours.opening(SERRE, None, at("2026-08-04 10:00")).because == "congés"


def test_override_wins_over_everything():
    closed = hours.opening(SERRE, close("2026-07-13 10:00", "2026-07-13 12:00"), at("2026-07-13 11:00"))
    assert (closed.is_open, closed.overridden, closed.changes_at) == (False, True, at("2026-07-13 12:00"))
    opened = hours.opening(SERRE, stay("2026-07-14 09:00", "2026-07-14 18:00"), at("2026-07-14 10:00"))
    assert (opened.is_open, opened.overridden, opened.is_holiday) == (True, True, False)


def test_staying_open_later_moves_the_closing():
    state = hours.opening(SERRE, stay("2026-07-13 16:00", "2026-07-13 19:00"), at("2026-07-13 16:30"))
    assert state.changes_at == at("2026-07-13 19:00")


def test_override_that_ends_in_open_hours_changes_nothing_then():
    state = hours.opening(SERRE, stay("2026-07-13 07:00", "2026-07-13 12:00"), at("2026-07-13 08:00"))
    assert state.changes_at == at("2026-07-13 17:00")


def test_override_to_come_is_seen_as_the_next_change():
    state = hours.opening(SERRE, close("2026-07-13 14:00", "2026-07-14 00:00"), at("2026-07-13 09:05"))
    assert (state.is_open, state.overridden, state.changes_at) == (True, False, at("2026-07-13 14:00"))


def test_override_that_is_over_counts_no_more():
    state = hours.opening(SERRE, close("2026-07-13 10:00", "2026-07-13 11:00"), at("2026-07-13 11:00"))
    assert (state.is_open, state.overridden) == (True, False)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-01-01", "Jour de l’an"),
        ("2026-04-06", "Lundi de Pâques"),
        ("2026-05-14", "Ascension"),
        ("2026-05-25", "Lundi de Pentecôte"),
        ("2027-05-08", "Victoire de 1945"),
        ("2026-11-11", "Armistice de 1918"),
        ("2026-12-25", "Noël"),
    ],
)
def test_french_holidays_are_known_by_name(day, name):
    noon = at(f"{day} 12:00")
    assert hours.is_holiday(SERRE, noon)
    assert hours.holiday_name(SERRE, noon) == name


def test_every_french_holiday_has_a_name_and_no_other_day_has():
    for n in range(366 * 3):
        noon = at("2026-01-01 12:00") + timedelta(days=n)
        assert hours.is_holiday(SERRE, noon) == (hours.holiday_name(SERRE, noon) is not None)


def test_holidays_of_another_country_have_no_name_but_count():
    state = hours.opening(site("Mo-Su 09:00-17:00; PH off", country="US"), None, at("2026-12-25 10:00"))
    assert (state.is_open, state.is_holiday, state.because) == (False, True, None)


# ---------------------------------------------------------------- when it changes


def test_comments_alone_are_no_change():
    quiet = site('Mo 09:00-12:00 open "accueil", Mo 12:00-17:00 open "libre"')
    assert hours.opening(quiet, None, at("2026-07-13 10:00")).changes_at == at("2026-07-13 17:00")


def test_house_that_never_closes_never_changes():
    state = hours.opening(site("24/7"), None, at("2026-07-13 10:00"))
    assert (state.is_open, state.changes_at) == (True, None)
    assert hours.next_opening(site("24/7"), None, at("2026-07-13 10:00")) is None
    assert hours.never_closes(hours.of_site(site("24/7")), at("2026-07-13 10:00"))
    assert not hours.never_closes(hours.of_site(SERRE), at("2026-07-13 10:00"))


def test_next_opening_while_open_is_the_one_after():
    assert hours.next_opening(SERRE, None, at("2026-07-13 10:00")) == at("2026-07-16 14:00")
    assert hours.next_opening(SERRE, None, at("2026-07-13 09:00")) == at("2026-07-16 14:00")


def test_next_opening_after_the_summer_break():
    assert hours.next_opening(SERRE, None, at("2026-07-30 17:00")) == at("2026-08-17 09:00")


def test_house_that_has_closed_for_good_opens_no_more():
    assert hours.next_opening(site("Mo off"), None, at("2026-07-13 10:00")) is None


def test_openings_of_a_week_are_listed_and_cut_to_fit():
    week = list(hours.openings(SERRE, None, at("2026-07-06 10:00"), end=at("2026-07-09 15:00")))
    assert week == [
        Window(start=at("2026-07-06 10:00"), end=at("2026-07-06 17:00")),
        Window(start=at("2026-07-07 09:00"), end=at("2026-07-07 17:00")),
        Window(start=at("2026-07-09 14:00"), end=at("2026-07-09 15:00")),
    ]


def test_last_closing_of_the_day_comes_after_lunch():
    lunch = site("Mo-Fr 09:00-12:00,14:00-18:00")
    assert hours.last_closing(lunch, None, at("2026-07-13 10:00")) == at("2026-07-13 18:00")
    assert hours.last_closing(lunch, None, at("2026-07-13 12:30")) == at("2026-07-13 18:00")
    assert hours.last_closing(lunch, None, at("2026-07-13 18:00")) is None


def test_last_closing_of_a_night_is_in_the_morning():
    night = site("Fr,Sa 22:00-04:00")
    assert hours.last_closing(night, None, at("2026-07-10 23:00")) == at("2026-07-11 04:00")


def test_admission_ten_minutes_before_opening_starts_at_the_opening():
    early = timedelta(minutes=10)
    of_serre = hours.of_site(SERRE)
    found = hours.at_tap(of_serre, at("2026-07-16 13:50"), early=early)
    assert found == hours.TapHours(at("2026-07-16 14:00"), at("2026-07-16 17:00"), at("2026-07-16 17:00"))
    assert hours.at_tap(of_serre, at("2026-07-16 13:50") - timedelta(seconds=1), early=early) is None
    assert hours.at_tap(of_serre, at("2026-07-16 13:50"), early=timedelta()) is None


def test_admission_before_lunch_knows_both_closings():
    lunch = hours.of_site(site("Mo-Fr 09:00-12:00,14:00-18:00"))
    found = hours.at_tap(lunch, at("2026-07-13 11:00"), early=timedelta())
    assert found == hours.TapHours(at("2026-07-13 11:00"), at("2026-07-13 12:00"), at("2026-07-13 18:00"))


def test_own_access_hours_know_no_exceptions_of_the_site():
    own = hours.of_pass(SERRE, "Mo-Su 06:00-22:00")
    assert hours.at_tap(own, at("2026-08-04 10:00"), early=timedelta())


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("Mo 9-17", 4),
        ("Mo 09:00-25", 10),
        ("", 1),
        ("Mo 09:00-17:00; Xx 09:00", 17),
        ('Mo 09:00-12:00 "été"; Tu 9', 26),
        ("Mo 09:00-17:00; SH off", 17),
        ("PH off; Mo,Tu 09:00-17:00", 9),
        ("Mo 09:00-12:00; PH off;  09:00-17:00", 26),
    ],
)
def test_mistake_in_hours_names_the_column(expression, column):
    with pytest.raises(hours.HoursError) as raised:
        hours.check(expression, (), "FR")
    assert (raised.value.expression, raised.value.column) == (expression, column)
    assert f"column {column}" in str(raised.value)


def test_mistake_in_an_exception_names_the_exception():
    with pytest.raises(hours.HoursError) as raised:
        hours.check(SERRE.hours, ("2026 Jul 14 off", "2026 Juli 14 off"), "FR")
    assert raised.value.expression == "2026 Juli 14 off"


def test_unknown_country_is_refused():
    with pytest.raises(hours.HoursError, match="country 'Fr'"):
        hours.check(SERRE.hours, (), "Fr")


@pytest.mark.parametrize(
    "expression",
    [
        SERRE.hours,
        "24/7",
        "Mo-Fr 09:00-17:00; PH off; 2026 Jul 14 10:00-12:00",
        'Mo 09:00-12:00 open "SH; PH off"; Tu 10:00-12:00',
    ],
)
def test_sound_hours_pass(expression):
    hours.check(expression, ("2026 Jul 14 10:00-12:00",), "FR")


def test_holidays_written_before_the_week_stay_closed_where_they_stand_already():
    """The mistake that `check` refuses: the library lets the later rule win."""
    assert OpeningHours("PH off; Mo,Tu 09:00-17:00", country="FR").is_open(datetime(2026, 7, 14, 10))  # noqa: DTZ001
    assert not hours.opening(site("PH off; Mo,Tu 09:00-17:00"), None, at("2026-07-14 10:00")).is_open
    assert hours.opening(site("PH off; Mo,Tu 09:00-17:00"), None, at("2026-07-13 10:00")).is_open


@pytest.mark.parametrize(
    ("expression", "closed"),
    [
        ("Dec 24-26 off; Mo-Fr 10:00-12:00", "2026-12-24 11:00"),
        ("Dec 24-26 off; We,Th 10:00-12:00", "2026-12-24 11:00"),
        ("Dec-Jan off; Mo-Su 10:00-12:00", "2026-12-24 11:00"),
        ("week 52 off; Mo-Su 10:00-12:00", "2026-12-24 11:00"),
        ("Mo-Fr 10:00-12:00; 2026 Dec 24 off; Th 11:00-12:00", "2026-12-24 11:30"),
        ("Mo-Fr 10:00-12:00; 2026 Dec 24 off, Th 11:00-12:00", "2026-12-24 11:30"),
        ("Th off; Mo-Fr 10:00-12:00", "2026-12-24 11:00"),
        ("Th[4] off; Th 10:00-12:00", "2026-12-24 11:00"),
        ("Th 12:00-14:00 off; Mo-Fr 10:00-18:00", "2026-12-24 13:30"),
    ],
)
def test_a_closing_that_a_later_rule_would_undo_is_refused_and_closed_where_it_stands_already(expression, closed):
    with pytest.raises(hours.HoursError) as raised:
        hours.check(expression, (), "FR")
    assert raised.value.code == "HOURS_CLOSED_LAST"
    assert not hours.opening(site(expression), None, at(closed)).is_open


@pytest.mark.parametrize(
    "expression",
    [
        "off; Mo 10:00-12:00",
        "Su off; Mo-Sa 10:00-12:00",
        "Sa off; Sa[1] 10:00-12:00",
        "Jul-Aug off; Sep-Jun Mo-Fr 10:00-12:00",
        "Dec 24-26 off; Dec 25 10:00-12:00",
        "Aug Su off; Mo-Sa 10:00-12:00",
    ],
)
def test_a_closing_that_no_later_rule_undoes_passes(expression):
    hours.check(expression, (), "FR")


def test_a_day_that_an_earlier_release_opened_with_a_reason_stays_open():
    assert hours.opening(site("off", '2026 Jul 14 10:00-16:00 "fête"'), None, at("2026-07-14 10:00")).is_open
    assert not hours.opening(site("24/7", '2026 Dec 21-31 "congés"'), None, at("2026-12-24 10:00")).is_open
    assert not hours.opening(site("24/7", "2026 Aug 03-Sep 04 off"), None, at("2026-09-03 10:00")).is_open


def test_hours_that_slipped_past_the_check_are_closed_and_raise_nothing():
    assert not hours.opening(site("nonsense"), None, at("2026-07-13 10:00")).is_open
    assert hours.opening(site(SERRE.hours, "nonsense"), None, at("2026-07-13 10:00")).is_open
    assert hours.opening(site(SERRE.hours, country="XX"), None, at("2026-07-13 10:00")).is_open


@pytest.mark.parametrize("moment", ["0001-01-01T00:00Z", "1899-12-31T00:00Z", "9999-12-31T23:59Z"])
def test_hours_at_the_ends_of_the_calendar_raise_nothing(moment):
    now = datetime.fromisoformat(moment)
    assert hours.opening(SERRE, None, now)
    assert hours.opening(SERRE, stay("0001-01-02 00:00", "9999-12-30 00:00"), now).is_open
