"""Converts rows of the roster to nouns: documents written by the fold, and visits column by column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row

from kiosk.model import Badge, Charge, Member, Override, Pass, Product, Reason, Ref, Site, Visit, Window
from kiosk.store.database import LedgerError

DAMAGED = "the roster is damaged: stop the kiosk and mend it by `kiosk ledger rebuild --repair`"

T = TypeVar("T")


def _reading(decode: Callable[[str], T]) -> Callable[[str], T]:
    """Raise LedgerError for a document that the fold did not write, without its text, which may contain names."""

    def read(doc: str) -> T:
        try:
            return decode(doc)
        except (msgspec.DecodeError, TypeError, UnicodeError):
            raise LedgerError(DAMAGED) from None

    return read


read_site = _reading(msgspec.json.Decoder(Site).decode)
read_override = _reading(msgspec.json.Decoder(Override).decode)
read_product = _reading(msgspec.json.Decoder(Product).decode)
read_member = _reading(msgspec.json.Decoder(Member).decode)
read_badge = _reading(msgspec.json.Decoder(Badge).decode)
read_pass = _reading(msgspec.json.Decoder(Pass).decode)
read_charges = _reading(msgspec.json.Decoder(tuple[Charge, ...]).decode)


def read_visit(row: Row[*tuple[Any, ...]]) -> Visit:
    """Return the visit in a row of the table `visits`."""
    # By place and not by name: whoever comes twice a day has a hundred of these.
    ledger_id, seq, at, member_id, site_id, reason, start, end, cut, charges, presence_end, left_at, *reversal = row
    return Visit(
        ref=Ref(ledger_id=ledger_id, seq=seq),
        at=at,
        member_id=member_id,
        site_id=site_id,
        reason=Reason(reason),
        window=_window(start, end, cut) if start is not None else None,
        charges=read_charges(charges),
        present_until=presence_end,
        left_at=left_at,
        reversed_at=reversal[0],
        reversed_by=reversal[1],
    )


def _window(start: datetime, end: datetime, cut: datetime | None) -> Window:
    """Return the window of a visit; empty if it was reversed before it began."""
    return Window(start=start, end=end if cut is None else max(start, min(end, cut)))
