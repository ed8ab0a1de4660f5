"""A ledger in a folder, a clock that a test moves, and the facts of a small site: shared by the tests of the ledger.

Real ledgers on real files. `fresh` copies a database that was made once, because making one loads Alembic.
"""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kiosk import rules
from kiosk.facts import AnyFact, BadgeSet, MemberSet, PassSold, ProductSet, SiteSet, Tapped
from kiosk.ledger import Ledger, open_ledger
from kiosk.model import Badge, Case, Charge, ClockQuality, Debt, Granted, Pass, Reason, Ref, Stamp, Tap, Window
from tests.office.made_once import made_once
from tests.rules.house import HOST, LEA, SERRE, TEN, at

MONDAY = at("2026-07-13 09:05")


@dataclass
class StampClock:
    """What the machine's clocks say; called, it stamps."""

    now: datetime = MONDAY
    clock: ClockQuality = ClockQuality.TRUSTED

    def __call__(self) -> Stamp:
        return Stamp(at=self.now, boot_id="boot-1", monotonic_ns=int(self.now.timestamp()) * 10**9, clock=self.clock)

    def moves(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


def template() -> Path:
    """An empty ledger, made once."""
    return made_once("ledger.db", lambda path: open_ledger(path, stamp=StampClock()).close())


def lay_new_ledger(path: Path) -> None:
    """Lay the file of a new ledger at `path`, with an id of its own, without the second that Alembic takes."""
    shutil.copy(template(), path)
    edit(path, f"UPDATE ledger SET ledger_id = '{uuid.uuid4()}'")


def fresh(folder: Path, moment: StampClock) -> Ledger:
    """An empty ledger in a folder; all have the same id."""
    path = folder / "kiosk.db"
    shutil.copy(template(), path)
    return open_ledger(path, stamp=moment)


def sold_to(*members: str, pass_id: str = "ten", settles: tuple[Debt, ...] = (), when: datetime = MONDAY) -> PassSold:
    pass_ = Pass(id=pass_id, terms=TEN, holders=members, sold_at=when, valid_from=when.date())
    return PassSold(pass_=pass_, site_id=SERRE.id, price_cents=TEN.price_cents, settles=settles)


def house_facts() -> tuple[AnyFact, ...]:
    """La Serre, Léa with a badge and a card of ten, and a host."""
    return (
        SiteSet(site=SERRE),
        ProductSet(product=TEN),
        MemberSet(member=LEA),
        MemberSet(member=HOST),
        BadgeSet(badge=Badge(id="b-lea", member_id="lea")),
        sold_to("lea"),
    )


def let_in(
    when: datetime,
    *charged: str,
    member: str = "lea",
    reason: Reason = Reason.ENTRY_USED,
    hours: float = 3,
    credit_cents: int = 0,
    site_id: str = SERRE.id,
) -> Tapped:
    """A granted tap that takes one unit off each pass named, for a window from `when` and half an hour more inside."""
    window = Window(start=when, end=when + timedelta(hours=hours))
    verdict = Granted(
        reason=reason,
        window=window,
        charges=tuple(Charge(pass_id=pass_id, units=1) for pass_id in charged),
        credit_cents=credit_cents,
        present_until=window.end + timedelta(minutes=30),
    )
    return Tapped(site_id=site_id, verdict=verdict, badge_id=f"b-{member}", member_id=member)


def gathered(ledger: Ledger, now: datetime, *, badge_id: str | None = "b-lea", site_id: str = SERRE.id) -> Case:
    tap = Tap(uid=b"\x04\x01\x02\x03\x04\x05\x06", monotonic=0.0)
    return ledger.roster.gather(tap, site_id=site_id, badge_id=badge_id, now=now, clock=ClockQuality.TRUSTED)


def taps(ledger: Ledger, moment: StampClock) -> Ref:
    """Léa taps: gather, decide, record, as the kiosk does it."""
    verdict = rules.decide(gathered(ledger, moment.now), moment.now)
    fact = Tapped(site_id=SERRE.id, verdict=verdict, badge_id="b-lea", member_id="lea")
    return ledger.append(fact)[0].ref


def edit(path: Path, *statements: str) -> None:
    """Change the database behind the kiosk's back, as anybody with the card in hand can."""
    with sqlite3.connect(path) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount, f"nothing was changed by {statement}"
    connection.close()
