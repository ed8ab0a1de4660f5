"""Former ledgers of kiosks: which kiosk wrote them, and which may still push their entries.

A kiosk that may have lost the end of its ledger starts a new one. It names the old ledger when it pushes with its
token, or when it is paired again, and then pushes what it still has of it. After a card was copied, several machines
may push the same former ledger: the entries of all are stored, and differing ones raise a fork alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from kiosk.model import Ref
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.storage.tables import authors, former_ledgers, kiosks, ledgers, networks
from sync.wire import Enroll

NAME_LENGTH = 100
MOST = 50
"""Most former ledgers of one kiosk; each repair adds one. One that has more is to be paired again."""


def read_names(asked: Enroll) -> tuple[str, ...]:
    """Return the valid former ledgers that an enrolment names."""
    return tuple(name for name in asked.formers[:MOST] if _is_name(name) and name != asked.ledger_id)


def _is_name(ledger_id: str) -> bool:
    return 0 < len(ledger_id) <= NAME_LENGTH and "\0" not in ledger_id


def find_known(connection: Connection, of: str, names: Collection[str]) -> str | None:
    """Return one of these ledgers that is known as a former ledger of any kiosk, None when none is."""
    query = select(former_ledgers.c.ledger_id).where(
        former_ledgers.c.network_id == of, former_ledgers.c.ledger_id.in_(names)
    )
    return connection.execute(query.order_by(former_ledgers.c.ledger_id)).scalars().first()


def kiosk_names(connection: Connection, of: str) -> dict[str, str]:
    """Return for each ledger the name of its kiosk; if several had it, the one paired last."""
    kept = select(kiosks.c.ledger_id, kiosks.c.name)
    once = select(former_ledgers.c.ledger_id, kiosks.c.name).join_from(
        former_ledgers,
        kiosks,
        (former_ledgers.c.network_id == kiosks.c.network_id) & (former_ledgers.c.kiosk_id == kiosks.c.kiosk_id),
    )
    rows = [
        row
        for query in (once, kept)
        for row in connection.execute(query.where(kiosks.c.network_id == of).order_by(kiosks.c.paired_at))
    ]
    return {row.ledger_id: row.name for row in rows}


def was_kept_by(connection: Connection, of: str, kiosk_id: str, ledger_id: str) -> bool:
    """Tell whether this is a former ledger of a kiosk."""
    one = select(former_ledgers.c.kiosk_id).where(
        former_ledgers.c.network_id == of,
        former_ledgers.c.ledger_id == ledger_id,
        former_ledgers.c.kiosk_id == kiosk_id,
    )
    return connection.execute(one).first() is not None


def record(connection: Connection, of: str, kiosk_id: str, names: Sequence[str], now: datetime) -> None:
    """Record the former ledgers of a kiosk that was paired by a code.

    A kiosk with a valid code is believed about its former ledgers, as about its present one. If another kiosk writes
    one of them now, that kiosk's token ends, so that a false claim is noticed. The server's own ledgers cannot be
    claimed.
    """
    for name in names:
        if not is_servers(connection, of, name):
            connection.execute(
                update(kiosks)
                .where(kiosks.c.network_id == of, kiosks.c.ledger_id == name, kiosks.c.kiosk_id != kiosk_id)
                .where(kiosks.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            _insert(connection, of, kiosk_id, name)


def accept_unknown(connection: Connection, of: str, kiosk_id: str, ledger_id: str) -> bool:
    """Accept a former ledger of which no entry was ever pushed; return whether it was accepted."""
    if not _is_name(ledger_id) or _is_known(connection, of, ledger_id) or _has_most(connection, of, kiosk_id):
        return False
    _insert(connection, of, kiosk_id, ledger_id)
    return True


def _has_most(connection: Connection, of: str, kiosk_id: str) -> bool:
    """Tell whether a kiosk has as many former ledgers as one may have: each has alarms and a quarantine of its own."""
    its = (former_ledgers.c.network_id == of, former_ledgers.c.kiosk_id == kiosk_id)
    return len(connection.execute(select(former_ledgers.c.ledger_id).where(*its).limit(MOST)).all()) == MOST


def allow_new_ledger(
    connection: Connection, of: str, kiosk_id: str, present: str, ledger_id: str, follows: Sequence[str]
) -> bool:
    """Let a kiosk start a new ledger after one of its own; return whether it may.

    It may not if the new ledger is known already.
    """
    is_own = present in follows or any(was_kept_by(connection, of, kiosk_id, one) for one in follows[:MOST])
    if (
        _has_most(connection, of, kiosk_id)
        or not is_own
        or not _is_name(ledger_id)
        or _is_known(connection, of, ledger_id)
    ):
        return False
    _insert(connection, of, kiosk_id, present)
    one = (kiosks.c.network_id == of, kiosks.c.kiosk_id == kiosk_id)
    connection.execute(update(kiosks).where(*one).values(ledger_id=ledger_id))
    return True


def raise_new_ledger_alarm(connection: Connection, of: str, ledger_id: str, follows: str, now: datetime) -> None:
    """Raise the alarm that a kiosk started a new ledger: it repaired the former one, or was restored from a copy."""
    alarm_id = register.ledger_alarm_id(Kind.RENEWED, ledger_id)
    ref, facts = Ref(ledger_id=ledger_id, seq=0), Facts(ledger=follows)
    register.raise_alarm(connection, of, alarm_id, ref=ref, note=Note.NEW_LEDGER, facts=facts, now=now)


def _insert(connection: Connection, of: str, kiosk_id: str, ledger_id: str) -> None:
    if not was_kept_by(connection, of, kiosk_id, ledger_id):
        connection.execute(insert(former_ledgers), {"network_id": of, "ledger_id": ledger_id, "kiosk_id": kiosk_id})


def _is_known(connection: Connection, of: str, ledger_id: str) -> bool:
    return any(
        connection.execute(
            select(table.c.ledger_id).where(table.c.network_id == of, table.c.ledger_id == ledger_id).limit(1)
        ).first()
        for table in (ledgers, kiosks, former_ledgers, networks)
    )


def is_servers(connection: Connection, of: str, ledger_id: str) -> bool:
    """Tell whether a ledger is one that the server writes or wrote."""
    return any(
        connection.execute(
            select(table.c.ledger_id).where(table.c.network_id == of, table.c.ledger_id == ledger_id).limit(1)
        ).first()
        for table in (authors, networks)
    )
