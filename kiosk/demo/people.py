"""The members of the demo, their cards, and their visits of the weeks before.

Every past visit is a tap judged by the rules at its own time, and every pass a sale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hardware.simulator.cards import Card, MifareClassic, Ntag, Phone, Type4Card
from kiosk import hours, rules
from kiosk.badges import badge_id
from kiosk.clock import MovableClock
from kiosk.demo.tray_words import VirtualBadge
from kiosk.desk.pins import hash_pin
from kiosk.facts import AnyFact, BadgeSet, MemberSet, PassSold, ProductSet, SiteSet, Tapped
from kiosk.ledger import Ledger
from kiosk.model import Badge, Duration, Member, Product, Site, Tap, Unlimited
from kiosk.rules import passes
from kiosk.settings.site_file import EXAMPLE, read_site

CARNET = "carte-10"
PIN = "2580"
"""Of the demo's hosts."""
SIX_MONTHS = Product(
    id="carte-10-six-mois",
    name="Carte de 10 entrées, 6 mois",
    price_cents=4500,
    cover=Duration(minutes=180),
    units=10,
    valid_months=6,
)
MONTH = Product(id="mois-illimite", name="Mois illimité", price_cents=9000, cover=Unlimited(), calendar_month=True)
LOOK_BACK = timedelta(days=75)
"""Ten open days and more, holidays and a summer closing included."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the demo. `key` is the name to type; `tray` is the label of the card, if it lies in the tray."""

    key: str
    name: str
    card: Card
    visits: int = 0
    """Past entries, one an open day, the last one on the last open day."""
    sold: str | None = CARNET
    bought_days_ago: int = 60
    tray: str | None = None
    here: bool = False
    """Came in when the place opened this morning."""
    staff: bool = False
    lost: bool = False
    greeting: Literal["first_name", "initials", "nothing"] = "first_name"
    language: str | None = None


def _ntag(number: int, model: str = "NTAG213") -> Ntag:
    return Ntag(bytes.fromhex("04A2B3") + number.to_bytes(4), model)


PEOPLE = (
    Person(key="camille", name="Camille Roux", card=_ntag(1, "NTAG215"), visits=1, tray="carte entamée"),
    Person(key="nadia", name="Nadia Benali", card=_ntag(2), visits=9, tray="dernière entrée"),
    Person(key="theo", name="Théo Martin", card=_ntag(3), visits=10, tray="plus d’entrée"),
    Person(
        key="lucie",
        name="Lucie Faure",
        card=_ntag(4, "NTAG216"),
        sold=SIX_MONTHS.id,
        bought_days_ago=300,
        tray="carte expirée",
    ),
    Person(key="maxime", name="Maxime Girard", card=_ntag(5), sold=MONTH.id, bought_days_ago=0, tray="mois illimité"),
    Person(key="ines", name="Inès Moreau", card=_ntag(6), lost=True, tray="badge perdu"),
    Person(key="claire", name="Claire Bonnet", card=_ntag(7), sold=None, staff=True, tray="hôte"),
    Person(key="hugo", name="Hugo Lambert", card=MifareClassic(bytes.fromhex("5A1C0E42")), visits=4, here=True),
    Person(key="elodie", name="Élodie Chevalier", card=_ntag(9), visits=7, here=True, greeting="initials"),
    Person(key="karim", name="Karim Haddad", card=Type4Card(bytes.fromhex("04C1D2E3F40506")), visits=2),
    Person(key="zoe", name="Zoé Petit", card=_ntag(11), sold=None),
    Person(key="tom", name="Tom Whitfield", card=_ntag(12), visits=3, language="en", tray="in English"),
    Person(key="jb", name="Jean-Baptiste Delacroix-Montgolfier", card=_ntag(13), visits=6, greeting="nothing"),
)
"""Each person in the tray stands for one verdict; the others fill the lists."""


@dataclass(frozen=True, kw_only=True)
class UnknownCard:
    """A card that belongs to no member."""

    key: str
    name: str
    tray: str
    card: Card


UNKNOWN_CARDS = (
    UnknownCard(key="inconnu", name="Inconnu", tray="jamais vu ici", card=_ntag(99)),
    UnknownCard(key="telephone", name="Téléphone", tray="change de numéro", card=Phone()),
)


def cards() -> dict[str, Card]:
    """Return every card of the demo by its key."""
    return {one.key: one.card for one in (*PEOPLE, *UNKNOWN_CARDS)}


def tray_badges() -> Iterator[VirtualBadge]:
    """Yield the cards that lie in the tray."""
    for who in (*PEOPLE, *UNKNOWN_CARDS):
        if who.tray:
            yield VirtualBadge(id=who.key, name=who.name.split()[0], detail=who.tray)


def first_morning(site: Site, today: date) -> datetime:
    """Return an instant an hour and five minutes into the first long opening of this week, or else of the next."""
    zone = ZoneInfo(site.zone)
    monday = datetime.combine(today - timedelta(days=today.weekday()), datetime.min.time(), zone)
    ahead = hours.openings(site, None, monday, end=monday + timedelta(days=60))
    opened = next(window for window in ahead if window.end - window.start >= timedelta(hours=6))
    return opened.start + timedelta(minutes=65)


def write_history(ledger: Ledger, clock: MovableClock, badge_key: bytes) -> None:
    """Write La Serre and its people's history into an empty ledger; the clock ends at the demo's morning."""
    described = read_site(EXAMPLE)
    site = described.site
    now = first_morning(site, clock.now().date())
    clock.set(now - LOOK_BACK * 5)
    products = (*described.products, SIX_MONTHS, MONTH)
    ledger.append(SiteSet(site=site), *(ProductSet(product=one) for one in products))
    happened = sorted(_past_events(site, products, now=now, badge_key=badge_key), key=lambda one: one.at)
    for one in happened:
        clock.set(one.at)
        facts = one.facts or (_tapped(ledger, one.person, clock, site=site, badge_key=badge_key),)
        ledger.append(*facts)
    clock.set(now)


@dataclass(frozen=True, kw_only=True)
class PastEvent:
    """Something a person did at an instant: `facts` written by a host for them, or without facts a tap."""

    at: datetime
    person: Person
    facts: tuple[AnyFact, ...] = ()


def _past_events(site: Site, products: Sequence[Product], *, now: datetime, badge_key: bytes) -> Iterator[PastEvent]:
    opened = hours.openings(site, None, now - LOOK_BACK, end=now)
    days = list({window.start.date(): window.start for window in opened}.values())
    for number, person in enumerate(PEOPLE):
        joined = now - timedelta(days=person.bought_days_ago, minutes=60 + number)
        yield PastEvent(at=joined, person=person, facts=tuple(_joining(person, site, products, joined, badge_key)))
        past = days[len(days) - 1 - person.visits : -1]
        for start in (*past, *([days[-1]] if person.here else [])):
            yield PastEvent(at=start + timedelta(minutes=7 + 4 * number), person=person)


def _joining(
    person: Person, site: Site, products: Sequence[Product], at: datetime, badge_key: bytes
) -> Iterator[AnyFact]:
    role: Literal["staff", "member"] = "staff" if person.staff else "member"
    yield MemberSet(
        member=Member(
            id=person.key,
            name=person.name,
            role=role,
            greeting=person.greeting,
            language=person.language,
            pin=hash_pin(PIN, badge_key) if person.staff else None,
        )
    )
    badge = badge_id(person.card.uid, badge_key)
    yield BadgeSet(badge=Badge(id=badge, member_id=person.key, status="lost" if person.lost else "active"))
    product = next((one for one in products if one.id == person.sold), None)
    if product:
        sold = passes.sell(
            product, products, now=at, site=site, holders=(person.key,), pass_id=f"{product.id}-{person.key}"
        )
        yield PassSold(pass_=sold, site_id=site.id, price_cents=product.price_cents)


def _tapped(ledger: Ledger, person: Person, clock: MovableClock, *, site: Site, badge_key: bytes) -> Tapped:
    """Return a past tap with the verdict of the rules."""
    now, badge = clock.now(), badge_id(person.card.uid, badge_key)
    tap = Tap(uid=person.card.uid, monotonic=clock.monotonic())
    case = ledger.roster.gather(tap, site_id=site.id, badge_id=badge, now=now, clock=clock.quality())
    return Tapped(site_id=site.id, verdict=rules.decide(case, now), badge_id=badge, member_id=person.key)
