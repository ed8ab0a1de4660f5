"""Sends a message when something goes wrong and when it is over.

Troubles are what the pages show: alarms, silent kiosks, and the health that a kiosk reports. What was sent is stored in
the database, so that a restart sends nothing twice and a failed message is sent later. The words are in
sync.central.messages.alarm_messages, the sending is in sync.central.messages.sending.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from kiosk import hours
from kiosk.model import Noun
from sync.central.kiosks.paired import Kiosk
from sync.central.kiosks.rate_limit import RateLimit
from sync.central.messages.sending import FAILURES, send
from sync.central.server import Central
from sync.central.settings import Settings
from sync.central.storage.database import Turn
from sync.central.storage.tables import troubles

log = logging.getLogger("kiosk.central")

LOOK_SECONDS = 15.0
PAUSE_SECONDS = 1.0
"""Between two looks at least, however much changes."""
MESSAGES_AT_ONCE, MESSAGES_AN_HOUR = 10.0, 12.0
"""Beyond these one message tells of all that came meanwhile, at most once in five minutes."""
TOLD_AFTER = {"reader_down": timedelta(minutes=10), "clock_untrusted": timedelta(minutes=3)}
"""How long a trouble that usually ends by itself must last before a message is sent."""
KIOSK_HEALTH = (
    "reader_down",
    "door_down",
    "door_forced_open",
    "ledger_failed",
    "ledger_mended",
    "disk_low",
    "disk_failing",
    "medium_missing",
    "medium_old",
    "screen_dark",
    "screen_black",
    "screen_pulled",
    "power_low",
    "clock_untrusted",
)
"""Health codes of a kiosk's beacon that a message is sent about."""


class Trouble(Noun, frozen=True, kw_only=True):
    """Something that is wrong now, or was until now."""

    trouble_id: str
    code: str
    """`silent`, one of KIOSK_HEALTH, or a kind of alarm."""
    where: str
    """Name of the kiosk, or empty."""
    detail: str = ""
    since: datetime
    over: bool = False


class Compose(Protocol):
    """Makes a message."""

    def __call__(self, settings: Settings, *troubles: Trouble) -> tuple[str, str]:
        """Return the subject and the text of a message about troubles."""


class Messenger:
    """Finds troubles at intervals, and sends messages about them."""

    def __init__(self, central: Central, compose: Compose) -> None:
        self._central, self._compose = central, compose
        self._began = central.now()
        self._limit = RateLimit(allowance=MESSAGES_AT_ONCE, per_second=MESSAGES_AN_HOUR / 3600)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether the settings have an e-mail address or a webhook."""
        settings = self._central.settings
        return bool(settings.alarms_to or settings.webhook)

    def start(self) -> None:
        """Start the thread, if the settings name an address."""
        if self.is_wanted:
            self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop after the message that is being sent."""
        self._stop.set()
        self._central.changes.notify()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            seen = self._central.changes.count
            try:
                self.step()
            except Exception:
                # People are told again in a moment; the server goes on for the kiosks whatever is wrong here.
                log.exception("messages about troubles could not be sent")
            self._central.changes.wait(seen, LOOK_SECONDS)
            self._stop.wait(PAUSE_SECONDS)

    def step(self) -> None:
        """Look for troubles once, and send one message about those of which people are to be told. Raises LedgerError.

        While many messages go out, what begins and ends is collected until the next one.
        """
        due = self._due(may_send=not self._limit.wait("", self._central.now().timestamp()))
        if not due:
            return
        try:
            send(self._central.settings, *self._compose(self._central.settings, *due))
        except FAILURES as error:
            log.warning("a message about %s is sent later: %s", due[0].trouble_id, error)
            for trouble in due:
                self._take_back(trouble)
        else:
            self._limit.spend("", 1.0, self._central.now().timestamp())

    # ------------------------------------------------------------ what goes wrong

    def _wrong(self, now: datetime, known: Collection[str]) -> Iterator[Trouble]:
        """Yield the present troubles; a door forced outside opening hours stays one when the hours begin."""
        kiosks = {kiosk.ledger_id: kiosk for kiosk in self._central.kiosks.listed() if kiosk.revoked_at is None}
        for alarm in self._central.alarms.listed():
            of = kiosks.get(alarm.ref.ledger_id) if alarm.ref else None
            where = of.name if of else ""
            yield Trouble(trouble_id=alarm.alarm_id, code=alarm.kind, where=where, since=now)
        for kiosk in kiosks.values():
            codes = ["silent"] if self._is_silent(kiosk, now) else [c for c in KIOSK_HEALTH if c in kiosk.beacon.health]
            for code in codes:
                key = f"{code}:{kiosk.kiosk_id}"
                if code != "door_forced_open" or key in known or self._is_closed(kiosk, now):
                    detail = kiosk.beacon.mending if code == "ledger_mended" else ""
                    yield Trouble(trouble_id=key, code=code, where=kiosk.name, detail=detail, since=now)

    def _is_silent(self, kiosk: Kiosk, now: datetime) -> bool:
        """Tell whether beacons were missed; not counting the time in which this server did not run."""
        return self._central.kiosks.is_silent(kiosk) and now - self._began > self._central.kiosks.silence

    def _is_closed(self, kiosk: Kiosk, now: datetime) -> bool:
        site = self._central.books.roster.site(kiosk.site_id) if kiosk.site_id else None
        return site is None or not hours.opening(site, self._central.books.roster.override(site.id, now), now).is_open

    # ------------------------------------------------------------ what was told

    def _due(self, *, may_send: bool) -> list[Trouble]:
        """Store which troubles began and ended; return those to tell of, and mark them as told, if this may be."""
        now, of = self._central.now(), self._central.settings.network
        with self._central.storage.writing(Turn.TELL) as connection:
            rows = connection.execute(select(troubles).where(troubles.c.network_id == of)).all()
            known = {row.trouble_id: row for row in rows}
            wrong = {trouble.trouble_id: trouble for trouble in self._wrong(now, known)}
            new = [
                {"network_id": of, "trouble_id": key, "since": now, "code": one.code, "place": one.where}
                for key, one in wrong.items()
                if key not in known
            ]
            if new:
                connection.execute(insert(troubles), new)
            over = {key: row for key, row in known.items() if key not in wrong}
            to_tell = {key: _ended(row) for key, row in over.items() if row.told_at or _is_due(known, _ended(row), now)}
            for key in over if may_send else over.keys() - to_tell.keys():
                connection.execute(delete(troubles).where(*_one(of, key)))
            if not may_send:
                return []
            due = [
                replace(one, since=_since(known, key, now)) for key, one in wrong.items() if _is_due(known, one, now)
            ]
            for one in due:
                connection.execute(update(troubles).where(*_one(of, one.trouble_id)).values(told_at=now))
        return [*due, *to_tell.values()]

    def _take_back(self, trouble: Trouble) -> None:
        """Mark a failed message as not sent. The end of a trouble is sent at most once."""
        with self._central.storage.writing(Turn.TELL) as connection:
            one = _one(self._central.settings.network, trouble.trouble_id)
            connection.execute(update(troubles).where(*one).values(told_at=None))


Known = Mapping[str, Row[*tuple[Any, ...]]]


def _is_due(known: Known, trouble: Trouble, now: datetime) -> bool:
    row = known.get(trouble.trouble_id)
    patience = TOLD_AFTER.get(trouble.code, timedelta(0))
    return (row is None or row.told_at is None) and now - _since(known, trouble.trouble_id, now) >= patience


def _since(known: Known, key: str, now: datetime) -> datetime:
    since: datetime = known[key].since if key in known else now
    return since


def _ended(row: Row[*tuple[Any, ...]]) -> Trouble:
    return Trouble(trouble_id=row.trouble_id, code=row.code, where=row.place, since=row.since, over=True)


def _one(network: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return troubles.c.network_id == network, troubles.c.trouble_id == key
