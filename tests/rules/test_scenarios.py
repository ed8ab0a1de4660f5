"""The scenarios of the house, each a test under its letter: those without sync, screen or a distrusted clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from kiosk import hours, rules
from kiosk.model import Badge, Denied, Granted, Override, Policy, Reason, Source, Tap, Use
from tests.rules.house import HOST, SERRE, TEN, House, at, case, clock, sold

MONDAY_9_05 = at("2026-07-13 09:05")


def first_tap() -> tuple[House, Granted]:
    """Scenario a: a card of ten, Monday 09:05."""
    house = House()
    house.sell(TEN, at("2026-07-01 10:00"))
    verdict = house.tap(MONDAY_9_05)
    assert isinstance(verdict, Granted)
    return house, verdict


def until(verdict: object) -> str:
    assert isinstance(verdict, Granted)
    assert verdict.window
    return f"{clock(verdict.window.start):%H:%M}-{clock(verdict.window.end):%H:%M}"


def test_scenario_a_first_tap_of_the_morning_uses_an_entry_for_three_hours():
    _, verdict = first_tap()
    assert verdict.reason is Reason.ENTRY_USED
    assert (verdict.units_left, verdict.units_total) == (9, 10)
    assert until(verdict) == "09:05-12:05"
    assert verdict.present_until == at("2026-07-13 12:35")


def test_scenario_b_same_badge_three_seconds_later_is_a_repeat():
    tap = Tap(uid=b"lea", monotonic=100.0)
    assert rules.is_repeat(tap, Tap(uid=b"lea", monotonic=103.0), Policy())
    assert not rules.is_repeat(tap, Tap(uid=b"lea", monotonic=105.1), Policy())
    assert not rules.is_repeat(tap, Tap(uid=b"paul", monotonic=103.0), Policy())


def test_scenario_c_back_from_outside_is_a_free_re_entry_with_a_quarter_left():
    house, _ = first_tap()
    now = at("2026-07-13 11:50")
    verdict = house.tap(now)
    assert isinstance(verdict, Granted)
    assert (verdict.reason, verdict.charges, verdict.units_left) == (Reason.RE_ENTRY, (), 9)
    assert verdict.window
    assert verdict.window.end - now == timedelta(minutes=15)


def test_scenario_d_seven_minutes_after_the_window_the_next_one_follows_without_a_gap():
    house, _ = first_tap()
    verdict = house.tap(at("2026-07-13 12:12"))
    assert verdict.reason is Reason.ENTRY_USED
    assert until(verdict) == "12:05-15:05"


def test_scenario_e_much_later_the_next_window_starts_at_the_tap():
    house, _ = first_tap()
    assert until(house.tap(at("2026-07-13 13:30"))) == "13:30-16:30"


def test_scenario_f_closing_cuts_the_window_to_an_hour_and_fifty_minutes():
    verdict = rules.decide(case(sold()), at("2026-07-13 15:10"))
    assert verdict.reason is Reason.ENTRY_USED
    assert until(verdict) == "15:10-17:00"


def test_scenario_g_ten_minutes_before_closing_is_a_courtesy_and_a_visit():
    verdict = rules.decide(case(sold()), at("2026-07-13 16:50"))
    assert isinstance(verdict, Granted)
    assert (verdict.reason, verdict.charges) == (Reason.COURTESY, ())
    assert until(verdict) == "16:50-17:00"
    assert verdict.present_until == at("2026-07-13 17:00")


def test_scenario_h_five_minutes_early_is_let_in_by_a_host_from_opening_on():
    verdict = rules.decide(case(sold(), staff_present=True), at("2026-07-16 13:55"))
    assert verdict.reason is Reason.ENTRY_USED
    assert until(verdict) == "14:00-17:00"


def test_scenario_h_five_minutes_early_without_a_host_is_closed():
    verdict = rules.decide(case(sold()), at("2026-07-16 13:55"))
    assert verdict == Denied(reason=Reason.CLOSED, opens_at=at("2026-07-16 14:00"))


def test_scenario_i_wednesday_is_closed_until_thursday():
    verdict = rules.decide(case(sold()), at("2026-07-15 10:00"))
    assert verdict == Denied(reason=Reason.CLOSED, opens_at=at("2026-07-16 14:00"))


def test_scenario_j_fourteenth_of_july_is_closed_for_the_holiday():
    verdict = rules.decide(case(sold()), at("2026-07-14 10:00"))
    assert isinstance(verdict, Denied)
    assert (verdict.reason, verdict.is_holiday, verdict.because) == (Reason.CLOSED, True, "Fête nationale")
    assert verdict.opens_at == at("2026-07-16 14:00")


def test_scenario_j_fourteenth_of_july_is_open_by_an_exception():
    site = replace(SERRE, exceptions=("2026 Jul 14 09:00-12:00",))
    verdict = rules.decide(case(sold(), site=site), at("2026-07-14 10:00"))
    assert verdict.reason is Reason.ENTRY_USED
    assert until(verdict) == "10:00-12:00"


def test_scenario_k_none_left_and_a_host_is_there_is_owed_once():
    house = House(staff_present=True)
    pass_ = house.sell(replace(TEN, units=1), at("2026-07-01 10:00"))
    told = [house.tap(at(f"2026-07-{day} 10:00")) for day in ("06", "07", "13")]
    assert [verdict.reason for verdict in told] == [Reason.ENTRY_USED, Reason.DEBT, Reason.NO_ENTRIES_LEFT]
    assert isinstance(told[1], Granted)
    assert told[1].units_left == -1
    assert rules.balance(house.holding(pass_), SERRE, MONDAY_9_05) == -1
    assert [(c.pass_id, c.units) for c in rules.debt([house.holding(pass_)])] == [(pass_.id, 1)]


def test_scenario_k_none_left_and_nobody_there_is_refused_with_the_price():
    verdict = rules.decide(case(sold(used=10)), MONDAY_9_05)
    assert verdict == Denied(reason=Reason.NO_ENTRIES_LEFT, product="10 entrées", price_cents=5000)


def test_scenario_l_what_was_committed_before_the_power_cut_makes_the_next_tap_free():
    house, _ = first_tap()
    restarted = House(passes=house.passes, visits=list(house.visits))
    assert restarted.tap(at("2026-07-13 09:07")).reason is Reason.RE_ENTRY
    assert restarted.holding(house.passes[0]).used == 1


def test_scenario_l_what_was_not_committed_is_charged_at_the_next_tap():
    house, _ = first_tap()
    restarted = House(passes=house.passes, visits=[])
    assert restarted.tap(at("2026-07-13 09:07")).reason is Reason.ENTRY_USED


def test_scenario_n_two_kiosks_spend_the_last_entry_and_the_balance_tells():
    last = sold(used=9)
    here, there = (rules.decide(case(last), MONDAY_9_05) for _ in range(2))
    assert here.reason is there.reason is Reason.ENTRY_USED
    both = replace(last, used=11, recent=(Use(at=MONDAY_9_05, units=1), Use(at=MONDAY_9_05, units=1)))
    assert rules.balance(both, SERRE, MONDAY_9_05) == -1


def test_scenario_o_an_early_closing_that_cuts_most_of_a_window_gives_the_entry_back():
    house, _ = first_tap()
    assert rules.cut_by_closing(house.visits, at("2026-07-13 10:00"), SERRE) == tuple(house.visits)


def test_scenario_o_an_early_closing_that_cuts_less_than_half_gives_nothing_back():
    house, _ = first_tap()
    assert rules.cut_by_closing(house.visits, at("2026-07-13 11:00"), SERRE) == ()


def test_scenario_o_a_closed_house_is_closed_to_running_windows_too():
    house, _ = first_tap()
    closes = at("2026-07-13 10:00")
    house.override = Override(state="closed", since=closes, until=at("2026-07-14 00:00"))
    assert house.tap(at("2026-07-13 10:05")).reason is Reason.CLOSED


def test_scenario_q_a_member_without_a_badge_is_judged_by_the_same_rules():
    by_hand = Tap(uid=None, monotonic=0.0, source=Source.STAFF, member_id="lea")
    verdict = rules.decide(case(sold(), tap=by_hand, badge=None), MONDAY_9_05)
    assert verdict.reason is Reason.ENTRY_USED
    assert until(verdict) == "09:05-12:05"
    assert rules.decide(case(sold(), tap=by_hand, badge=None), at("2026-07-15 10:00")).reason is Reason.CLOSED


@pytest.mark.parametrize("status", ["lost", "blocked"])
def test_scenario_r_blocked_badge_at_night_is_refused_as_blocked(status):
    badge = Badge(id="b-lea", member_id="lea", status=status)
    verdict = rules.decide(case(sold(), badge=badge), at("2026-07-14 02:00"))
    assert verdict == Denied(reason=Reason.BADGE_BLOCKED)


def test_scenario_r_a_blocked_staff_badge_is_refused_too():
    badge = Badge(id="b-host", member_id="host", status="blocked")
    assert rules.decide(case(badge=badge, member=HOST), MONDAY_9_05).reason is Reason.BADGE_BLOCKED


@pytest.mark.parametrize(("night", "until_on_the_wall"), [("2026-10-25", "03:30"), ("2026-03-29", "05:30")])
def test_scenario_s_a_window_lasts_three_real_hours_whatever_the_clocks_do(night, until_on_the_wall):
    site = replace(SERRE, hours="24/7")
    holding = sold(when="2026-01-05 10:00")
    now = at(f"{night} 01:30")
    verdict = rules.decide(case(holding, site=site), now)
    assert isinstance(verdict, Granted)
    assert verdict.window
    assert verdict.window.end - verdict.window.start == timedelta(hours=3)
    assert f"{clock(verdict.window.end):%H:%M}" == until_on_the_wall


@pytest.mark.parametrize(("day", "hours_open"), [("2026-10-24", 9), ("2026-03-28", 7), ("2026-06-06", 8)])
def test_scenario_s_hours_follow_the_clock_on_the_wall(day, hours_open):
    site = replace(SERRE, hours="Sa 22:00-06:00")
    opened = at(f"{day} 22:00")
    state = hours.opening(site, None, opened)
    assert state.is_open
    assert state.changes_at == opened + timedelta(hours=hours_open)
    assert f"{clock(state.changes_at):%H:%M}" == "06:00"


def test_scenario_t_nine_sharp_is_open_and_seventeen_sharp_is_closed():
    millisecond = timedelta(milliseconds=1)
    opens, closes = at("2026-07-13 09:00"), at("2026-07-13 17:00")
    states = [hours.opening(SERRE, None, t).is_open for t in (opens - millisecond, opens, closes - millisecond, closes)]
    assert states == [False, True, True, False]
    assert rules.decide(case(sold()), opens).reason is Reason.ENTRY_USED
    assert rules.decide(case(sold()), closes).reason is Reason.CLOSED
