"""What people do in the simulator: they tap, leave, undo; hosts sell, correct and change things.

Each function takes the world and a random generator, and does something possible at a site with several doors.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kiosk import rules
from kiosk.badges import badge_id
from kiosk.desk.changes import change, override
from kiosk.desk.sales import numbered
from kiosk.facts import AnyFact, BadgeSet, MemberSet, PassSold, ProductSet, Reversed, SiteSet
from kiosk.messages import DoorMoved, Touch
from kiosk.model import Badge, Duration, Member, Noun, Override, Policy, Product, Site, Tap, Unlimited
from kiosk.roster import Roster
from kiosk.store.fold.fields import parts
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
        (_sell, _sell, _reverse, _reverse, _block, _block, _rename, _welcome, _price, _site, _override, _reassign)
    )
    facts = deed(world, roster, now, random)
    named = {erasing.concerned(fact) for fact in facts} - {None}
    is_possible = deed is _welcome or all(roster.member(name) for name in named if name)
    return facts if is_possible else ()  # of who was forgotten, nobody can say anything


def _sell(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    holder, site, terms = random.choice(PEOPLE[:-1]), random.choice(SITES), random.choice((TEN, TEN, TEN, MONTH))
    pass_ = rules.sell(terms, (), now=now, site=site, holders=(holder,), pass_id=world.new_name(holder))
    debts = numbered(roster, rules.debt(roster.holdings(holder, now))) if terms is TEN else ()
    return (PassSold(pass_=pass_, site_id=site.id, price_cents=terms.price_cents, settles=debts),)


def _reverse(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    visits = [visit for visit in roster.visits_of(random.choice(PEOPLE), now) if visit.reversed_at is None]
    if random.random() < 0.2:
        sale = roster.sale_of(f"{random.choice(PEOPLE[:-1])}-{random.randrange(world.names + 1)}")
        return (Reversed(ref=sale, reason="mistake", by="desk"),) if sale else ()
    return (Reversed(ref=random.choice(visits).ref, reason="mistake", by="desk"),) if visits else ()


def _block(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    status = random.choice(("blocked", "blocked", "lost", "active", "active"))
    return _badge(roster, badge_id(uid(random.choice(PEOPLE)), KEY), status=status)


def _badge(roster: Roster, name: str, **fields: object) -> tuple[AnyFact, ...]:
    badge = roster.badge(name)
    return (change(roster, badge, replace(badge, **fields)),) if badge else ()


def _rename(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    """Another name, a note, or a suspension that begins or ends: of hosts who may not hear of each other."""
    member = roster.member(random.choice(PEOPLE[:-1]))
    field = random.choice(("name", "note", "status"))
    if member is None:
        return ()
    if field == "status":
        return (change(roster, member, replace(member, status=random.choice(("active", "active", "suspended")))),)
    return (_means(world, roster, member, **{field: world.new_name(member.id)}),)


def _means(world: World, roster: Roster, before: Site | Product | Member, **fields: object) -> AnyFact:
    """Set fields to values that no noun had before, so that it can be told whose change was undone."""
    after = replace(before, **fields)
    was, is_ = parts(before), parts(after)
    world.meant += [
        Meant(kind=type(before).__name__.lower(), id=before.id, field=name, was=was.get(name), value=value)
        for name, value in is_.items()
        if was.get(name) != value
    ]
    return change(roster, before, after)


class Meant(Noun, frozen=True, kw_only=True):
    """A field that somebody meant to change from one value to another."""

    kind: str
    id: str
    field: str
    was: object
    value: object


def _welcome(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    name = world.new_name("new")[-6:]
    world.newcomers.append(name)
    badge = Badge(id=badge_id(uid(name), KEY), member_id=name)
    pass_ = rules.sell(TEN, (), now=now, site=SITES[0], holders=(name,), pass_id=f"{name}-p")
    return (
        change(roster, None, Member(id=name, name=name)),
        change(roster, None, badge),
        PassSold(pass_=pass_, site_id=SITES[0].id, price_cents=5000),
    )


def _price(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    product = roster.product(TEN.id)
    if product is None:
        return ()
    world.names += 1
    if random.random() < 0.5:
        return (_means(world, roster, product, price_cents=10_000 + world.names),)
    return (_means(world, roster, product, name=f"Carnet {world.names}"),)


def _site(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    """Another name or capacity, or one more exception of the hours."""
    site, name = roster.site(random.choice(SITES).id), world.new_name("site")
    if site is None:
        return ()
    rule = f'2035 Jan 01 off "{name}"'
    policy = replace(site.policy, capacity=1000 + world.names)
    fields: tuple[dict[str, object], ...] = (
        {"name": name},
        {"policy": policy},
        {"exceptions": (*site.exceptions, rule)},
    )
    return (_means(world, roster, site, **random.choice(fields)),)


def _override(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    site = random.choice(SITES)
    word = Override(state=random.choice(("open", "closed")), since=now, until=now + timedelta(minutes=20))
    return (override(roster, site.id, random.choice((word, None)), by="desk"),)


def _reassign(world: World, roster: Roster, now: datetime, random: Random) -> tuple[AnyFact, ...]:
    member = random.choice((None, *PEOPLE[:-1]))
    if member is not None and roster.member(member) is None:
        return ()
    return _badge(roster, badge_id(uid(random.choice(PEOPLE[:-1])), KEY), member_id=member)
