"""The chain of hashes that shows any change of a ledger: how an entry is sealed, and how a chain is checked.

Pure: takes entries, returns entries or faults. Storing them is in kiosk.ledger.

An entry's hash is SHA-256 over these fields in this order, each preceded by its length in bytes as a big-endian 32-bit
number, so that no two different entries can give the same bytes:

| field | bytes |
|---|---|
| `kiosk ledger entry 1` | ASCII: what is hashed, and the version of this table |
| ledger_id, boot_id, clock, kind | UTF-8 |
| seq, at, monotonic_ns | signed 64-bit big-endian; `at` in microseconds since the epoch |
| body_hash, previous | 32 bytes each; `previous` of the first entry is 32 zeros |

(ledger_id, seq, at, boot_id, monotonic_ns, clock, kind, body_hash, previous.) The body itself is covered by body_hash =
SHA-256(salt + body). The salt is 16 random bytes that are erased with the body: what is left then reveals nothing of
the body, not even to someone who tries guesses, and the chain still verifies.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from kiosk.facts import AnyFact, Entry
from kiosk.model import Noun, Ref, Stamp
from kiosk.store.tables import microseconds

DOMAIN = b"kiosk ledger entry 1"
FIRST = bytes(32)
"""What the first entry of a ledger follows."""
SALT_BYTES = 16

encode_fact = msgspec.json.Encoder().encode
encode_text = msgspec.json.Encoder().encode
"""A text as written in a body, with its quotation marks."""
_decode = msgspec.json.Decoder(AnyFact).decode


class Head(Noun, frozen=True, kw_only=True):
    """The last entry of a ledger: compared with it later, a ledger whose end was cut off is noticed."""

    seq: int = 0
    """0: the ledger is empty."""
    hash: bytes = FIRST
    """As remembered, its first bytes are enough."""


class Fault(Noun, frozen=True, kw_only=True):
    """A difference between a chain and what was written."""

    ref: Ref
    what: str

    def __str__(self) -> str:
        return f"entry {self.ref.seq} of ledger {self.ref.ledger_id}: {self.what}"


def decode_fact(body: bytes) -> AnyFact | None:
    """Return the fact in a body, or None when this release cannot read it.

    Either a newer release wrote it, or somebody changed it; `check` tells which.
    """
    try:
        fact: AnyFact = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return fact


def entry_hash(*, ref: Ref, stamp: Stamp, kind: str, body_hash: bytes, previous: bytes) -> bytes:
    """Return the hash of an entry, by the table above."""
    fields = (
        DOMAIN,
        ref.ledger_id.encode(),
        struct.pack(">q", ref.seq),
        struct.pack(">q", microseconds(stamp.at)),
        stamp.boot_id.encode(),
        struct.pack(">q", stamp.monotonic_ns),
        stamp.clock.encode(),
        kind.encode(),
        body_hash,
        previous,
    )
    return sha256(b"".join(struct.pack(">I", len(field)) + field for field in fields)).digest()


def seal(facts: Iterable[AnyFact], *, ledger_id: str, head: Head, stamp: Stamp) -> Iterator[Entry]:
    """Yield the entries that follow `head`, one for each fact."""
    seq, previous = head.seq, head.hash
    for fact in facts:
        seq += 1
        body, salt, ref = encode_fact(fact), os.urandom(SALT_BYTES), Ref(ledger_id=ledger_id, seq=seq)
        kind = str(fact.__struct_config__.tag)
        body_hash = sha256(salt + body).digest()
        digest = entry_hash(ref=ref, stamp=stamp, kind=kind, body_hash=body_hash, previous=previous)
        yield Entry(
            ref=ref, stamp=stamp, kind=kind, body=body, salt=salt, body_hash=body_hash, previous=previous, hash=digest
        )
        previous = digest


def check(entries: Iterable[Entry | Fault], *, ledger_id: str, head: Head | None = None) -> Iterator[Fault]:
    """Yield the faults of a ledger's entries, given in the order of their `seq`; for an unreadable row, its fault.

    A chain shows what was changed inside it. That its end was cut off, or that it was rewritten from some entry on,
    only shows by comparison with a `head` noted before: of the last entry at that time.
    """
    last: int = 0
    previous: bytes | None = FIRST
    for entry in entries:
        if not isinstance(entry.ref.seq, int):  # SQLite keeps anything in any column
            yield Fault(ref=entry.ref, what="is in no place: only whole numbers are")
            continue
        for what in (*_gap(last, entry.ref.seq), *_faults_of(entry, previous if entry.ref.seq == last + 1 else None)):
            yield Fault(ref=entry.ref, what=what)
        last, previous = entry.ref.seq, entry.hash if isinstance(entry, Entry) else None
        if head and head.seq == last and previous is not None and not previous.startswith(head.hash):
            yield Fault(ref=entry.ref, what="is not the one that was remembered; the ledger was rewritten")
    if head and head.seq > last:
        what = f"is missing, as is all after entry {last}: the end was cut off"
        yield Fault(ref=Ref(ledger_id=ledger_id, seq=last + 1), what=what)


def check_each(entries: Iterable[Entry | Fault]) -> Iterator[Fault]:
    """Yield the faults within each entry, of any ledgers; their order is not checked."""
    for entry in entries:
        for what in _faults_of(entry, None):
            yield Fault(ref=entry.ref, what=what)


def _gap(last: int, seq: int) -> Iterator[str]:
    if seq == last + 2:
        yield f"entry {last + 1} is missing before it"
    elif seq != last + 1:
        yield f"entries {last + 1} to {seq - 1} are missing before it"


def _faults_of(entry: Entry | Fault, previous: bytes | None) -> Iterator[str]:
    """Yield the faults of an entry; `previous` is the hash of the one before, None when that is not known."""
    if isinstance(entry, Fault):
        yield entry.what
        return
    if previous not in (None, entry.previous):
        yield f"does not follow entry {entry.ref.seq - 1}: one of the two was replaced or moved"
    if (entry.body is None) != (entry.salt is None):
        yield "is half erased: of body and salt one is left"
    elif entry.body is not None and sha256((entry.salt or b"") + entry.body).digest() != entry.body_hash:
        yield "its body was changed"
    if entry.hash != _hash_of(entry):
        yield "was changed: its hash does not fit what it says"


def _hash_of(entry: Entry) -> bytes:
    return entry_hash(
        ref=entry.ref, stamp=entry.stamp, kind=entry.kind, body_hash=entry.body_hash, previous=entry.previous
    )
