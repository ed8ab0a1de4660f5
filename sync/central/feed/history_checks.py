"""Detects a truncated ledger, a cloned card, or a restored server, by what a kiosk says of its ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from kiosk.facts import Entry
from kiosk.model import Ref
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.feed import stream
from sync.central.feed.ingest import LedgerProgress
from sync.central.feed.push_reader import ReadPush
from sync.central.storage import network
from sync.central.storage.network import NetworkState
from sync.central.storage.tables import feed


def check_for_restored_server(
    connection: Connection, of: str, arrival: ReadPush, *, before: LedgerProgress, now: datetime
) -> None:
    """Detect that this server was restored from an old copy: a kiosk has sent more than is here.

    The positions given out from now on may belong to other entries than the kiosks know, so the feed begins a new
    generation; only once, however often the kiosk reports this before it has sent the missing entries again.
    """
    alarm_id, sent = register.ledger_alarm_id(Kind.RESTORED, arrival.ledger_id), arrival.beacon.sent
    if sent <= before.acked:
        register.end(connection, of, alarm_id, now)
    elif not register.is_active(connection, of, alarm_id):
        network.begin_generation_and_ledger(connection, of)
        ref, facts = Ref(ledger_id=arrival.ledger_id, seq=before.acked + 1), Facts(n=sent, known=before.acked)
        register.raise_alarm(connection, of, alarm_id, ref=ref, note=Note.SENT_BEFORE, facts=facts, now=now)


def begin_generation_after_restore(connection: Connection, of: NetworkState, place: int, *, now: datetime) -> None:
    """Begin a new generation after a kiosk saw an entry at this position of the feed that is not here.

    This detects that the copy lacks entries of the server's own ledger, of which no kiosk remembers to have sent them.
    """
    network.begin_generation_and_ledger(connection, of.network_id)
    alarm_id, ref = register.ledger_alarm_id(Kind.RESTORED, of.ledger_id), Ref(ledger_id=of.ledger_id, seq=0)
    facts = Facts(n=place)
    register.raise_alarm(connection, of.network_id, alarm_id, ref=ref, note=Note.OTHER_FEED, facts=facts, now=now)


def check_for_truncation(
    connection: Connection, of: str, arrival: ReadPush, *, before: LedgerProgress, now: datetime
) -> None:
    """Raise an alarm if a kiosk's ledger ends earlier than before.

    A beacon that was delayed may describe an earlier end, so this alarm ends as soon as the ledger reaches the known
    end again. If two machines write one ledger, the one ahead reaches it again and again. That case is detected by
    `_goes_on_elsewhere`, from the machine behind, and its alarm does not end by itself.
    """
    alarm_id, beacon = register.ledger_alarm_id(Kind.TRUNCATED, arrival.ledger_id), arrival.beacon
    if beacon.head is None and (before.acked < before.highest or not (beacon.sent or beacon.waiting)):
        return  # a kiosk that does not tell its end, and what it waits to send tells it only where there is no gap
    told = max(one.ref.seq if isinstance(one, Entry) else one.seq for one in arrival.entries) if arrival.entries else 0
    end = max(told, beacon.sent + beacon.waiting if beacon.head is None else beacon.head)
    ref = Ref(ledger_id=arrival.ledger_id, seq=end + 1)
    if end >= before.highest:
        register.end(connection, of, alarm_id, now)
    elif _goes_on_elsewhere(connection, of, arrival.ledger_id, end=end, seen=beacon.seen):
        register.end(connection, of, alarm_id, now)
        alarm_id = register.ledger_alarm_id(Kind.FORK, arrival.ledger_id)
        note, facts = Note.GOES_ON_ELSEWHERE, Facts(n=end)
        register.raise_alarm(connection, of, alarm_id, ref=ref, note=note, facts=facts, now=now)
    else:
        facts = Facts(n=end, known=before.highest)
        register.raise_alarm(connection, of, alarm_id, ref=ref, note=Note.CUT_OFF, facts=facts, now=now)


def _goes_on_elsewhere(connection: Connection, of: str, ledger_id: str, *, end: int, seen: str | None) -> bool:
    """Tell whether the card was cloned: a kiosk has seen in the feed a later entry of its own ledger than it has.

    A kiosk has each of its entries before the feed does, whatever the clocks and the order of beacons.
    """
    try:
        place = stream.checked_position(connection, of, seen) if seen else 0
    except stream.GoneError:
        return False  # of another past of the feed: its next cursor will tell
    values = {"network": of, "ledger": ledger_id, "end": end, "place": place}
    return connection.execute(_LATER, values).first() is not None


_LATER = (
    select(feed.c.seq)
    .where(feed.c.network_id == bindparam("network"), feed.c.ledger_id == bindparam("ledger"))
    .where(feed.c.seq > bindparam("end"), feed.c.position <= bindparam("place"))
    .limit(1)
)
