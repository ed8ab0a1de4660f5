"""Entries that arrive in the server's feed: sound ones are stored and folded, others are reported and not stored.

An entry that comes twice, or in another order, changes nothing. Everything here runs inside one transaction of
kiosk.ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from kiosk.facts import Entry
from kiosk.model import Ref
from kiosk.store import chain, fold
from kiosk.store.chain import Fault
from kiosk.store.entry_rows import INSERT, from_row, to_row
from kiosk.store.feed import cursors
from kiosk.store.fold.safely import apply_safely
from kiosk.store.forgetting import erasing
from kiosk.store.tables import entries

NO_TRACE = "incident"
"""A kind that is not to be found in the roster."""
Placed = tuple[int, Entry]
"""An entry and its place in the feed."""


class Known(msgspec.Struct, frozen=True):
    """What is stored here of an entry that arrives."""

    hash: bytes
    position: int | None


def absorb(
    connection: Connection, arriving: Iterable[Placed], *, own: str, own_head: int
) -> tuple[tuple[Fault, ...], bool]:
    """Store and fold entries of the feed; return the faults of those not stored, and whether the roster is complete.

    It is incomplete if an own entry was erased before the server had it, because then its effect is in the roster here
    and nowhere else; or if entries must be folded again and one of them is erased. `own` is this kiosk's ledger and
    `own_head` its last entry: an own entry beyond it was lost here, and its name must not be used by the next own
    entry.
    """
    gone = erasing.gone(connection)
    whole, faults = _sorted_out(arriving)
    sound = [(position, erasing.without(entry, gone)) for position, entry in whole]
    known = _known(connection, [entry.ref for _, entry in sound])
    _forget(connection, sound, known, own=own)
    compared = _compared(sound, known, own=own, own_head=own_head)
    newest = connection.execute(_NEWEST).scalar() or 0
    _write(connection, compared)
    more, is_foldable = _fold(connection, compared.to_fold(), newest=newest)
    return (*faults, *compared.faults, *more), compared.is_told and is_foldable


class Compared(msgspec.Struct):
    """Arriving entries, compared with what is stored here already."""

    new: list[Placed] = []
    placed: list[Placed] = []
    """Here already, without a place in the feed until now."""
    done: set[Ref] = set()
    """Folded already, and what they say does not depend on their place."""
    faults: list[Fault] = []
    is_told: bool = True
    """No entry that was here needed to say more than it says now."""

    def to_fold(self) -> list[Placed]:
        """Return what is still to be folded, in the feed's order."""
        waiting = (one for one in (*self.new, *self.placed) if one[1].ref not in self.done)
        return sorted(waiting, key=lambda one: one[0])


def _compared(sound: Sequence[Placed], known: dict[Ref, Known], *, own: str, own_head: int) -> Compared:
    compared = Compared()
    for position, entry in sound:
        here = known.get(entry.ref)
        if here is None and entry.ref.ledger_id == own:
            what = f"is beyond entry {own_head}, the last of this ledger, or missing"
            compared.faults.append(Fault(ref=entry.ref, what=what))
        elif here is None:
            known[entry.ref] = Known(entry.hash, position)
            compared.new.append((position, entry))
        elif here.hash != entry.hash:
            compared.faults.append(Fault(ref=entry.ref, what="is another one here: two ledgers of one name"))
        elif not here.position:
            known[entry.ref] = Known(entry.hash, position)
            compared.placed.append((position, entry))
            compared.is_told &= _tells(entry) or here.position is not None or entry.kind == NO_TRACE
            if here.position is None and entry.kind not in fold.PLACED:
                compared.done.add(entry.ref)
    return compared


def _write(connection: Connection, compared: Compared) -> None:
    if compared.new:
        connection.execute(INSERT, [{**to_row(entry), "position": position} for position, entry in compared.new])
    if compared.placed:
        connection.execute(_PLACE, [_place(position, entry.ref) for position, entry in compared.placed])


def _sorted_out(arriving: Iterable[Placed]) -> tuple[list[Placed], list[Fault]]:
    """Separate the entries that verify from the others; for each of the others return its first fault."""
    sound: list[Placed] = []
    faults: list[Fault] = []
    for position, entry in sorted(arriving, key=lambda one: one[0]):
        fault = next(chain.check_each([entry]), None)
        if fault:
            faults.append(fault)
        else:
            sound.append((position, entry))
    return sound, faults


def _known(connection: Connection, refs: Sequence[Ref]) -> dict[Ref, Known]:
    seqs: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        seqs[ref.ledger_id].append(ref.seq)
    found: dict[Ref, Known] = {}
    for ledger_id, numbers in seqs.items():
        for row in connection.execute(_HERE, {"ledger_id": ledger_id, "seqs": numbers}):
            found[Ref(ledger_id=ledger_id, seq=row.seq)] = Known(row.hash, row.position)
    return found


def _forget(connection: Connection, arriving: Sequence[Placed], known: dict[Ref, Known], *, own: str) -> None:
    """Delete foreign entries from before the snapshot whose names belong to other entries in the feed now.

    This happens when the server and a kiosk were both restored from old copies, and that kiosk continued from there.
    The snapshot was made without the old entry, so the roster has nothing of it.
    """
    for _, entry in arriving:
        here = known.get(entry.ref)
        if here and here.position == 0 and here.hash != entry.hash and entry.ref.ledger_id != own:
            connection.execute(delete(entries).filter_by(ledger_id=entry.ref.ledger_id, seq=entry.ref.seq))
            del known[entry.ref]


def _fold(connection: Connection, arrived: Sequence[Placed], *, newest: int) -> tuple[list[Fault], bool]:
    """Fold the arrived entries in the feed's order; skip those that the snapshot contains.

    Returns what cannot be folded, and whether everything that had to be folded again could be read.
    """
    snapshot = cursors.number(connection, cursors.SNAPSHOT) or 0
    faults: list[Fault] = []
    is_told = True
    for position, entry in arrived:
        if position <= snapshot:
            continue
        faults += apply_safely(connection, entry, position=position)
        if position < newest and entry.kind in fold.PLACED:
            # An own entry was on top until now, and later ones of the feed that came before had to give way to it.
            for later, other in _placed_after(connection, position, entry.kind):
                is_told = is_told and isinstance(other, Entry) and _tells(other)
                if isinstance(other, Entry):
                    faults += apply_safely(connection, other, position=later)
    return faults, is_told


def _tells(entry: Entry) -> bool:
    """Tell whether an entry has its body, or a remainder of it."""
    return entry.body is not None or entry.remainder is not None


def _placed_after(connection: Connection, position: int, kind: str) -> Iterator[tuple[int, Entry | Fault]]:
    query = select(entries).where(entries.c.position > position, entries.c.kind == kind).order_by(entries.c.position)
    for row in connection.execute(query).all():
        yield row.position, from_row(row)


def _place(position: int, ref: Ref) -> dict[str, object]:
    return {"place": position, "of_ledger": ref.ledger_id, "of_seq": ref.seq}


_NEWEST = select(func.max(entries.c.position)).where(entries.c.position.is_not(None))
_HERE = select(entries.c.seq, entries.c.hash, entries.c.position).where(
    entries.c.ledger_id == bindparam("ledger_id"), entries.c.seq.in_(bindparam("seqs", expanding=True))
)
_PLACE = (
    update(entries)
    .where(entries.c.ledger_id == bindparam("of_ledger"), entries.c.seq == bindparam("of_seq"))
    .values(position=bindparam("place"))
)
