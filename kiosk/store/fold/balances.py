"""The units that entries take off passes and give back, and the money that the site owes members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, update

from kiosk.facts import Entry
from kiosk.model import Charge, Ref
from kiosk.store import tables

# A tap must be cheap: its statements are built once.
_INSERT_USES = insert(tables.uses)

charges_of = msgspec.json.Decoder(tuple[Charge, ...]).decode
"""Read the charges that a row of a visit or a sale keeps as JSON."""


def take(connection: Connection, entry: Entry, charges: Iterable[Charge], *, at: datetime) -> None:
    """Take units off passes; an entry has one row per pass, however it lists them."""
    units: Counter[str] = Counter()
    for charge in charges:
        units[charge.pass_id] += charge.units
    rows = [
        {"pass_id": pass_id, **msgspec.structs.asdict(entry.ref), "at": at, "units": taken}
        for pass_id, taken in units.items()
        if taken
    ]
    if rows:
        connection.execute(_INSERT_USES, rows)


def owe(connection: Connection, ref: Ref, member_id: str, cents: int) -> None:
    """Credit a member, or an erased person, with money by an entry; added to any earlier credit of that entry."""
    credits_, key = tables.credits_, {**msgspec.structs.asdict(ref), "member_id": member_id}
    more = update(credits_).filter_by(**key).values(cents=credits_.c.cents + cents)
    if not connection.execute(more).rowcount:
        connection.execute(insert(credits_), {**key, "cents": cents})


def give_back(connection: Connection, ref: Ref, pass_ids: Iterable[str]) -> None:
    """Give back to these passes the units that an entry took."""
    uses = tables.uses
    connection.execute(
        delete(uses).where(
            uses.c.pass_id.in_(sorted(pass_ids)), uses.c.ledger_id == ref.ledger_id, uses.c.seq == ref.seq
        )
    )
