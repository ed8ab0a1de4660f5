"""What a fact may tell: see kiosk.bounds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk import bounds
from kiosk.facts import AnyFact, Happened, HoursOverridden, MemberSet, PassSold, ProductSet, Reversed, SiteSet, Tapped
from kiosk.model import ClockQuality, Granted, Override, Ref
from tests.office.ledgers.small_house import MONDAY, house_facts, let_in, sold_to
from tests.rules.house import LEA, SERRE, TEN

END = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)


def member(**fields: Any) -> MemberSet:
    return MemberSet(member=replace(LEA, **fields))


def site(**fields: Any) -> SiteSet:
    return SiteSet(site=replace(SERRE, **fields))


def window_to(end: datetime) -> Tapped:
    tap = let_in(MONDAY, "ten")
    assert isinstance(tap.verdict, Granted)
    assert tap.verdict.window
    return replace(tap, verdict=replace(tap.verdict, window=replace(tap.verdict.window, end=end)))


def sold_from(day: date) -> PassSold:
    sale = sold_to("lea")
    return replace(sale, pass_=replace(sale.pass_, valid_from=day))


BEYOND: dict[str, tuple[AnyFact, str]] = {
    "a long id": (member(id="x" * 201), "TOO_LONG"),
    "a long name": (member(name="x" * 201), "TOO_LONG"),
    "a long note": (member(note="x" * 201), "TOO_LONG"),
    "a long reason": (Reversed(ref=Ref(ledger_id="l", seq=1), reason="x" * 201, by="desk"), "TOO_LONG"),
    "a zero byte": (member(name="Lé\0a"), "CONTROL_CHARACTER"),
    "a line in a name": (member(name="Léa\nRoy"), "CONTROL_CHARACTER"),
    "an escape": (member(note="\x1b[2J"), "CONTROL_CHARACTER"),
    "a zone of nowhere": (site(zone="Mars/Phobos"), "NO_SUCH_ZONE"),
    "a zone out of the folder": (site(zone="../../etc/passwd"), "NO_SUCH_ZONE"),
    "a window to the end of time": (window_to(END), "DATE_RANGE"),
    "an override to the end of time": (
        HoursOverridden(site_id=SERRE.id, override=Override(state="open", since=MONDAY, until=END)),
        "DATE_RANGE",
    ),
    "a date before computers": (sold_from(date(1900, 1, 1)), "DATE_RANGE"),
    "a credit of all money": (let_in(MONDAY, credit_cents=2**62), "NUMBER_RANGE"),
    "a price of all money": (ProductSet(product=replace(TEN, price_cents=2**62)), "NUMBER_RANGE"),
    "a price below nothing": (ProductSet(product=replace(TEN, price_cents=-1)), "NUMBER_RANGE"),
    "a validity of ages": (ProductSet(product=replace(TEN, valid_days=10**6)), "NUMBER_RANGE"),
    "more holders than any company": (sold_to(*map(str, range(300))), "TOO_MANY"),
    "facts without end": (Happened(what="x", facts={str(n): n for n in range(300)}), "TOO_MANY"),
}


@pytest.mark.parametrize("what", BEYOND)
def test_what_is_beyond_a_bound_is_found_with_its_field(what: str) -> None:
    fact, code = BEYOND[what]
    found = bounds.excess(fact)
    assert found is not None
    assert found.code == code
    assert str(found).startswith(found.field + ": ")


def test_a_house_and_its_taps_are_within_the_bounds() -> None:
    assert [bounds.excess(fact) for fact in (*house_facts(), let_in(MONDAY, "ten"))] == [None] * 7


@pytest.mark.parametrize(
    "fact",
    [
        member(name="é" * 200),
        member(name="علي", note="夏目 \u202f漱石 \U0001f469\u200d\U0001f680"),
        site(hours="Mo 09:00-17:00;\n\tTh 14:00-17:00"),
        Happened(what="ledger_mended", detail="one line\nand another"),
        ProductSet(product=replace(TEN, price_cents=0, units=None)),
    ],
)
def test_what_people_really_write_is_within_the_bounds(fact: AnyFact) -> None:
    assert bounds.excess(fact) is None


def test_only_a_clock_that_did_not_know_the_time_tells_of_the_year_1970() -> None:
    woken = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    fact = let_in(woken, "ten")
    assert bounds.excess(fact) is not None
    assert bounds.excess(fact, clock=ClockQuality.UNTRUSTED) is None


def test_every_field_of_a_fact_that_can_be_too_long_is_found_to_be() -> None:
    """No field is beside the table: each text of a sale is too long in turn."""
    sale = sold_to("lea")
    long = "x" * 5_000
    spoilt: list[PassSold] = [
        replace(sale, site_id=long),
        replace(sale, method=long),
        replace(sale, by=long),
        replace(sale, pass_=replace(sale.pass_, id=long)),
        replace(sale, pass_=replace(sale.pass_, holders=(long,))),
        *(
            replace(sale, pass_=replace(sale.pass_, terms=replace(TEN, **{name: value})))
            for name, value in {"id": long, "name": long, "sites": (long,), "access_hours": long}.items()
        ),
    ]
    assert [one for one in spoilt if bounds.excess(one) is None] == []
