"""Writing the nouns of the roster: sites, products, members, badges, passes, and staff's word on the hours.

A noun is now as the newest entry says that tells of it, however late that entry arrives. Newest is by place in the
server's feed; own entries that have no place yet come after all others, in the order in which they were written. So
nodes that know the same entries have the same nouns.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, or_, select, update

from kiosk.model import Badge, Entry, HoursOverridden, Member, Pass, Product, Ref, Site
from kiosk.store import search, tables


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


def set_member(connection: Connection, place: Place, member: Member) -> None:
    """The member is now like this."""
    values = {"folded_name": search.folded(member.name), "role": member.role, "doc": doc(member)}
    _put(connection, tables.members, place, {"id": member.id}, values)


def set_badge(connection: Connection, place: Place, badge: Badge) -> None:
    """The badge is now like this."""
    _put(connection, tables.badges, place, {"id": badge.id}, {"member_id": badge.member_id, "doc": doc(badge)})


def set_pass(connection: Connection, place: Place, sold: Pass) -> None:
    """The pass is as this sale says, and void if the sale is reversed."""
    voided = select(tables.reversals.c.at).where(
        tables.reversals.c.reversed_ledger == place.ref.ledger_id, tables.reversals.c.reversed_seq == place.ref.seq
    )
    values = {"doc": doc(sold), "voided_at": connection.execute(voided).scalar()}
    if not _put(connection, tables.passes, place, {"id": sold.id}, values):
        return
    holders = tables.pass_holders
    connection.execute(delete(holders).where(holders.c.pass_id == sold.id))
    if sold.holders:
        rows = [{"member_id": member_id, "pass_id": sold.id} for member_id in dict.fromkeys(sold.holders)]
        connection.execute(insert(holders), rows)


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
    return or_(table.c.position.is_not(None), table.c.seq < ref.seq, is_own)
