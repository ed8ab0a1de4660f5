"""A kiosk in the wrong hands: its token, and a ledger that says whatever it likes about what is not its own.

I15 looks at what the server took in of it, by a table of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kiosk.facts import (
    AnyFact,
    Condensed,
    Erased,
    Happened,
    HoursOverridden,
    Left,
    MonthSummed,
    PassSold,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.model import Charge, Denied, Reason, Ref
from kiosk.store.chain import decode_fact
from sync import wire
from sync.client import Client
from tests.office.servers.server import MemoryLedger, push_of
from tests.simulator import life

if TYPE_CHECKING:
    from tests.simulator.invariants import After
    from tests.simulator.world import World

MARK = "thief-"
HOUR = 3600


class Thief:
    """A kiosk of the first site, paired by its host once, and stolen since."""

    def __init__(self, world: World) -> None:
        self.ledger = MemoryLedger(world.new_name("thief"))
        self.since = world.seconds
        code = world.server.central.kiosks.new_code(name=self.ledger.ledger_id, site_id=life.SITES[0].id)
        self.token = Client(world.server).enroll(wire.Enroll(code=code, ledger_id=self.ledger.ledger_id)).token

    def says(self, world: World, facts: list[AnyFact]) -> None:
        """Send facts; what comes back is of no interest."""
        body = push_of(self.ledger.ledger_id, self.ledger.writes(*facts, at=world.now()))
        world.quietly(lambda: world.server("POST", wire.ENTRIES, {"authorization": f"Bearer {self.token}"}, body))


def hostile(world: World, random: Random) -> bool:
    """Have a stolen kiosk say what is not its to say; the first time it is only paired."""
    if not world.server.is_up:
        return False
    if world.thief is None:
        world.quietly(lambda: setattr(world, "thief", Thief(world)))
        return world.thief is not None
    thief: Thief = world.thief
    thief.says(world, list(_lies(world, thief, random)))
    return True


def _lies(world: World, thief: Thief, random: Random) -> Iterator[AnyFact]:
    other, roster = life.SITES[1], world.server.central.books.roster
    victim = random.choice(world.kiosks)
    some = Ref(ledger_id=victim.ledger.ledger_id, seq=random.randint(1, victim.ledger.head.seq + 5))
    members = [member for member in roster.members() if member.role == "member"]
    yield random.choice(
        [
            SiteSet(site=replace(other, hours="off"), changed=("hours",)),
            HoursOverridden(site_id=other.id, override=None),
            Tapped(site_id=other.id, verdict=Denied(reason=Reason.CLOSED)),
            Left(member_id=members[0].id, site_id=other.id) if members else Happened(what="x", site_id=other.id),
            Happened(what="door_forced", site_id=other.id),
            MonthSummed(site_id=other.id, month="2026-01"),
            Condensed(ledger_id=some.ledger_id, first=1, last=some.seq, uses=(Charge(pass_id="x", units=9),)),
        ]
    )
    if world.server.central.books.roster.site(other.id) and some.seq > victim.ledger.head.seq:
        yield Reversed(ref=some, reason="never was", by="desk")
    if world.seconds > thief.since + 2 * HOUR and random.random() < 0.2:
        yield from (Erased(member_id=member.id) for member in members[:2])


def i15_no_entry_changes_what_is_not_its_writers(after: After) -> Iterator[str]:
    """What the server took in of a stolen kiosk is about its own site and ledger, and of erasures there are few."""
    facts = {entry.ref: decode_fact(entry.body) for _, entry in after.feed if entry.body is not None}
    erased: Counter[str] = Counter()
    for ref, fact in facts.items():
        if not ref.ledger_id.startswith(MARK):
            continue
        match fact:
            case SiteSet():
                sites = {fact.site.id}
            case HoursOverridden() | Tapped() | Left() | MonthSummed() | PassSold():
                sites = {fact.site_id}
            case Happened(site_id=str(site_id)):
                sites = {site_id}
            case Reversed() if fact.ref.ledger_id != ref.ledger_id:
                sites = {getattr(facts.get(fact.ref), "site_id", "of nothing known")}
            case Condensed() if fact.ledger_id != ref.ledger_id:
                sites = {"of another ledger"}
            case _:
                sites = set[str]()
        if foreign := sites - {life.SITES[0].id}:
            yield f"{ref.ledger_id} {ref.seq} is {fact.__struct_config__.tag if fact else ''} about {foreign}"
        if isinstance(fact, Erased):
            erased[ref.ledger_id] += 1
    hours = max(after.seconds / HOUR, 1)
    yield from (f"{ledger} erased {count} members" for ledger, count in erased.items() if count > 3 * (hours + 1))
