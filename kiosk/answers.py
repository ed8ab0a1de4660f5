"""Answers to the commands of hosts: plain values that travel as JSON over the control socket.

Nothing here does anything: kiosk.desk creates the answers, kiosk.cli prints them. Instants are given in the site's
zone.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from kiosk.commands import BadgeStatus, Role, Standing
from kiosk.model import DatedHours, DayHours, Member, Noun, Opening, Override, Product, Site, Verdict, WeekHours, Window
from kiosk.report.figures import Accounts, Figures


class Answer(Noun, tag_field="answer", frozen=True, kw_only=True):
    """The answer to a command."""


class Refused(Answer, tag="refused", frozen=True, kw_only=True):
    """The command was not done. `near`: similar names that may have been meant.

    `message` is for the command line; the screen puts `code` and `facts` into words in the reader's language.
    """

    message: str
    near: tuple[str, ...] = ()
    code: str
    facts: dict[str, str] = msgspec.field(default_factory=dict)


class Done(Answer, tag="done", frozen=True, kw_only=True):
    """The command was done. `said`: a sentence for each change.

    `changed` False: nothing changed. `id`: what was created.
    """

    said: tuple[str, ...]
    changed: bool = True
    id: str | None = None
    receipt: str | None = None
    """Of a sale."""


class PassLine(Noun, frozen=True, kw_only=True):
    """A pass of a member. `left` None: unlimited."""

    id: str
    product: str
    validity: Literal["valid", "not_yet", "expired"]
    left: int | None
    total: int | None
    per: str
    valid_from: date
    valid_until: date | None
    shared_with: tuple[str, ...] = ()


class Person(Noun, frozen=True, kw_only=True):
    """A member in a list. `left`: entries on all counted passes; None without any."""

    id: str
    name: str
    role: Role
    status: Standing
    badges: int
    left: int | None
    unlimited: bool = False


class People(Answer, tag="people", frozen=True, kw_only=True):
    """Members by name."""

    people: tuple[Person, ...]


class BadgeLine(Noun, frozen=True, kw_only=True):
    """A badge of a member, by its four characters."""

    code: str
    status: BadgeStatus


class VisitLine(Noun, frozen=True, kw_only=True):
    """A visit of a member, or of a guest of theirs. `seq` names it to Undo."""

    seq: int
    at: datetime
    site: str
    reason: str
    until: datetime | None
    units: int
    reversed_by: str | None = None
    guest: int = 0
    """The number of the guest whose visit it is; 0: the member's own."""


class Account(Answer, tag="account", frozen=True, kw_only=True):
    """A member's account: passes, badges, visits (newest first), settings."""

    member: Member
    badges: tuple[BadgeLine, ...]
    passes: tuple[PassLine, ...]
    visits: tuple[VisitLine, ...]
    credit_cents: int
    currency: str
    profiles: tuple[str, ...] = ()
    """What members may say brings them here."""


class UnknownBadge(Noun, frozen=True, kw_only=True):
    """A badge that nobody carries, with the claim code that its tap showed."""

    code: str
    at: datetime


class UnknownBadges(Answer, tag="unknown_badges", frozen=True, kw_only=True):
    """Badges that nobody carries. `now`: the kiosk's time; pass it as `since` to see only newer ones."""

    now: datetime
    badges: tuple[UnknownBadge, ...]


class Products(Answer, tag="products", frozen=True, kw_only=True):
    """The products of a site, retired ones included."""

    products: tuple[Product, ...]
    currency: str


class SalePreview(Answer, tag="sale_preview", frozen=True, kw_only=True):
    """A pass as it would be sold. `owed`: entries owed on other passes, taken off this one at once."""

    product: str
    members: tuple[str, ...]
    cents: int
    currency: str
    valid_from: date
    valid_until: date | None
    """The last day on which it is valid; None: no end."""
    owed: int = 0


class Judged(Answer, tag="judged", frozen=True, kw_only=True):
    """The verdict on a check-in by hand, with the end of its window or the next opening as local times."""

    name: str
    verdict: Verdict
    until: datetime | None = None
    opens: datetime | None = None


class DoorOpened(Answer, tag="door_opened", frozen=True, kw_only=True):
    """The opening by a host is recorded; the running kiosk opens the door."""

    said: tuple[str, ...] = ("The door is open for a moment.",)


class Present(Noun, frozen=True, kw_only=True):
    """Somebody who is in. An empty `name`: a member erased meanwhile; `since` is then when that was."""

    member_id: str
    name: str
    since: datetime
    until: datetime | None
    seq: int = 0
    """Of the visit, to undo it by; 0: it was at another kiosk."""
    reason: str = ""
    sure: bool = True
    """False: the window is over, and no departure was recorded."""
    maybe: bool = False
    """Not counted as present any more (time over, closed early, entry given back), but no departure was recorded."""
    role: Role = "member"


class Inside(Answer, tag="inside", frozen=True, kw_only=True):
    """The people who are in, the earliest first."""

    people: tuple[Present, ...]


class TapLine(Noun, frozen=True, kw_only=True):
    """A tap in a list. `name` None: the badge belongs to nobody."""

    at: datetime
    granted: bool
    reason: str
    name: str | None = None
    source: str = "badge"
    code: str | None = None
    """Of an unknown badge: by this it can be given to a member."""
    member_id: str | None = None
    seq: int = 0


class Taps(Answer, tag="taps", frozen=True, kw_only=True):
    """The taps of a day, oldest first."""

    on: date
    taps: tuple[TapLine, ...]


class Hours(Answer, tag="hours", frozen=True, kw_only=True):
    """The hours of the site: the present state and the next openings."""

    site: Site
    opening: Opening
    override: Override | None
    next: tuple[Window, ...]


class ExceptionLine(Noun, frozen=True, kw_only=True):
    """A dated rule. `begins`: its first day from today on.

    `dates`: its meaning, None if it cannot be shown as dates.
    """

    rule: str
    begins: date
    dates: DatedHours | None = None
    first_day: DayHours | None = None
    """The hours of its first day: for a rule that cannot be shown as dates."""


class Week(Answer, tag="week", frozen=True, kw_only=True):
    """A week of the site, or more days if asked. `usual`: the weekly hours, None if they do not fit a grid."""

    site: Site
    now: datetime
    opening: Opening
    override: Override | None
    days: tuple[DayHours, ...]
    usual: WeekHours | None
    exceptions: tuple[ExceptionLine, ...]


class HoursPreview(Answer, tag="hours_preview", frozen=True, kw_only=True):
    """What members would see after a change: the week of `first` after it (`days`) and before it (`before`)."""

    now: datetime
    changes: bool
    """False: all is so already."""
    opening: Opening
    days: tuple[DayHours, ...]
    before: tuple[DayHours, ...]
    first: date
    next: tuple[Window, ...]
    given_back: int = 0
    """Entries that people who are in get back."""
    inside: int = 0
    people: tuple[Present, ...] = ()
    """Who is in, for a change of today."""
    given_back_to: tuple[str, ...] = ()
    """The names of those who get entries back."""
    stays_given_back: tuple[str, ...] = ()
    """The names of those to whom a closing of today gave entries back, which going back to the hours does not undo."""


class SaleLine(Noun, frozen=True, kw_only=True):
    """A sale, by its receipt. Without member names, if they were erased."""

    receipt: str
    at: datetime
    pass_id: str
    product: str
    members: tuple[str, ...]
    cents: int
    method: str
    taken_back_at: datetime | None = None


class TillSum(Noun, frozen=True, kw_only=True):
    """The sum for one way to pay, less refunds."""

    method: str
    sales: int
    taken_back: int
    cents: int


class Till(Answer, tag="till", frozen=True, kw_only=True):
    """The till of a day: its sales (newest first), sales of any day cancelled on it, and the sums."""

    on: date
    currency: str
    sales: tuple[SaleLine, ...]
    taken_back: tuple[SaleLine, ...]
    sums: tuple[TillSum, ...]
    total_cents: int


class Report(Answer, tag="report", frozen=True, kw_only=True):
    """Who came to a site over a range of months, and what was sold: see docs/glossary.md for each figure."""

    site: str
    """Its name."""
    currency: str
    capacity: int | None
    figures: Figures
    accounts: Accounts


class Exported(Answer, tag="exported", frozen=True, kw_only=True):
    """All data kept about a member, to be handed to them."""

    name: str
    document: dict[str, Any]


class LedgerReport(Answer, tag="ledger", frozen=True, kw_only=True):
    """The result of a check: a sentence for each fault, none when all is well.

    `head`: the last entry as `SEQ:HASH`, to be noted for later checks. `erased`: the number of entries without a body,
    which is no fault. `snapshot_at`: the feed position of the snapshot that the roster is based on, if it is; the
    roster can then only be compared as far as the entries here go.
    """

    ledger_id: str
    entries: int
    faults: tuple[str, ...]
    head: str = ""
    erased: int = 0
    found: Literal["fault", "difference"] = "fault"
    mended: bool = False
    snapshot_at: int | None = None


VitalState = Literal["good", "attention", "fault", "absent"]


class Vital(Noun, frozen=True, kw_only=True):
    """The state of a part of the kiosk: kiosk.notices has words for `code` and `facts`.

    `absent`: missing on purpose, which is no fault.
    """

    part: Literal[
        "reader", "screen", "door", "disk", "clock", "power", "network", "exchange", "copy", "medium", "versions"
    ]
    state: VitalState
    code: str
    facts: dict[str, str] = msgspec.field(default_factory=dict)


class ServerLink(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the link to the central server: what was sent and received."""

    url: str
    waiting: int
    """Entries that the server does not have yet."""
    sent: int
    """The last own entry that the server acknowledged."""
    seen: int | None
    """The position in the server's feed up to which this kiosk knows it; None: not at all yet."""
    heard_seconds_ago: float | None = None
    """Since the last exchange that went well; None: none since the kiosk was started, or it does not run."""
    trouble: str = ""
    """Why the last exchange failed; empty when it went well."""


class Status(Answer, tag="status", frozen=True, kw_only=True):
    """The state of the kiosk. The desk fills in what the ledger knows; kiosk.health.status adds the rest."""

    site: str
    now: datetime
    clock: str
    opening: Opening
    people_in: int
    staff_present: bool
    members: int
    ledger_id: str
    entries: int
    head: str = ""
    running: bool = False
    health: tuple[str, ...] = ()
    """Codes of kiosk.notices.Health."""
    mistakes: int = 0
    """Commands that failed by a fault in the program since it was started."""
    change_lost: str = ""
    """Fields of a change made here that does not stand, until a host has tapped."""
    mending: str = ""
    """What was done about a damaged database, until a host has seen it."""
    waiting: int = 0
    """Entries that the central server has yet to acknowledge."""
    oldest_passage: datetime | None = None
    """When the oldest visit was that is not forgotten."""
    vitals: tuple[Vital, ...] = ()
    server: ServerLink | None = None
    """None: not paired."""


class Medium(Noun, frozen=True, kw_only=True):
    """A USB stick that is plugged in; `free` is in bytes."""

    path: str
    name: str
    free: int


class Media(Answer, tag="media", frozen=True, kw_only=True):
    """The USB sticks that are plugged in, by path."""

    media: tuple[Medium, ...]


class FirstStart(Answer, tag="first_start", frozen=True, kw_only=True):
    """Whether the kiosk waits to be set up; `status` has no site yet.

    `countries`: those whose public holidays are known. `zone`: the machine's time zone, None or UTC if it was not set.
    """

    is_open: bool
    status: Status
    countries: tuple[str, ...] = ()
    zone: str | None = None


Answered = (
    Refused
    | Done
    | People
    | Account
    | UnknownBadges
    | Products
    | SalePreview
    | Judged
    | DoorOpened
    | Inside
    | Taps
    | Hours
    | Week
    | HoursPreview
    | Till
    | Exported
    | LedgerReport
    | Report
    | Status
    | FirstStart
    | Media
)

encode_answer = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Answered)


def decode_answer(line: bytes) -> Answered:
    """Read an answer from JSON. Raises msgspec.DecodeError."""
    answered: Answered = _decoder.decode(line)
    return answered
