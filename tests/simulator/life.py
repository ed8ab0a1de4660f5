"""What people do in the simulator: they tap, leave, undo; hosts sell, correct and change things, here and there.

Each deed takes the world and chance, and does something that could happen in a house with several doors.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kiosk import rules
from kiosk.badges import badge_id
from kiosk.facts import AnyFact, BadgeSet, HoursOverridden, MemberSet, PassSold, ProductSet, Reversed, SiteSet
from kiosk.messages import DoorMoved, Touch
from kiosk.model import Badge, Duration, Member, Override, Policy, Product, Site, Tap, Unlimited
from kiosk.roster import Roster
from kiosk.store.forgetting import erasing
from tests.simulator.kiosk import KEY, Kiosk
from tests.simulator.release import UNKNOWN

if TYPE_CHECKING:
    from tests.simulator.world import World

SITES = tuple(
    Site(id=name, name=name, zone="Europe/Paris", hours="24/7", policy=Policy(assume_staff=True))
    for name in ("la-serre", "les-tuves")
)
TEN = Product(id="ten", name="Carnet", price_cents=5000, cover=Duration(minutes=60), units=3)
MONTH = Product(id="month", name="Mois", price_cents=9000, cover=Unlimited(), valid_months=1)
PEOPLE = ("lea", "sam", "noor", "ines", "paul", "anne")


def uid(name: str) -> bytes:
    return b"\x04" + name.encode()[:6].ljust(6, b".")


def beginnings(now: datetime) -> tuple[AnyFact, ...]:
    """Sites, products and people, a pass for each but the host."""
    facts: list[AnyFact] = [
        *(SiteSet(site=site) for site in SITES),
        ProductSet(product=TEN),
        ProductSet(product=MONTH),
    ]
    for name in PEOPLE:
        role = "staff" if name == "anne" else "member"
        facts += [
            MemberSet(member=Member(id=name, name=name, role=role)),  # type: ignore[arg-type]
            BadgeSet(badge=Badge(id=badge_id(uid(name), KEY), member_id=name)),
        ]
        if role == "member":
            facts.append(
                PassSold(
                    pass_=rules.sell(TEN, (), now=now, site=SITES[0], holders=(name,), pass_id=f"{name}-0"),
                    site_id=SITES[0].id,
                    price_cents=5000,
                )
            )
    return tuple(facts)


def tap(world: World, kiosk: Kiosk, random: Random) -> None:
    name = random.choice((*PEOPLE, *PEOPLE, "stranger", *world.newcomers))
    message = Tap(uid=uid(name), monotonic=kiosk.clock.monotonic(), technology="NTAG213")
    kiosk.does(lambda: kiosk.controller.handle(message))
    world.tapped += 1


def touch(world: World, kiosk: Kiosk, random: Random) -> None:
    """Touch a button of the notice that shows, if it has one: leave, or undo."""
    notice = kiosk.screen.notice
    if notice and notice.buttons:
        button = random.choice(notice.buttons).id
        kiosk.does(lambda: kiosk.controller.handle(Touch(button=button, notice=notice.number)))


def leave_by_button(world: World, kiosk: Kiosk, random: Random) -> None:
    kiosk.does(lambda: kiosk.controller.handle(DoorMoved(what="exit_pressed", monotonic=kiosk.clock.monotonic())))


def change_at_kiosk(world: World, kiosk: Kiosk, random: Random) -> None:
    """A host changes something on the kiosk's screen."""
    facts = some_change(world, kiosk.ledger.roster, kiosk.clock.now(), random)
    kinds = {fact.__struct_config__.tag for fact in facts}
    if kiosk.is_of_earlier_release and kinds & set(UNKNOWN):
        return
    if facts and not kiosk.is_disk_full:
        kiosk.does(lambda: kiosk.ledger.append(*facts))


def change_at_server(world: World, random: Random) -> None:
    """A host changes something on the server's pages."""
    if world.server.is_up:
        facts = some_change(world, world.server.central.books.roster, world.now(), random)
        if facts:
            world.server.does(lambda central: central.books.append(*facts, by="host"))


def some_change(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    """Something that a host who sees this roster may do."""
    deed = random.choice(
        (_sell, _sell, _reverse, _reverse, _block, _block, _rename, _welcome, _price, _override, _reassign)
    )
    facts = deed(world, roster, now, random)
    named = {erasing.concerned(fact) for fact in facts} - {None}
    is_possible = deed is _welcome or all(roster.member(name) for name in named if name)
    return facts if is_possible else ()  # of who was forgotten, nobody can say anything


def _sell(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    holder, site, terms = random.choice(PEOPLE[:-1]), random.choice(SITES), random.choice((TEN, TEN, TEN, MONTH))
    pass_ = rules.sell(terms, (), now=now, site=site, holders=(holder,), pass_id=world.new_name(holder))
    debts = rules.debt(roster.holdings(holder, now)) if terms is TEN else ()
    return (PassSold(pass_=pass_, site_id=site.id, price_cents=terms.price_cents, settles=tuple(debts)),)


def _reverse(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    visits = [visit for visit in roster.visits_of(random.choice(PEOPLE), now) if visit.reversed_at is None]
    if random.random() < 0.2:
        sale = roster.sale_of(f"{random.choice(PEOPLE[:-1])}-{random.randrange(world.names + 1)}")
        return (Reversed(ref=sale, reason="mistake", by="desk"),) if sale else ()
    return (Reversed(ref=random.choice(visits).ref, reason="mistake", by="desk"),) if visits else ()


def _block(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    name = random.choice(PEOPLE)
    status = random.choice(("blocked", "blocked", "lost", "active", "active"))
    return (BadgeSet(badge=Badge(id=badge_id(uid(name), KEY), member_id=name, status=status)),)  # type: ignore[arg-type]


def _rename(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    name, status = random.choice(PEOPLE[:-1]), random.choice(("active", "active", "suspended"))
    return (MemberSet(member=Member(id=name, name=f"{name} {random.randrange(1000)}", status=status)),)  # type: ignore[arg-type]


def _welcome(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    name = world.new_name("new")[-6:]
    world.newcomers.append(name)
    badge = Badge(id=badge_id(uid(name), KEY), member_id=name)
    pass_ = rules.sell(TEN, (), now=now, site=SITES[0], holders=(name,), pass_id=f"{name}-p")
    return (
        MemberSet(member=Member(id=name, name=name)),
        BadgeSet(badge=badge),
        PassSold(pass_=pass_, site_id=SITES[0].id, price_cents=5000),
    )


def _price(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    return (ProductSet(product=replace(TEN, price_cents=random.randrange(1000, 9000))),)


def _override(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    site = random.choice(SITES)
    word = Override(state=random.choice(("open", "closed")), since=now, until=now + timedelta(minutes=20))
    return (HoursOverridden(site_id=site.id, override=random.choice((word, None))),)


def _reassign(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    badge = badge_id(uid(random.choice(PEOPLE[:-1])), KEY)
    return (BadgeSet(badge=Badge(id=badge, member_id=random.choice((None, *PEOPLE[:-1])))),)
