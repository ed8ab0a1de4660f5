"""Half a year at La Serre, told by a random draw: who tapped when, and what is to be counted of it.

The second computation: it knows the taps only, has its own calendar of the site's openings, and shares no code with
kiosk.sums. The rules decide what a tap answers, because this is about counting and not about judging.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from kiosk import rules
from kiosk.facts import (
    AnyFact,
    BadgeSet,
    HoursOverridden,
    Left,
    MemberSet,
    PassSold,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.ledger import Ledger
from kiosk.model import Badge, Denied, Granted, Member, Override, Pass, Reason, Ref
from tests.office.ledgers.small_house import StampClock, gathered
from tests.rules.house import SERRE, TEN

PARIS = ZoneInfo("Europe/Paris")
BEGIN, END = date(2026, 7, 1), date(2026, 12, 31)
PEOPLE = ["ana", "bob", "cleo", "dan", "eve", "finn", "gus", "hana", "ivo", "jo"]
PROFILE = {"ana": "teleworker", "bob": "coworker", "cleo": "coworker", "eve": "teleworker"}
WITH_WEDNESDAYS = replace(SERRE, hours=SERRE.hours.replace("Th ", "We 09:00-12:00; Th "))
CHANGED = date(2026, 10, 1)
"""From then on it is open on Wednesday mornings too."""
HOLIDAYS = {date(2026, 7, 14), date(2026, 8, 15), date(2026, 11, 1), date(2026, 11, 11), date(2026, 12, 25)}
SHUT_EARLY = date(2026, 9, 15)
"""A Tuesday on which hosts closed at 15:00."""
STAYED_OPEN = date(2026, 10, 22)
"""A Thursday on which they stayed open until 19:00."""


def on(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), PARIS).astimezone(UTC)


def openings(day: date) -> list[tuple[datetime, datetime]]:
    """When it was to be open on a day, written down by hand."""
    if day in HOLIDAYS or date(2026, 8, 3) <= day <= date(2026, 8, 14):
        return []
    weekly = {0: ("09:00", "17:00"), 1: ("09:00", "17:00"), 3: ("14:00", "17:00")}
    if day >= CHANGED:
        weekly[2] = ("09:00", "12:00")
    opens, closes = weekly.get(day.weekday(), (None, None))
    return [(on(day, opens), on(day, closes))] if opens and closes else []


def held(day: date) -> list[tuple[datetime, datetime]]:
    """When it was open, as hosts decided."""
    ends = {SHUT_EARLY: "15:00", STAYED_OPEN: "19:00"}
    return [(opens, on(day, ends[day]) if day in ends else closes) for opens, closes in openings(day)]


@dataclass
class Came:
    """A tap that let somebody in."""

    at: datetime
    who: str
    verdict: Granted
    undone: bool = False


@dataclass
class HalfYear:
    """What happened, as facts with their times, and as what the second computation counts."""

    facts: list[tuple[datetime, AnyFact, Ref]] = field(default_factory=list)
    answers: list[tuple[datetime, str]] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)


class Life:
    """Lives half a year on a ledger."""

    def __init__(self, ledger: Ledger, moment: StampClock, seed: int) -> None:
        self.ledger, self.moment, self.draw = ledger, moment, random.Random(seed)
        self.year, self.sold = HalfYear(), Counter[str]()
        self.queue: list[tuple[datetime, str, str]] = []

    def live(self) -> HalfYear:
        members = [Member(id=who, name=who.title(), profile=PROFILE.get(who, "")) for who in PEOPLE] + [
            Member(id="host", name="Host", role="staff")
        ]
        badges = [BadgeSet(badge=Badge(id=f"b-{one.id}", member_id=one.id)) for one in members]
        known = [MemberSet(member=one) for one in members]
        self.tells(on(BEGIN, "00:30"), SiteSet(site=SERRE), ProductSet(product=TEN), *known, *badges)
        for day in (BEGIN + timedelta(days=number) for number in range((END - BEGIN).days + 1)):
            if day == CHANGED:
                self.tells(on(day, "00:10"), SiteSet(site=WITH_WEDNESDAYS))
            self.plans(day)
            while self.queue:
                self.happens(*heappop(self.queue))
        return self.year

    def plans(self, day: date) -> None:
        """Draw who taps on a day, and when."""
        active = PEOPLE[:2] if day.month == 8 else PEOPLE[: 4 + day.month - BEGIN.month]
        for who in active:
            for _ in range(self.draw.choice((0, 0, 1, 1, 2))):
                second = self.draw.randrange(8 * 3600, (19 if day == STAYED_OPEN else 18) * 3600)
                self.queue.append((on(day, "00:00") + timedelta(seconds=second), "tap", who))
        self.queue += [(on(day, "08:40"), "tap", "host")] if openings(day) else []
        self.queue += [(on(day, "10:20"), "tap", "stranger")] if self.draw.random() < 0.2 else []
        self.queue += [(on(day, "15:00"), "closed", "")] if day == SHUT_EARLY else []
        self.queue += [(on(day, "16:50"), "open", "")] if day == STAYED_OPEN else []
        heapify(self.queue)

    def happens(self, at: datetime, what: str, who: str) -> None:
        if what == "leave":
            self.tells(at, Left(member_id=who, site_id=SERRE.id))
        elif what == "tap":
            self.taps(at, who)
        else:
            until = on(local(at).date(), "19:00")
            change = Override(state="open" if what == "open" else "closed", since=at, until=until)
            self.tells(at, HoursOverridden(site_id=SERRE.id, override=change))

    def tells(self, at: datetime, *facts: AnyFact) -> Ref:
        self.moment.now = at
        sealed = self.ledger.append(*facts)
        self.year.facts += [(at, fact, entry.ref) for fact, entry in zip(facts, sealed, strict=True)]
        return sealed[-1].ref

    def taps(self, at: datetime, who: str) -> None:
        verdict = rules.decide(gathered(self.ledger, at, badge_id=f"b-{who}"), at)
        if verdict.reason in (Reason.NO_ENTRIES_LEFT, Reason.NO_PASS):
            self.sold[who] += 1
            ten = Pass(id=f"{who}-{self.sold[who]}", terms=TEN, holders=(who,), sold_at=at, valid_from=at.date())
            self.tells(at, PassSold(pass_=ten, site_id=SERRE.id, price_cents=5000))
            verdict = rules.decide(gathered(self.ledger, at, badge_id=f"b-{who}"), at)
        member_id = None if who == "stranger" else who
        ref = self.tells(at, Tapped(site_id=SERRE.id, verdict=verdict, badge_id=f"b-{who}", member_id=member_id))
        self.year.answers.append((at, verdict.reason.value))
        if isinstance(verdict, Denied):
            return
        self.queue = [one for one in self.queue if one[1:] != ("leave", who)]
        heapify(self.queue)
        came = Came(at, who, verdict)
        self.year.came.append(came)
        if who != "host" and verdict.charges and self.draw.random() < 0.05:
            came.undone = True
            self.tells(at + timedelta(seconds=1), Reversed(ref=ref, reason="undo", by="self"))
        elif who != "host" and self.draw.random() < 0.2:
            heappush(self.queue, (at + timedelta(minutes=self.draw.randint(1, 60)), "leave", who))


# ---------------------------------------------------------------- the second computation


def local(at: datetime) -> datetime:
    return at.astimezone(PARIS)


def month(at: datetime) -> str:
    return f"{local(at):%Y-%m}"


MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12")


def comings(year: HalfYear) -> list[Came]:
    """The taps with which one of the members came: not back, not on and on, and not undone."""
    found, ends = [], set()
    for one in year.came:
        if one.undone or one.who == "host" or one.verdict.reason is Reason.RE_ENTRY:
            continue
        window = one.verdict.window
        if window is None or (one.who, window.start) not in ends:
            found.append(one)
        if window is not None:
            ends.add((one.who, window.end))
    return found


def counted(year: HalfYear, its: str) -> dict[str, Any]:
    """Count a month."""
    everything = comings(year)
    came = [one for one in everything if month(one.at) == its]
    times = Counter(one.who for one in came)
    seen = {who: {month(one.at) for one in year.came if one.who == who and not one.undone} for who in times}
    before = Counter(max((one for one in seen[who] if one < its), default="") for who in times)
    paid = [one for one in year.came if one.verdict.charges and not one.undone and month(one.at) == its]
    left = left_at(year)
    ended = [left[one.at, one.who] - one.at for one in came if (one.at, one.who) in left]
    first = date.fromisoformat(f"{its}-01")
    days = [day for day in (first + timedelta(days=number) for number in range(31)) if day.month == first.month]
    sessions = []
    for opens, closes in [window for day in days for window in held(day)]:
        there = [one.who for one in came if opens - timedelta(minutes=30) <= one.at < closes]
        sessions.append((opens, closes, len(there), len(set(there))))
    asked = Counter((local(at).date(), local(at).hour, reason) for at, reason in year.answers if month(at) == its)
    return {
        "answers": sorted((*key, taps) for key, taps in asked.items()),
        "present": sorted(
            (*hour, len(people)) for hour, people in present(year, left).items() if f"{hour[0]:%Y-%m}" == its
        ),
        "planned": sum(len(openings(day)) for day in days),
        "sessions": sessions,
        "weeks": weeks(came),
        "visits": len(came),
        "minutes_bought": minutes(
            one.verdict.window.end - one.verdict.window.start for one in paid if one.verdict.window
        ),
        "stays": len(ended),
        "minutes_stayed": minutes(ended),
        "people": len(times),
        "profiles": sorted(
            (profile, len(theirs), sum(times[who] for who in theirs))
            for profile in {PROFILE.get(who, "") for who in times}
            for theirs in [[who for who in times if PROFILE.get(who, "") == profile]]
        ),
        "hosts": len([one for one in year.came if one.who == "host" and month(one.at) == its]),
        "often": [
            (least, most, people)
            for least, most in ((1, 1), (2, 2), (3, 4), (5, 8), (9, 0))
            if (people := len([who for who in times if least <= times[who] <= (most or 1000)]))
        ],
        "came_last": sorted(before.items()),
    }


def weeks(came: list[Came]) -> list[tuple[date, int, int]]:
    found = []
    for year, number in sorted({local(one.at).isocalendar()[:2] for one in came}):
        who = [one.who for one in came if local(one.at).isocalendar()[:2] == (year, number)]
        found.append((date.fromisocalendar(year, number, 1), len(who), len(set(who))))
    return found


def minutes(times: Iterable[timedelta]) -> int:
    return round(sum(times, timedelta()).total_seconds() / 60)


def left_at(year: HalfYear) -> dict[tuple[datetime, str], datetime]:
    """When those left who said so before their time was over, by their last tap before."""
    found: dict[tuple[datetime, str], datetime] = {}
    for at, fact, _ in year.facts:
        if isinstance(fact, Left):
            last = max((one for one in year.came if one.who == fact.member_id and one.at < at), key=lambda one: one.at)
            if last.verdict.present_until is not None and at < last.verdict.present_until:
                found[last.at, fact.member_id] = at
    return found


def present(year: HalfYear, left: dict[tuple[datetime, str], datetime]) -> dict[tuple[date, int], set[str]]:
    """Who was there in which hour, minute by minute."""
    there: dict[tuple[date, int], set[str]] = defaultdict(set)
    for number, one in enumerate(year.came):
        if one.who == "host" or one.verdict.present_until is None:
            continue
        ends = [one.verdict.present_until, left.get((one.at, one.who), one.verdict.present_until)]
        ends += [other.at for other in year.came[number + 1 :] if other.who == one.who][:1]
        ends += [one.at + timedelta(seconds=1)] if one.undone else []
        at = one.at
        while at < min(ends):
            there[local(at).date(), local(at).hour].add(one.who)
            at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return there
