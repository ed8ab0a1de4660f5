"""Handles the pushes of kiosks: reads the body, checks it, compares it with earlier ones, stores it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from kiosk.model import Ref
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.feed import history_checks, ingest, push_reader, rights
from sync.central.feed.push_reader import ReadPush
from sync.central.kiosks import former_ledgers, paired
from sync.central.kiosks.paired import Kiosk
from sync.central.storage.database import Storage, Turn
from sync.wire import Outcome, Pushed


class OtherLedgerError(PermissionError):
    """A kiosk sent entries of another kiosk's ledger."""


class Intake:
    """Stores what kiosks push."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime], on_new: Callable[[], None]) -> None:
        """`on_new` is called after the commit of a push that brought new entries."""
        self._storage, self._now, self._on_new = storage, now, on_new

    def push(self, kiosk: Kiosk, body: bytes) -> Pushed:
        """Store what a kiosk sends; when this returns it is on the disk.

        Raises push_reader.NoPushError for an unreadable push, OtherLedgerError for one of another kiosk's ledger, and
        LedgerError when the database cannot be written.
        """
        now, of = self._now(), self._storage.network
        try:
            arrival = push_reader.read(body)
        except push_reader.NoPushError:
            self._tell_of_garbage(kiosk, now)
            raise
        with self._storage.writing(Turn.FEED) as connection:
            is_former = self._is_former(connection, kiosk, arrival, now)
            before = ingest.progress(connection, of, arrival.ledger_id)
            history_checks.check_for_restored_server(connection, of, arrival, before=before, now=now)
            judge = rights.Judge(connection, of, kiosk, now=now)
            taken = ingest.store(
                connection,
                of,
                arrival.ledger_id,
                before=before,
                batch=arrival.entries,
                now=now,
                why_not=judge.why_not,
            )
            self._tell_of_hosts(connection, kiosk, judge.made_hosts, now)
            if not is_former:  # of a former ledger the end may be lost: that is why there is another
                history_checks.check_for_truncation(connection, of, arrival, before=before, now=now)
                left = max(arrival.beacon.waiting - len(arrival.entries), 0)
                beacon = replace(arrival.beacon, waiting=left)
                paired.keep_beacon(connection, of, kiosk.kiosk_id, beacon=beacon, now=now)
        if any(status.outcome is Outcome.ACCEPTED for status in taken.statuses):
            self._on_new()
        return Pushed(acked=taken.acked, had=before.highest, statuses=taken.statuses, now=now)

    def _tell_of_hosts(self, connection: Connection, kiosk: Kiosk, made: list[Ref], now: datetime) -> None:
        """Raise the alarm that hosts, or their badges and PINs, were made at a kiosk."""
        if made:
            alarm_id, facts = register.ledger_alarm_id(Kind.HOST_MADE, kiosk.ledger_id), Facts(n=made[0].seq)
            register.raise_alarm(
                connection,
                self._storage.network,
                alarm_id,
                ref=made[0],
                note=Note.MADE_HOST,
                facts=facts,
                now=now,
                times=len(made),
            )

    def _tell_of_garbage(self, kiosk: Kiosk, now: datetime) -> None:
        """Raise the alarm that a kiosk sent what is no push; nothing of it can be kept."""
        alarm_id, ref = register.ledger_alarm_id(Kind.SET_ASIDE, kiosk.ledger_id), Ref(ledger_id=kiosk.ledger_id, seq=0)
        with self._storage.writing() as connection:
            facts = Facts(n=0)
            register.raise_alarm(
                connection, self._storage.network, alarm_id, ref=ref, note=Note.NO_PUSH, facts=facts, now=now
            )

    def _is_former(self, connection: Connection, kiosk: Kiosk, arrival: ReadPush, now: datetime) -> bool:
        """Tell whether a push is of a former ledger; let the kiosk change to a new ledger if it asks."""
        name, of, who = arrival.ledger_id, self._storage.network, kiosk.kiosk_id
        if name == kiosk.ledger_id:
            return False
        if former_ledgers.was_kept_by(connection, of, who, name):
            return True
        if name in arrival.follows and former_ledgers.accept_unknown(connection, of, who, name):
            return True
        if not former_ledgers.allow_new_ledger(connection, of, who, kiosk.ledger_id, name, arrival.follows):
            raise OtherLedgerError(f"this kiosk was paired for ledger {kiosk.ledger_id}: pair it again")
        former_ledgers.raise_new_ledger_alarm(connection, of, name, kiosk.ledger_id, now)
        return False
