from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from msgspec.structs import replace

from kiosk import local_time
from kiosk.model import Charge, Day, Duration, Product, Span, Spans, Unlimited, Use
from kiosk.rules import passes
from tests.rules.house import SERRE, TEN, at, on, sold

PARIS = local_time.zone("Europe/Paris")
HALVES = Spans(spans=(Span(start=time(8, 30), end=time(12)), Span(start=time(13), end=time(18))))
FIVE_A_MONTH = replace(TEN, id="five", units=5, per="month")
TWO_A_WEEK = replace(TEN, id="two", units=2, per="week")


def ends(cover, when: str) -> str:
    end = passes.cover_end(cover, PARIS, at(when)).astimezone(PARIS)
    return f"{end:%d %H:%M}"


# ---------------------------------------------------------------- what one unit covers


@pytest.mark.parametrize(
    ("tap", "end"),
    [
        ("2026-07-13 08:30", "13 12:00"),
        ("2026-07-13 11:59", "13 12:00"),
        ("2026-07-13 12:00", "13 18:00"),
        ("2026-07-13 12:20", "13 18:00"),
        ("2026-07-13 17:59", "13 18:00"),
        ("2026-07-13 07:50", "13 12:00"),
        ("2026-07-13 00:10", "13 12:00"),
        ("2026-07-13 18:00", "14 00:00"),
        ("2026-07-13 23:59", "14 00:00"),
    ],
)
def test_half_day_is_bought_by_the_tap_that_falls_into_it_or_waits_for_it(tap, end):
    assert ends(HALVES, tap) == end


def test_span_may_last_beyond_midnight():
    night = Spans(spans=(Span(start=time(22), end=time(2)),))
    assert ends(night, "2026-07-13 23:00") == "14 02:00"
    assert ends(night, "2026-07-14 01:00") == "14 02:00"
    assert ends(night, "2026-07-14 02:00") == "15 02:00"


def test_span_that_ends_at_midnight_ends_with_the_day():
    evening = Spans(spans=(Span(start=time(18), end=time(0)),))
    assert ends(evening, "2026-07-13 19:00") == "14 00:00"


def test_no_spans_at_all_cover_the_rest_of_the_day():
    assert ends(Spans(spans=()), "2026-07-13 10:00") == "14 00:00"


def test_day_lasts_to_its_boundary_and_the_night_belongs_to_the_day_before():
    assert ends(Day(), "2026-07-13 10:00") == "14 04:00"
    assert ends(Day(), "2026-07-14 03:59") == "14 04:00"
    assert ends(Day(), "2026-07-14 04:00") == "15 04:00"


def test_three_hours_are_three_real_hours():
    start = at("2026-10-25 01:30")
    assert passes.cover_end(Duration(minutes=180), PARIS, start) == start + timedelta(hours=3)


def test_cover_of_no_time_covers_a_minute():
    start = at("2026-07-13 10:00")
    assert passes.cover_end(Duration(minutes=0), PARIS, start) == start + timedelta(minutes=1)


# ---------------------------------------------------------------- units


def used_at(terms: Product, *days: str):
    recent = tuple(Use(at=at(f"{day} 10:00"), units=1) for day in days)
    return replace(sold(terms, when="2026-01-01 10:00"), used=len(recent), recent=recent)


def test_allowance_counts_the_uses_of_this_local_month_alone():
    holding = used_at(FIVE_A_MONTH, "2026-06-30", "2026-07-01", "2026-07-13")
    assert passes.balance(holding, SERRE, at("2026-07-31 23:59")) == 3
    assert passes.balance(holding, SERRE, at("2026-08-01 00:00")) == 5


def test_allowance_of_a_week_begins_on_monday():
    holding = used_at(TWO_A_WEEK, "2026-07-12", "2026-07-13", "2026-07-14")
    assert passes.balance(holding, SERRE, at("2026-07-15 10:00")) == 0
    assert passes.balance(holding, SERRE, at("2026-07-20 00:00")) == 2
    assert passes.renews_on(holding.pass_, on("2026-07-15")) == on("2026-07-20")


def test_allowance_renews_no_more_after_the_last_day():
    pass_ = replace(used_at(FIVE_A_MONTH).pass_, valid_until=on("2026-07-31"))
    assert passes.renews_on(pass_, on("2026-07-15")) is None
    assert passes.renews_on(pass_, on("2026-06-15")) == on("2026-07-01")


def test_unlimited_pass_has_no_balance():
    assert passes.balance(sold(replace(TEN, cover=Unlimited(), units=None)), SERRE, at("2026-07-13 10:00")) is None


def test_pass_is_valid_on_its_first_and_on_its_last_day():
    pass_ = replace(sold().pass_, valid_from=on("2026-07-01"), valid_until=on("2026-07-31"))
    days = ("2026-06-30", "2026-07-01", "2026-07-31", "2026-08-01")
    assert [passes.validity(pass_, on(day)) for day in days] == ["not_yet", "valid", "valid", "expired"]


def test_earliest_to_lapse_pays_first_and_then_the_oldest():
    summer = sold(replace(TEN, id="summer"), valid_until=on("2026-09-01"))
    month = sold(FIVE_A_MONTH, valid_until=on("2026-12-31"))
    old, new = sold(replace(TEN, id="z"), when="2026-01-01 10:00"), sold(replace(TEN, id="a"), when="2026-02-01 10:00")
    order = passes.first_to_use([new, old, summer, month], on("2026-07-13"))
    assert [h.pass_.id for h in order] == ["five", "summer", "z", "a"]


def test_debt_is_what_passes_bought_once_are_below_nothing():
    holdings = [
        sold(used=12),
        sold(replace(TEN, id="full"), used=3),
        used_at(replace(TWO_A_WEEK, units=0), "2026-07-13"),
    ]
    assert passes.debt(holdings) == (Charge(pass_id="ten", units=2),)


# ---------------------------------------------------------------- sales


@pytest.mark.parametrize(
    ("terms", "first", "last"),
    [
        ({}, "2026-07-01", None),
        ({"valid_days": 60}, "2026-01-01", "2026-03-02"),
        ({"valid_days": 60}, "2026-03-01", "2026-04-30"),
        ({"valid_days": 1}, "2026-03-01", "2026-03-02"),
        ({"valid_days": 0}, "2026-03-01", "2026-03-01"),
        ({"valid_months": 6}, "2026-01-15", "2026-07-15"),
        ({"valid_months": 6}, "2026-08-31", "2027-02-28"),
        ({"valid_months": 6}, "2026-08-28", "2027-02-28"),
        ({"valid_months": 12}, "2024-02-29", "2025-02-28"),
        ({"valid_months": 1}, "2026-12-01", "2027-01-01"),
        ({"calendar_month": True}, "2026-02-17", "2026-02-28"),
        ({"calendar_month": True, "valid_days": 5}, "2026-02-17", "2026-02-22"),
        ({"calendar_month": True, "valid_days": 5}, "2026-02-27", "2026-02-28"),
    ],
)
def test_last_day_of_a_pass(terms, first, last):
    assert passes.last_day(replace(TEN, **terms), on(first)) == (on(last) if last else None)


def test_sale_late_in_the_evening_counts_from_the_local_day():
    pass_ = passes.sell(TEN, (), now=at("2026-07-14 00:30"), site=SERRE, holders=("lea",), pass_id="p")
    assert pass_.valid_from == on("2026-07-14")


def test_pass_can_be_sold_ahead():
    pass_ = passes.sell(
        replace(TEN, calendar_month=True),
        (),
        now=at("2026-07-20 10:00"),
        site=SERRE,
        holders=("lea",),
        pass_id="p",
        starts=on("2026-08-01"),
    )
    assert (pass_.valid_from, pass_.valid_until) == (on("2026-08-01"), on("2026-08-31"))


def test_sold_half_day_knows_what_the_day_costs_and_keeps_it():
    half = Product(id="half", name="Demi-journée", price_cents=1500, cover=HALVES, units=1, converts_to="day")
    days = Product(id="day", name="5 journées", price_cents=12500, cover=Day(), units=5)
    pass_ = passes.sell(half, (half, days), now=at("2026-07-13 10:00"), site=SERRE, holders=("lea",), pass_id="p")
    assert pass_.terms.converts_cents == 2500
    assert passes.day_credit(pass_.terms) == 500


def test_two_half_days_that_cost_less_than_the_day_give_nothing_back():
    half = Product(id="half", name="Demi-journée", price_cents=1000, cover=HALVES, units=1, converts_cents=2500)
    assert not passes.day_is_cheaper(half)
    assert passes.day_credit(half) == 0


def test_credit_is_rounded_down_to_the_cent():
    three = Product(id="three", name="3 demi-journées", price_cents=1000, cover=HALVES, units=3, converts_cents=500)
    assert passes.day_credit(three) == 166  # of 166.67: two thirds of 10 EUR, less 5 EUR


def test_time_of_day_in_the_gap_is_the_jump_over_it():
    start = datetime.fromisoformat("2026-03-28T12:00+01:00")
    assert passes.next_time(PARIS, start, time(2, 30)) == at("2026-03-29 03:00")
