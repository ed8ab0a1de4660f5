"""A debt is taken off the pass that pays it, once, whatever the pass's kind and period and whenever it begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk import local_time
from kiosk.model import Day, Duration, Holding, Pass, Product, Site, Unlimited, Use
from kiosk.rules import passes
from tests.rules.house import SERRE, at
from tests.rules.test_rules_properties import HALVES

TEN = Product(id="ten", name="10", price_cents=5000, cover=Duration(minutes=180), units=10)
KINDS = (
    TEN,
    replace(TEN, cover=HALVES, valid_days=60),
    replace(TEN, cover=Day(), units=1, valid_months=6),
    replace(TEN, units=3, per="week", valid_months=3),
    replace(TEN, units=3, per="month"),
    replace(TEN, units=3, per="week", calendar_month=True),
    replace(TEN, units=None, cover=Unlimited(), calendar_month=True),
)
SOLD = at("2026-06-22 08:00")
RECENT = timedelta(days=40)
"""How far back the roster tells uses one by one."""

Balance = Callable[[Holding, Site, datetime], int | None]
sales = (st.sampled_from(KINDS), st.integers(0, 366), st.integers(1, 3), st.lists(st.integers(0, 120), max_size=8))


def holding_at(pass_: Pass, uses: Sequence[Use], now: datetime) -> Holding:
    """The pass as the roster tells it at an instant."""
    known = [use for use in uses if use.at <= now]
    recent = tuple(use for use in known if use.at >= now - RECENT)
    return Holding(pass_=pass_, used=sum(use.units for use in known), recent=recent)


def every_entry_is_counted_once(balance: Balance, product: Product, later: int, owed: int, days: list[int]) -> None:
    """Entries granted, balance and debt are together the entries sold, whenever one looks."""
    starts = local_time.today(local_time.zone(SERRE.zone), SOLD) + timedelta(days=later)
    pass_ = passes.sell(product, (), now=SOLD, site=SERRE, holders=("lea",), pass_id="p", starts=starts)
    noon = SOLD + timedelta(days=later, hours=4)
    granted = sorted(noon + timedelta(days=day) for day in days)
    uses = [Use(at=SOLD, units=owed), *(Use(at=when, units=1) for when in granted)]
    for now in (noon, *granted, noon + timedelta(days=130)):
        left = balance(holding_at(pass_, uses, now), SERRE, now)
        if product.units is None:
            assert left is None
            continue
        came = sum(when <= now and is_one_period(product, when, now) for when in granted)
        debt = owed if is_one_period(product, noon, now) else 0
        assert came + debt + (left or 0) == product.units


def is_one_period(product: Product, one: datetime, other: datetime) -> bool:
    return product.per == "once" or period(product, one) == period(product, other)


def period(product: Product, when: datetime) -> date:
    assert product.per != "once"
    return passes.period_start(product.per, local_time.today(local_time.zone(SERRE.zone), when))


@settings(deadline=None, max_examples=300)
@given(*sales)
def test_every_entry_is_counted_once(product: Product, later: int, owed: int, days: list[int]) -> None:
    every_entry_is_counted_once(passes.balance, product, later, owed, days)


def by_date_alone(holding: Holding, site: Site, now: datetime) -> int | None:
    """The fault: what was taken before the first period is lost."""
    early = replace(holding, pass_=replace(holding.pass_, valid_from=date(2000, 1, 1)))
    return passes.balance(early, site, now)


def test_a_debt_that_is_lost_before_the_pass_begins_is_found() -> None:
    with pytest.raises(AssertionError):
        every_entry_is_counted_once(by_date_alone, KINDS[4], 45, 1, [])
