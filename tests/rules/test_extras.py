"""What costs an additional entry: the next window, bought early, and a guest; the rules alone."""

import pytest
from msgspec.structs import replace

from kiosk.model import ClockQuality, Granted, Reason
from kiosk.rules import decide
from kiosk.rules.extras import after, extension, guest, guest_id, host_of
from tests.rules.house import HOST, SERRE, TEN, UNLIMITED, at, case, policy, sold, visit

MORNING = visit("2026-07-13 09:05", "2026-07-13 12:05")


def window(verdict: Granted | None) -> str:
    assert verdict is not None
    assert verdict.window is not None
    local = [
        instant.astimezone(at("2026-07-13 00:00").tzinfo) for instant in (verdict.window.start, verdict.window.end)
    ]
    return "-".join(f"{(one.hour + 2) % 24:02}:{one.minute:02}" for one in local)


# ---------------------------------------------------------------- the next window


def test_the_next_window_follows_without_a_gap_for_one_entry() -> None:
    bought = extension(case(sold(used=4), visits=(MORNING,)), at("2026-07-13 11:00"))
    assert bought is not None
    assert window(bought) == "12:05-15:05"
    assert (bought.reason, bought.units_left, [charge.units for charge in bought.charges]) == (
        Reason.ENTRY_USED,
        5,
        [1],
    )
    assert bought.present_until == at("2026-07-13 15:35")


def test_the_next_window_ends_with_the_hours() -> None:
    early = visit("2026-07-13 12:00", "2026-07-13 15:00")
    assert window(extension(case(sold(), visits=(early,)), at("2026-07-13 14:00"))) == "15:00-17:00"


def test_coming_back_finds_one_window_where_two_were_bought() -> None:
    more = visit("2026-07-13 12:05", "2026-07-13 15:05")
    verdict = decide(case(sold(used=5), visits=(more, MORNING)), at("2026-07-13 11:00"))
    assert isinstance(verdict, Granted)
    assert (verdict.reason, window(verdict), verdict.charges) == (Reason.RE_ENTRY, "09:05-15:05", ())


def test_what_was_prolonged_can_be_prolonged_again() -> None:
    more = visit("2026-07-13 12:05", "2026-07-13 15:05")
    assert window(extension(case(sold(used=5), visits=(more, MORNING)), at("2026-07-13 11:00"))) == "15:05-17:00"


def test_a_reversed_extension_is_no_more() -> None:
    gone = visit("2026-07-13 12:05", "2026-07-13 15:05", reversed_at=at("2026-07-13 10:00"), reversed_by="self")
    assert window(extension(case(sold(used=4), visits=(gone, MORNING)), at("2026-07-13 11:00"))) == "12:05-15:05"


@pytest.mark.parametrize(
    ("why", "held", "start", "end"),
    [
        ("it is closed then", sold(), "2026-07-13 14:00", "2026-07-13 17:00"),
        ("a tap then would be a courtesy", sold(), "2026-07-13 13:50", "2026-07-13 16:50"),
        ("none are left", sold(used=10), "2026-07-13 09:05", "2026-07-13 12:05"),
        ("the pass goes on by itself", sold(UNLIMITED), "2026-07-13 09:05", "2026-07-13 12:05"),
    ],
)
def test_there_is_no_next_window_when(why, held, start, end) -> None:
    assert extension(case(held, visits=(visit(start, end),), staff_present=True), at(start)) is None


def test_without_a_running_window_there_is_nothing_to_prolong() -> None:
    assert extension(case(sold()), at("2026-07-13 11:00")) is None
    assert extension(case(sold(), visits=(MORNING,)), at("2026-07-13 12:05")) is None


def test_a_host_has_nothing_to_prolong_and_an_uncertain_clock_sells_nothing() -> None:
    assert extension(case(sold(), member=HOST, visits=(MORNING,)), at("2026-07-13 11:00")) is None
    unsure = case(sold(), visits=(MORNING,), clock=ClockQuality.UNTRUSTED)
    assert extension(unsure, at("2026-07-13 11:00")) is None
    assert guest(unsure, at("2026-07-13 11:00")) is None


# ---------------------------------------------------------------- a guest


def test_a_guest_costs_an_entry_and_has_the_time_of_one_from_now() -> None:
    bought = guest(case(sold(used=4), visits=(MORNING,)), at("2026-07-13 11:00"))
    assert bought is not None
    assert window(bought) == "11:00-14:00"
    assert (bought.reason, bought.units_left) == (Reason.ENTRY_USED, 5)


def test_whoever_used_the_last_entry_has_none_for_a_guest() -> None:
    tapped = case(sold(used=9))
    verdict = decide(tapped, at("2026-07-13 11:00"))
    assert guest(tapped, at("2026-07-13 11:00")) is not None
    assert guest(after(tapped, verdict), at("2026-07-13 11:00")) is None


@pytest.mark.parametrize(
    ("why", "asked", "now"),
    [
        ("none are left", case(sold(used=10), staff_present=True), "2026-07-13 11:00"),
        ("there is nothing to count", case(sold(UNLIMITED)), "2026-07-13 11:00"),
        ("it is closed", case(sold()), "2026-07-15 11:00"),
        ("the site wants no guests", case(sold(), site=policy(guests=0)), "2026-07-13 11:00"),
        ("it is full", case(sold(), site=policy(capacity=4, capacity_hard=True), people_in=4), "2026-07-13 11:00"),
        ("a host needs none", case(sold(), member=HOST), "2026-07-13 11:00"),
    ],
)
def test_there_is_no_guest_when(why, asked, now) -> None:
    assert guest(asked, at(now)) is None


def test_a_house_that_may_be_over_its_number_takes_guests() -> None:
    soft = case(sold(), site=policy(capacity=4), people_in=9)
    assert guest(soft, at("2026-07-13 11:00")) is not None


def test_the_id_of_a_guest_tells_whose_it_is() -> None:
    assert guest_id("lea", 2) == "lea+2"
    assert host_of("lea+2") == "lea"
    assert (host_of("lea"), host_of("+1"), host_of("a+b")) == (None, None, None)
    assert SERRE.policy.guests == 2
    assert replace(TEN).units == 10
