"""Entries that arrive in the server's feed: sound ones are kept and folded, others are told and kept out.

What comes twice, or in another order, changes nothing. All here runs inside one transaction of kiosk.ledger.
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
    """What is kept here of an entry that arrives."""

    hash: bytes
    position: int | None


def absorb(
    connection: Connection, arriving: Iterable[Placed], *, own: str, own_head: int
) -> tuple[tuple[Fault, ...], bool]:
    """Keep and fold entries of the feed; return what is wrong with those that are kept out.

    And whether the entries told all there is to know. They do not where an own entry was erased before the server had
    it: then it is in the roster here and nowhere else; nor where entries are to be folded again and one is erased.

    `own` is the ledger of this kiosk and `own_head` its last entry: one beyond it is of a life that this database
    forgot, and would stand in the way of the next own entry.
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
    """What arrives, beside what is here already."""

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
    """Part the entries that are as they were written from the others; of each of these, its first fault."""
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
    """Forget foreign entries from before the snapshot whose names others bear in the feed now.

    The server and a kiosk were both put back to old copies, and that kiosk went on from there. The snapshot was told
    without the old entry, so nothing of it is in the roster.
    """
    for _, entry in arriving:
        here = known.get(entry.ref)
        if here and here.position == 0 and here.hash != entry.hash and entry.ref.ledger_id != own:
            connection.execute(delete(entries).filter_by(ledger_id=entry.ref.ledger_id, seq=entry.ref.seq))
            del known[entry.ref]


def _fold(connection: Connection, arrived: Sequence[Placed], *, newest: int) -> tuple[list[Fault], bool]:
    """Fold what arrived, in the feed's order. What stands in the snapshot is in the roster already.

    Returns what cannot be folded, and whether all that had to be folded again was there to be read.
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
    """Tell whether an entry has its body, or what is left of one without its person."""
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
