from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from kiosk.model import Charge, Policy, Reason, Ref, Source, Tap, Visit, Window
from kiosk.rules import corrections
from tests.office.ledgers.judged_taps import HALF
from tests.rules.house import SERRE, House, at

CHARGE = Charge(pass_id="ten", units=1)


def visit(when: str, reason: Reason = Reason.ENTRY_USED, *, charges=(CHARGE,), minutes: int = 180, **changes) -> Visit:
    start = at(when)
    return Visit(
        ref=Ref(ledger_id="test", seq=1),
        at=start,
        member_id="lea",
        site_id=SERRE.id,
        reason=reason,
        window=Window(start=start, end=start + timedelta(minutes=minutes)),
        charges=charges,
        **changes,
    )


def undone(when: str, by: str = "self") -> Visit:
    return visit(when, reversed_at=at(when), reversed_by=by)


def undo(this: Visit, now: datetime, *others: Visit, by_staff: bool = False) -> str | None:
    return corrections.may_undo(this, (this, *others), now=now, by_staff=by_staff, site=SERRE)


# ---------------------------------------------------------------- half days that became a day


@pytest.mark.parametrize("gift", [False, True])
def test_the_first_half_of_a_day_stands_until_the_second_is_taken_back_paid_or_a_gift(gift: bool) -> None:
    house = House()
    house.sell(HALF, at("2026-07-01 10:00"))
    house.passes[0] = replace(house.passes[0], gift=gift)
    for when in ("09:05", "14:00"):
        house.tap(at(f"2026-07-13 {when}"))

    def stands(number: int) -> bool:
        holdings = [house.holding(one) for one in house.passes]
        return corrections.became_a_day(house.visits[number], house.visits, holdings, SERRE)

    assert (stands(0), stands(1)) == (True, False)
    house.reverse(house.visits[1], at("2026-07-13 15:00"))
    assert not stands(0)


def test_two_half_days_that_cost_less_than_the_day_are_taken_back_in_any_order() -> None:
    house = House()
    house.sell(replace(HALF, converts_cents=9900), at("2026-07-01 10:00"))
    for when in ("09:05", "14:00"):
        house.tap(at(f"2026-07-13 {when}"))
    holdings = [house.holding(one) for one in house.passes]
    assert not any(corrections.became_a_day(one, house.visits, holdings, SERRE) for one in house.visits)


# ---------------------------------------------------------------- repeats


def test_identifiers_that_change_at_each_tap_count_as_one_badge() -> None:
    first, second = Tap(uid=b"\x08abc", monotonic=1.0), Tap(uid=b"\x08def", monotonic=2.0)
    assert corrections.is_repeat(first, second, Policy())
    assert not corrections.is_repeat(Tap(uid=b"\x04abc", monotonic=1.0), second, Policy())


def test_card_that_cannot_be_read_is_one_card_while_it_lies_there():
    first, second = (Tap(uid=None, monotonic=m) for m in (1.0, 2.0))
    assert corrections.is_repeat(first, second, Policy())


def test_staff_check_in_is_no_repeat_of_an_unreadable_card():
    card = Tap(uid=None, monotonic=1.0)
    assert not corrections.is_repeat(card, Tap(uid=None, monotonic=2.0, source=Source.STAFF, member_id="lea"), Policy())


def test_first_tap_and_a_clock_that_went_back_are_no_repeats():
    tap = Tap(uid=b"lea", monotonic=1.0)
    assert not corrections.is_repeat(None, tap, Policy())
    assert not corrections.is_repeat(Tap(uid=b"lea", monotonic=9.0), tap, Policy())


# ---------------------------------------------------------------- undo


def test_member_may_undo_within_a_minute():
    assert undo(visit("2026-07-13 09:05:00"), at("2026-07-13 09:06:00")) is None
    assert undo(visit("2026-07-13 09:05:00"), at("2026-07-13 09:06:01")) == "TOO_LATE"


def test_staff_may_reverse_for_a_month():
    assert undo(visit("2026-07-13 09:05"), at("2026-08-13 09:05"), by_staff=True) is None
    assert undo(visit("2026-07-13 09:05"), at("2026-08-13 09:06"), by_staff=True) == "TOO_LATE"


def test_nothing_is_given_back_twice():
    gone = undone("2026-07-13 09:05")
    assert undo(gone, at("2026-07-13 09:05:30")) == "ALREADY_REVERSED"
    assert undo(gone, at("2026-07-13 09:05:30"), by_staff=True) == "ALREADY_REVERSED"


def test_member_may_undo_once_a_day():
    tap, now = visit("2026-07-13 14:00:00"), at("2026-07-13 14:00:30")
    assert undo(tap, now, undone("2026-07-13 09:00")) == "ONCE_A_DAY"
    assert undo(tap, now, undone("2026-07-09 14:00")) is None
    assert undo(tap, now, undone("2026-07-13 09:00", by="desk")) is None
    assert undo(tap, now, undone("2026-07-13 09:00"), by_staff=True) is None


def test_member_may_undo_three_times_a_month():
    tap, now = visit("2026-07-16 14:00:00"), at("2026-07-16 14:00:30")
    three = [undone(f"2026-07-{day} 10:00") for day in ("06", "07", "13")]
    assert undo(tap, now, *three) == "MONTH_USED_UP"
    assert undo(tap, now, *three[1:], undone("2026-06-30 10:00")) is None


@pytest.mark.parametrize("reason", [Reason.RE_ENTRY, Reason.COURTESY, Reason.UNLIMITED])
def test_visit_that_cost_nothing_gives_the_member_nothing_to_undo(reason):
    free = visit("2026-07-13 16:50:00", reason, charges=())
    assert undo(free, at("2026-07-13 16:50:30")) == "NOTHING_TO_UNDO"
    assert undo(free, at("2026-07-13 16:50:30"), by_staff=True) is None


def test_debt_can_be_undone_like_an_entry():
    assert undo(visit("2026-07-13 09:05:00", Reason.DEBT), at("2026-07-13 09:05:30")) is None


# ---------------------------------------------------------------- an early closing


def cut(this: Visit, closed_at: str, **changes) -> bool:
    return corrections.cut_by_closing([this], at(closed_at), SERRE, **changes) == (this,)


def test_exactly_half_a_window_is_not_more_than_half():
    assert not cut(visit("2026-07-13 09:05"), "2026-07-13 10:35")
    assert cut(visit("2026-07-13 09:05"), "2026-07-13 10:34")


def test_window_that_is_over_or_reversed_or_elsewhere_is_not_cut():
    assert not cut(visit("2026-07-13 09:05"), "2026-07-13 12:05")
    assert not cut(undone("2026-07-13 09:05"), "2026-07-13 09:10")
    assert not cut(replace(visit("2026-07-13 09:05"), site_id="gap"), "2026-07-13 09:10")


def test_visit_without_a_charge_has_no_entry_to_give_back():
    assert not cut(visit("2026-07-13 09:05", Reason.UNLIMITED, charges=()), "2026-07-13 09:10")


def test_short_closing_within_a_window_cuts_what_it_covers():
    assert not cut(visit("2026-07-13 09:05"), "2026-07-13 10:00", until=at("2026-07-13 11:00"))
    assert cut(visit("2026-07-13 09:05"), "2026-07-13 10:00", until=at("2026-07-13 12:00"))


def test_window_of_a_24_7_pass_is_not_cut():
    assert not cut(visit("2026-07-13 09:05"), "2026-07-13 10:00", own_hours={"ten"})


def test_visit_without_a_window_is_left_alone():
    assert not cut(replace(visit("2026-07-13 09:05"), window=None), "2026-07-13 10:00")
