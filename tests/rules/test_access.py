"""Who is let in: running windows, the hours of the site and of passes, a full site."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk import rules
from kiosk.model import Day, Denied, Duration, Granted, Override, Reason, Window
from tests.rules.house import NIGHT_AND_DAY, SERRE, TEN, UNLIMITED, House, at, case, on, policy, reason, sold, visit

OPEN = at("2026-07-13 10:00")
SHUT = at("2026-07-15 10:00")


# ---------------------------------------------------------------- windows that run


@pytest.mark.parametrize("why", [Reason.ENTRY_USED, Reason.DEBT, Reason.UNLIMITED, Reason.COURTESY])
def test_whatever_began_a_window_coming_back_inside_it_is_free(why):
    assert reason(sold(), visits=(visit("2026-07-13 09:05", "2026-07-13 12:05", why),)) is Reason.RE_ENTRY


def test_window_is_half_open():
    running = (visit("2026-07-13 09:05", "2026-07-13 12:05"),)
    assert reason(sold(), visits=running, now=at("2026-07-13 12:04:59")) is Reason.RE_ENTRY
    assert reason(sold(), visits=running, now=at("2026-07-13 12:05:00")) is Reason.ENTRY_USED


def test_reversed_window_runs_no_more_not_even_by_its_re_entries():
    first = visit("2026-07-13 09:05", "2026-07-13 12:05", reversed_at=at("2026-07-13 09:30"))
    back = visit("2026-07-13 09:20", "2026-07-13 12:05", Reason.RE_ENTRY)
    assert reason(sold(), visits=(back, first)) is Reason.ENTRY_USED


def test_window_at_another_site_runs_there():
    assert reason(sold(), visits=(visit("2026-07-13 09:05", "2026-07-13 12:05", site_id="gap"),)) is Reason.ENTRY_USED


def test_having_said_goodbye_does_not_stop_the_window():
    gone = visit("2026-07-13 09:05", "2026-07-13 12:05", left_at=at("2026-07-13 09:30"))
    assert reason(sold(), visits=(gone,)) is Reason.RE_ENTRY


def test_who_came_early_comes_back_early_even_when_the_host_stepped_out():
    house = House(staff_present=True)
    house.sell(TEN, at("2026-07-01 10:00"))
    house.tap(at("2026-07-16 13:51"))
    house.staff_present = False
    assert house.tap(at("2026-07-16 13:55")).reason is Reason.RE_ENTRY


def test_window_far_in_the_future_is_a_wrong_clocks_and_does_not_run():
    assert reason(sold(), visits=(visit("2031-07-14 09:05", "2031-07-14 12:05"),)) is Reason.ENTRY_USED


def test_window_does_not_open_a_door_that_is_shut_for_lunch():
    lunch = replace(SERRE, hours="Mo-Fr 09:00-12:00,14:00-18:00")
    house = House(site=lunch)
    house.sell(replace(TEN, cover=Day()), at("2026-07-01 10:00"))
    told = [house.tap(at(f"2026-07-13 {t}")).reason for t in ("09:05", "11:00", "12:30", "14:00", "17:55")]
    assert told == [Reason.ENTRY_USED, Reason.RE_ENTRY, Reason.CLOSED, Reason.RE_ENTRY, Reason.RE_ENTRY]


def test_day_bought_on_the_last_day_of_a_24_7_pass_runs_into_the_night():
    house = House()
    house.sell(replace(TEN, cover=Day(), access_hours="24/7", valid_days=0), at("2026-07-13 08:00"))
    told = [house.tap(at(when)).reason for when in ("2026-07-13 20:00", "2026-07-14 01:00", "2026-07-14 04:00")]
    assert told == [Reason.ENTRY_USED, Reason.RE_ENTRY, Reason.CLOSED]


def test_24_7_pass_of_another_site_opens_no_door_here():
    running = visit("2026-07-14 23:00", "2026-07-15 12:00")
    abroad = sold(replace(NIGHT_AND_DAY, sites=("gap",)))
    assert reason(abroad, visits=(running,), now=SHUT) is Reason.CLOSED


# ---------------------------------------------------------------- hours of the site and of passes


def test_closed_says_why_and_when_it_opens():
    verdict = rules.decide(case(sold()), at("2026-08-04 10:00"))
    assert verdict == Denied(reason=Reason.CLOSED, opens_at=at("2026-08-17 09:00"), because="congés")


def test_pass_with_its_own_hours_opens_the_door_at_night():
    assert reason(sold(NIGHT_AND_DAY), now=at("2026-07-14 03:00")) is Reason.UNLIMITED
    assert reason(sold(UNLIMITED), now=at("2026-07-14 03:00")) is Reason.CLOSED


def test_at_night_only_the_pass_that_may_be_used_at_night_pays():
    soon_gone = sold(valid_until=on("2026-07-20"))
    night = sold(replace(TEN, id="night", access_hours="24/7"))
    verdict = rules.decide(case(soon_gone, night), SHUT)
    assert isinstance(verdict, Granted)
    assert verdict.pass_id == "night"


def test_off_peak_pass_is_closed_outside_its_own_hours_and_says_when_they_begin():
    off_peak = sold(replace(TEN, access_hours="Mo-Fr 12:00-14:00"))
    verdict = rules.decide(case(off_peak), OPEN)
    assert verdict == Denied(reason=Reason.CLOSED, opens_at=at("2026-07-13 12:00"))
    assert reason(off_peak, now=at("2026-07-13 12:00")) is Reason.ENTRY_USED


def test_expired_24_7_pass_opens_nothing():
    over = sold(NIGHT_AND_DAY, valid_until=on("2026-07-12"))
    assert reason(over, now=SHUT) is Reason.CLOSED
    assert reason(over, now=OPEN) is Reason.PASS_EXPIRED


def test_staying_open_sells_time_until_the_new_closing():
    later = Override(state="open", since=at("2026-07-13 16:00"), until=at("2026-07-13 19:00"))
    verdict = rules.decide(case(sold(), override=later), at("2026-07-13 16:50"))
    assert isinstance(verdict, Granted)
    assert verdict.window == Window(start=at("2026-07-13 16:50"), end=at("2026-07-13 19:00"))


def test_closing_now_leaves_24_7_members_their_door():
    closed = Override(state="closed", since=at("2026-07-13 09:00"), until=at("2026-07-14 00:00"))
    assert reason(sold(), override=closed) is Reason.CLOSED
    assert reason(sold(NIGHT_AND_DAY), override=closed) is Reason.UNLIMITED


# ---------------------------------------------------------------- a full house


def test_full_house_refuses_if_the_site_says_so():
    assert reason(sold(), site=policy(capacity=8, capacity_hard=True), people_in=8) is Reason.FULL
    assert reason(sold(), site=policy(capacity=8, capacity_hard=True), people_in=7) is Reason.ENTRY_USED
    assert reason(sold(), site=policy(capacity=8), people_in=8) is Reason.ENTRY_USED


def test_full_house_lets_those_back_who_are_counted_already():
    full: dict[str, Any] = {"site": policy(capacity=1, capacity_hard=True), "people_in": 1}
    inside = visit("2026-07-13 06:55", "2026-07-13 09:55", present_until=at("2026-07-13 10:25"))
    assert reason(sold(), **full, visits=(inside,)) is Reason.ENTRY_USED
    assert reason(sold(), **full, visits=(replace(inside, left_at=at("2026-07-13 09:50")),)) is Reason.FULL
    assert reason(sold(), **full, visits=(visit("2026-07-13 09:05", "2026-07-13 12:05"),)) is Reason.RE_ENTRY


def test_presence_ends_half_an_hour_after_the_window_or_at_closing():
    verdict = rules.decide(case(sold(replace(TEN, cover=Duration(minutes=60)))), OPEN)
    assert isinstance(verdict, Granted)
    assert verdict.present_until == OPEN + timedelta(minutes=90)
    late = rules.decide(case(sold()), at("2026-07-13 14:00"))
    assert isinstance(late, Granted)
    assert late.present_until == at("2026-07-13 17:00")
