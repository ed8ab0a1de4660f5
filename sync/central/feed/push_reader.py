"""Reads the body of a push, one entry at a time: a bad entry must not make its neighbours unreadable.

Pure: takes bytes, and returns each entry, or the reason why it cannot be stored with the bytes that came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from kiosk import bounds
from kiosk.bounds import LARGEST
from kiosk.facts import Entry
from kiosk.model import ClockQuality, Noun
from kiosk.store import chain
from sync.wire import LATER_RELEASE, PAGE, Beacon, Push, WireEntry, WireStruct, from_wire

_NUL = b"\\u0000"
LONGEST_ID = bounds.ID.most
OUT_OF_BOUNDS = "out of bounds"
"""How the reason begins for which an entry is put aside that tells what no release may (kiosk.bounds)."""


class NoPushError(ValueError):
    """The body as a whole is not a readable push."""


class RefusedEntry(Noun, frozen=True, kw_only=True):
    """An entry that the feed cannot store. The part of `reason` before the colon is a stable code."""

    seq: int
    reason: str
    raw: bytes


class ReadPush(Noun, frozen=True, kw_only=True):
    """A push as read: sound entries and refused ones, in the order in which they came."""

    ledger_id: str
    entries: tuple[Entry | RefusedEntry, ...]
    beacon: Beacon
    follows: tuple[str, ...] = ()


class _RawPush(WireStruct, frozen=True, kw_only=True):
    ledger_id: str
    entries: tuple[msgspec.Raw, ...] = ()
    beacon: msgspec.Raw = msgspec.Raw(b"{}")
    follows: tuple[str, ...] = ()


class _Numbered(WireStruct, frozen=True, kw_only=True):
    seq: int


_push = msgspec.json.Decoder(Push).decode
_raw_push = msgspec.json.Decoder(_RawPush).decode
_entry = msgspec.json.Decoder(WireEntry).decode
_numbered = msgspec.json.Decoder(_Numbered).decode
_beacon = msgspec.json.Decoder(Beacon).decode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def read(body: bytes) -> ReadPush:
    """Read the body of a push. Raises NoPushError when it is unreadable, or longer than PAGE."""
    try:
        push = _push(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_leniently(body)
    _check_length(push.entries)
    found = tuple(checked_entry(wire, push.ledger_id) for wire in push.entries)
    if any(isinstance(one, RefusedEntry) for one in found):
        return _read_leniently(body)  # what is set aside is kept as it came
    return ReadPush(ledger_id=push.ledger_id, entries=found, beacon=push.beacon, follows=push.follows)


def _read_leniently(body: bytes) -> ReadPush:
    try:
        push = _raw_push(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoPushError(f"the body is no push: {error}") from None
    _check_length(push.entries)
    return ReadPush(
        ledger_id=push.ledger_id,
        entries=tuple(_one_by_one(push)),
        beacon=_forgiving_beacon(bytes(push.beacon)),
        follows=push.follows,
    )


def _check_length(entries: Sequence[object]) -> None:
    if len(entries) > PAGE:
        raise NoPushError(f"a push carries at most {PAGE} entries, this one has {len(entries)}")


def _one_by_one(push: _RawPush) -> Iterator[Entry | RefusedEntry]:
    raws = [bytes(raw) for raw in push.entries]
    for raw, seq in zip(raws, _numbers(raws), strict=True):
        yield read_entry(raw, push.ledger_id, seq=seq)


def read_entry(raw: bytes, ledger_id: str, *, seq: int) -> Entry | RefusedEntry:
    """Read one entry of a ledger; `seq` is used where its own cannot be read."""
    try:
        wire = _entry(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError, RecursionError) as error:
        return RefusedEntry(seq=seq, reason=f"malformed: {error}", raw=raw)
    return checked_entry(wire, ledger_id, seq=seq, raw=raw)


def _numbers(raws: list[bytes]) -> list[int]:
    """Return the `seq` of each entry; a missing one is derived from its neighbour.

    All zero when no entry has one.
    """
    told = [_number(raw) for raw in raws]
    first = next(((place, seq) for place, seq in enumerate(told) if seq is not None), None)
    if first is None:
        return [0] * len(raws)
    last = first[1] - first[0] - 1
    numbers = []
    for seq in told:
        last = last + 1 if seq is None else seq
        numbers.append(max(last, 0))
    return numbers


def _number(raw: bytes) -> int | None:
    try:
        seq = _numbered(raw).seq
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return seq if 0 < seq <= LARGEST else None


def _forgiving_beacon(raw: bytes) -> Beacon:
    """Read a beacon; an unreadable one becomes an empty one, because it must not delay entries."""
    try:
        return _beacon(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Beacon()


def checked_entry(wire: WireEntry, ledger_id: str, *, seq: int = 0, raw: bytes = b"") -> Entry | RefusedEntry:
    """Return the entry if it is of this ledger, storable, and has hashes that fit; else why it is refused."""
    try:
        reason = _trouble(wire, ledger_id)
        entry = None if reason else _entry_of(wire)
    except (ValueError, OverflowError) as error:
        reason, entry = f"malformed: {error}", None
    if entry is not None:
        reason = _hash_trouble(entry)
    if entry is None or reason:
        return RefusedEntry(seq=wire.seq if 0 < wire.seq <= LARGEST else seq, reason=reason, raw=raw)
    return entry


def _entry_of(wire: WireEntry) -> Entry:
    entry = from_wire(wire)
    return entry if entry.body is None else replace(entry, remainder=None)


_CLOCKS = {clock.value for clock in ClockQuality}


def _trouble(wire: WireEntry, ledger_id: str) -> str:
    """Return why an entry cannot be stored, apart from its hashes."""
    if wire.ledger_id != ledger_id:
        return "other ledger: it does not belong to the ledger that sent it"
    if wire.clock not in _CLOCKS:
        return f"{LATER_RELEASE}: a later release wrote it"
    if not 0 < wire.seq <= LARGEST or abs(wire.monotonic_ns) > LARGEST:
        return "malformed: a number is out of range"
    if wire.at.tzinfo is None:
        return "malformed: its instant has no time zone"
    if "\0" in wire.boot_id or "\0" in wire.kind:
        return "malformed: a word holds a zero byte"
    if max(len(wire.boot_id), len(wire.kind)) > LONGEST_ID:
        return f"malformed: a word has more than {LONGEST_ID} letters"
    if len(wire.body_hash) != 32 or len(wire.previous) != 32:
        return "malformed: a hash has the wrong length"
    return ""


def _hash_trouble(entry: Entry) -> str:
    """Return what is wrong with the hashes of an entry, apart from `previous`, which needs the entry before."""
    if (entry.body is None) != (entry.salt is None):
        return "half erased: of body and salt one is missing"
    if entry.body is not None and sha256((entry.salt or b"") + entry.body).digest() != entry.body_hash:
        return "hash mismatch: the body is not the one that was sealed"
    expected = chain.entry_hash(
        ref=entry.ref, stamp=entry.stamp, kind=entry.kind, body_hash=entry.body_hash, previous=entry.previous
    )
    if expected != entry.hash:
        return "hash mismatch: the entry is not the one that was sealed"
    return ("" if entry.body is None else _body_trouble(entry.body)) or _excess(entry)


def _excess(entry: Entry) -> str:
    """Return what an entry tells beyond the bounds; nothing of a fact that only a later release can read."""
    body = entry.remainder if entry.body is None else entry.body
    fact = None if body is None else chain.decode_fact(body)
    try:
        if fact is not None:
            bounds.check(entry, fact)
        elif found := bounds.stamp_excess(entry):
            return f"{OUT_OF_BOUNDS}: {found}"
    except bounds.OutOfBoundsError as error:
        return f"{OUT_OF_BOUNDS}: {error}"
    return ""


def _body_trouble(body: bytes) -> str:
    """Return what is wrong with a body that is not a JSON object. Unknown fields are accepted."""
    try:
        body.decode()
        _object(body)
        is_plain = len(body) <= LONGEST_ID and _NUL not in body
        return "" if is_plain else _word_trouble(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"malformed: its body is no JSON object: {error}"
    except RecursionError:
        return "malformed: its body is nested too deep"


def _word_trouble(value: object, field: str = "") -> str:
    """Return what is wrong with a text that PostgreSQL cannot store or index; refused on SQLite too."""
    match value:
        case str() if "\0" in value:
            return "malformed: a word of its body holds a zero byte"
        case str() if len(value) > LONGEST_ID and _is_id(field):
            return f"malformed: an id in its body has more than {LONGEST_ID} letters"
        case list():
            return next(filter(None, (_word_trouble(one, field) for one in value)), "")
        case dict():
            keys = (_word_trouble(key, "id") for key in value)
            return next(filter(None, (*keys, *(_word_trouble(one, key) for key, one in value.items()))), "")
    return ""


def _is_id(field: str) -> bool:
    """Tell whether a field is an id by which the roster finds rows."""
    return field in ("id", "holders") or field.endswith("_id")
