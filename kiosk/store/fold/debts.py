"""Debts that a sale moves from an older pass to the one that is sold, each unit once.

Two kiosks that are cut off may each sell a pass that takes the same debt over. So a sale numbers the units it moves:
the third unit ever owed on a pass is the third at every kiosk. Of the standing sales that name a unit the first by
ledger and place in it moves it; for the others it is no debt, and their pass keeps the entry. A sale that is cancelled
leaves its units to the next. The rows of `uses` say what each sale moves, 0 included, so the sales of a pass are found
by them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, Row, and_, func, insert, select, update

from kiosk.facts import Entry, PassSold
from kiosk.model import Debt, Ref
from kiosk.store.fold import balances
from kiosk.store.tables import sales, uses

_debts = msgspec.json.Decoder(tuple[Debt, ...]).decode
Units = tuple[int, int]
"""The first unit of a stretch and the one after its last."""


def move(connection: Connection, entry: Entry, fact: PassSold) -> None:
    """Move the debts that a sale takes over, as far as no other sale has moved them."""
    old = {debt.pass_id for debt in fact.settles} - {fact.pass_.id}
    if not old:
        return
    row = {**msgspec.structs.asdict(entry.ref), "at": entry.stamp.at, "units": 0}
    # A copy that was put back writes a number again that a snapshot knows already: what stands there stays.
    names = {*old, fact.pass_.id}
    there = select(uses.c.pass_id).where(uses.c.pass_id.in_(names)).filter_by(**msgspec.structs.asdict(entry.ref))
    new = sorted(names - set(connection.execute(there).scalars()))
    if new:
        connection.execute(insert(uses), [{**row, "pass_id": name} for name in new])
    _share(connection, old)


def give_back(connection: Connection, ref: Ref, sale: Row[*tuple[object, ...]]) -> None:
    """Put debts back onto the passes they came from, for a sale that was cancelled."""
    old = {debt.pass_id for debt in _debts(sale.settles)}
    balances.give_back(connection, ref, {sale.pass_id, *old})
    _share(connection, old)


def next_unit(connection: Connection, pass_id: str) -> int:
    """Return the number of the first unit owed on a pass that no standing sale has named."""
    named = (debt for _, debt in _naming(connection, pass_id))
    return max((debt.first + debt.units for debt in named if debt.first), default=1)


def moved(connection: Connection, sale: Ref, pass_id: str) -> int:
    """Return the units of debt that a sale moved to its pass."""
    found = select(uses.c.units).filter_by(pass_id=pass_id, ledger_id=sale.ledger_id, seq=sale.seq)
    return connection.execute(found).scalar() or 0


def _naming(connection: Connection, pass_id: str) -> list[tuple[Row[*tuple[object, ...]], Debt]]:
    """Return the standing sales that take over debts of a pass, each with the debt, in their order."""
    is_its = and_(uses.c.ledger_id == sales.c.ledger_id, uses.c.seq == sales.c.seq, uses.c.pass_id == pass_id)
    rows = connection.execute(select(sales).join(uses, is_its).order_by(sales.c.ledger_id, sales.c.seq)).all()
    return [(row, debt) for row in rows for debt in _debts(row.settles) if debt.pass_id == pass_id != row.pass_id]


def _share(connection: Connection, old: Iterable[str]) -> None:
    """Work out anew which sale moves which unit owed on these passes."""
    for pass_id in sorted(old):
        taken: list[Units] = []
        moves: dict[Ref, int] = {}
        new = {}
        for sale, debt in _naming(connection, pass_id):
            ref = Ref(ledger_id=sale.ledger_id, seq=sale.seq)
            moves[ref] = moves.get(ref, 0) + _untaken(debt, taken)
            new[ref] = sale.pass_id
            if debt.first:
                taken.append((debt.first, debt.first + debt.units))
        for ref, units in moves.items():
            _note(connection, ref, pass_id, -units)
            _add_up(connection, ref, new[ref])


def _untaken(debt: Debt, taken: Iterable[Units]) -> int:
    """Count the units of a debt that are not in any of the stretches; all of one whose units have no numbers."""
    if not debt.first:
        return debt.units
    at, end, left = debt.first, debt.first + debt.units, 0
    for start, stop in sorted(taken):
        left += max(0, min(start, end) - at)
        at = max(at, stop)
    return left + max(0, end - at)


def _note(connection: Connection, ref: Ref, pass_id: str, units: int) -> None:
    is_it = and_(uses.c.pass_id == pass_id, uses.c.ledger_id == ref.ledger_id, uses.c.seq == ref.seq)
    connection.execute(update(uses).where(is_it).values(units=units))


def _add_up(connection: Connection, ref: Ref, new: str) -> None:
    """Take off the pass that was sold what its sale moved."""
    of_it = and_(uses.c.ledger_id == ref.ledger_id, uses.c.seq == ref.seq, uses.c.pass_id != new)
    total = connection.execute(select(func.coalesce(func.sum(uses.c.units), 0)).where(of_it)).scalar_one()
    _note(connection, ref, new, -int(total))
