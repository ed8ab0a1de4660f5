"""The wire format: messages between kiosk and central server, JSON over HTTP. Field names are defined only here.

Kiosk and server may be one release apart, so nothing here is ever renamed: fields are added with a default, and unknown
ones are ignored on reading. Entries keep unknown fields in their body, byte for byte.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from kiosk.facts import Entry
from kiosk.model import ClockQuality, Ref, Stamp

PAGE = 500
"""Most entries in one push and in one page of the feed."""
COMPRESS_OVER = 1024
"""Bytes of a body beyond which it is sent compressed (gzip), both ways."""

WAIT_SECONDS = 25
"""How long a kiosk asks the server to wait for news: less than the half minute after which some proxies hang up."""

LATER_RELEASE = "unknown clock"
"""How the reason begins for which an entry of a later release is put aside: nothing is wrong with it."""

OTHER_LEDGER = "other_ledger"
"""The code of the problem that a kiosk sent entries of a ledger that it was not paired for."""

ENROLL = "/v1/enroll"
ENTRIES = "/v1/entries"
FEED = "/v1/feed"
NEWS = "/v1/news"
SNAPSHOT = "/v1/snapshot"
TIME = "/v1/time"


class WireStruct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all wire messages and their parts. Fields at their default are left out."""


class WireEntry(WireStruct, frozen=True, kw_only=True):
    """A ledger entry on the wire: bytes as base64, instants as RFC 3339 in UTC with microseconds."""

    ledger_id: str
    seq: int
    at: datetime
    boot_id: str
    monotonic_ns: int
    clock: str
    """A word of kiosk.model.ClockQuality, or one of a later release."""
    kind: str
    body: bytes | None
    salt: bytes | None
    body_hash: bytes
    previous: bytes
    hash: bytes
    remainder: bytes | None = None
    """Of an erased body: the fact without the person."""


class Beacon(WireStruct, frozen=True, kw_only=True):
    """The state of a kiosk, sent with every push."""

    version: str = ""
    sent: int = 0
    """Its last entry that the server acknowledged, as it remembers."""
    waiting: int = 0
    """Entries still to send, those of this push included."""
    head: int | None = None
    """The last entry of its ledger, whatever of it was sent."""
    seen: str | None = None
    """How far in the feed it is: a cursor. What stands there of its own ledger it has, or there are two of its kind."""
    clock: str = ""
    now: datetime | None = None
    """By its own clock, from which the server estimates the skew."""
    health: tuple[str, ...] = ()
    mending: str = ""
    """What it did about a damaged database, until a host has seen it."""


class Enroll(WireStruct, frozen=True, kw_only=True):
    """Request to pair, with the code that the server's staff read out."""

    code: str
    ledger_id: str
    name: str = ""
    version: str = ""
    badges: int | None = None
    """How many badges its ledger knows; None: it is of a release that did not say."""
    badge_key: bytes | None = None
    """What it hides badge numbers with, where some are hidden or its settings say so: the first is the network's."""

    formers: tuple[str, ...] = ()
    """Its former ledgers, of which it may have entries that no server has."""

    def __repr__(self) -> str:
        return f"Enroll(ledger_id={self.ledger_id!r}, badges={self.badges})"


class Enrolled(WireStruct, frozen=True, kw_only=True):
    """Answer to a pairing: the kiosk's id, token and network."""

    token: str
    """Bearer token; the server keeps its hash only."""
    kiosk_id: str
    site_id: str | None
    now: datetime
    badge_key: bytes | None = None
    """What all kiosks of the network hide badge numbers with; None: the server keeps none."""

    def __repr__(self) -> str:
        return f"Enrolled(kiosk_id={self.kiosk_id!r}, site_id={self.site_id!r})"


class Push(WireStruct, frozen=True, kw_only=True):
    """Entries of one ledger in the order of `seq`, at most PAGE; none, to ask how far the server is."""

    ledger_id: str
    entries: tuple[WireEntry, ...] = ()
    beacon: Beacon = Beacon()
    follows: tuple[str, ...] = ()
    """Ledgers that the kiosk kept before this one: the end of the last may be lost, and no name is used twice."""


class Outcome(StrEnum):
    """What the server did with a pushed entry. In any case the entry is not sent again."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class EntryStatus(WireStruct, frozen=True, kw_only=True):
    """The outcome of one entry; `reason` says why it was quarantined."""

    seq: int
    outcome: Outcome
    reason: str = ""


class Pushed(WireStruct, frozen=True, kw_only=True):
    """The answer to a push, given after its commit. `acked` is the highest `seq` without a gap below it, on disk."""

    acked: int
    had: int | None = None
    """The highest `seq` that was there before this push; above `acked` where one in between is missing."""
    statuses: tuple[EntryStatus, ...] = ()
    now: datetime


class FeedEntry(WireStruct, frozen=True, kw_only=True):
    """An entry of any ledger at its place in the server's feed. Positions rise, and may leave gaps."""

    position: int
    entry: WireEntry


class FeedPage(WireStruct, frozen=True, kw_only=True):
    """Entries of the feed after a cursor. The new `cursor` is opaque: send it back to continue from here."""

    entries: tuple[FeedEntry, ...] = ()
    cursor: str
    more: bool = False


class NewsAnswer(WireStruct, frozen=True, kw_only=True):
    """Whether the feed has entries after a cursor; they are fetched as a page of the feed."""

    news: bool


class SnapshotPage(WireStruct, frozen=True, kw_only=True):
    """A part of the folded roster. All pages of one snapshot belong to the same `position` of the feed."""

    rows: dict[str, tuple[dict[str, object], ...]] = {}
    """Table of the roster -> rows, columns by name."""
    position: int
    cursor: str
    """Where the feed goes on after the snapshot."""
    next: str | None = None
    """Token of the next page; None: this was the last."""


class ServerTime(WireStruct, frozen=True, kw_only=True):
    """The server's clock, for kiosks that reach no time server."""

    now: datetime


class Problem(WireStruct, frozen=True, kw_only=True):
    """Why a call failed: a sentence, and a stable `code`."""

    code: str
    detail: str


class _LooseFeedPage(WireStruct, frozen=True, kw_only=True):
    entries: tuple[msgspec.Raw, ...] = ()
    cursor: str
    more: bool = False


def read_feed(body: bytes) -> tuple[FeedPage, tuple[str, ...]]:
    """Read a page of the feed. Unreadable entries are left out, and returned separately with the reason.

    Raises msgspec.DecodeError for an unreadable page.
    """
    try:
        return msgspec.json.decode(body, type=FeedPage), ()
    except msgspec.ValidationError:
        page = msgspec.json.decode(body, type=_LooseFeedPage)
    read, faults = [], []
    for raw in page.entries:
        try:
            read.append(msgspec.json.decode(raw, type=FeedEntry))
        except msgspec.ValidationError as error:
            faults.append(str(error))
    return FeedPage(entries=tuple(read), cursor=page.cursor, more=page.more), tuple(faults)


DIGITS = 19
"""A position has fewer: it fits a signed integer of 64 bits."""


def cursor_position(cursor: str) -> int | None:
    """Return the feed position in a cursor, for display: the kiosk itself does not use it."""
    _, number, *_ = *cursor.split("."), ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < DIGITS else None


def to_wire(entry: Entry) -> WireEntry:
    """Convert an entry to its wire form."""
    return WireEntry(
        ledger_id=entry.ref.ledger_id,
        seq=entry.ref.seq,
        at=entry.stamp.at,
        boot_id=entry.stamp.boot_id,
        monotonic_ns=entry.stamp.monotonic_ns,
        clock=entry.stamp.clock.value,
        kind=entry.kind,
        body=entry.body,
        salt=entry.salt,
        body_hash=entry.body_hash,
        previous=entry.previous,
        hash=entry.hash,
        remainder=entry.remainder,
    )


def from_wire(wire: WireEntry) -> Entry:
    """Convert from the wire form. Raises ValueError for a clock quality that this release does not know."""
    return Entry(
        ref=Ref(ledger_id=wire.ledger_id, seq=wire.seq),
        stamp=Stamp(at=wire.at, boot_id=wire.boot_id, monotonic_ns=wire.monotonic_ns, clock=ClockQuality(wire.clock)),
        kind=wire.kind,
        body=wire.body,
        salt=wire.salt,
        body_hash=wire.body_hash,
        previous=wire.previous,
        hash=wire.hash,
        remainder=wire.remainder,
    )
