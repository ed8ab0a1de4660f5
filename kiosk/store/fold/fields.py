"""Merges changes of one noun made without knowledge of each other, by a disconnected kiosk and on the pages. Pure.

An entry names the fields that its writer changed, and the entries about the noun that the writer had seen. So for any
two entries it is known whether one was written in knowledge of the other.

- Changes of different fields all stand, whatever the order in which they arrive.
- Of two changes of one field the one that knew the other stands. If neither knew the other they are in conflict: the
  one with the later position in the feed stands; own entries without a position count as later than all others.
- A protection (`PROTECTS`) is only lifted in knowledge of it. If a member is suspended on the pages while a
  disconnected kiosk lifts an earlier suspension, the member stays suspended: of changes in conflict the protecting
  one stands.
- Each exception of a site's hours is a field of its own, `exceptions/` and its text. They apply in the order of their
  positions; but one that closes comes after those that open and did not know it.
- An entry of an earlier release names no fields. It decides all of them over everything with an earlier position.

So a noun is a function of the set of known entries and their positions. The literature calls this a multi-value
register with version vectors, one for each field (Shapiro et al., "A comprehensive study of Convergent and Commutative
Replicated Data Types", INRIA RR-7506, 2011, section 3.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product, takewhile
from typing import Any, TypeVar

import msgspec
from msgspec import structs
from msgspec.structs import replace

from kiosk.model import Noun, Override, Policy, Ref, Site

N = TypeVar("N", bound=Noun)
Value = Any
"""A field's value as JSON knows it."""

EXCEPTION = "exceptions/"
POLICY = "policy."
OVERRIDE = "override"
"""The one field of staff's word on the hours."""
TOGETHER = (
    ("cover", "units", "per", "converts_to", "converts_cents", "converts_cover", "converts_hours"),
    ("valid_days", "valid_months", "calendar_month"),
)
"""Fields that only make sense together, so that whoever changes one of them changes all."""
PROTECTS: dict[str, tuple[Value, ...]] = {
    "status": ("suspended", "lost", "blocked"),
    "role": ("member",),
    "retired": (True,),
    "on_sale": (False,),
}
"""Field -> the values that keep somebody out, or something closed."""
_QUOTED = re.compile(r'"[^"]*"')
_CLOSES = re.compile(r"\b(off|closed)\b")


class Event(Noun, frozen=True, kw_only=True):
    """An entry about a noun: its position, the entries its writer knew, and the part of it that still counts."""

    ref: Ref
    position: int | None = None
    """The place in the feed; None: an own entry that has none yet."""
    at: int = 0
    """When it was written, in microseconds since the epoch; kept of members only."""
    saw: dict[str, int] = msgspec.field(default_factory=dict)
    """Ledger -> the last of its entries about the noun that the writer knew."""
    sets: dict[str, Value] = msgspec.field(default_factory=dict)
    """Fields that it changed and that were not changed later in knowledge of it."""
    rest: dict[str, Value] = msgspec.field(default_factory=dict)
    """The other fields as the writer saw them: used until an entry with all fields is known."""


class State(Noun, frozen=True, kw_only=True):
    """The entries about a noun that still count, by position; own ones without a position in the order of writing."""

    events: tuple[Event, ...] = ()
    whole: Event | None = None
    """The last entry of an earlier release, without what it says: nothing with an earlier place counts."""
    is_full: bool = False
    """An entry with all fields is known."""


class Contested(Noun, frozen=True, kw_only=True):
    """A field that two entries changed, neither in knowledge of the other."""

    field: str
    stands: Ref
    yields: Ref


# ---------------------------------------------------------------- a noun and its fields


def parts(noun: Noun) -> dict[str, Value]:
    """Return the fields of a noun without its id; those of a policy and each exception are separate fields."""
    found: dict[str, Value] = {}
    for name in noun.__struct_fields__:
        value = getattr(noun, name)
        if name == "policy":
            found |= {POLICY + one: plain(getattr(value, one)) for one in value.__struct_fields__}
        elif name == "exceptions":
            found |= {EXCEPTION + text: True for text in value}
        elif name != "id":
            found[name] = plain(value)
    return found


def plain(value: object) -> Value:
    """Return a value as JSON: so values written here can be compared with those from the wire."""
    if value is None or isinstance(value, str | int):
        return value
    return msgspec.json.decode(msgspec.json.encode(value))


def differences(before: Noun, after: Noun) -> tuple[str, ...]:
    """Return the fields that differ between two versions of a noun."""
    one, other = parts(before), parts(after)
    moved = _moved(before.exceptions, after.exceptions) if isinstance(before, Site) and isinstance(after, Site) else ()
    names = [*other, *(name for name in one if name not in other)]
    changed = {name for name in names if one.get(name) != other.get(name)} | {EXCEPTION + text for text in moved}
    for group in TOGETHER:
        if changed.intersection(group):
            changed.update(group)
    return tuple(name for name in names if name in changed)


def _moved(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Return the exceptions to name so that they end up in this order: naming one puts it at the end."""
    kept = [text for text in before if text in after]
    if [*kept, *(text for text in after if text not in before)] == [*after]:
        return ()
    return after[len([*takewhile(lambda pair: pair[0] == pair[1], zip(after, kept, strict=False))]) :]


def event(bare: Event, noun: Noun, changed: tuple[str, ...] | None) -> Event:
    """Return the event of an entry about a noun; `bare` is the event without the fields."""
    told = parts(noun)
    named = {name: told.get(name, False) for name in changed} if changed else told
    return replace(bare, sets=named, rest={name: value for name, value in told.items() if name not in named})


def joined(refs: Iterable[Ref]) -> dict[str, int]:
    """Return for each ledger the last of these entries."""
    last: dict[str, int] = {}
    for ref in refs:
        last[ref.ledger_id] = max(ref.seq, last.get(ref.ledger_id, 0))
    return last


def known(state: State) -> tuple[Ref, ...]:
    """Return what a writer has seen who saw a noun in this state: of each ledger the last entry about it."""
    events = [*state.events, *([state.whole] if state.whole else [])]
    told = (Ref(ledger_id=name, seq=seq) for one in events for name, seq in one.saw.items())
    return tuple(Ref(ledger_id=name, seq=seq) for name, seq in joined([*told, *(one.ref for one in events)]).items())


# ---------------------------------------------------------------- one more entry


def add(state: State, new: Event, *, is_whole: bool = False) -> State:
    """Return the state with one more entry; an entry known already may have got its position.

    `is_whole`: the entry is of an earlier release and names no fields.
    """
    others = [one for one in state.events if one.ref != new.ref]
    whole, is_full = state.whole, state.is_full or not new.rest
    if whole and whole.ref != new.ref and _is_before(new, whole):
        return replace(state, events=_what_counts(others))
    if is_whole:
        whole = replace(new, sets={}, rest={})
        others = [one for one in others if not _is_before(one, new)]
    place = next((number for number, one in enumerate(state.events) if one.ref == new.ref), len(others))
    events = [*others[:place], new, *others[place:]]
    if is_full:
        events = [replace(one, rest={}) for one in events]
    return State(events=_what_counts(events), whole=whole, is_full=is_full)


def _is_before(one: Event, other: Event) -> bool:
    """Tell whether an entry has an earlier position than another. Own ones without a position follow in their order."""
    if one.position is not None:
        return other.position is None or one.position < other.position
    # Another ledger without a place is of the life before this one (kiosk.ledger.Ledger.start_new_ledger).
    return other.position is None and one.ref.ledger_id == other.ref.ledger_id and one.ref.seq < other.ref.seq


def _what_counts(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the entries by position, without what was changed in knowledge of it."""
    events = sorted(events, key=lambda one: (one.position is None, one.position or 0))
    left = (replace(one, sets=dict(_standing(one, events))) for one in events)
    return tuple(one for one in left if one.sets or one.rest)


def _standing(one: Event, events: Sequence[Event]) -> Iterator[tuple[str, Value]]:
    above = [other for other in events if _knew(other, one)]
    return ((name, value) for name, value in one.sets.items() if not any(name in other.sets for other in above))


def _knew(one: Event, other: Event) -> bool:
    """Tell whether the writer of one entry knew another; an entry with a later position cannot have been known."""
    if one.ref.ledger_id == other.ref.ledger_id:
        return one.ref.seq > other.ref.seq
    return one.saw.get(other.ref.ledger_id, 0) >= other.ref.seq and _is_before(other, one)


# ---------------------------------------------------------------- what it comes to


def merged(state: State, kind: type[N], name: str) -> N:
    """Return the noun with this id in a state."""
    values = {field: _decides(field, claims)[1] for field, claims in _claims(state).items()}
    policy = {field.removeprefix(POLICY): values.pop(field) for field in list(values) if field.startswith(POLICY)}
    exceptions = [field for field in values if field.startswith(EXCEPTION)]
    present = {field for field in exceptions if values.pop(field)}
    whole: dict[str, Value] = {**_told(kind, values), "id": name}
    if kind is Site:
        whole |= {"policy": _told(Policy, policy), "exceptions": _ordered(state, present)}
        if values.get("retired"):
            whole |= {"hours": "off", "exceptions": []}
    return msgspec.convert(whole, kind)


def _told(kind: type[Noun], values: Mapping[str, Value]) -> dict[str, Value]:
    """Leave out defaults: the encoder recognises a default by identity, and nouns are compared as JSON."""
    defaults = _defaults(kind)
    return {name: value for name, value in values.items() if name not in defaults or defaults[name] != value}


@cache
def _defaults(kind: type[Noun]) -> dict[str, Value]:
    return {one.name: plain(one.default) for one in structs.fields(kind) if not one.required}


def word(state: State) -> Override | None:
    """Return the hosts' override in a state."""
    return msgspec.convert(_decides(OVERRIDE, _claims(state)[OVERRIDE])[1], Override | None)


_Claim = tuple[Event, Value]


def _claims(state: State) -> dict[str, list[_Claim]]:
    """Return for each field the entries that set it, by position."""
    events = state.events
    claims: dict[str, list[_Claim]] = {}
    for one in events:
        for field, value in one.sets.items():
            claims.setdefault(field, []).append((one, value))
    for one in events:
        for field, value in one.rest.items():
            claims.setdefault(field, [(one, value)])
    return claims


def _decides(field: str, claims: list[_Claim]) -> _Claim:
    """Return the entry that decides a field: a protecting one, or else the last."""
    if field == OVERRIDE:
        return _word_that_stands(claims)
    protecting = [claim for claim in claims if _protects(field, claim[1])]
    return (protecting or claims)[-1]


def _protects(field: str, value: Value) -> bool:
    if field.startswith(EXCEPTION):
        return bool(value) and closes(field)
    return value in PROTECTS.get(field, ())


def _word_that_stands(claims: list[_Claim]) -> _Claim:
    """Return the override that stands: a closing, unless the last override is about a time after it."""
    last = claims[-1]
    closing = [claim for claim in claims if claim[1] and claim[1]["state"] == "closed"]
    if not closing or (last[1] and last[1]["since"] >= closing[-1][1]["until"]):
        return last
    return closing[-1]


def closes(rule: str) -> bool:
    """Tell whether an exception of the hours closes, judged by its text."""
    return bool(_CLOSES.search(_QUOTED.sub("", rule)))


def _ordered(state: State, present: set[str]) -> list[str]:
    """Return the exceptions in the order in which they apply: the last one decides."""
    writers: dict[str, Event] = {}
    for field, claims in _claims(state).items():
        if field in present:
            writers[field] = [one for one, value in claims if value][-1]
    places = {one.ref: place for place, one in enumerate(state.events)}
    order = sorted(writers, key=lambda field: places[writers[field].ref])
    for closing in [field for field in order if closes(field)]:
        unknowing = [
            place
            for place, field in enumerate(order)
            if not closes(field) and place > order.index(closing) and not _knew(writers[field], writers[closing])
        ]
        if unknowing and writers[order[unknowing[-1]]].ref != writers[closing].ref:
            order.insert(unknowing[-1], order.pop(order.index(closing)))
    return [field.removeprefix(EXCEPTION) for field in order]


def contested(state: State, ref: Ref) -> Iterator[Contested]:
    """Yield the fields that an entry and another one changed to different values, neither knowing the other."""
    for field, claims in _claims(state).items():
        mine = next((claim for claim in claims if claim[0].ref == ref and field in claim[0].sets), None)
        if mine is None:
            continue
        stands = _decides(field, claims)
        for one, value in claims:
            if one.ref != ref and value != mine[1] and field in one.sets:
                loser = one if stands[0].ref == ref else mine[0]
                yield Contested(field=field, stands=stands[0].ref, yields=loser.ref)
                break


def contested_days(state: State, ref: Ref, *, overlap: Callable[[str, str], bool]) -> Iterator[Contested]:
    """Yield the exceptions of the hours that an entry and another one made, one closing and the other opening.

    Neither knew the other, and `overlap` says that the two have a day in common. The closing stands.
    """
    mine = next((one for one in state.events if one.ref == ref), None)
    for other in state.events if mine else ():
        if mine is None or other.ref == ref or _knew(mine, other) or _knew(other, mine):
            continue
        for rule, against in product(_rules(mine), _rules(other)):
            if closes(rule) is not closes(against) and overlap(rule, against):
                closing, opening = (mine, other) if closes(rule) else (other, mine)
                yield Contested(
                    field=EXCEPTION + (against if closes(rule) else rule), stands=closing.ref, yields=opening.ref
                )


def _rules(one: Event) -> list[str]:
    """Return the exceptions of the hours that an entry added."""
    return [field.removeprefix(EXCEPTION) for field, value in one.sets.items() if field.startswith(EXCEPTION) and value]


def without_member(state: State, member_id: str) -> State:
    """Return the state of a badge once its carrier is erased: it belongs to nobody.

    For an entry of an earlier release nothing else is left, as in such a release itself.
    """

    def bare(one: Event) -> Event:
        if member_id not in (one.sets.get("member_id"), one.rest.get("member_id")):
            return one
        is_whole = state.whole is not None and state.whole.ref == one.ref
        nobodys = {"member_id": None, "status": "active"} if is_whole else {"member_id": None}
        return replace(one, sets=_changed(one.sets, nobodys), rest=_changed(one.rest, nobodys))

    return replace(state, events=tuple(map(bare, state.events)))


def last(state: State) -> Event:
    """Return the entry with the last position among those that still count."""
    return state.events[-1]


def _changed(values: Mapping[str, Value], by: Mapping[str, Value]) -> dict[str, Value]:
    return {name: by.get(name, value) for name, value in values.items()}
