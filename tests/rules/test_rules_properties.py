"""Properties of any series of taps: units are conserved, a window is paid once, every tap gets a verdict.

Each property is a plain function of a judge. It is also given judges with a known fault, and must find each of them.
Summer time has a file of its own, test_summer_time.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kiosk.model import (
    Case,
    Charge,
    Day,
    Denied,
    Duration,
    Granted,
    Override,
    Policy,
    Product,
    Reason,
    Span,
    Spans,
    Unlimited,
    Verdict,
    Visit,
)
from kiosk.rules import decide
from tests.rules.house import SERRE, House, Judge, at

START = at("2026-06-22 08:00")
PARIS = ZoneInfo("Europe/Paris")
SITE = replace(
    SERRE,
    hours="Mo-Fr 09:00-12:30,13:30-18:00; Sa 09:00-12:00; PH off",
    exceptions=(),
    policy=Policy(debt_limit=2),
)
HALVES = Spans(spans=(Span(start=time(8, 30), end=time(12)), Span(start=time(13), end=time(18))))
KINDS = (
    Product(id="hours", name="3 h", price_cents=1500, units=3, cover=Duration(minutes=180)),
    Product(id="short", name="6 min", price_cents=100, units=5, cover=Duration(minutes=6)),
    Product(id="half", name="½", price_cents=6000, units=4, cover=HALVES, converts_cents=2500),
    Product(id="day", name="1 j", price_cents=2500, units=1, cover=Day(), valid_days=4),
    Product(id="week", name="2/sem.", price_cents=3000, units=2, per="week", cover=Day(boundary=time(0))),
    Product(id="month", name="3/mois", price_cents=3000, units=3, per="month", cover=Duration(minutes=90)),
    Product(id="night", name="24/7", price_cents=4000, units=3, cover=Duration(minutes=600), access_hours="24/7"),
    Product(id="free", name="illimité", price_cents=9000, cover=Unlimited(), valid_days=2),
)

# ---------------------------------------------------------------- lives


@dataclass(frozen=True)
class Event:
    """What happens, so many minutes after the event before."""

    after: int
    what: Literal["tap", "sell", "reverse", "host", "override"]
    who: str = "lea"
    kind: int = 0


GAPS = st.one_of(st.integers(0, 20), st.integers(0, 1500))
TAPS = st.builds(Event, GAPS, st.just("tap"), st.sampled_from(["lea", "paul"]))
OTHERS = st.builds(
    Event,
    GAPS,
    st.sampled_from(["sell", "reverse", "host", "override"]),
    st.sampled_from(["lea", "paul", "both"]),
    st.integers(0, len(KINDS) - 1),
)
LIVES = st.lists(st.one_of(TAPS, TAPS, OTHERS), min_size=3, max_size=30)


def live(judge: Judge, life: list[Event], after_tap: Callable[[House, Event, datetime, Verdict], None]) -> House:
    house = House(site=SITE, judge=judge)
    now = START
    for kind in (0, 2):
        house.sell(KINDS[kind], now, "lea", "paul")
    for event in life:
        now += timedelta(minutes=event.after)
        if event.what == "tap":
            after_tap(house, event, now, house.tap(now, event.who))
        else:
            happen(house, event, now)
    return house


def happen(house: House, event: Event, now: datetime) -> None:
    standing = [visit for visit in house.visits if not visit.reversed_at]
    match event.what:
        case "sell":
            house.sell(KINDS[event.kind], now, *(("lea", "paul") if event.who == "both" else (event.who,)))
        case "reverse" if standing:
            house.reverse(standing[-1], now)
        case "host":
            house.staff_present = not house.staff_present
        case "override":
            state: Literal["open", "closed"] = "open" if event.kind % 2 else "closed"
            house.override = Override(state=state, since=now, until=now + timedelta(hours=event.kind))


# ---------------------------------------------------------------- properties


def money_is_conserved(judge: Judge, life: list[Event]) -> None:
    """Entries and debts alone take units, one at a time, never more than were sold and trusted."""
    live(judge, life, check_charge)


def check_charge(house: House, event: Event, now: datetime, verdict: Verdict) -> None:
    if not isinstance(verdict, Granted):
        return
    taken = sum(charge.units for charge in verdict.charges)
    assert taken == (1 if verdict.reason in {Reason.ENTRY_USED, Reason.DEBT} else 0)
    if taken:
        check_pass(house, event, now, verdict)
        check_no_overlap(house, event.who)
    check_credit(house, now, verdict)


def check_pass(house: House, event: Event, now: datetime, verdict: Granted) -> None:
    pass_ = next(p for p in house.passes if p.id == verdict.charges[0].pass_id)
    today = now.astimezone(PARIS).date()
    assert event.who in pass_.holders
    assert pass_.valid_from <= today <= (pass_.valid_until or date.max)
    used = sum(c.units for v in charged(house, pass_.id) if same_period(pass_.terms, v.at, now) for c in v.charges)
    assert pass_.terms.units is not None
    assert verdict.units_left == pass_.terms.units - used
    limit = -SITE.policy.debt_limit if verdict.reason is Reason.DEBT else 0
    assert limit <= verdict.units_left
    assert (verdict.units_left < 0) is (verdict.reason is Reason.DEBT)


def charged(house: House, pass_id: str) -> list[Visit]:
    return [v for v in house.visits if not v.reversed_at and any(c.pass_id == pass_id for c in v.charges)]


def same_period(terms: Product, one: datetime, other: datetime) -> bool:
    days = one.astimezone(PARIS), other.astimezone(PARIS)
    if terms.per == "week":
        return days[0].isocalendar()[:2] == days[1].isocalendar()[:2]
    return terms.per == "once" or (days[0].year, days[0].month) == (days[1].year, days[1].month)


def check_no_overlap(house: House, who: str) -> None:
    """No minute is paid for twice by one member."""
    windows = [v.window for v in house.visits if v.member_id == who and v.charges and not v.reversed_at and v.window]
    newest = windows[-1]
    assert newest.start < newest.end
    assert all(newest.start >= window.end or newest.end <= window.start for window in windows[:-1])


def check_credit(house: House, now: datetime, verdict: Granted) -> None:
    """Two half days less what is given back cost one day."""
    if not verdict.credit_cents:
        return
    terms = next(p.terms for p in house.passes if p.id == verdict.charges[0].pass_id)
    assert terms.units
    assert terms.converts_cents
    assert 2 * terms.price_cents // terms.units - verdict.credit_cents == terms.converts_cents
    today, member = now.astimezone(PARIS).date(), house.visits[-1].member_id
    kin = {p.id for p in house.passes if p.terms.id == terms.id}
    halves = [
        v
        for v in house.visits
        if v.member_id == member and not v.reversed_at and v.at.astimezone(PARIS).date() == today
        if any(c.pass_id in kin for c in v.charges)
    ]
    assert len(halves) == 2


def second_tap_is_free(judge: Judge, life: list[Event], share: float) -> None:
    """Inside a window one comes back free, or, while the house is closed, not at all."""

    def tap_again(house: House, event: Event, now: datetime, verdict: Verdict) -> None:
        if isinstance(verdict, Granted) and verdict.window:
            later = now + (verdict.window.end - now) * share
            again = house.judge(house.case(event.who), min(later, verdict.window.end - timedelta(microseconds=1)))
            assert again.reason in {Reason.RE_ENTRY, Reason.CLOSED}
            assert isinstance(again, Denied) or not again.charges

    live(judge, life, tap_again)


def check_answers(judge: Judge, case: Case, now: datetime) -> None:
    assert isinstance(judge(case, now), Granted | Denied)


# ---------------------------------------------------------------- any case at all

WORDS = {
    "zone": ["Europe/Paris", "Pacific/Apia", "Africa/Casablanca", "Mars/Olympus", ""],
    "hours": ["24/7", "Mo-Su 00:00-24:00", "Fr 22:00-04:00; PH off", "off", "", "nonsense", "easter +1 day off"],
    "access_hours": ["24/7", "Mo-Fr 12:00-14:00", "nonsense"],
    "exceptions": ["2026 Jul 14 off", "nonsense", "24/7"],
    "country": ["FR", "US", "", "XX"],
    "assurance": ["UID_ONLY", "NTAG424_EV2"],
}
EDGES = st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
NEAR = st.integers(-60_000, 60_000).map(lambda minutes: START + timedelta(minutes=minutes))
INSTANTS = st.one_of(NEAR, EDGES, st.datetimes(timezones=st.just(UTC)))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.sampled_from(["a", "b"]),
    bytes: st.sampled_from([b"", b"\x08abc", b"\x04card"]),
    bool: st.booleans(),
    int: st.one_of(st.integers(-3, 200), st.integers()),
    float: st.floats(),
    datetime: INSTANTS,
    date: st.one_of(NEAR.map(datetime.date), st.dates()),
    time: st.times(),
    type(None): st.none(),
}


@cache
def anything(kind: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Any value of a type of the model, the field's name telling what strings are about."""
    if kind is str and name in WORDS:
        return st.sampled_from(WORDS[name])
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {f.name: anything(f.type, f.name) for f in msgspec.structs.fields(kind)}
        return st.builds(kind, **fields)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    return anything_composed(kind, name)


def anything_composed(kind: Any, name: str) -> st.SearchStrategy[Any]:
    parts = get_args(kind)
    if get_origin(kind) is Literal:
        return st.sampled_from(parts)
    if get_origin(kind) in {Union, types.UnionType}:
        return st.one_of([anything(part, name) for part in parts])
    assert get_origin(kind) is tuple
    return st.lists(anything(parts[0], name), max_size=2).map(tuple)


# ---------------------------------------------------------------- the properties hold

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
OFTEN = settings(max_examples=150, deadline=None, suppress_health_check=QUIET)


@OFTEN
@given(LIVES)
def test_money_never_appears_or_disappears(life):
    money_is_conserved(decide, life)


@OFTEN
@given(LIVES, st.floats(0, 1))
def test_second_tap_inside_a_window_never_costs(life, share):
    second_tap_is_free(decide, life, share)


@settings(OFTEN, max_examples=300)
@given(anything(Case), INSTANTS)
def test_every_case_gets_an_answer(case, now):
    check_answers(decide, case, now)


# ---------------------------------------------------------------- and they bite


def wrong(change: Callable[[Granted], Granted]) -> Judge:
    def judge(case: Case, now: datetime) -> Verdict:
        verdict = decide(case, now)
        return change(verdict) if isinstance(verdict, Granted) else verdict

    return judge


def on(reason: Reason, **changes: Any) -> Callable[[Granted], Granted]:
    return lambda verdict: replace(verdict, **changes) if verdict.reason is reason else verdict


def forgetting_windows(case: Case, now: datetime) -> Verdict:
    return decide(replace(case, visits=()), now)


def forgetting_use(case: Case, now: datetime) -> Verdict:
    return decide(replace(case, holdings=tuple(replace(h, used=0, recent=()) for h in case.holdings)), now)


def stopping_windows_on_leaving(case: Case, now: datetime) -> Verdict:
    """The window starts anew at each tap, as if one had to be inside."""
    return decide(replace(case, visits=case.visits[1:]), now)


FREE_MONEY = {
    "an entry that charges nothing": wrong(on(Reason.ENTRY_USED, charges=())),
    "an entry that charges twice": wrong(on(Reason.ENTRY_USED, charges=(Charge(pass_id="hours-0", units=2),))),
    "a re-entry that charges": wrong(on(Reason.RE_ENTRY, charges=(Charge(pass_id="hours-0", units=1),))),
    "a pass that never empties": forgetting_use,
    "windows that overlap": forgetting_windows,
    "a credit at each entry": wrong(on(Reason.ENTRY_USED, credit_cents=500)),
}


def found(check: Callable[..., None], *lives: st.SearchStrategy[Any], error: type[BaseException]) -> None:
    """Run a property that must fail, always with the same examples, and without making them small."""
    quick = settings(OFTEN, max_examples=2000, derandomize=True, database=None, phases=[Phase.generate])
    with pytest.raises(error):
        quick(given(st.tuples(*lives))(lambda drawn: check(*drawn)))()


@pytest.mark.parametrize("fault", FREE_MONEY)
def test_money_property_finds(fault):
    found(lambda life: money_is_conserved(FREE_MONEY[fault], life), LIVES, error=AssertionError)


@pytest.mark.parametrize("judge", [forgetting_windows, stopping_windows_on_leaving])
def test_second_tap_property_finds(judge):
    found(lambda life, share: second_tap_is_free(judge, life, share), LIVES, st.floats(0, 1), error=AssertionError)


def test_answer_property_finds_a_judge_that_trusts_its_input():
    def trusting(case: Case, now: datetime) -> Verdict:
        now.astimezone(ZoneInfo(case.site.zone))
        return decide(case, now)

    found(lambda case, now: check_answers(trusting, case, now), anything(Case), INSTANTS, error=Exception)
