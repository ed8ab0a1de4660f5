"""Writes the nouns of the roster: sites, products, members, badges, passes, and the hosts' overrides.

A noun is merged by kiosk.store.fold.fields from all entries about it, however late one arrives; a pass is as in the
newest sale. Newest is by position in the server's feed; own entries without a position come after all others, in the
order of writing. So nodes that know the same entries have the same nouns.

An erased person is no member; their badges belong to nobody, and their passes have one holder less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, insert, or_, select, update

from kiosk.facts import BadgeSet, Entry, HoursOverridden, MemberSet, NounSet, ProductSet, SiteSet
from kiosk.model import Badge, Member, Noun, Pass, Product, Ref, Site
from kiosk.store import tables
from kiosk.store.fold import fields
from kiosk.store.fold.fields import Event, State
from kiosk.store.names import folded
from kiosk.store.tables import instant, microseconds


class Place(msgspec.Struct, frozen=True):
    """The entry that writes, and its position in the feed; None: an own entry that has none yet."""

    ref: Ref
    position: int | None
    at: int = 0
    """When it was written, in microseconds since the epoch."""

    @classmethod
    def of(cls, entry: Entry, position: int | None) -> Place:
        """Return the place of an entry."""
        return cls(entry.ref, position, microseconds(entry.stamp.at))


def set_noun(connection: Connection, place: Place, fact: NounSet | HoursOverridden) -> None:
    """Update a noun by an entry, merged with all others about it."""
    match fact:
        case SiteSet():
            _merge(connection, _SITES, place, fact, fact.site)
        case ProductSet():
            _merge(connection, _PRODUCTS, place, fact, fact.product)
        case MemberSet() if not erased(connection, [fact.member.id]):
            _merge(connection, _MEMBERS, place, fact, fact.member)
        case BadgeSet():
            _merge(connection, _BADGES, place, fact, _still_carried(connection, fact))
        case HoursOverridden():
            _merge(connection, _WORDS, place, fact, fact.override)


def _still_carried(connection: Connection, fact: BadgeSet) -> Badge:
    badge = fact.badge
    if badge.member_id is None or not erased(connection, [badge.member_id]):
        return badge
    return erased_carrier(fact).badge


def erased_carrier(fact: BadgeSet) -> BadgeSet:
    """Return what is left of an entry about a badge once its carrier is erased.

    Its status stays, except for an entry of an earlier release: such a release keeps nothing of it.
    """
    status = "active" if fact.changed is None else fact.badge.status
    return replace(fact, badge=Badge(id=fact.badge.id, member_id=None, status=status))


def set_pass(connection: Connection, place: Place, sold: Pass) -> None:
    """Store the pass of this sale; it is void if the sale is reversed."""
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
    """Return which of these members are erased."""
    erasures = tables.erasures
    query = select(erasures.c.member_id).where(erasures.c.member_id.in_(tuple(member_ids)))
    return frozenset(connection.execute(query).scalars())


def forget_person(connection: Connection, member_id: str) -> None:
    """Erase a member: their badges belong to nobody, and their purchases are only lines of the accounts."""
    connection.execute(delete(tables.members).where(tables.members.c.id == member_id))
    badges, holders, passes = tables.badges, tables.pass_holders, tables.passes
    named = badges.c.fields.contains(doc(member_id), autoescape=True)
    for row in connection.execute(select(badges).where(or_(badges.c.member_id == member_id, named))).all():
        state = fields.without_member(_state(_BADGES, row), member_id)
        connection.execute(update(badges).where(badges.c.id == row.id).values(_written(_BADGES, row.id, state)))
    theirs = passes.c.id.in_(select(holders.c.pass_id).where(holders.c.member_id == member_id))
    for name, sold in connection.execute(select(passes.c.id, passes.c.doc).where(theirs)).all():
        changed = doc(without_holders(_pass(sold), {member_id}))
        connection.execute(update(passes).where(passes.c.id == name).values(doc=changed))
    connection.execute(delete(holders).where(holders.c.member_id == member_id))


def without_holders(sold: Pass, gone: Iterable[str]) -> Pass:
    """Return a pass without some of its holders; a pass without any holder keeps only the day of the sale."""
    holders = tuple(holder for holder in sold.holders if holder not in gone)
    if holders == sold.holders:
        return sold
    sold_at = sold.sold_at if holders else sold.sold_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return replace(sold, holders=holders, sold_at=sold_at)


_pass = msgspec.json.Decoder(Pass).decode


def doc(noun: msgspec.Struct | str) -> str:
    """Return a noun, or an override, as it is stored."""
    return msgspec.json.encode(noun).decode()


def _put(
    connection: Connection, table: Table, place: Place, key: Mapping[str, object], values: Mapping[str, object]
) -> bool:
    """Write the row with this key unless a newer entry wrote it, and tell whether it was written.

    In SQL that every database understands; there is only one writer of the roster at a time.
    """
    is_it = and_(*(table.c[name] == value for name, value in key.items()))
    written = {**values, "ledger_id": place.ref.ledger_id, "seq": place.ref.seq, "position": place.position}
    if connection.execute(update(table).where(is_it, _is_older(table, place)), written).rowcount:
        return True
    if connection.execute(select(table.c.seq).where(is_it)).first():
        return False
    connection.execute(insert(table), {**key, **written})
    return True


def _is_older(table: Table, place: Place) -> ColumnElement[bool]:
    """Match a row that this entry may replace: written by an older entry, or by itself."""
    ref = place.ref
    is_own = and_(table.c.ledger_id == ref.ledger_id, table.c.seq == ref.seq)
    if place.position is not None:
        return or_(table.c.position < place.position, is_own)
    # A row of another ledger without a place is of the life before this one (kiosk.ledger.Ledger.renew).
    return or_(table.c.position.is_not(None), table.c.ledger_id != ref.ledger_id, table.c.seq < ref.seq, is_own)


# ---------------------------------------------------------------- nouns that several may change


class Kind(msgspec.Struct, frozen=True):
    """A kind of noun that is merged from entries: its table, the key of a row, and how its state is read."""

    table: Table
    key: str
    noun: type[Noun] | None
    """None: staff's word on the hours, which is an Override or None."""


_SITES = Kind(tables.sites, "id", Site)
_PRODUCTS = Kind(tables.products, "id", Product)
_MEMBERS = Kind(tables.members, "id", Member)
_BADGES = Kind(tables.badges, "id", Badge)
_WORDS = Kind(tables.overrides, "site_id", None)
KINDS = {"site": _SITES, "product": _PRODUCTS, "member": _MEMBERS, "badge": _BADGES, "override": _WORDS}
"""Kind of an entry -> the kind of noun that it is about."""
NEW = ""
"""In the column `fields`: a single entry tells of the noun, of all fields. Null: one of an earlier release does."""
_decode_state = msgspec.json.Decoder(State).decode


def _merge(
    connection: Connection, kind: Kind, place: Place, fact: NounSet | HoursOverridden, noun: Noun | None
) -> None:
    name = fact.site_id if isinstance(fact, HoursOverridden) else str(getattr(noun, "id", ""))
    is_it = kind.table.c[kind.key] == name
    row = connection.execute(select(kind.table).where(is_it)).one_or_none()
    before = State() if row is None else _state(kind, row)
    changed = _changed(fact)
    at = place.at if kind is _MEMBERS else 0
    bare = Event(ref=place.ref, position=place.position, at=at, saw=fields.joined(fact.saw or ()))
    new = replace(bare, sets={fields.OVERRIDE: fields.plain(noun)}) if kind is _WORDS else None
    new = new or fields.event(bare, _noun(noun), changed)
    after = fields.add(before, new, is_whole=changed is None)
    if row is None:
        connection.execute(insert(kind.table), {kind.key: name, **_written(kind, name, after)})
    elif after != before and after.events:
        connection.execute(update(kind.table).where(is_it), _written(kind, name, after))


def _changed(fact: NounSet | HoursOverridden) -> tuple[str, ...] | None:
    if isinstance(fact, NounSet):
        return fact.changed
    return None if fact.saw is None else (fields.OVERRIDE,)


def _noun(noun: Noun | None) -> Noun:
    if noun is None:
        raise TypeError("only an override of the hours can be empty")
    return noun


def state_of(connection: Connection, kind: str, name: str) -> State:
    """Return the state of a noun; `kind` is the kind of the entries about it."""
    of = KINDS[kind]
    row = connection.execute(select(of.table).where(of.table.c[of.key] == name)).one_or_none()
    return State() if row is None else _state(of, row)


def _state(kind: Kind, row: Row[*tuple[Any, ...]]) -> State:
    """Return the state stored in a row; for a single entry only the document is stored."""
    if row.fields:
        return _decode_state(row.fields)
    at = microseconds(row.at) if kind is _MEMBERS else 0
    bare = Event(ref=Ref(ledger_id=row.ledger_id, seq=row.seq), position=row.position, at=at)
    if kind.noun is None:
        one = replace(bare, sets={fields.OVERRIDE: msgspec.json.decode(row.doc or "null")})
    else:
        one = fields.event(bare, msgspec.json.decode(row.doc, type=kind.noun), None)
    return State(events=(one,), whole=bare if row.fields is None else None, is_full=True)


def _written(kind: Kind, name: str, state: State) -> dict[str, object]:
    """Return the columns of a noun in this state."""
    last = fields.last(state)
    place = {"ledger_id": last.ref.ledger_id, "seq": last.ref.seq, "position": last.position}
    is_one = len(state.events) == 1 and state.is_full and not last.saw
    is_whole = state.whole is not None and state.whole.ref == last.ref
    kept: str | None = doc(state)
    if is_one and (is_whole or state.whole is None):
        kept = None if is_whole else NEW
    values: dict[str, object] = {**place, "fields": kept}
    if kind.noun is None:
        word = fields.word(state)
        return {**values, "doc": None if word is None else doc(word)}
    noun = fields.merged(state, kind.noun, name)
    values["doc"] = doc(noun)
    if isinstance(noun, Member):
        values |= {"folded_name": folded(noun.name), "role": noun.role, "at": instant(last.at)}
    if isinstance(noun, Badge):
        values["member_id"] = noun.member_id
    return values
