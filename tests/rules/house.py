"""A small site for tests of the rules: La Serre, its members, and a memory into which verdicts are written.

No ledger and no roster: `House` keeps holdings and visits in lists, so that a test can play weeks in a millisecond and
check the rules alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from kiosk import rules
from kiosk.model import (
    Badge,
    Case,
    ClockQuality,
    Duration,
    Granted,
    Holding,
    Member,
    Override,
    Pass,
    Policy,
    Product,
    Reason,
    Ref,
    Site,
    Source,
    Tap,
    Unlimited,
    Use,
    Verdict,
    Visit,
    Window,
)

SERRE = Site(
    id="la-serre",
    name="La Serre",
    zone="Europe/Paris",
    hours='Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off; 2026 Aug 03-14 off "congés"',
)
TEN = Product(id="ten", name="10 entrées", price_cents=5000, cover=Duration(minutes=180), units=10)
UNLIMITED = Product(id="unl", name="Illimité", price_cents=9000, cover=Unlimited(), calendar_month=True)
NIGHT_AND_DAY = replace(UNLIMITED, id="247", access_hours="24/7")
LEA = Member(id="lea", name="Léa Martin")
HOST = Member(id="host", name="Anne Hôte", role="staff")

Judge = Callable[[Case, datetime], Verdict]


def at(text: str, zone: str = "Europe/Paris") -> datetime:
    """The instant at which the wall shows `2026-07-13 09:05`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def on(text: str) -> date:
    return date.fromisoformat(text)


def sold(terms: Product = TEN, *, when: str = "2026-07-01 10:00", used: int = 0, **changes) -> Holding:
    """Léa's pass of this kind, some of it used long ago."""
    pass_ = rules.sell(terms, (), now=at(when), site=SERRE, holders=("lea",), pass_id=terms.id)
    return Holding(pass_=replace(pass_, **changes), used=used)


def case(*holdings: Holding, **changes) -> Case:
    """Léa's tap at La Serre."""
    known = {"site": SERRE, "tap": Tap(uid=b"\x04lea", monotonic=0.0), "badge": Badge(id="b-lea", member_id="lea")}
    return Case(**{**known, "member": LEA, "holdings": holdings, **changes})


def reason(*holdings: Holding, now: datetime | None = None, **changes) -> Reason:
    """Why Léa gets the answer that she gets, on Monday at 10:00 unless told otherwise."""
    return rules.decide(case(*holdings, **changes), now or at("2026-07-13 10:00")).reason


def policy(**changes) -> Site:
    """La Serre with other numbers."""
    return replace(SERRE, policy=Policy(**changes))


def visit(start: str, end: str, why: Reason = Reason.ENTRY_USED, **changes) -> Visit:
    """A visit of Léa's at La Serre and its window."""
    known = {"ref": Ref(ledger_id="test", seq=1), "at": at(start), "member_id": "lea", "site_id": SERRE.id}
    return Visit(**{**known, "reason": why, "window": Window(start=at(start), end=at(end)), **changes})


@dataclass
class House:
    """Taps in their order, and what they leave behind."""

    site: Site = SERRE
    judge: Judge = rules.decide
    staff_present: bool = False
    override: Override | None = None
    passes: list[Pass] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    told: list[tuple[datetime, Verdict]] = field(default_factory=list)

    def sell(self, terms: Product, when: datetime, *holders: str, products: tuple[Product, ...] = ()) -> Pass:
        new = rules.sell(
            terms,
            products,
            now=when,
            site=self.site,
            holders=holders or ("lea",),
            pass_id=f"{terms.id}-{len(self.passes)}",
        )
        self.passes.append(new)
        return new

    def holding(self, pass_: Pass) -> Holding:
        """The pass and its uses, added up from the visits that stand."""
        uses = [
            Use(at=v.at, units=c.units)
            for v in self.visits
            if not v.reversed_at
            for c in v.charges
            if c.pass_id == pass_.id
        ]
        return Holding(pass_=pass_, used=sum(use.units for use in uses), recent=tuple(uses))

    def case(self, member: str = "lea", *, staff: bool = False) -> Case:
        return Case(
            site=self.site,
            tap=Tap(
                uid=None if staff else member.encode(), monotonic=0.0, source=Source.STAFF if staff else Source.BADGE
            ),
            badge=None if staff else Badge(id=f"b-{member}", member_id=member),
            member=Member(id=member, name=member),
            holdings=tuple(self.holding(p) for p in self.passes if member in p.holders),
            visits=tuple(v for v in reversed(self.visits) if v.member_id == member),
            override=self.override,
            staff_present=self.staff_present,
            clock=ClockQuality.TRUSTED,
        )

    def tap(self, when: datetime, member: str = "lea", *, staff: bool = False) -> Verdict:
        """Judge a tap and remember the visit if it is granted."""
        verdict = self.judge(self.case(member, staff=staff), when)
        self.told.append((when, verdict))
        if isinstance(verdict, Granted):
            self.visits.append(self._visit(verdict, when, member))
        return verdict

    def reverse(self, visit: Visit, when: datetime, by: str = "desk") -> None:
        place = self.visits.index(visit)
        self.visits[place] = replace(visit, reversed_at=when, reversed_by=by)

    def _visit(self, verdict: Granted, when: datetime, member: str) -> Visit:
        return Visit(
            ref=Ref(ledger_id="test", seq=len(self.visits) + 1),
            at=when,
            member_id=member,
            site_id=self.site.id,
            reason=verdict.reason,
            window=verdict.window,
            charges=verdict.charges,
            present_until=verdict.present_until,
        )


def clock(when: datetime, zone: str = "Europe/Paris") -> time:
    """What the wall shows."""
    return when.astimezone(ZoneInfo(zone)).time()
