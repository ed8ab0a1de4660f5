"""Reads the roster: members, badges, passes, products, sites and visits, as the ledger's entries add up to them.

Read only; kiosk.store.fold changes the roster. What a tap needs is gathered in six indexed queries, so that a quarter
of a million members cost no more than a dozen. Instants and site are arguments: nothing reads a clock.

Windows are returned as they were bought, or as a reversal ended them; windows that hosts cut short by closing early are
for the rules to judge. People who came before hosts closed the site do not count as present while it is closed; ending
the override brings their presence back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, func, select

from kiosk.model import (
    Badge,
    Case,
    ClockQuality,
    Holding,
    Member,
    Noun,
    Override,
    Product,
    Ref,
    Site,
    Tap,
    Use,
    Visit,
)
from kiosk.store import tables
from kiosk.store.codes import claim_code
from kiosk.store.database import Borrowed, Database
from kiosk.store.fold import debts, fields
from kiosk.store.fold.nouns import state_of
from kiosk.store.queries import sales, search
from kiosk.store.queries.at_tap import (
    BADGE,
    CAME,
    DEPARTED,
    HERE,
    HOLDINGS,
    INSIDE,
    MEMBER,
    PRESENT,
    RECENT_USES,
    SITE,
    VISITS,
)
from kiosk.store.queries.rows import (
    read_badge,
    read_member,
    read_override,
    read_pass,
    read_product,
    read_site,
    read_visit,
)
from kiosk.store.queries.sales import Sale
from kiosk.store.tables import badges, members, overrides, passes, products, sites, unknown_badges, visits

__all__ = ["Presence", "Roster", "RosterError", "claim_code"]

RECENT = timedelta(days=40)
"""How far back uses and visits are given to the rules: more than any calendar month."""
MANY = 500
"""Ids asked for in one statement: every SQLite takes 999."""
UNREADABLE = "the roster cannot be read"


class RosterError(LookupError):
    """The roster does not know the site of this kiosk."""


class Presence(Noun, frozen=True, kw_only=True):
    """Who is at a site: members, who count against its capacity, and whether a host is there."""

    people_in: int = 0
    staff_present: bool = False


class Roster:
    """The roster as it is now. Every method may raise LedgerError when the database cannot be read."""

    def __init__(self, database: Database | Borrowed) -> None:
        self._database = database

    def _all(self, statement: Executable, **values: object) -> Sequence[Row[*tuple[Any, ...]]]:
        with self._database.failing_as(UNREADABLE):
            return self._database.connection.execute(statement, values).all()

    def _first(self, statement: Executable, **values: object) -> Row[*tuple[Any, ...]] | None:
        rows = self._all(statement, **values)
        return rows[0] if rows else None

    # ------------------------------------------------------------ one tap

    def gather(self, tap: Tap, *, site_id: str, badge_id: str | None, now: datetime, clock: ClockQuality) -> Case:
        """Return everything that is known at a tap.

        `badge_id` is the keyed hash of the identifier, None when none was read. A host counts as present while they are
        at this site; a site that counts on a host without a tap (`assume_staff`) is for the rules. A badge that nobody
        carries comes with its claim code. Raises RosterError for a site that no entry describes.
        """
        site, override = self._site_and_override(site_id)
        badge, member = self._badge_and_member(badge_id, tap.member_id)
        presence = self._presence(site_id, override, now)
        return Case(
            site=site,
            tap=tap,
            badge=badge,
            member=member,
            holdings=self.holdings(member.id, now) if member else (),
            visits=self.visits_of(member.id, now) if member else (),
            override=override if override and now < override.until else None,
            staff_present=presence.staff_present,
            people_in=presence.people_in,
            clock=clock,
            claim_code=claim_code(badge_id) if badge_id and member is None else None,
        )

    def _site_and_override(self, site_id: str) -> tuple[Site, Override | None]:
        row = self._first(SITE, site_id=site_id)
        if row is None:
            raise RosterError(f"site {site_id!r} is not known here: import it with `kiosk site import FILE`")
        return read_site(row[0]), read_override(row[1]) if row[1] else None

    def _badge_and_member(self, badge_id: str | None, member_id: str | None) -> tuple[Badge | None, Member | None]:
        if member_id is not None:
            return None, self.member(member_id)
        row = self._first(BADGE, badge_id=badge_id) if badge_id else None
        if row is None:
            return None, None
        return read_badge(row[0]), read_member(row[1]) if row[1] else None

    # ------------------------------------------------------------ sites and products

    def site(self, site_id: str) -> Site | None:
        """Return a site."""
        row = self._first(SITE, site_id=site_id)
        return read_site(row[0]) if row else None

    def known(self, kind: str, name: str) -> tuple[Ref, ...]:
        """Return which entries a writer has seen who sees the noun as it is now: of each ledger the last one about it.

        `kind` is the kind of noun: `site`, `product`, `member`, `badge` or `override`.
        """
        with self._database.failing_as(UNREADABLE):
            return fields.known(state_of(self._database.connection, kind, name))

    def sites(self) -> tuple[Site, ...]:
        """Return all sites, by id."""
        return tuple(read_site(row.doc) for row in self._all(select(sites.c.doc).order_by(sites.c.id)))

    def override(self, site_id: str, now: datetime) -> Override | None:
        """Return the hosts' last override of a site's hours, unless it was ended or is over."""
        row = self._first(select(overrides.c.doc).where(overrides.c.site_id == site_id))
        override = read_override(row.doc) if row and row.doc else None
        return override if override and now < override.until else None

    def product(self, product_id: str) -> Product | None:
        """Return a product."""
        row = self._first(select(products.c.doc).where(products.c.id == product_id))
        return read_product(row.doc) if row else None

    def products(self) -> tuple[Product, ...]:
        """Return all products, retired ones included, by id."""
        return tuple(read_product(row.doc) for row in self._all(select(products.c.doc).order_by(products.c.id)))

    # ------------------------------------------------------------ members and their badges

    def member(self, member_id: str) -> Member | None:
        """Return a member."""
        row = self._first(MEMBER, member_id=member_id)
        return read_member(row.doc) if row else None

    def members(self, *, start: int = 0, limit: int | None = None) -> tuple[Member, ...]:
        """Return all members by name, or so many of them after the first `start`."""
        query = select(members.c.doc).order_by(members.c.folded_name, members.c.id)
        rows = self._all(query.offset(start).limit(limit))
        return tuple(read_member(row.doc) for row in rows)

    def members_of(self, ids: Collection[str]) -> dict[str, Member]:
        """Return the known members with these ids, by id: one query for every 500 ids."""
        found: dict[str, Member] = {}
        wanted = sorted(ids)
        for some in (wanted[n : n + MANY] for n in range(0, len(wanted), MANY)):
            rows = self._all(select(members.c.doc).where(members.c.id.in_(some)))
            found |= {member.id: member for member in (read_member(row.doc) for row in rows)}
        return found

    def member_count(self) -> int:
        """Return how many members there are, hosts too."""
        return int(self._all(select(func.count()).select_from(members))[0][0])

    def find_members(self, text: str) -> tuple[Member, ...]:
        """Return the members that `text` may mean, the most likely first, at most 20; an id means only that member."""
        exact = self.member(text.strip())
        if exact:
            return (exact,)
        with self._database.failing_as(UNREADABLE):
            return tuple(read_member(doc) for doc in search.find(self._database.connection, text))

    def silent_since(self, limit: datetime) -> tuple[str, ...]:
        """Return the customers, not hosts, without any visit, sale or change since an instant."""
        seen, came = tables.last_seen, select(visits.c.member_id)
        recently = select(seen.c.member_id).where(seen.c.month >= f"{limit:%Y-%m}")
        told = (members.c.at < limit, members.c.id.not_in(came), members.c.id.not_in(recently))
        query = select(members.c.id).where(members.c.role == "member", *told).order_by(members.c.id)
        return tuple(row.id for row in self._all(query) if not self._bought_since(row.id, limit))

    def _bought_since(self, member_id: str, limit: datetime) -> bool:
        held = [holding.pass_ for holding in self.holdings(member_id, limit)]
        ends = (sold.valid_until for sold in held if sold.valid_until)
        return any(sold.sold_at >= limit for sold in held) or any(end >= limit.date() for end in ends)

    def badge_count(self) -> int:
        """Return how many badges members carry or have carried."""
        return int(self._all(select(func.count()).select_from(badges))[0][0])

    def badge(self, badge_id: str) -> Badge | None:
        """Return a badge."""
        row = self._first(select(badges.c.doc).where(badges.c.id == badge_id))
        return read_badge(row.doc) if row else None

    def badges(self, member_id: str) -> tuple[Badge, ...]:
        """Return the badges of a member, lost ones too, by id."""
        query = select(badges.c.doc).where(badges.c.member_id == member_id).order_by(badges.c.id)
        return tuple(read_badge(row.doc) for row in self._all(query))

    def recent_unknown(self, site_id: str, since: datetime) -> tuple[tuple[str, datetime], ...]:
        """Return claim code and last instant of the badges denied as unknown since an instant, newest first."""
        query = select(unknown_badges.c.claim_code, unknown_badges.c.at)
        query = query.where(_NOBODYS, unknown_badges.c.site_id == site_id, unknown_badges.c.at >= since)
        newest: dict[str, datetime] = {}
        for code, at in self._all(query.order_by(unknown_badges.c.at.desc())):
            newest.setdefault(code, at)
        return tuple(newest.items())

    def find_badge(self, code: str) -> str | None:
        """Return the id of the badge last denied under a claim code, given in any case."""
        query = select(unknown_badges.c.badge_id).where(_NOBODYS, unknown_badges.c.claim_code == code.strip().upper())
        row = self._first(query.order_by(unknown_badges.c.at.desc()).limit(1))
        return row.badge_id if row else None

    # ------------------------------------------------------------ passes and money

    def holdings(self, member_id: str, now: datetime) -> tuple[Holding, ...]:
        """Return the passes of a member with the units used, oldest first; expired ones included, void ones not."""
        recent: dict[str, list[Use]] = defaultdict(list)
        for row in self._all(RECENT_USES, member_id=member_id, since=now - RECENT):
            recent[row.pass_id].append(Use(at=row.at, units=row.units))
        held = [(read_pass(row[0]), int(row[1])) for row in self._all(HOLDINGS, member_id=member_id)]
        held.sort(key=lambda one: (one[0].sold_at, one[0].id))
        return tuple(Holding(pass_=sold, used=used, recent=tuple(recent[sold.id])) for sold, used in held)

    def was_sold(self, pass_id: str) -> bool:
        """Tell whether a pass was ever sold, even if the sale was reversed."""
        return self._first(select(passes.c.id).where(passes.c.id == pass_id)) is not None

    def sale_of(self, pass_id: str) -> Ref | None:
        """Return the entry by which a pass was sold, None when there is none or it was reversed."""
        query = select(passes.c.ledger_id, passes.c.seq).where(passes.c.id == pass_id, passes.c.voided_at.is_(None))
        row = self._first(query)
        return Ref(ledger_id=row.ledger_id, seq=row.seq) if row else None

    def sale(self, ref: Ref) -> Sale | None:
        """Return the sale that an entry of any kiosk made, if it has arrived."""
        with self._database.failing_as(UNREADABLE):
            return sales.find(self._database.connection, ref)

    def sales(self, site_id: str, since: datetime, until: datetime) -> tuple[Sale, ...]:
        """Return the sales at a site that were made or reversed in [since, until), in order."""
        with self._database.failing_as(UNREADABLE):
            return sales.between(self._database.connection, site_id, since, until)

    def sales_of(self, member_id: str) -> tuple[Sale, ...]:
        """Return the sales to a member, in order."""
        with self._database.failing_as(UNREADABLE):
            return sales.of_member(self._database.connection, member_id)

    def receipt(self, ref: Ref) -> str:
        """Return the receipt of a sale."""
        with self._database.failing_as(UNREADABLE):
            return sales.receipt(self._database.connection, ref)

    def next_debt(self, pass_id: str) -> int:
        """Return the number that the next unit owed on a pass has in a sale that takes it over."""
        with self._database.failing_as(UNREADABLE):
            return debts.next_unit(self._database.connection, pass_id)

    def debt_moved(self, sale: Ref, pass_id: str) -> int:
        """Return the units owed on older passes that a sale moved to the pass it sold."""
        with self._database.failing_as(UNREADABLE):
            return debts.moved(self._database.connection, sale, pass_id)

    def credit_cents(self, member_id: str) -> int:
        """Return what the site owes a member, in cents."""
        credits_ = tables.credits_
        query = select(func.coalesce(func.sum(credits_.c.cents), 0)).where(credits_.c.member_id == member_id)
        return int(self._all(query)[0][0])

    def gave_credit(self, ref: Ref) -> bool:
        """Tell whether an entry gave somebody credit: for example a second half day that made a day."""
        credits_ = tables.credits_
        query = select(credits_.c.cents).where(credits_.c.ledger_id == ref.ledger_id, credits_.c.seq == ref.seq)
        return bool(self._all(query))

    # ------------------------------------------------------------ visits

    def visits_of(self, member_id: str, now: datetime) -> tuple[Visit, ...]:
        """Return a member's visits of the last 40 days at all sites, newest first, reversed ones included."""
        return tuple(map(read_visit, self._all(VISITS, member_id=member_id, since=now - RECENT)))

    def visits_of_any(self, member_ids: Sequence[str], now: datetime) -> tuple[Visit, ...]:
        """Return the same for several members or guests together."""
        query = select(visits).where(visits.c.member_id.in_(member_ids), visits.c.at >= now - RECENT)
        newest = (visits.c.at.desc(), visits.c.ledger_id.desc(), visits.c.seq.desc())
        return tuple(map(read_visit, self._all(query.order_by(*newest))))

    def visitors(self, beginning: str) -> tuple[str, ...]:
        """Return the ids of members and guests with visits that begin like this."""
        query = select(visits.c.member_id).where(visits.c.member_id.startswith(beginning, autoescape=True)).distinct()
        return tuple(sorted(row[0] for row in self._all(query)))

    def visits(self, since: datetime, until: datetime, *, site_id: str | None = None) -> tuple[Visit, ...]:
        """Return the visits begun in [since, until), in order."""
        query = select(visits).where(visits.c.at >= since, visits.c.at < until)
        if site_id is not None:
            query = query.where(visits.c.site_id == site_id)
        return tuple(map(read_visit, self._all(query.order_by(visits.c.at, visits.c.ledger_id, visits.c.seq))))

    def oldest_passage(self) -> datetime | None:
        """Return the instant of the oldest visit still stored; None without any."""
        row = self._first(select(visits.c.at).order_by(visits.c.at).limit(1))
        return row.at if row else None

    def visit(self, ref: Ref) -> Visit | None:
        """Return the visit that an entry granted."""
        query = select(visits).where(visits.c.ledger_id == ref.ledger_id, visits.c.seq == ref.seq)
        row = self._first(query)
        return read_visit(row) if row else None

    def inside(self, site_id: str, now: datetime) -> tuple[Visit, ...]:
        """Return the visits of those who are at a site, hosts included, in the order of their last tap."""
        rows = self._all(INSIDE, **self._present_at(site_id, self.override(site_id, now), now))
        newest = {row.member_id: row for row in rows}
        return tuple(read_visit(row) for row in newest.values())

    def not_left(self, site_id: str, since: datetime) -> tuple[Visit, ...]:
        """Return the last visit of everybody who came to a site since then and has not recorded that they left.

        A reversal, the end of a window or a closing of the site leaves a person on this list, and so does a clock that
        was put back: visits stamped later than now are included.
        """
        gone = {row.member_id: row.at for row in self._all(DEPARTED, site_id=site_id, since=since)}
        newest = {row.member_id: row for row in self._all(CAME, site_id=site_id, since=since)}
        here = (row for member_id, row in newest.items() if member_id not in gone or row.at > gone[member_id])
        return tuple(map(read_visit, here))

    def people_in(self, site_id: str, now: datetime) -> int:
        """Return how many members are at a site: those who count against its capacity, so no hosts."""
        return self._presence(site_id, self.override(site_id, now), now).people_in

    def members_in(self, site_id: str, now: datetime) -> tuple[Member, ...]:
        """Return the members who are at a site, hosts excluded, in the order of their last tap."""
        rows = self._all(HERE, **self._present_at(site_id, self.override(site_id, now), now))
        return tuple({member.id: member for member in (read_member(row.doc) for row in rows)}.values())

    def _presence(self, site_id: str, override: Override | None, now: datetime) -> Presence:
        counts = {row[1]: row[0] for row in self._all(PRESENT, **self._present_at(site_id, override, now))}
        staff = counts.pop("staff", 0)
        return Presence(people_in=sum(counts.values()), staff_present=staff > 0)

    def _present_at(self, site_id: str, override: Override | None, now: datetime) -> dict[str, object]:
        closing = _closing(override, now)
        return {"site_id": site_id, "now": now, "since": closing or tables.EPOCH}


_NOBODYS = unknown_badges.c.badge_id.not_in(select(badges.c.id).where(badges.c.member_id.is_not(None)))


def _closing(override: Override | None, now: datetime) -> datetime | None:
    """Return since when hosts have closed the site, None if they have not."""
    if override and override.state == "closed" and override.since <= now < override.until:
        return override.since
    return None
