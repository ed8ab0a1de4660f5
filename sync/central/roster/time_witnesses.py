"""Tells whether the server's clock is sure enough to erase by it: its own time service and the kiosks are witnesses.

A clock that is years ahead would make every customer look forgotten, and an erasure cannot be undone. So erasing waits
until two witnesses agree with the clock: the kernel, synchronised by a time service, and kiosks that were heard of
lately and are sure of their own. More kiosks that disagree than agree overrule both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select

from kiosk.model import ClockQuality
from sync.central.storage.tables import kiosks
from sync.wire import Beacon

_beacon = msgspec.json.Decoder(Beacon).decode

HEARD = timedelta(days=2)
"""How long the word of a kiosk counts. By a clock that has just jumped ahead nobody was heard of."""
NEAR = timedelta(minutes=10)
"""How far a kiosk's clock may be off and agree."""
ENOUGH = 2


def doubt(connection: Connection, network: str, now: datetime, *, is_synchronised: bool) -> str:
    """Return why the server's clock is not sure enough at `now` (UTC); empty when it is."""
    agree = disagree = 0
    heard = select(kiosks.c.skew_ms, kiosks.c.beacon)
    heard = heard.where(kiosks.c.network_id == network, kiosks.c.revoked_at.is_(None), kiosks.c.skew_ms.is_not(None))
    for row in connection.execute(heard.where(kiosks.c.seen_at.between(now - HEARD, now))):
        if _beacon(row.beacon).clock != ClockQuality.UNTRUSTED:
            is_near = abs(timedelta(milliseconds=row.skew_ms)) <= NEAR
            agree, disagree = agree + is_near, disagree + (not is_near)
    if disagree > agree:
        return f"{disagree} of {agree + disagree} kiosks have another time than this server"
    if agree + is_synchronised >= ENOUGH:
        return ""
    service = "is synchronised" if is_synchronised else "is not synchronised by a time service"
    return f"the clock of this server {service}, and {agree} kiosks heard of in two days agree with it"
