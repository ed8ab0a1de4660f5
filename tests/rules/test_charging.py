"""Who pays for a visit, and how long it lasts."""

from __future__ import annotations

from datetime import time

import pytest
from msgspec.structs import replace

from kiosk.model import Day, Duration, Granted, Policy, Product, Reason, Source, Span, Spans, Tap, Unlimited
from kiosk.rules import decide
from tests.rules.house import SERRE, TEN, House, at, case, clock, on, sold

OPEN = at("2026-07-13 10:00")
UNLIMITED = Product(id="unl", name="Illimité", price_cents=9000, cover=Unlimited())
HALVES = Spans(spans=(Span(start=time(0), end=time(13, 30)), Span(start=time(13, 30), end=time(0))))
HALF = Product(id="half", name="10 demi-journées", price_cents=15000, cover=HALVES, units=10, converts_cents=2500)


def granted(*holdings, now=OPEN, **changes) -> Granted:
    verdict = decide(case(*holdings, **changes), now)
    assert isinstance(verdict, Granted)
    return verdict


def window(verdict) -> str:
    assert isinstance(verdict, Granted)
    assert verdict.window
    return f"{clock(verdict.window.start):%H:%M}-{clock(verdict.window.end):%H:%M}"


# ---------------------------------------------------------------- courtesy


def test_sixteen_minutes_before_closing_an_entry_is_used():
    assert granted(sold(), now=at("2026-07-13 16:44:59")).reason is Reason.ENTRY_USED
    assert granted(sold(), now=at("2026-07-13 16:45")).reason is Reason.COURTESY


def test_courtesy_is_for_members_without_a_pass_too():
    assert granted(now=at("2026-07-13 16:50")).reason is Reason.COURTESY


def test_third_courtesy_of_the_month_is_none():
    house = House(site=replace(SERRE, hours="Mo-Su 09:00-17:00"))
    house.sell(TEN, at("2026-07-01 10:00"))
    told = [house.tap(at(f"{day} 16:50")).reason for day in ("2026-07-30", "2026-07-31", "2026-08-01", "2026-08-02")]
    assert told == [Reason.COURTESY] * 4
    assert house.tap(at("2026-08-03 16:50")).reason is Reason.ENTRY_USED


def test_courtesy_that_staff_took_back_counts_no_more():
    house = House(site=replace(SERRE, hours="Mo-Su 09:00-17:00"))
    for day in ("06", "07"):
        house.tap(at(f"2026-07-{day} 16:50"))
    house.reverse(house.visits[0], at("2026-07-07 17:00"))
    assert house.tap(at("2026-07-08 16:50")).reason is Reason.COURTESY


def test_courtesy_is_not_spent_by_coming_back():
    house = House()
    house.tap(at("2026-07-13 16:50"))
    assert house.tap(at("2026-07-13 16:55")).reason is Reason.RE_ENTRY


def test_24_7_member_needs_no_courtesy_at_the_sites_closing():
    verdict = granted(sold(replace(TEN, access_hours="24/7")), now=at("2026-07-13 16:50"))
    assert verdict.reason is Reason.ENTRY_USED
    assert window(verdict) == "16:50-19:50"


# ---------------------------------------------------------------- which pass pays


def test_unlimited_pass_pays_before_any_entry():
    assert granted(sold(valid_until=on("2026-07-14")), sold(UNLIMITED)).pass_id == "unl"


def test_earliest_expiry_pays_then_the_oldest_purchase():
    first = sold(replace(TEN, id="first"), valid_until=on("2026-07-31"))
    old = sold(replace(TEN, id="old"), when="2026-05-01 10:00")
    new = sold(replace(TEN, id="new"), when="2026-06-01 10:00")
    assert granted(new, old, first).pass_id == "first"
    assert granted(new, old).pass_id == "old"
    assert granted(new, replace(old, used=10)).pass_id == "new"


def test_allowance_that_lapses_with_the_month_pays_before_the_card():
    assert granted(sold(), sold(replace(TEN, id="five", units=5, per="month"))).pass_id == "five"


def test_entries_of_a_company_are_shared_by_its_people():
    house = House()
    shared = house.sell(replace(TEN, units=2), at("2026-07-01 10:00"), "lea", "paul")
    told = [house.tap(OPEN, who).reason for who in ("lea", "paul", "lea", "zoe")]
    assert told == [Reason.ENTRY_USED, Reason.ENTRY_USED, Reason.RE_ENTRY, Reason.NO_PASS]
    assert house.holding(shared).used == 2


# ---------------------------------------------------------------- how long


def test_unlimited_visit_lasts_until_closing():
    assert window(granted(sold(UNLIMITED))) == "10:00-17:00"


def test_unlimited_visit_at_any_hour_lasts_until_four_in_the_morning():
    always = sold(replace(UNLIMITED, access_hours="24/7"))
    assert window(granted(always, now=at("2026-07-13 22:00"))) == "22:00-04:00"


def test_unlimited_visit_ends_with_the_last_day_of_the_pass():
    always = sold(replace(UNLIMITED, access_hours="24/7"), valid_until=on("2026-07-13"))
    assert window(granted(always, now=at("2026-07-13 22:00"))) == "22:00-00:00"


@pytest.mark.parametrize(
    ("now", "expected"),
    [("12:05", "12:05-15:05"), ("12:15", "12:05-15:05"), ("12:15:01", "12:15-15:15")],
)
def test_ten_minutes_after_a_window_its_end_is_the_next_ones_start(now, expected):
    house = House()
    house.sell(TEN, at("2026-07-01 10:00"))
    house.tap(at("2026-07-13 09:05"))
    assert window(house.tap(at(f"2026-07-13 {now}"))) == expected


def test_window_that_was_taken_back_is_not_continued():
    house = House()
    house.sell(TEN, at("2026-07-01 10:00"))
    house.tap(at("2026-07-13 09:05"))
    house.reverse(house.visits[0], at("2026-07-13 09:06"))
    assert window(house.tap(at("2026-07-13 12:10"))) == "12:10-15:10"


def test_continuation_never_sells_time_that_is_over():
    house = House()
    house.sell(replace(TEN, cover=Duration(minutes=5)), at("2026-07-01 10:00"))
    house.tap(at("2026-07-13 09:00"))
    assert window(house.tap(at("2026-07-13 09:12"))) == "09:12-09:17"


def test_half_day_after_a_short_entry_begins_where_that_ended_and_ends_with_its_own_span():
    house = House()
    house.sell(replace(TEN, units=1, cover=Duration(minutes=250)), at("2026-07-01 10:00"))
    house.sell(HALF, at("2026-07-02 10:00"))
    house.tap(at("2026-07-13 09:15"))
    assert window(house.tap(at("2026-07-13 13:32"))) == "13:25-17:00"


def test_early_tap_buys_what_begins_at_the_opening():
    noon = Spans(spans=(Span(start=time(9), end=time(14)), Span(start=time(14), end=time(20))))
    verdict = granted(sold(replace(TEN, cover=noon)), now=at("2026-07-16 13:55"), staff_present=True)
    assert window(verdict) == "14:00-17:00"


def test_lunch_closing_ends_presence_but_not_the_day_that_was_bought():
    lunch = replace(SERRE, hours="Mo-Fr 09:00-12:00,14:00-18:00")
    verdict = granted(sold(replace(TEN, cover=Day())), site=lunch)
    assert window(verdict) == "10:00-18:00"
    assert verdict.present_until == at("2026-07-13 12:00")


# ---------------------------------------------------------------- credit


def test_debt_stands_on_the_newest_card_bought_once():
    old, new = sold(replace(TEN, id="old"), when="2026-05-01 10:00", used=10), sold(replace(TEN, id="new"), used=10)
    weekly = sold(replace(TEN, id="week", units=0, per="week"), when="2026-07-05 10:00")
    verdict = granted(new, weekly, old, staff_present=True)
    assert (verdict.reason, verdict.pass_id, verdict.units_left) == (Reason.DEBT, "new", -1)
    assert decide(case(weekly, staff_present=True), OPEN).reason is Reason.NO_ENTRIES_LEFT


def test_debt_on_an_older_card_counts_against_the_limit():
    owed = sold(replace(TEN, id="old"), used=11, valid_until=on("2026-07-01"))
    assert decide(case(owed, sold(used=10), staff_present=True), OPEN).reason is Reason.NO_ENTRIES_LEFT


def test_site_may_assume_that_a_host_is_there_in_opening_hours():
    assumed = replace(SERRE, policy=Policy(assume_staff=True))
    assert granted(sold(used=10), site=assumed).reason is Reason.DEBT
    assert decide(case(sold(), site=assumed), at("2026-07-16 13:55")).reason is Reason.CLOSED


def test_host_who_checks_somebody_in_by_hand_is_there():
    by_hand = Tap(uid=None, monotonic=0.0, source=Source.STAFF, member_id="lea")
    assert granted(sold(used=10), tap=by_hand, badge=None).reason is Reason.DEBT


def test_expired_card_gives_no_credit():
    over = sold(used=10, valid_until=on("2026-07-12"))
    assert decide(case(over, staff_present=True), OPEN).reason is Reason.PASS_EXPIRED


def test_site_may_allow_two_debts():
    house = House(site=replace(SERRE, policy=Policy(debt_limit=2)), staff_present=True)
    house.sell(replace(TEN, units=0), at("2026-07-01 10:00"))
    told = [house.tap(at(f"2026-07-{day} 10:00")) for day in ("06", "07", "13")]
    assert [v.units_left for v in told if isinstance(v, Granted)] == [-1, -2]


# ---------------------------------------------------------------- two half days


def test_second_half_day_becomes_a_day_and_gives_the_difference_back():
    house = House()
    house.sell(HALF, at("2026-07-01 10:00"))
    morning, afternoon = house.tap(at("2026-07-13 09:05")), house.tap(at("2026-07-13 14:00"))
    assert isinstance(morning, Granted)
    assert isinstance(afternoon, Granted)
    assert (morning.credit_cents, afternoon.credit_cents) == (0, 500)
    assert [c.units for c in afternoon.charges] == [1]
    assert window(afternoon) == "14:00-17:00"


def test_day_made_of_two_halves_lasts_beyond_the_second_half():
    early = Spans(spans=(Span(start=time(9), end=time(11)), Span(start=time(11), end=time(13))))
    house = House()
    house.sell(replace(HALF, cover=early), at("2026-07-01 10:00"))
    house.tap(at("2026-07-13 09:05"))
    assert window(house.tap(at("2026-07-13 11:00"))) == "11:00-17:00"
    assert house.tap(at("2026-07-13 15:00")).reason is Reason.RE_ENTRY


def test_half_days_of_two_cards_of_one_kind_make_a_day():
    house = House()
    for when in ("2026-07-01 10:00", "2026-07-02 10:00"):
        house.sell(replace(HALF, units=1, price_cents=1500), at(when))
    verdicts = [house.tap(at("2026-07-13 09:05")), house.tap(at("2026-07-13 14:00"))]
    assert [v.credit_cents for v in verdicts if isinstance(v, Granted)] == [0, 500]


@pytest.mark.parametrize("order", [("single", "card"), ("card", "single")])
def test_two_half_days_last_as_long_as_their_day_in_either_order_singly_or_on_a_card(order):
    late = replace(SERRE, hours="24/7")
    days = replace(HALF, id="day", price_cents=2500, units=1, cover=Day(boundary=time(4)), converts_cents=None)
    card = replace(HALF, id="card", converts_to="day", converts_cents=None)
    single = replace(card, id="single", price_cents=1800, units=1)
    house = House(site=late)
    for kind, when in zip(order, ("2026-07-01 10:00", "2026-07-02 10:00"), strict=True):
        terms = replace({"card": card, "single": single}[kind], units=1)
        terms = replace(terms, price_cents=1500 if kind == "card" else 1800)
        house.sell(terms, at(when), products=(days,))
    morning, afternoon = house.tap(at("2026-07-13 09:05")), house.tap(at("2026-07-13 14:00"))
    assert isinstance(morning, Granted)
    assert isinstance(afternoon, Granted)
    assert (morning.credit_cents, afternoon.credit_cents) == (0, 800)
    assert window(afternoon) == "14:00-04:00"


def test_a_day_of_ten_hours_made_of_two_halves_counts_from_the_first():
    hours = Product(id="day", name="Jour", price_cents=2500, cover=Duration(minutes=600), units=1)
    house = House(site=replace(SERRE, hours="24/7"))
    house.sell(replace(HALF, converts_to="day"), at("2026-07-01 10:00"), products=(hours,))
    house.tap(at("2026-07-13 09:05"))
    assert window(house.tap(at("2026-07-13 14:00"))) == "14:00-19:05"


def test_a_gift_of_half_days_that_become_a_day_gives_no_money_back():
    house = House()
    house.sell(HALF, at("2026-07-01 10:00"))
    house.passes[0] = replace(house.passes[0], gift=True)
    verdicts = [house.tap(at("2026-07-13 09:05")), house.tap(at("2026-07-13 14:00"))]
    assert [v.credit_cents for v in verdicts if isinstance(v, Granted)] == [0, 0]


def test_the_last_entry_of_a_card_is_no_news_while_another_card_has_some():
    old, new = sold(replace(TEN, id="old"), used=9), sold(replace(TEN, id="new"), when="2026-07-02 10:00")
    verdict = granted(old, new)
    assert (verdict.units_left, verdict.units_usable, verdict.warn_units) == (0, 10, False)
    assert granted(old, replace(new, used=9)).warn_units
    assert granted(old).warn_units


def test_the_end_of_a_card_is_no_news_while_another_one_lasts_longer():
    old = replace(
        sold(replace(TEN, id="old")), pass_=replace(sold(replace(TEN, id="old")).pass_, valid_until=on("2026-07-15"))
    )
    later = sold(replace(TEN, id="later"), valid_until=on("2027-07-15"))
    endless = sold(replace(TEN, id="endless"))
    alone = granted(old)
    assert (alone.warn_expiry, alone.expires_on) == (True, on("2026-07-15"))
    assert (granted(old, later).warn_expiry, granted(old, later).expires_on) == (False, on("2027-07-15"))
    assert (granted(old, endless).warn_expiry, granted(old, endless).expires_on) == (False, None)


def test_the_end_of_all_cards_is_told_by_the_one_that_ends_last():
    first = sold(replace(TEN, id="first"), valid_until=on("2026-07-14"))
    last = sold(replace(TEN, id="last"), valid_until=on("2026-07-16"))
    verdict = granted(first, last)
    assert (verdict.warn_expiry, verdict.expires_on) == (True, on("2026-07-16"))
    assert (verdict.units_usable, verdict.usable_total) == (19, 20)


@pytest.mark.parametrize(("hours", "back"), [("24/7", Reason.RE_ENTRY), (None, Reason.CLOSED)])
def test_a_day_made_of_two_halves_lets_back_in_after_the_site_s_closing_by_its_own_hours(hours, back):
    day = Product(id="day", name="Jour", price_cents=2500, units=1, cover=Day(boundary=time(4)), access_hours=hours)
    house = House()
    house.sell(replace(HALF, converts_to="day"), at("2026-07-01 10:00"), products=(day,))
    for when in ("09:05", "14:00"):
        house.tap(at(f"2026-07-13 {when}"))
    assert house.tap(at("2026-07-13 19:30")).reason is back


def test_one_half_day_lets_nobody_back_in_by_the_hours_of_the_day():
    day = Product(id="day", name="Jour", price_cents=2500, units=1, cover=Day(boundary=time(4)), access_hours="24/7")
    house = House()
    house.sell(replace(HALF, converts_to="day"), at("2026-07-01 10:00"), products=(day,))
    house.tap(at("2026-07-13 14:00"))
    assert house.tap(at("2026-07-13 19:30")).reason is Reason.CLOSED


def test_half_days_on_two_days_stay_two_half_days():
    house = House()
    house.sell(HALF, at("2026-07-01 10:00"))
    verdicts = [house.tap(at("2026-07-13 09:05")), house.tap(at("2026-07-16 14:30"))]
    assert [v.credit_cents for v in verdicts if isinstance(v, Granted)] == [0, 0]


def test_morning_that_was_taken_back_makes_no_day():
    house = House()
    house.sell(HALF, at("2026-07-01 10:00"))
    house.tap(at("2026-07-13 09:05"))
    house.reverse(house.visits[0], at("2026-07-13 09:06"))
    verdict = house.tap(at("2026-07-13 14:00"))
    assert isinstance(verdict, Granted)
    assert verdict.credit_cents == 0


# ---------------------------------------------------------------- warnings


@pytest.mark.parametrize(("used", "warned"), [(6, False), (7, True), (8, True), (9, True)])
def test_warns_when_two_one_and_none_are_left(used, warned):
    assert granted(sold(used=used)).warn_units is warned


def test_coming_back_warns_of_nothing():
    house = House()
    house.sell(replace(TEN, units=1, valid_days=3), at("2026-07-12 10:00"))
    first, second = house.tap(at("2026-07-13 09:05")), house.tap(at("2026-07-13 10:05"))
    assert isinstance(first, Granted)
    assert isinstance(second, Granted)
    assert (first.warn_units, second.warn_units, second.warn_expiry) == (True, False, False)


def test_expiry_is_told_once_when_a_month_and_once_when_a_week_is_left():
    house = House(site=replace(SERRE, hours="Mo-Su 09:00-17:00"))
    house.sell(TEN, at("2026-01-10 10:00"))
    house.passes[0] = replace(house.passes[0], valid_until=on("2026-03-31"))
    days = ("2026-02-27", "2026-03-03", "2026-03-05", "2026-03-26", "2026-03-31")
    verdicts = [house.tap(at(f"{day} 10:00")) for day in days]
    assert [v.warn_expiry for v in verdicts if isinstance(v, Granted)] == [False, True, False, True, False]


def test_expiry_is_no_news_on_the_day_of_the_sale():
    assert not granted(sold(when="2026-07-13 09:00", valid_until=on("2026-07-17"))).warn_expiry
    assert not granted(sold(valid_until=None)).warn_expiry
