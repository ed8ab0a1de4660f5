"""Members who were erased while inside: still counted at an evacuation, without a name.

An incident records that somebody is inside, without saying who. It is listed until a host notes that they left, for
twelve hours at most.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import islice, takewhile

from kiosk.answers import Done, Present
from kiosk.desk.desk import Desk
from kiosk.facts import Erased, Happened
from kiosk.messages import FeedArrived, ServerNews
from kiosk.store.chain import decode_fact

DOUBT = timedelta(hours=12)
"""How long somebody who came in and did not say that they left may still be in the house: a long working day, and not
until the next morning."""
HERE, GONE = "erased_inside", "erased_left"
MARK = "erased:"
"""In the place of a member's id, before the number of the incident."""
MOST = 2000
"""Entries that are looked at: more than a day has, and few enough for a clock that woke years ago."""


def facts(desk: Desk, members: Collection[str]) -> tuple[Happened, ...]:
    """Return the facts to write when these members are erased: one incident for each who is, or may be, inside."""
    visits = (*desk.roster.inside(desk.site_id, desk.now), *desk.roster.not_left(desk.site_id, desk.now - DOUBT))
    known = {visit.member_id for visit in visits}.intersection(members)
    return tuple(Happened(what=HERE, site_id=desk.site_id) for _ in known)


def in_news(desk: Desk, news: ServerNews) -> tuple[Happened, ...]:
    """Return the same for members whose erasure comes in news from the central server.

    Not for members missing in a snapshot: a kiosk that needs a snapshot knew nobody, or was disconnected for months.
    """
    entries = (entry for _, entry in news.entries) if isinstance(news, FeedArrived) else ()
    bodies = [entry.body for entry in entries if entry.kind == "erasure" and entry.body is not None]
    members = [fact.member_id for fact in map(decode_fact, bodies) if isinstance(fact, Erased)]
    return facts(desk, members) if members else ()


def inside(desk: Desk) -> list[Present]:
    """Return those who were erased while inside and have not left, the earliest first. Only a kiosk knows of them."""
    ledger = desk.own_ledger
    if ledger is None:
        return []
    recent = takewhile(lambda entry: entry.stamp.at >= desk.now - DOUBT, ledger.entries_backwards())
    left: set[str] = set()
    found = []
    for entry in islice(recent, MOST):
        fact = decode_fact(entry.body) if entry.kind == "incident" and entry.body is not None else None
        if not isinstance(fact, Happened) or fact.site_id != desk.site_id:
            continue
        if fact.what == GONE:
            left.add(fact.detail)
        elif fact.what == HERE and str(entry.ref.seq) not in left:
            found.append(
                Present(member_id=f"{MARK}{entry.ref.seq}", name="", since=desk.local(entry.stamp.at), until=None)
            )
    return found[::-1]


def leave(desk: Desk, number: str) -> Done:
    """Record that one of them has left."""
    if number not in (one.member_id for one in inside(desk)):
        return Done(said=("That person is not in.",), changed=False)
    desk.append(Happened(what=GONE, detail=number.removeprefix(MARK), site_id=desk.site_id))
    return Done(said=("That person has left.",))
