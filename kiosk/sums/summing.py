"""Finds the next month of passages that is due, and returns the facts that replace them: its sums, and what is erased.

The same code reads a kiosk's ledger and the server's feed: `table` is either, `scope` selects the rows. Nothing here
writes: the facts have their effect when they are folded (kiosk.store.fold), and the bodies are erased by
kiosk.store.forgetting.erasing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Table, select, true

from kiosk import bounds, local_time
from kiosk.facts import AnyFact, Condensed, HoursOverridden, MonthSummed, SiteSet
from kiosk.messages import BY_CLOCK, BY_CLOSING, BY_SERVER
from kiosk.model import Noun, Site, Window
from kiosk.rules import extras
from kiosk.store import chain, tables
from kiosk.store.forgetting import condensing
from kiosk.store.forgetting.condensing import Stretch
from kiosk.store.queries.rows import read_charges, read_member, read_site
from kiosk.store.tables import instant, last_seen, members
from kiosk.sums import counting, months
from kiosk.sums.counting import Announced, Answer, MonthOfSite, Stay

_read = msgspec.json.Decoder(MonthSummed).decode

CAME_ALL_THE_SAME = (BY_SERVER, BY_CLOCK, BY_CLOSING)
"""Whose reversals give money back, and undo no visit."""


class Books(Noun, frozen=True, kw_only=True):
    """Where entries are read."""

    connection: Connection
    table: Table
    scope: ColumnElement[bool]


def next_month(
    books: Books, upto: Mapping[str, int], now: datetime, *, awaited: ColumnElement[bool] | None = None
) -> tuple[AnyFact, ...]:
    """Return the facts that replace the next month of passages at one site; none when no month is due.

    `upto`: up to which entry each ledger is here and folded. `awaited`: see condensing.stretch. All must be written in
    the transaction that they are read in.
    """
    first = {
        name: found for name in upto if (found := condensing.first_passage(*_of(books), name, upto=upto[name], now=now))
    }
    for name, passage in sorted(first.items(), key=lambda one: (one[1].at, one[0])):
        site = _site(books.connection, passage.site_id)
        where = local_time.zone(site.zone if site else "UTC")
        due = months.last_due(where, now)
        month = months.month_of(where, passage.at) if passage.is_sure else due
        if month > due:
            continue
        stretches: list[Stretch] = []
        for ledger, its in first.items():
            if its.site_id == passage.site_id and (ledger == name or months.month_of(where, its.at) <= month):
                end = months.start(where, months.after(month))
                its_next = condensing.stretch(*_of(books), ledger, upto=upto[ledger], end=end, now=now, awaited=awaited)
                stretches += [its_next] if its_next else []
        if stretches:
            return _sums(books, stretches, month=month)
    return ()


def _of(books: Books) -> tuple[Connection, Table, ColumnElement[bool]]:
    return books.connection, books.table, books.scope


def _site(connection: Connection, site_id: str) -> Site | None:
    doc = connection.execute(select(tables.sites.c.doc).filter_by(id=site_id)).scalar()
    return read_site(doc) if doc else None


def _sums(books: Books, stretches: list[Stretch], *, month: str) -> tuple[AnyFact, ...]:
    """Return the sums of these stretches: of each site and month in them, and of each ledger."""
    connection = books.connection
    zones = {row.id: read_site(row.doc).zone for row in connection.execute(select(tables.sites))}
    stays: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    ledgers: list[Condensed] = []
    for stretch in stretches:
        rows = condensing.visits_of(connection, stretch)
        seen: dict[tuple[str, str], str] = {}
        for row in rows:
            where = local_time.zone(zones.get(row.site_id, "UTC"))
            its = _its_month(where, row.at, month)
            stays[row.site_id, its].append(_stay(row))
            key = row.member_id, row.site_id
            seen[key] = max(seen.get(key, ""), its)
        for site_id, at, reason in condensing.taps(*_of(books), stretch):
            where = local_time.zone(zones.get(site_id, "UTC"))
            answers[site_id, _its_month(where, at, month)].append(Answer(at=at, reason=reason))
        ledgers.append(condensing.condense(connection, stretch, rows, month=month, seen=seen))
    summed = [
        _summed(
            books,
            MonthOfSite(
                site_id=site_id,
                month=its,
                zone=zones.get(site_id, "UTC"),
                answers=answers[site_id, its],
                stays=stays[site_id, its],
                is_late=_is_summed(connection, site_id, its),
            ),
        )
        for site_id, its in sorted({*stays, *answers})
    ]
    return (*summed, *ledgers)


def _its_month(where: ZoneInfo, at: datetime, month: str) -> str:
    """Return the month of a passage; that of its stretch where a wrong clock said another, or none that can be."""
    return min(months.month_of(where, at), month) if at.date() >= bounds.FIRST else month


def _stay(row: Row[*tuple[Any, ...]]) -> Stay:
    is_back = row.reversed_at is not None
    return Stay(
        at=row.at,
        member_id=row.member_id,
        reason=row.reason,
        is_undone=is_back and row.reversed_by not in CAME_ALL_THE_SAME,
        window=Window(start=row.window_start, end=row.window_end) if row.window_start else None,
        is_charged=bool(read_charges(row.charges)) and not is_back,
        until=row.presence_end,
        left_at=row.left_at,
    )


def _summed(books: Books, of: MonthOfSite) -> MonthSummed:
    came = {stay.member_id for stay in of.stays}
    return _counted(books, of, last_came=_last_came(books.connection, of.site_id, came))


def _counted(books: Books, of: MonthOfSite, *, last_came: Mapping[str, tuple[str, str]]) -> MonthSummed:
    sites, announced = _sites_and_announcements(books, of.site_id)
    where = local_time.zone(of.zone)

    def site_on(day: date) -> Site | None:
        end = local_time.midnight(where, local_time.day_after(day))
        known = [site for at, site in sites if at < end]
        return known[-1] if known else sites[0][1] if sites else None

    return counting.count(
        of,
        last_came=last_came,
        staff=frozenset(_told_of(books.connection, of, members.c.role == "staff")),
        profiles={name: read_member(doc).profile for name, doc in _told_of(books.connection, of, true()).items()},
        site_on=site_on,
        announced=announced,
    )


def all_months(books: Books, site: Site) -> tuple[MonthSummed, ...]:
    """Return the sums of every month at a site, the oldest first: those that are kept, and of the passages still here.

    A month of which late passages are still here has two.
    """
    where = local_time.zone(site.zone)
    stays, answers = defaultdict[str, list[Stay]](list), defaultdict[str, list[Answer]](list)
    for row in condensing.visits_at(books.connection, site.id):
        stays[months.month_of(where, row.at)].append(_stay(row))
    for site_id, at, reason in condensing.taps(*_of(books)):
        if site_id == site.id:
            answers[months.month_of(where, at)].append(Answer(at=at, reason=reason))
    last_came = _last_came(books.connection, site.id, {stay.member_id for some in stays.values() for stay in some})
    kept = books.connection.execute(select(tables.months).filter_by(site_id=site.id)).all()
    found = [_read(row.doc) for row in kept]
    known = {one.month for one in found}
    for its in sorted({*stays, *answers}):
        of = MonthOfSite(
            site_id=site.id, month=its, zone=site.zone, answers=answers[its], stays=stays[its], is_late=its in known
        )
        found.append(_counted(books, of, last_came=last_came))
        for name in {stay.member_id for stay in stays[its]}:
            *_, before, month = sorted({"", its, *last_came.get(name, ())})
            last_came[name] = (month, before)
    return tuple(sorted(found, key=lambda one: (one.month, one.is_late)))


def of_network(connection: Connection, *, before: str | None = None) -> MonthSummed | None:
    """Return the sums of people over all sites for the last month that two sites summed and the network did not.

    With `before`, only of a month before that one: whoever comes later takes the place of what is known of them.
    """
    known: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(select(tables.months.c.site_id, tables.months.c.month).distinct()):
        known[row.month].add(row.site_id)
    waiting = [month for month, sites in known.items() if "" not in sites and len(sites) > 1]
    month = max((one for one in waiting if before is None or one < before), default=None)
    return None if month is None else counting.of_network(month, _seen_anywhere(connection))


def _seen_anywhere(connection: Connection) -> dict[str, set[str]]:
    """Return for each member, hosts left out, the last two months in which they came to each site."""
    hosts = set(connection.execute(select(members.c.id).where(members.c.role == "staff")).scalars())
    seen: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(select(last_seen)):
        if row.member_id not in hosts and extras.host_of(row.member_id) is None:
            seen[row.member_id] |= {row.month, row.before} - {""}
    return seen


def _is_summed(connection: Connection, site_id: str, month: str) -> bool:
    known = select(tables.months.c.seq).filter_by(site_id=site_id, month=month)
    return connection.execute(known.limit(1)).first() is not None


def _last_came(connection: Connection, site_id: str, came: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return for members who were seen before the last month in which they came to a site, and the one before it.

    What earlier releases kept of them tells of no site, and so counts for each.
    """
    found: dict[str, tuple[str, str]] = {}
    rows = connection.execute(select(last_seen).where(last_seen.c.site_id.in_(("", site_id)))).all()
    wanted = set(came)
    for row in rows:
        if row.member_id in wanted:
            *_, before, month = sorted({"", row.before, row.month, *found.get(row.member_id, ())})
            found[row.member_id] = (month, before)
    return found


def _told_of(connection: Connection, of: MonthOfSite, which: ColumnElement[bool]) -> dict[str, str]:
    """Return the documents of members who came, by id."""
    came = {stay.member_id for stay in of.stays}
    rows = connection.execute(select(members.c.id, members.c.doc).where(which))
    return {row.id: row.doc for row in rows if row.id in came}


def _sites_and_announcements(books: Books, site_id: str) -> tuple[list[tuple[datetime, Site]], list[Announced]]:
    """Return all that was ever told of a site and of its hours, in the order of time."""
    sites: list[tuple[datetime, Site]] = []
    announced: list[Announced] = []
    table = books.table
    query = select(table.c.at, table.c.body).where(
        books.scope, table.c.kind.in_(("site", "override")), table.c.body.is_not(None)
    )
    for row in books.connection.execute(query.order_by(table.c.at, table.c.ledger_id, table.c.seq)):
        fact, at = chain.decode_fact(bytes(row.body)), instant(row.at).astimezone(UTC)
        if isinstance(fact, SiteSet) and fact.site.id == site_id:
            sites.append((at, fact.site))
        elif isinstance(fact, HoursOverridden) and fact.site_id == site_id:
            announced.append(Announced(at=at, override=fact.override))
    return sites, announced
