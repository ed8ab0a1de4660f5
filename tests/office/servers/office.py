"""A central server with a site, accounts and a pushing kiosk, for the tests of the pages.

Everything is real, on a real database; only the clock is a test's, and passwords are hashed quickly.
"""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from anyio.from_thread import BlockingPortal, start_blocking_portal
from litestar.testing import TestClient
from msgspec.structs import replace

from kiosk.facts import AnyFact, BadgeSet, Entry, MemberSet, ProductSet, SiteSet, Tapped
from kiosk.model import Badge, Denied, Member, Reason
from kiosk.store import chain
from kiosk.store.chain import Head
from kiosk.store.codes import claim_code
from sync import wire
from sync.central.accounts.staff import Role
from sync.central.server import Central
from sync.central.settings import Settings
from tests.office.ledgers.small_house import MONDAY, StampClock, house_facts, let_in
from tests.office.servers.server import app_of, copy_of, hashing_quickly, leave
from tests.rules.house import SERRE, UNLIMITED

PASSWORD = "une longue phrase de passe"
HOLIDAYS = '2026 Aug 03-14 off "congés"'
STRANGER = "0badc0de" * 8
"""Id of a badge that nobody carries."""


@dataclass
class Office:
    """The server, its clock, and a client for whoever comes."""

    database: str
    moment: StampClock = field(default_factory=StampClock)
    told: dict[str, Any] = field(default_factory=lambda: {"managers_need_codes": False})

    def __post_init__(self) -> None:
        settings = Settings(database=self.database, **self.told)
        self.central: Central = hashing_quickly(Central(settings, now=lambda: self.moment.now))
        self._closing = ExitStack()
        self.app = app_of(self.central, with_pages=True)
        if not self.central.accounts.listed():
            self._move_in()

    def _move_in(self) -> None:
        site = replace(SERRE, hours="Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off", exceptions=(HOLIDAYS,))
        self.central.books.append(*house_facts(), SiteSet(site=site), ProductSet(product=UNLIMITED), by="server")
        accounts = self.central.accounts
        accounts.add("chef", PASSWORD, Role.MANAGER)
        accounts.add("anne", PASSWORD, Role.HOST, site_id=SERRE.id)
        accounts.add("louis", PASSWORD, Role.READ_ONLY)

    def close(self) -> None:
        """Close the database, and leave the application to the next office."""
        self._closing.close()
        self.central.close()
        leave(self.app, with_pages=True)

    def visitor(self) -> Browser:
        """Somebody with a browser, not signed in."""
        client = TestClient(self.app, base_url="https://testserver.local")
        client.blocking_portal = self._portal
        return Browser(client)

    @cached_property
    def _portal(self) -> BlockingPortal:
        """The event loop of all visitors; without it the client would start one, and its threads, for each request."""
        return self._closing.enter_context(start_blocking_portal())

    def as_(self, name: str) -> Browser:
        """Somebody signed in."""
        browser = self.visitor()
        browser.client.cookies.set("__Host-session", self.central.sessions.sign_in(name, PASSWORD).token or "")
        return browser

    def kiosk(self, name: str = "front door", *, site_id: str = SERRE.id) -> PushingKiosk:
        """A kiosk that was just paired."""
        return PushingKiosk(self, name, site_id)


def mistakes(answer: Any) -> list[str]:
    """What the summary of a refused form says, each linked to its field."""
    assert answer.status_code in (422, 429), (answer.status_code, answer.headers.get("location"))
    links = re.findall(r'<li><a href="#(f-[^"]+)">([^<]+)</a></li>', answer.text)
    assert links
    assert all(f'id="{target}"' in answer.text for target, _ in links)
    return [re.sub(r"\s", " ", html.unescape(text)) for _, text in links]


def read(answer: Any) -> str:
    """What a page says, without its marks."""
    assert answer.status_code == 200, answer.status_code
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))


def within(pattern: str, text: str) -> str:
    """The part of a text that a pattern captures."""
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text}"
    return found[1]


def went(answer: Any) -> str:
    """Where a form that was taken leads to."""
    assert answer.status_code == 303, mistakes(answer)
    return str(answer.headers["location"])


@contextmanager
def office(folder: Path, kind: str = "sqlite") -> Iterator[Office]:
    """The office, on a database of its own, in a folder where it is a file; moving in takes longer than a test."""
    found = Office(copy_of("office", _make, kind, folder))
    try:
        yield found
    finally:
        found.close()


def _make(database: str | Path) -> None:
    Office(str(database)).close()


class Browser:
    """A client that takes the CSRF token from a page before it sends the page's form."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, follow_redirects=False, headers=headers)

    def seal(self, path: str) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        return found[1] if found else ""

    def send(self, path: str, *, of: str = "", **fields: str) -> Any:
        """Send a form that stands on the page `of`, at `path` itself without."""
        return self.send_from(self.get(of or path).text, path, **fields)

    def send_from(self, page: str, path: str, **fields: str) -> Any:
        """Send a form of a page that was fetched before, with what is hidden in it."""
        hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("csrf", "desk")}
        data = {name: found[1] for name, found in hidden.items() if found} | fields
        return self.client.post(path, data=data, follow_redirects=False)

    def bare(self, path: str, **fields: str) -> Any:
        """Send fields as they are."""
        return self.client.post(path, data=fields, follow_redirects=False)


class PushingKiosk:
    """A kiosk that pushes entries of its ledger through the API."""

    def __init__(self, office: Office, name: str, site_id: str) -> None:
        self.office, self.ledger_id, self.head = office, str(uuid.uuid4()), Head()
        code = office.central.kiosks.new_code(name=name, site_id=site_id)
        asked = wire.Enroll(code=code, ledger_id=self.ledger_id)
        paired: Any = office.central.kiosks.enroll(asked)
        self.token: str = paired.token

    def sealed(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """The next entries of its ledger."""
        found = tuple(chain.seal(facts, ledger_id=self.ledger_id, head=self.head, stamp=self.office.moment()))
        self.head = Head(seq=found[-1].ref.seq, hash=found[-1].hash)
        return found

    def body(self, *facts: AnyFact, health: tuple[str, ...] = (), waiting: int = 0) -> bytes:
        """A push of new entries, as it travels."""
        entries = tuple(map(wire.to_wire, self.sealed(*facts))) if facts else ()
        beacon = wire.Beacon(version="0.1.0", now=self.office.moment.now, health=health, waiting=waiting)
        return msgspec.json.encode(wire.Push(ledger_id=self.ledger_id, entries=entries, beacon=beacon))

    def push(self, *facts: AnyFact, **beacon: Any) -> None:
        """Send new entries."""
        kiosk = self.office.central.kiosks.by_token(self.token)
        assert kiosk is not None
        self.office.central.intake.push(kiosk, self.body(*facts, **beacon))


def stranger_taps() -> Tapped:
    """A badge that nobody carries is tapped."""
    verdict = Denied(reason=Reason.UNKNOWN_BADGE, claim_code=claim_code(STRANGER))
    return Tapped(site_id=SERRE.id, verdict=verdict, badge_id=STRANGER)


def lea_comes(when: datetime = MONDAY) -> Tapped:
    """Léa uses an entry of her card."""
    return let_in(when, "ten")


def lived_in(house: Office) -> None:
    """Something on every page: more members, a kiosk in trouble, one that is silent, two alarms of a kind."""
    names = ("Élise Le Goff", "Camille Durand", "Hugo Petit", "Inès Moreau", "Marc Faure")
    people = [Member(id=f"m{number}", name=name) for number, name in enumerate(names)]
    for one in people:
        badge = Badge(id=f"b-{one.id}", member_id=one.id)
        house.central.books.append(MemberSet(member=one), BadgeSet(badge=badge), by="server")
    silent = house.kiosk("Salle du haut")
    silent.sealed(stranger_taps())
    silent.push(stranger_taps())
    house.moment.moves(minutes=18)
    kiosk, now = house.kiosk("Porte d’entrée"), house.moment.now
    kiosk.push(lea_comes(), let_in(now, member="m0", reason=Reason.UNLIMITED), health=("disk_low",), waiting=2)
    kiosk.sealed(stranger_taps())
    kiosk.push(let_in(now, member="m2", reason=Reason.COURTESY), stranger_taps(), health=("disk_low",), waiting=2)
    house.moment.moves(minutes=1)
