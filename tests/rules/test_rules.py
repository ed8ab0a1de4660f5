"""The ordered list of rules: who is let in, who is not, and which line decides."""

from __future__ import annotations

import inspect
import re
from datetime import date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk import rules
from kiosk.model import Badge, ClockQuality, Day, Denied, Duration, Granted, Member, Reason, Tap, Unlimited
from tests.rules.house import HOST, NIGHT_AND_DAY, SERRE, TEN, UNLIMITED, at, case, on, policy, reason, sold, visit

OPEN = at("2026-07-13 10:00")
SHUT = at("2026-07-15 10:00")


# ---------------------------------------------------------------- who is it?


@pytest.mark.parametrize("uid", [None, b""])
def test_badge_that_could_not_be_read_is_a_read_error(uid):
    assert reason(sold(), tap=Tap(uid=uid, monotonic=0.0)) is Reason.READ_ERROR


def test_identifier_that_changes_at_each_tap_is_refused_even_if_somebody_has_it():
    assert reason(sold(), tap=Tap(uid=b"\x08\x01\x02\x03", monotonic=0.0)) is Reason.RANDOM_UID


def test_identifier_that_changes_does_no_harm_to_a_badge_that_proved_itself():
    proven = Tap(uid=b"\x08\x01\x02\x03", monotonic=0.0, assurance="NTAG424_EV2")
    assert reason(sold(), tap=proven) is Reason.ENTRY_USED


def test_seven_byte_identifier_that_begins_with_08_is_like_any_other():
    assert reason(sold(), tap=Tap(uid=b"\x08\x01\x02\x03\x04\x05\x06", monotonic=0.0)) is Reason.ENTRY_USED


def test_unknown_badge_gets_the_code_by_which_staff_find_it():
    verdict = rules.decide(case(badge=None, member=None, claim_code="K7PX"), OPEN)
    assert verdict == Denied(reason=Reason.UNKNOWN_BADGE, claim_code="K7PX")


def test_badge_of_nobody_is_unknown():
    assert reason(badge=Badge(id="b", member_id=None), member=None) is Reason.UNKNOWN_BADGE


def test_lost_badge_of_nobody_is_blocked_all_the_same():
    assert reason(badge=Badge(id="b", member_id=None, status="lost"), member=None) is Reason.BADGE_BLOCKED


def test_member_whom_nobody_vouches_for_is_unknown():
    assert reason(sold(), badge=None) is Reason.UNKNOWN_BADGE


def test_suspended_member_is_refused_before_their_passes_are_looked_at():
    suspended = Member(id="lea", name="Léa", status="suspended")
    assert reason(sold(), member=suspended) is Reason.MEMBER_SUSPENDED
    assert reason(sold(), member=replace(HOST, status="suspended")) is Reason.MEMBER_SUSPENDED


def test_host_comes_in_at_any_hour_and_uses_no_entry():
    for now in (OPEN, SHUT, at("2026-07-14 03:00")):
        verdict = rules.decide(case(sold(), member=HOST), now)
        assert isinstance(verdict, Granted)
        assert (verdict.reason, verdict.charges, verdict.window) == (Reason.STAFF, (), None)


def test_host_is_present_until_the_last_closing_of_the_day():
    lunch = replace(SERRE, hours="Mo-Fr 09:00-12:00,14:00-18:00")
    verdict = rules.decide(case(member=HOST, site=lunch), at("2026-07-13 08:40"))
    assert isinstance(verdict, Granted)
    assert verdict.present_until == at("2026-07-13 18:00")


def test_host_at_night_is_present_for_an_hour():
    verdict = rules.decide(case(member=HOST), at("2026-07-13 22:00"))
    assert isinstance(verdict, Granted)
    assert verdict.present_until == at("2026-07-13 23:00")


# ---------------------------------------------------------------- a clock that cannot be trusted


def test_untrusted_clock_refuses_members_unless_they_may_come_at_any_hour():
    assert reason(sold(), clock=ClockQuality.UNTRUSTED) is Reason.CLOCK_UNTRUSTED
    assert reason(sold(NIGHT_AND_DAY), clock=ClockQuality.UNTRUSTED) is Reason.UNLIMITED
    assert reason(sold(UNLIMITED), clock=ClockQuality.UNTRUSTED) is Reason.CLOCK_UNTRUSTED
    assert reason(member=HOST, clock=ClockQuality.UNTRUSTED) is Reason.STAFF


def test_untrusted_clock_does_not_even_let_a_running_window_in():
    running = visit("2026-07-13 09:05", "2026-07-13 12:05")
    assert reason(sold(), visits=(running,)) is Reason.RE_ENTRY
    assert reason(sold(), visits=(running,), clock=ClockQuality.UNTRUSTED) is Reason.CLOCK_UNTRUSTED


def test_clock_that_was_right_and_runs_on_is_as_good():
    assert reason(sold(), clock=ClockQuality.HOLDOVER) is Reason.ENTRY_USED


def test_grace_lets_in_without_charge_in_what_seem_to_be_open_hours():
    grace = policy(untrusted_clock="grace")
    verdict = rules.decide(case(sold(), site=grace, clock=ClockQuality.UNTRUSTED), OPEN)
    assert verdict == Granted(reason=Reason.CLOCK_UNTRUSTED, present_until=at("2026-07-13 17:00"))
    assert reason(sold(), site=grace, clock=ClockQuality.UNTRUSTED, now=SHUT) is Reason.CLOSED


def test_untrusted_clock_charges_no_pass_that_depends_on_it():
    empty = sold(replace(TEN, id="n", access_hours="24/7"), used=10)
    assert reason(empty, sold(), clock=ClockQuality.UNTRUSTED) is Reason.NO_ENTRIES_LEFT


# ---------------------------------------------------------------- why not, and the nearest fix


def test_member_without_a_pass_has_no_pass():
    assert rules.decide(case(), OPEN) == Denied(reason=Reason.NO_PASS)
    somebody_elses = sold(holders=("paul",))
    assert rules.decide(case(somebody_elses), OPEN) == Denied(reason=Reason.NO_PASS)


def test_expired_pass_keeps_its_entries_frozen_and_says_since_when():
    verdict = rules.decide(case(sold(valid_until=on("2026-07-12"))), OPEN)
    assert verdict == Denied(
        reason=Reason.PASS_EXPIRED, expired_on=on("2026-07-12"), product="10 entrées", price_cents=5000
    )


def test_pass_of_next_month_says_from_when():
    verdict = rules.decide(case(sold(valid_from=on("2026-08-01"))), OPEN)
    assert verdict == Denied(reason=Reason.PASS_NOT_YET_VALID, valid_from=on("2026-08-01"), product="10 entrées")


def test_pass_of_a_sister_site_is_not_for_here():
    verdict = rules.decide(case(sold(replace(TEN, sites=("les-tuves",)))), OPEN)
    assert verdict == Denied(reason=Reason.PASS_NOT_HERE, product="10 entrées")
    assert reason(sold(replace(TEN, sites=("les-tuves", SERRE.id)))) is Reason.ENTRY_USED


def test_spent_allowance_says_when_it_comes_anew_instead_of_a_price():
    weekly = sold(replace(TEN, id="two", units=0, per="week"))
    verdict = rules.decide(case(weekly), OPEN)
    assert verdict == Denied(reason=Reason.NO_ENTRIES_LEFT, renews_on=on("2026-07-20"), product="10 entrées")


def test_of_several_passes_the_one_nearest_to_working_speaks():
    coming = sold(replace(TEN, id="a"), valid_from=on("2026-07-14"))
    empty = sold(replace(TEN, id="b"), used=10)
    expired = sold(replace(TEN, id="c"), valid_until=on("2026-07-12"))
    abroad = sold(replace(TEN, id="d", sites=("gap",)))
    held = [coming, empty, expired, abroad]
    told = [reason(*held[n:]) for n in range(5)]
    assert told == [
        Reason.PASS_NOT_YET_VALID,
        Reason.NO_ENTRIES_LEFT,
        Reason.PASS_EXPIRED,
        Reason.PASS_NOT_HERE,
        Reason.NO_PASS,
    ]


def test_newest_of_two_expired_passes_is_named():
    old = sold(replace(TEN, id="a", name="vieux"), valid_until=on("2025-12-31"))
    new = sold(replace(TEN, id="b", name="neuf"), valid_until=on("2026-06-30"))
    verdict = rules.decide(case(old, new), OPEN)
    assert isinstance(verdict, Denied)
    assert (verdict.product, verdict.expired_on) == ("neuf", on("2026-06-30"))


# ---------------------------------------------------------------- the list itself


CLOSED_SITE = policy(capacity=0, capacity_hard=True)
LAYERS: list[tuple[dict[str, Any], Reason]] = [
    ({"tap": Tap(uid=None, monotonic=0.0)}, Reason.READ_ERROR),
    ({"tap": Tap(uid=b"\x08abc", monotonic=0.0)}, Reason.RANDOM_UID),
    ({"badge": Badge(id="b", member_id="host", status="blocked")}, Reason.BADGE_BLOCKED),
    ({"badge": None}, Reason.UNKNOWN_BADGE),
    ({"member": replace(HOST, id="lea", status="suspended")}, Reason.MEMBER_SUSPENDED),
    ({"member": replace(HOST, id="lea")}, Reason.STAFF),
    ({"clock": ClockQuality.UNTRUSTED}, Reason.CLOCK_UNTRUSTED),
    ({"visits": (visit("2026-07-13 09:05", "2026-07-13 12:05"),)}, Reason.RE_ENTRY),
    ({"site": replace(CLOSED_SITE, hours="Su 09:00-10:00")}, Reason.CLOSED),
    ({"site": CLOSED_SITE}, Reason.FULL),
    ({"site": replace(SERRE, hours="Mo 10:00-10:15")}, Reason.COURTESY),
    ({"holdings": (sold(UNLIMITED), sold())}, Reason.UNLIMITED),
    ({"holdings": (sold(),), "staff_present": True}, Reason.ENTRY_USED),
    ({"holdings": (sold(used=10),), "staff_present": True}, Reason.DEBT),
    ({"holdings": (sold(used=10),)}, Reason.NO_ENTRIES_LEFT),
]
"""What makes each line of the list apply, in the list's order."""


@pytest.mark.parametrize("n", range(len(LAYERS)))
def test_every_line_of_the_list_comes_before_the_next(n):
    """A case to which this line and all that follow apply: this one speaks."""
    expected = LAYERS[n][1]
    applied: dict[str, Any] = {}
    for layer, _ in reversed(LAYERS[n:]):
        applied |= layer
    if expected is Reason.RE_ENTRY:
        applied["site"] = CLOSED_SITE  # a running window needs an open door
    assert reason(**applied) is expected


def test_docstring_of_the_list_names_every_reason_in_this_order():
    listed = re.findall(r"^(?=[A-Z_]{4})([A-Z_, ]+?)(?:  |$)", inspect.getdoc(rules.decide) or "", re.MULTILINE)
    named = [name for line in listed for name in line.split(", ")]
    assert set(named) == set(Reason.__members__) - {"OUT_OF_SERVICE"}
    ahead = iter(named)
    assert all(expected.value in ahead for _, expected in LAYERS)


@pytest.mark.parametrize("end_of_time", ["0001-01-01T00:00Z", "9999-12-31T23:59Z"])
def test_ends_of_the_calendar_and_absurd_settings_get_an_answer(end_of_time):
    absurd = policy(early_minutes=10**12, continuation_minutes=10**12, courtesy_minutes=-1, presence_minutes=10**12)
    for cover in (Duration(minutes=10**12), Day(), Unlimited()):
        told = case(sold(replace(TEN, cover=cover), valid_from=date.min), site=absurd, staff_present=True)
        assert rules.decide(told, datetime.fromisoformat(end_of_time)).reason in {Reason.ENTRY_USED, Reason.UNLIMITED}
