"""I14: changes of different fields without knowledge of each other all stand; a protection is only ended knowingly.

Checked in two ways that do not use kiosk.store's merging: by what people in the simulator meant, whose values are never
used twice; and by a slow look at all entries of the feed at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from kiosk.facts import BadgeSet, Entry, MemberSet, NounSet, ProductSet, SiteSet
from kiosk.model import Noun, Ref
from kiosk.roster import Roster
from kiosk.store.chain import decode_fact
from kiosk.store.fold.fields import parts
from kiosk.store.fold.visits import NOBODY

if TYPE_CHECKING:
    from tests.simulator.invariants import After

Key = tuple[str, str]
"""Kind and id of a noun."""
PROTECT = ("suspended", "lost", "blocked")


class Told(NamedTuple):
    """What an entry says of a noun: the values of the fields that it names."""

    ref: Ref
    saw: dict[str, int]
    values: dict[str, Any]
    is_whole: bool


def noun_of(fact: object) -> Noun | None:
    match fact:
        case SiteSet():
            return fact.site
        case ProductSet():
            return fact.product
        case MemberSet():
            return fact.member
        case BadgeSet():
            return fact.badge
    return None


def nouns(feed: list[tuple[int, Entry]]) -> dict[Key, list[Told]]:
    """Return all that the feed tells of each noun, in its order; of what was erased, what is left."""
    found: dict[Key, list[Told]] = defaultdict(list)
    for _, entry in feed:
        body = entry.body if entry.body is not None else entry.remainder
        fact = decode_fact(body) if body is not None else None
        noun = noun_of(fact)
        if not isinstance(fact, NounSet) or noun is None:
            continue
        told = parts(noun)
        named = fact.changed or tuple(told)
        saw = {ref.ledger_id: ref.seq for ref in fact.saw}
        values = {name: told.get(name, False) for name in named}
        one = Told(entry.ref, saw, values, is_whole=fact.changed is None)
        found[entry.kind, str(getattr(noun, "id", NOBODY))].append(one)
    return found


def expected(told: list[Told]) -> dict[str, Any]:
    """Return the fields that all entries about a noun come to, from the definition and as slowly as it says."""
    begin = max((place for place, one in enumerate(told) if one.is_whole), default=0)
    told = told[begin:]
    values: dict[str, Any] = {}
    for field in {name for one in told for name in one.values}:
        setters = [(place, one) for place, one in enumerate(told) if field in one.values]
        standing = [
            one.values[field] for place, one in setters if not any(_knew(other, one, setters) for _, other in setters)
        ]
        protecting = [value for value in standing if value in PROTECT]
        values[field] = (protecting or standing)[-1]
    return values


def _knew(one: Told, other: Told, setters: list[tuple[int, Told]]) -> bool:
    if one.ref.ledger_id == other.ref.ledger_id:
        return one.ref.seq > other.ref.seq
    places = {told.ref: place for place, told in setters}
    return one.saw.get(other.ref.ledger_id, 0) >= other.ref.seq and places[one.ref] > places[other.ref]


def now(roster: Roster, key: Key) -> dict[str, Any] | None:
    """Return the fields of a noun as a roster has it."""
    kind, name = key
    found: Noun | None = None
    match kind:
        case "site":
            found = roster.site(name)
        case "product":
            found = roster.product(name)
        case "member":
            found = roster.member(name)
        case "badge":
            found = roster.badge(name)
    return None if found is None else parts(found)


def i14_changes_made_apart_stand(after: After) -> Iterator[str]:
    """Changes of different fields made apart both stand, and nothing that protects is lifted by who did not mean it."""
    told = nouns(after.feed)
    rosters = {"the server": after.server.central.books.roster}
    rosters |= {kiosk.name: kiosk.ledger.roster for kiosk in after.kiosks}
    for name, roster in rosters.items():
        for key, entries in told.items():
            is_ = now(roster, key)
            for field, value in (expected(entries) if is_ is not None else {}).items():
                if (is_ or {}).get(field, False) != value:
                    yield f"{field} of {key} at {name} is {(is_ or {}).get(field)}, the entries say {value}"
        yield from (f"at {name} {what}" for what in _undone(after, told, roster))


def _undone(after: After, told: dict[Key, list[Told]], roster: Roster) -> Iterator[str]:
    """Yield the fields that stand at a value from which somebody changed them: no value is used twice."""
    for meant in after.meant:
        key = (meant.kind, meant.id)
        values = now(roster, key)
        arrived = any(one.values.get(meant.field) == meant.value for one in told.get(key, ()))
        if values is not None and arrived and values.get(meant.field) == meant.was:
            yield f"{meant.field} of {key} is {meant.was} again, though it was changed to {meant.value}"
