"""Pairs, lists and revokes kiosks: each method is a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from kiosk.model import Ref
from sync.central.alarms import register
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.kiosks import former_ledgers, paired, pairing
from sync.central.kiosks.paired import Kiosk
from sync.central.kiosks.pairing import Paired, PairingRefused
from sync.central.settings import Settings
from sync.central.storage import network
from sync.central.storage.database import Storage, Turn
from sync.wire import Enroll


class Kiosks:
    """The kiosks of the network. Every method may raise LedgerError."""

    def __init__(self, storage: Storage, settings: Settings, *, now: Callable[[], datetime]) -> None:
        self._storage, self._settings, self._now = storage, settings, now
        self.silence = timedelta(minutes=settings.silent_minutes)
        """After how long without a word a kiosk counts as silent."""

    def by_token(self, token: str) -> Kiosk | None:
        """Return the kiosk with a token, None when there is none."""
        with self._storage.reader() as connection:
            return paired.by_token(connection, self._storage.network, token)

    def listed(self) -> tuple[Kiosk, ...]:
        """Return all kiosks, revoked ones too, by name."""
        with self._storage.reader() as connection:
            return paired.listed(connection, self._storage.network)

    def new_code(self, *, name: str, site_id: str | None = None) -> str:
        """Make a pairing code for a new kiosk."""
        with self._storage.writing() as connection:
            of = network.read(connection, self._storage.network)
            return pairing.new_code(connection, of, name=name, site_id=site_id, now=self._now())

    def enroll(self, asked: Enroll) -> Paired | PairingRefused:
        """Pair a kiosk if its code is right.

        Raises badge_key.BadgeKeyError, or OSError, when its badge key is not the network's; then the code stays valid.
        """
        with self._storage.writing(Turn.GUESS) as connection:
            of = network.read(connection, self._storage.network)
            key_file, now = self._settings.badge_key_file, self._now()
            answer = pairing.enroll(connection, of, asked, now=now, key_file=key_file)
            if isinstance(answer, PairingRefused) and answer.is_taken:
                _tell_of_claim(connection, of.network_id, asked.ledger_id, now)
            if isinstance(answer, Paired) and answer.follows:
                former_ledgers.raise_new_ledger_alarm(connection, of.network_id, asked.ledger_id, answer.follows, now)
            return answer

    def revoke(self, kiosk_id: str) -> bool:
        """Revoke a kiosk. Return whether it was paired."""
        with self._storage.writing() as connection:
            return paired.revoke(connection, self._storage.network, kiosk_id, self._now())

    def is_silent(self, kiosk: Kiosk) -> bool:
        """Return whether a kiosk was not heard of for longer than the settings allow."""
        heard = kiosk.seen_at or kiosk.paired_at
        return kiosk.revoked_at is None and self._now() - heard > self.silence


def _tell_of_claim(connection: Connection, of: str, ledger_id: str, now: datetime) -> None:
    """Raise the alarm that somebody with a right code claimed the ledger of the server or of a kiosk in use."""
    alarm_id, ref = register.ledger_alarm_id(Kind.PLACE_CLAIMED, ledger_id), Ref(ledger_id=ledger_id, seq=0)
    register.raise_alarm(connection, of, alarm_id, ref=ref, note=Note.CLAIMED, facts=Facts(n=0), now=now)
