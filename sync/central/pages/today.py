"""The start page: every site, whether it is open, who is in, the last taps; with live updates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent, ServerSentEventMessage
from sqlalchemy import select

from kiosk import hours
from kiosk.desk import guests
from kiosk.facts import Tapped
from kiosk.model import Granted, Member, Noun, Opening, Ref, Site, Visit
from kiosk.roster import Roster
from kiosk.store.chain import decode_fact
from kiosk.store.tables import instant
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import HEADERS, Answer, PageRequest
from sync.central.pages.framework.routes import ROLE, reads
from sync.central.storage.tables import feed

LATEST = 8
"""Taps shown of each site."""
LOOKED_AT = 400
"""Most taps of all sites that are read for them; a site with none among these shows none."""
DAY = timedelta(days=1)


class PersonInside(Noun, frozen=True, kw_only=True):
    """Somebody who is in."""

    visit: Visit
    member: Member | None
    guest: int = 0
    """The number of the member's guest who it is; 0: the member."""


class ListedTap(Noun, frozen=True, kw_only=True):
    """A tap as the page shows it."""

    ref: Ref
    at: Any
    granted: bool
    reason: str
    member: Member | None
    guest: int = 0
    claim_code: str | None = None


class SiteToday(Noun, frozen=True, kw_only=True):
    """A site as the page shows it."""

    site: Site
    opening: Opening
    people: int
    inside: tuple[PersonInside, ...]
    taps: tuple[ListedTap, ...]


@reads("/")
def home(page: NamedDependency[PageRequest]) -> Answer:
    """Show all sites that this account may see."""
    recent = _recent_taps(page)
    places = [_site_today(page, site, recent) for site in page.sites]
    silent = [kiosk for kiosk in page.kiosks if page.central.kiosks.is_silent(kiosk)]
    return page.show("home.html", places=places, silent=silent)


def _site_today(page: PageRequest, site: Site, recent: list[tuple[Any, Ref, Tapped]]) -> SiteToday:
    roster, now = page.roster, page.now
    visits = roster.inside(site.id, now)
    here = [one for one in recent if one[2].site_id == site.id][:LATEST]
    return SiteToday(
        site=site,
        opening=hours.opening(site, roster.override(site.id, now), now),
        people=roster.people_in(site.id, now),
        inside=tuple(_person_inside(roster, visit) for visit in visits),
        taps=tuple(_listed_tap(page, at, ref, fact=fact) for at, ref, fact in here),
    )


def _person_inside(roster: Roster, visit: Visit) -> PersonInside:
    member = roster.member(guests.member_of(visit.member_id))
    return PersonInside(visit=visit, member=member, guest=guests.number(visit.member_id))


def _listed_tap(page: PageRequest, at: Any, ref: Ref, *, fact: Tapped) -> ListedTap:
    verdict = fact.verdict
    return ListedTap(
        ref=ref,
        at=at,
        granted=isinstance(verdict, Granted),
        reason=verdict.reason,
        member=page.roster.member(guests.member_of(fact.member_id)) if fact.member_id else None,
        guest=guests.number(fact.member_id or ""),
        claim_code=None if isinstance(verdict, Granted) else verdict.claim_code,
    )


def _recent_taps(page: PageRequest) -> list[tuple[Any, Ref, Tapped]]:
    """Return the taps of the last day, the newest first."""
    query = select(feed.c.at, feed.c.ledger_id, feed.c.seq, feed.c.body)
    query = query.where(feed.c.network_id == page.central.settings.network, feed.c.kind == "tap")
    with page.central.storage.reader() as connection:
        rows = connection.execute(query.order_by(feed.c.position.desc()).limit(LOOKED_AT)).all()
    read = ((instant(row.at), Ref(ledger_id=row.ledger_id, seq=row.seq), _fact(row.body)) for row in rows)
    found = [(at, ref, fact) for at, ref, fact in read if fact is not None and page.now - at < DAY]
    return sorted(found, key=lambda one: one[0], reverse=True)


def _fact(body: bytes | None) -> Tapped | None:
    fact = decode_fact(body) if body is not None else None
    return fact if isinstance(fact, Tapped) else None


@get("/live", opt={ROLE: Role.READ_ONLY}, include_in_schema=False)
async def live(page: NamedDependency[PageRequest]) -> ServerSentEvent:
    """Send an event whenever something has changed; the page then reloads itself."""
    return ServerSentEvent(_news(page), headers=HEADERS | {"X-Accel-Buffering": "no"})


async def _news(page: PageRequest) -> AsyncIterator[ServerSentEventMessage]:
    async for position in page.central.roster_thread.positions():
        yield ServerSentEventMessage(event="changed", data=str(position), retry=3000)


HANDLERS = [home, live]
