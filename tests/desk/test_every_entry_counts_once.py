"""Through the real ledger: entries granted, balance and debts are together the entries sold, at any instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from kiosk.answers import Account, Done, Judged
from kiosk.commands import AddMember, CheckIn, SellPass, SetProduct, ShowAccount
from kiosk.model import Day, Duration, Granted, Product, Span, Spans, Unlimited
from kiosk.rules.passes import period_start
from tests.office.kiosks.host import MONDAY, PARIS, Host, description

TEN = Product(id="three", name="3", price_cents=1500, cover=Duration(minutes=60), units=3)
HALVES = Spans(spans=(Span(start=time(8), end=time(13)), Span(start=time(13), end=time(20))))
PRODUCTS = (
    TEN,
    replace(TEN, id="halves", name="halves", cover=HALVES, units=2, valid_days=20),
    replace(TEN, id="day", name="day", cover=Day(), units=1, valid_months=1),
    replace(TEN, id="weekly", name="weekly", units=2, per="week", valid_days=15),
    replace(TEN, id="monthly", name="monthly", units=2, per="month", calendar_month=True),
    replace(TEN, id="unlimited", name="unlimited", cover=Unlimited(), units=None, valid_days=3),
)
LIVES = 8


@dataclass
class Sold:
    """A pass in a second computation: its units, its first day, and the days on which units were taken off it."""

    product: Product
    first: date
    taken: list[date] = field(default_factory=list)

    def left(self, today: date) -> int | None:
        per, units = self.product.per, self.product.units
        if units is None or per == "once":
            return None if units is None else units - len(self.taken)
        now = period_start(per, max(today, self.first))
        return units - sum(period_start(per, max(day, self.first)) == now for day in self.taken)


@dataclass
class Life:
    """Léa buys, comes, owes and has entries given back; everything is counted beside the ledger."""

    host: Host
    random: Random
    settles: Callable[[Product], bool]
    passes: dict[str, Sold] = field(default_factory=dict)
    debts: int = 0

    @property
    def today(self) -> date:
        return self.host.clock.now().astimezone(PARIS).date()

    def buys(self) -> None:
        product = self.random.choice(PRODUCTS)
        starts = self.today + timedelta(days=self.random.choice((0, 0, 0, 3, 40)))
        done = self.host.does(SellPass(members=("Léa",), product=product.id, starts=starts))
        assert isinstance(done, Done)
        new = self.passes[str(done.id)] = Sold(product, starts)
        for sold in self.passes.values():
            while self.settles(product) and sold.product.per == "once" and (sold.left(self.today) or 0) < 0:
                new.taken.append(sold.taken.pop())
                self.debts += 1

    def comes(self) -> None:
        judged = self.host.does(CheckIn(member="Léa"))
        assert isinstance(judged, Judged)
        if isinstance(judged.verdict, Granted):
            for charge in judged.verdict.charges:
                self.passes[charge.pass_id].taken.append(self.today)

    def waits(self) -> None:
        opens = datetime.combine(self.today + timedelta(days=self.random.choice((1, 1, 2, 7, 20))), time(9, 30), PARIS)
        hours = timedelta(hours=self.random.choice((2, 3)))
        self.host.clock.move(hours if self.random.random() < 0.5 else opens - self.host.clock.now())

    def agrees(self) -> None:
        account = self.host.does(ShowAccount(member="Léa"))
        assert isinstance(account, Account)
        ledger = {line.id: line.left for line in account.passes}
        assert ledger == {name: sold.left(self.today) for name, sold in self.passes.items()}


def lives(seed: int, folder: Path, *, settles: Callable[[Product], bool]) -> int:
    """Play ninety steps; return how many debts moved to another pass."""
    host, random = Host(folder), Random(seed)
    read = description()
    host.imports(replace(read, site=replace(read.site, hours="24/7")))
    for product in PRODUCTS:
        host.does(SetProduct(product=product))
    host.does(AddMember(name="Léa"))
    host.clock.move(MONDAY - host.clock.now())
    life = Life(host, random, settles)
    try:
        for _ in range(90):
            random.choice((life.buys, *[life.comes] * 4, *[life.waits] * 4))()
            life.agrees()
    finally:
        host.ledger.close()
    return life.debts


def many_lives(folder: Path, settles: Callable[[Product], bool]) -> int:
    moved = 0
    for seed in range(LIVES):
        (folder / str(seed)).mkdir()
        moved += lives(seed, folder / str(seed), settles=settles)
    return moved


def is_counted(product: Product) -> bool:
    return product.units is not None


def test_every_entry_is_counted_once_whatever_is_sold(tmp_path) -> None:
    assert many_lives(tmp_path, is_counted) >= LIVES


def test_a_debt_that_would_not_move_is_found(tmp_path) -> None:
    with pytest.raises(AssertionError):
        many_lives(tmp_path, lambda _: False)
