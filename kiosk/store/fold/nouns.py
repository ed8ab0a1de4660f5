"""Writing the nouns of the roster: sites, products, members, badges, passes, and staff's word on the hours.

A noun is now as the newest entry says that tells of it, however late that entry arrives. Newest is by place in the
server's feed; own entries that have no place yet come after all others, in the order in which they were written. So
nodes that know the same entries have the same nouns.

Of a person who is forgotten there is no member; their badges are nobody's, and their passes have a holder less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, or_, select, update

from kiosk.facts import Entry, HoursOverridden
from kiosk.model import Badge, Member, Pass, Product, Ref, Site
from kiosk.store import tables
from kiosk.store.names import folded


class Place(msgspec.Struct, frozen=True):
    """The entry that writes, and its place in the feed; None: an own entry that has none yet."""

    ref: Ref
    position: int | None

    @classmethod
    def of(cls, entry: Entry, position: int | None) -> Place:
        """Return the place of an entry."""
        return cls(entry.ref, position)


def set_site(connection: Connection, place: Place, site: Site) -> None:
    """The site is now like this."""
    _put(connection, tables.sites, place, {"id": site.id}, {"doc": doc(site)})


def set_override(connection: Connection, place: Place, fact: HoursOverridden) -> None:
    """Staff's word on the hours is now this; `override` None takes it back."""
    word = None if fact.override is None else doc(fact.override)
    _put(connection, tables.overrides, place, {"site_id": fact.site_id}, {"doc": word})


def set_product(connection: Connection, place: Place, product: Product) -> None:
    """The product is now like this."""
    _put(connection, tables.products, place, {"id": product.id}, {"doc": doc(product)})


def set_member(connection: Connection, place: Place, member: Member, *, at: datetime) -> None:
    """The member is now, as was said at an instant, like this."""
    if erased(connection, [member.id]):
        return
    values = {"folded_name": folded(member.name), "role": member.role, "doc": doc(member), "at": at}
    _put(connection, tables.members, place, {"id": member.id}, values)


def set_badge(connection: Connection, place: Place, badge: Badge) -> None:
    """The badge is now like this."""
    if badge.member_id is not None and erased(connection, [badge.member_id]):
        badge = Badge(id=badge.id, member_id=None)
    _put(connection, tables.badges, place, {"id": badge.id}, {"member_id": badge.member_id, "doc": doc(badge)})


def set_pass(connection: Connection, place: Place, sold: Pass) -> None:
    """The pass is as this sale says, and void if the sale is reversed."""
    voided = select(tables.reversals.c.at).where(
        tables.reversals.c.reversed_ledger == place.ref.ledger_id, tables.reversals.c.reversed_seq == place.ref.seq
    )
    sold = without_holders(sold, erased(connection, sold.holders))
    values = {"doc": doc(sold), "voided_at": connection.execute(voided).scalar()}
    if not _put(connection, tables.passes, place, {"id": sold.id}, values):
        return
    holders = tables.pass_holders
    connection.execute(delete(holders).where(holders.c.pass_id == sold.id))
    if sold.holders:
        rows = [{"member_id": member_id, "pass_id": sold.id} for member_id in dict.fromkeys(sold.holders)]
        connection.execute(insert(holders), rows)


def erased(connection: Connection, member_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some members who are forgotten."""
    erasures = tables.erasures
    query = select(erasures.c.member_id).where(erasures.c.member_id.in_(tuple(member_ids)))
    return frozenset(connection.execute(query).scalars())


def forget_person(connection: Connection, member_id: str) -> None:
    """Forget a member: their badges are nobody's, and what they bought is only a line of the accounts."""
    connection.execute(delete(tables.members).where(tables.members.c.id == member_id))
    badges, holders, passes = tables.badges, tables.pass_holders, tables.passes
    for name in connection.execute(select(badges.c.id).where(badges.c.member_id == member_id)).scalars().all():
        nobodys = {"member_id": None, "doc": doc(Badge(id=name, member_id=None))}
        connection.execute(update(badges).where(badges.c.id == name).values(nobodys))
    theirs = passes.c.id.in_(select(holders.c.pass_id).where(holders.c.member_id == member_id))
    for name, sold in connection.execute(select(passes.c.id, passes.c.doc).where(theirs)).all():
        changed = doc(without_holders(_pass(sold), {member_id}))
        connection.execute(update(passes).where(passes.c.id == name).values(doc=changed))
    connection.execute(delete(holders).where(holders.c.member_id == member_id))


def without_holders(sold: Pass, gone: Iterable[str]) -> Pass:
    """Return a pass without some of its holders; of one that nobody holds any more, the day of the sale is enough."""
    holders = tuple(holder for holder in sold.holders if holder not in gone)
    if holders == sold.holders:
        return sold
    sold_at = sold.sold_at if holders else sold.sold_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(sold, holders=holders, sold_at=sold_at)


_pass = msgspec.json.Decoder(Pass).decode


def doc(noun: msgspec.Struct) -> str:
    """Return a noun as it is kept."""
    return msgspec.json.encode(noun).decode()


def _put(
    connection: Connection, table: Table, place: Place, key: Mapping[str, object], values: Mapping[str, object]
) -> bool:
    """Write the row with this key unless a newer entry wrote it, and tell whether it was written.

    In words that every database understands; whoever writes the roster writes it alone.
    """
    is_it = and_(*(table.c[name] == value for name, value in key.items()))
    written = {**values, "ledger_id": place.ref.ledger_id, "seq": place.ref.seq, "position": place.position}
    if connection.execute(update(table).where(is_it, _is_older(table, place)).values(written)).rowcount:
        return True
    if connection.execute(select(table.c.seq).where(is_it)).first():
        return False
    connection.execute(insert(table).values({**key, **written}))
    return True


def _is_older(table: Table, place: Place) -> ColumnElement[bool]:
    """Match a row that this entry may write: of an older entry, or of its own."""
    ref = place.ref
    is_own = and_(table.c.ledger_id == ref.ledger_id, table.c.seq == ref.seq)
    if place.position is not None:
        return or_(table.c.position < place.position, is_own)
    # A row of another ledger without a place is of the life before this one (kiosk.ledger.Ledger.renew).
    return or_(table.c.position.is_not(None), table.c.ledger_id != ref.ledger_id, table.c.seq < ref.seq, is_own)
