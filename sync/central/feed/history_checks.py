"""Detects, from what a kiosk says of its ledger, a ledger cut off, a cloned card, or a restored server."""

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
    """Detect that this server was restored from an old copy: a kiosk remembers more than is here.

    Positions given out from now on may name other entries than the kiosks know, so the feed begins a new generation;
    once only, however many times the kiosk says so before it has sent again what is missing.
    """
    alarm_id, sent = register.ledger_alarm_id(Kind.RESTORED, arrival.ledger_id), arrival.beacon.sent
    if sent <= before.acked:
        register.end(connection, of, alarm_id, now)
    elif not register.is_active(connection, of, alarm_id):
        network.begin_generation_and_ledger(connection, of)
        ref, facts = Ref(ledger_id=arrival.ledger_id, seq=before.acked + 1), Facts(n=sent, known=before.acked)
        register.raise_alarm(connection, of, alarm_id, ref=ref, note=Note.SENT_BEFORE, facts=facts, now=now)


def begin_generation_after_restore(connection: Connection, of: NetworkState, place: int, *, now: datetime) -> None:
    """Begin a new generation after a kiosk saw an entry at this place of the feed that is not here.

    So it shows when what the copy did not have was the server's own: no kiosk remembers that it sent more than is here.
    """
    network.begin_generation_and_ledger(connection, of.network_id)
    alarm_id, ref = register.ledger_alarm_id(Kind.RESTORED, of.ledger_id), Ref(ledger_id=of.ledger_id, seq=0)
    facts = Facts(n=place)
    register.raise_alarm(connection, of.network_id, alarm_id, ref=ref, note=Note.OTHER_FEED, facts=facts, now=now)


def check_for_truncation(
    connection: Connection, of: str, arrival: ReadPush, *, before: LedgerProgress, now: datetime
) -> None:
    """Raise an alarm if a kiosk's ledger ends earlier than was seen of it before.

    A beacon that was on its way for long tells of an end that is gone by: so this alarm ends as soon as the ledger
    reaches again what was seen. But of two machines with one ledger, the one ahead says so again and again. Whether
    there are two is told by the one behind, of which `_goes_on_elsewhere`; that alarm does not end by itself.
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
    """Return whether a kiosk had seen in the feed a later entry of its own ledger than the last it has: a cloned card.

    Who wrote an entry has it before the feed does. Neither clocks nor the order in which beacons come matter to that.
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
