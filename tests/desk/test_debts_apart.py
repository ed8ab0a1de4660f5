"""A debt that two kiosks know comes off once, though both sell a pass that takes it over while they are cut off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from kiosk.answers import Account, Done, Judged
from kiosk.commands import CancelSale, CheckIn, SellPass, ShowAccount
from kiosk.desk import DeskError
from kiosk.facts import AnyFact, PassSold, Reversed, Tapped
from kiosk.model import Granted, Ref
from kiosk.store.chain import decode_fact
from tests.office.kiosks.pair import Pair, does
from tests.office.kiosks.stepped import MONDAY, SteppedKiosk

UNITS = 10
"""Of the card that La Serre sells."""
LIVES, STEPS = 12, 60

Sale = Callable[[SteppedKiosk], str]


@contextmanager
def two_kiosks(folder: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        kiosks = []
        for name in ("one", "other"):
            (folder / name).mkdir(parents=True)
            kiosks.append(SteppedKiosk(folder / name, at=MONDAY, is_blank=name == "other"))
            stack.callback(kiosks[-1].close)
        pair = Pair(*kiosks)
        pair.one.joins("lea", units=0)
        pair.exchange()
        yield pair


def sells(kiosk: SteppedKiosk) -> str:
    done = does(kiosk, SellPass(members=("lea",), product="carte-10"))
    assert isinstance(done, Done)
    return str(done.id)


def sells_without_numbers(kiosk: SteppedKiosk) -> str:
    """The fault: a sale that does not say which of the units ever owed it takes over."""
    name = sells(kiosk)
    (sale,) = (fact for fact in facts(kiosk).values() if isinstance(fact, PassSold) and fact.pass_.id == name)
    does(kiosk, CancelSale(pass_id=name, reason="numbers"))
    plain = tuple(replace(debt, first=0) for debt in sale.settles)
    kiosk.ledger.append(replace(sale, pass_=replace(sale.pass_, id=name + "-plain"), settles=plain))
    return name + "-plain"


def facts(kiosk: SteppedKiosk) -> dict[Ref, AnyFact | None]:
    return {entry.ref: decode_fact(entry.body) for entry in kiosk.ledger.entries() if entry.body}


def left(kiosk: SteppedKiosk) -> dict[str, int | None]:
    account = does(kiosk, ShowAccount(member="lea"))
    assert isinstance(account, Account)
    return {line.id: line.left for line in account.passes}


def comes(kiosk: SteppedKiosk, times: int = 1) -> int:
    """Léa comes on so many days; return how often she was let in."""
    granted = 0
    for _ in range(times):
        kiosk.later(days=7)
        judged = does(kiosk, CheckIn(member="lea"))
        assert isinstance(judged, Judged)
        granted += isinstance(judged.verdict, Granted)
    return granted


def owes_one(pair: Pair) -> str:
    """Léa has used her card up and owes an entry, and both kiosks know."""
    card = sells(pair.one)
    assert comes(pair.one, UNITS + 1) == UNITS + 1
    pair.other.later(days=7 * (UNITS + 1))
    pair.exchange()
    return card


def test_a_debt_that_two_sales_take_over_comes_off_once(tmp_path: Path) -> None:
    with two_kiosks(tmp_path) as pair:
        card = owes_one(pair)
        new = [sells(pair.one), sells(pair.other)]
        pair.exchange()
        for kiosk in (pair.one, pair.other):
            rest = left(kiosk)
            assert rest[card] == 0
            assert sorted(rest[name] or 0 for name in new) == [UNITS - 1, UNITS]


def test_without_numbers_it_would_come_off_twice(tmp_path: Path) -> None:
    with two_kiosks(tmp_path) as pair:
        card = owes_one(pair)
        sells_without_numbers(pair.one), sells_without_numbers(pair.other)
        pair.exchange()
        assert left(pair.one)[card] == 1


def test_a_sale_that_is_taken_back_leaves_the_debt_to_the_other(tmp_path: Path) -> None:
    with two_kiosks(tmp_path) as pair:
        card = owes_one(pair)
        new = [sells(pair.one), sells(pair.other)]
        pair.exchange()
        (mover,) = (name for name in new if left(pair.one)[name] == UNITS - 1)
        does(pair.other, CancelSale(pass_id=mover, reason="an error"))
        pair.exchange()
        (other,) = {*new} - {mover}
        for kiosk in (pair.one, pair.other):
            assert left(kiosk) == {card: 0, other: UNITS - 1}
        does(pair.one, CancelSale(pass_id=other, reason="an error"))
        assert left(pair.one) == {card: -1}


def test_the_next_debt_of_a_pass_moves_as_well(tmp_path: Path) -> None:
    with two_kiosks(tmp_path) as pair:
        card = owes_one(pair)
        assert comes(pair.other) == 0  # one may be owed, and no more
        first = sells(pair.one)
        assert left(pair.one) == {card: 0, first: UNITS - 1}
        does(pair.one, CancelSale(pass_id=first, reason="an error"))
        second = sells(pair.one)
        pair.exchange()
        assert left(pair.other) == {card: 0, second: UNITS - 1}


# ---------------------------------------------------------------- any life of two kiosks


def lives(seed: int, folder: Path, sells: Sale) -> int:
    """Live apart and together; return how many units were named by two standing sales."""
    random = Random(seed)
    with two_kiosks(folder) as pair:
        sold: list[str] = [sells(pair.one)]
        for _ in range(STEPS):
            kiosk = random.choice((pair.one, pair.other))
            match random.choice("cccccccccsrx"):
                case "c":
                    comes(kiosk)
                case "s":
                    sold.append(sells(kiosk))
                case "r":
                    takes_back(kiosk, random.choice(sold))
                case "x":
                    pair.exchange()
        pair.exchange()
        check_counts(pair)
        return named_twice(facts(pair.one) | facts(pair.other))


def takes_back(kiosk: SteppedKiosk, name: str) -> None:
    try:
        does(kiosk, CancelSale(pass_id=name, reason="an error"))
    except DeskError:
        return  # used, or not known here


def standing(known: dict[Ref, AnyFact | None]) -> dict[Ref, AnyFact | None]:
    gone = {fact.ref for fact in known.values() if isinstance(fact, Reversed)}
    return {ref: fact for ref, fact in known.items() if ref not in gone}


def check_counts(pair: Pair) -> None:
    """Compare with the bare entries: what was granted, sold, and is left."""
    known = standing(facts(pair.one) | facts(pair.other))
    taken: Counter[str] = Counter()
    for fact in known.values():
        if isinstance(fact, Tapped) and isinstance(fact.verdict, Granted):
            taken.update({charge.pass_id: charge.units for charge in fact.verdict.charges})
    cards = {fact.pass_.id for fact in known.values() if isinstance(fact, PassSold)}
    rest = left(pair.one)
    assert left(pair.other) == rest
    assert rest.keys() == cards
    void = sum(units for name, units in taken.items() if name not in cards)
    assert sum(units or 0 for units in rest.values()) + taken.total() - void == UNITS * len(cards)
    for name, units in rest.items():
        assert (units or 0) <= max(0, UNITS - taken[name]), f"{name} has {units} left, {taken[name]} were taken"


def named_twice(known: dict[Ref, AnyFact | None]) -> int:
    units = Counter(
        (debt.pass_id, unit)
        for fact in standing(known).values()
        if isinstance(fact, PassSold)
        for debt in fact.settles
        for unit in range(debt.first, debt.first + debt.units)
    )
    return sum(count > 1 for count in units.values())


def many_lives(folder: Path, sells: Sale) -> int:
    return sum(lives(seed, folder / str(seed), sells) for seed in range(LIVES))


def test_each_debt_comes_off_once_in_any_life_of_two_kiosks(tmp_path: Path) -> None:
    assert many_lives(tmp_path, sells) > 0


def test_a_debt_that_comes_off_twice_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="left"):
        many_lives(tmp_path, sells_without_numbers)
