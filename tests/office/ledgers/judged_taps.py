"""A tap for every reason code, judged by the real rules: for the tests of notices and for the pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from msgspec.structs import replace

from kiosk import rules
from kiosk.model import (
    Badge,
    Case,
    Charge,
    ClockQuality,
    Denied,
    Member,
    Product,
    Reason,
    Ref,
    Span,
    Spans,
    Tap,
    Unlimited,
    Use,
    Verdict,
    Visit,
    Window,
)
from tests.rules.house import HOST, SERRE, TEN, at, case, on, sold

CAMILLE = Member(id="lea", name="Camille Roux")
MONTH = Product(id="month", name="Mois illimité", price_cents=9000, cover=Unlimited(), calendar_month=True)
HALF = Product(
    id="half",
    name="10 demi-journées",
    price_cents=15000,
    cover=Spans(spans=(Span(start=time(8), end=time(13, 30)), Span(start=time(13, 30), end=time(20)))),
    units=10,
    converts_to="day",
    converts_cents=2500,
)
WEEKLY = replace(TEN, id="weekly", name="3 entrées par semaine", units=3, per="week")
MONDAY = at("2026-07-13 09:05")


@dataclass(frozen=True)
class JudgedTap:
    """A tap and its answer."""

    name: str
    verdict: Verdict
    case: Case
    now: datetime


def tell(name: str, asked: Case, now: datetime = MONDAY) -> JudgedTap:
    """Let the rules judge."""
    return JudgedTap(name, rules.decide(asked, now), asked, now)


def ours(*holdings, **changes) -> Case:
    """Camille's tap at La Serre."""
    return case(*holdings, **{"member": CAMILLE, **changes})


def visit(start: str, end: str, terms: Product = TEN) -> Visit:
    """A visit of Camille's, paid with a pass of these terms."""
    return Visit(
        ref=Ref(ledger_id="t", seq=1),
        at=at(start),
        member_id="lea",
        site_id=SERRE.id,
        reason=Reason.ENTRY_USED,
        window=Window(start=at(start), end=at(end)),
        charges=(Charge(pass_id=terms.id, units=1),),
    )


def granted() -> Iterator[JudgedTap]:
    """Everybody who is let in."""
    yield tell("entry", ours(sold(used=3)))
    yield tell("entry-short", ours(sold(used=3)), at("2026-07-13 15:10"))
    yield tell("entry-early", ours(sold(used=3), staff_present=True), at("2026-07-16 13:55"))
    yield tell("entry-weekly", ours(sold(WEEKLY)))
    yield tell("low", ours(sold(used=7)))
    yield tell("last", ours(sold(used=9)))
    yield tell("expiring", ours(sold(used=3, when="2026-01-05 10:00", valid_until=on("2026-07-20"))))
    yield tell(
        "re-entry", ours(sold(used=4), visits=(visit("2026-07-13 09:05", "2026-07-13 12:05"),)), at("2026-07-13 11:50")
    )
    yield tell(
        "re-entry-at-once",
        ours(sold(used=4), visits=(visit("2026-07-13 09:05", "2026-07-13 12:05"),)),
        at("2026-07-13 09:06"),
    )
    morning = visit("2026-07-13 09:05", "2026-07-13 13:30", HALF)
    yield tell("second-half", ours(sold(HALF, used=4), visits=(morning,)), at("2026-07-13 14:00"))
    yield tell("courtesy", ours(sold(used=3)), at("2026-07-13 16:50"))
    yield tell("unlimited", ours(sold(MONTH)))
    yield tell("unlimited-24-7", ours(sold(replace(MONTH, access_hours="24/7"))), at("2026-07-15 21:30"))
    yield tell("debt", ours(sold(used=10), staff_present=True))
    yield tell("staff", case(member=HOST))
    site = replace(SERRE, policy=replace(SERRE.policy, untrusted_clock="grace"))
    yield tell("clock-grace", ours(sold(used=3), site=site, clock=ClockQuality.UNTRUSTED))


def denied() -> Iterator[JudgedTap]:
    """Everybody who is not."""
    yield tell("closed", ours(sold(used=3)), at("2026-07-15 10:00"))
    yield tell("holiday", ours(sold(used=3)), at("2026-07-14 10:00"))
    yield tell("full", ours(sold(used=3), people_in=12, site=_full_house()))
    yield tell("no-entries", ours(sold(used=10)))
    spent = replace(sold(WEEKLY, used=3), recent=(Use(at=at("2026-07-13 08:00"), units=3),))
    yield tell("no-entries-weekly", ours(spent), at("2026-07-13 14:00"))
    yield tell("expired", ours(sold(used=6, when="2025-07-01 10:00", valid_until=on("2026-06-30"))))
    yield tell("not-yet", ours(sold(valid_from=on("2026-08-01"))))
    yield tell("not-here", ours(sold(replace(TEN, sites=("les-tuves",)))))
    yield tell("no-pass", ours())
    yield tell("unknown", Case(site=SERRE, tap=Tap(uid=b"\x04new", monotonic=0), claim_code="K7PX"))
    yield tell("blocked", ours(sold(used=3), badge=Badge(id="b", member_id="lea", status="lost")))
    yield tell("suspended", ours(sold(used=3), member=replace(CAMILLE, status="suspended")))
    yield tell("read-error", Case(site=SERRE, tap=Tap(uid=None, monotonic=0)))
    yield tell("phone", Case(site=SERRE, tap=Tap(uid=b"\x08\x01\x02\x03", monotonic=0)))
    yield tell("clock", ours(sold(used=3), clock=ClockQuality.UNTRUSTED))
    yield JudgedTap("out-of-service", Denied(reason=Reason.OUT_OF_SERVICE), ours(sold(used=3)), MONDAY)


def _full_house():
    return replace(SERRE, policy=replace(SERRE.policy, capacity=12, capacity_hard=True))
