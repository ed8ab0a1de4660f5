"""The nouns of the domain, all frozen: member, badge, pass, site, tap, verdict, and their parts.

No behaviour, and no imports of ours. Instants (`datetime`) are aware and in UTC; dates and times of day (`date`,
`time`) are local to the site. Money is in cents of the site's currency.
"""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Literal

import msgspec


class Noun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all values: compared by content, never changed, stored as JSON without defaults.

    Each noun repeats `frozen` and `kw_only`: the type checker does not inherit them.
    """


# ---------------------------------------------------------------- what a site sells


class Duration(Noun, frozen=True, kw_only=True, tag="duration", tag_field="by"):
    """One entry covers so many minutes from the tap (La Serre: 180)."""

    minutes: int


class Span(Noun, frozen=True, kw_only=True):
    """A part of the local day, half open; an `end` of 00:00 is midnight at the day's end."""

    start: time
    end: time


class Spans(Noun, frozen=True, kw_only=True, tag="spans", tag_field="by"):
    """One entry covers the span of the local day that the tap falls into (half days)."""

    spans: tuple[Span, ...]


class Day(Noun, frozen=True, kw_only=True, tag="day", tag_field="by"):
    """One entry covers until the next local `boundary` (04:00: a night counts to the day before)."""

    boundary: time = time(4)


class Unlimited(Noun, frozen=True, kw_only=True, tag="unlimited", tag_field="by"):
    """Entries are not counted while the pass is valid."""


Cover = Duration | Spans | Day | Unlimited


class Product(Noun, frozen=True, kw_only=True):
    """A kind of pass that the site sells. A sold pass keeps its own copy, so a change does not affect it."""

    id: str
    name: str
    price_cents: int
    cover: Cover
    units: int | None = None
    """Entries bought, or the allowance of each period; None with an unlimited cover."""
    per: Literal["once", "week", "month"] = "once"
    """`week` and `month`: `units` renew each local calendar week or month, without carry-over."""
    valid_days: int | None = None
    """Local days after the first one; 0: the day it begins, and no other."""
    valid_months: int | None = None
    """Valid to the same day so many months later, or the last of that month."""
    calendar_month: bool = False
    """Valid to the end of the local calendar month in which it begins."""
    sites: tuple[str, ...] = ()
    """Site ids where it is valid; empty: at every site."""
    access_hours: str | None = None
    """Own access hours, in the opening_hours language, in place of the site's (`24/7`)."""
    converts_to: str | None = None
    """A half-day product may name a day product: two half days never cost more than that day."""
    converts_cents: int | None = None
    """What one entry of the product in `converts_to` costs; filled in when the pass is sold."""
    converts_cover: Cover | None = None
    """What one entry of that product covers; filled in when the pass is sold."""
    converts_hours: str | None = None
    """The access hours of that product; filled in when the pass is sold."""
    on_sale: bool = True


class Pass(Noun, frozen=True, kw_only=True):
    """A pass that was sold: a product's terms, its holders, its dates."""

    id: str
    terms: Product
    holders: tuple[str, ...]
    """Member ids; more than one shares the entries (a company)."""
    sold_at: datetime
    valid_from: date
    valid_until: date | None = None
    """The last local day of validity; None: no end."""
    gift: bool = False
    """Nothing was paid for it: two half days that become a day give no money back."""


# ---------------------------------------------------------------- who and where


Sound = Literal["usual", "slow", "none"]


class Member(Noun, frozen=True, kw_only=True):
    """A person with a badge. `role` staff: a host."""

    id: str
    name: str
    role: Literal["member", "staff"] = "member"
    status: Literal["active", "suspended"] = "active"
    language: str | None = None
    """A language of the catalogues (`fr`, `en`); None: the site's."""
    greeting: Literal["first_name", "initials", "pseudonym", "nothing"] = "first_name"
    pseudonym: str | None = None
    pin: str | None = None
    """Of a host: what kiosk.desk.pins keeps of the PIN; never shown."""
    large_text: bool = False
    """What matters most is shown alone, and larger."""
    sound: Sound = "usual"
    """How a tap sounds: `slow` is longer and lower, for ears that miss short high notes."""
    listed: bool = False
    """Agreed to be named on the idle screen while they are in, by the name of their greeting."""
    note: str | None = None
    """A few words of the hosts' for each other: never how to reach the person."""
    profile: str = ""
    """What brings them here, for the report: one of the site's `profiles`; empty: not asked, or they would not say."""


class Badge(Noun, frozen=True, kw_only=True):
    """A token that a member carries. `id` is a keyed hash of its identifier: the number itself is not kept."""

    id: str
    member_id: str | None
    status: Literal["active", "lost", "blocked"] = "active"


class Policy(Noun, frozen=True, kw_only=True):
    """The settings of the rules, for each site. Defaults are La Serre's."""

    capacity: int | None = None
    capacity_hard: bool = False
    assume_staff: bool = False
    """Count on a host being there in opening hours, without a staff tap."""
    debt_limit: int = 1
    courtesy_minutes: int = 15
    courtesy_per_month: int = 2
    continuation_minutes: int = 10
    early_minutes: int = 10
    presence_minutes: int = 30
    undo_seconds: int = 60
    undo_per_day: int = 1
    undo_per_month: int = 3
    staff_undo_days: int = 31
    debounce_seconds: int = 5
    warn_units: tuple[int, ...] = (2, 1, 0)
    warn_days: tuple[int, ...] = (30, 7)
    untrusted_clock: Literal["deny", "grace"] = "deny"
    guests: int = 2
    """How many guests a member may have in at a time; 0: none."""
    profiles: tuple[str, ...] = ("coworker", "teleworker", "other")
    """What members may say brings them here, six at most: codes of kiosk.codes.PROFILES, or words of the site's own."""


class Site(Noun, frozen=True, kw_only=True):
    """A place with a door. `hours` and `exceptions` are in OpenStreetMap's opening_hours language."""

    id: str
    name: str
    zone: str
    """IANA name, e.g. `Europe/Paris`."""
    hours: str
    exceptions: tuple[str, ...] = ()
    """Dated rules that win over `hours`, public holidays included; the last one that applies decides."""
    country: str = "FR"
    currency: str = "EUR"
    language: str = "fr"
    policy: Policy = Policy()
    retired: bool = False
    """Closed for good; its sales and visits are kept."""
    region: str = ""
    """The region, where it has public holidays of its own: ISO 3166-2, `FR-57`; empty: those of the country alone."""

    @property
    def calendar(self) -> str:
        """The code of its public holidays: the region's, or the country's."""
        return self.region if self.region.startswith(f"{self.country}-") else self.country


class Override(Noun, frozen=True, kw_only=True):
    """A change of the hours by hosts that ends by itself: closed now, or open longer."""

    state: Literal["open", "closed"]
    since: datetime
    until: datetime


class Opening(Noun, frozen=True, kw_only=True):
    """The hours of a site at an instant."""

    is_open: bool
    because: str | None = None
    """Comment of the rule that decides: a holiday's name, staff's words."""
    is_holiday: bool = False
    overridden: bool = False
    changes_at: datetime | None = None
    """When the state changes next; None: not within a year."""


class DayHours(Noun, frozen=True, kw_only=True):
    """A local day of a site: when it is open, and who or what decides that."""

    on: date
    open: tuple[Span, ...]
    decided_by: Literal["usual", "holiday", "exception", "override"]
    holiday: bool = False
    """A public holiday that the hours heed."""
    because: str | None = None


class WeekHours(Noun, frozen=True, kw_only=True):
    """Weekly hours as a grid: for each day, Monday first, when it is open."""

    days: tuple[tuple[Span, ...], ...]
    closed_on_holidays: bool = True


class DatedHours(Noun, frozen=True, kw_only=True):
    """Other hours from one local date to another, both included; closed without any."""

    first: date
    last: date
    open: tuple[Span, ...] = ()
    why: str = ""


# ---------------------------------------------------------------- one tap


class Source(StrEnum):
    """How the tap was made."""

    BADGE = "badge"
    STAFF = "staff"
    TOUCH = "touch"
    """A button on the notice of a tap: an entry bought for later, or for a guest."""


class Tap(Noun, frozen=True, kw_only=True):
    """A badge at the reader, as the hardware reports it; or a member checked in by a host."""

    uid: bytes | None
    """The identifier read; None when it could not be read, or when there is no badge."""
    monotonic: float
    """Seconds on this machine's monotonic clock."""
    technology: str = ""
    assurance: str = "UID_ONLY"
    """What the badge proved, of hardware.badge."""
    source: Source = Source.BADGE
    member_id: str | None = None
    """With source STAFF: the member checked in."""

    @property
    def is_random(self) -> bool:
        """Whether the identifier changes at each tap, and nothing else was proved.

        ISO/IEC 14443-3: such identifiers have 4 bytes, the first of them 08.
        """
        uid = self.uid or b""
        return len(uid) == 4 and uid[0] == 0x08 and self.assurance == "UID_ONLY"


class ClockQuality(StrEnum):
    """How far the wall clock can be trusted."""

    TRUSTED = "trusted"
    HOLDOVER = "holdover"
    UNTRUSTED = "untrusted"


class Stamp(Noun, frozen=True, kw_only=True):
    """When something happened, by both clocks of the machine."""

    at: datetime
    boot_id: str
    monotonic_ns: int
    clock: ClockQuality


class Window(Noun, frozen=True, kw_only=True):
    """The time that an entry pays for, half open: [start, end)."""

    start: datetime
    end: datetime


class Charge(Noun, frozen=True, kw_only=True):
    """Units taken off a pass."""

    pass_id: str
    units: int


class Debt(Noun, frozen=True, kw_only=True):
    """Units owed on a pass, which a sale moves to another."""

    pass_id: str
    units: int
    first: int = 0
    """The number of the first of them, from 1 over all units ever owed on the pass; 0: older releases gave none."""


class Ref(Noun, frozen=True, kw_only=True):
    """The name of a ledger entry, the same on all machines for ever."""

    ledger_id: str
    seq: int


class Visit(Noun, frozen=True, kw_only=True):
    """A granted tap, as stored in the roster."""

    ref: Ref
    at: datetime
    member_id: str
    site_id: str
    reason: Reason
    window: Window | None = None
    charges: tuple[Charge, ...] = ()
    present_until: datetime | None = None
    """When presence ends or ended: by itself, by leaving, by coming again, by a reversal."""
    left_at: datetime | None = None
    reversed_at: datetime | None = None
    reversed_by: str | None = None


class Use(Noun, frozen=True, kw_only=True):
    """Units taken off a pass at an instant."""

    at: datetime
    units: int


class Holding(Noun, frozen=True, kw_only=True):
    """A pass of a member with the units used of it, less reversals."""

    pass_: Pass
    used: int
    recent: tuple[Use, ...] = ()
    """Uses of the last 40 days, oldest first: enough for any week or month."""


class Case(Noun, frozen=True, kw_only=True):
    """Everything that is known at a tap: the only input of `rules.decide` besides the instant."""

    site: Site
    tap: Tap
    badge: Badge | None = None
    member: Member | None = None
    holdings: tuple[Holding, ...] = ()
    visits: tuple[Visit, ...] = ()
    """The member's visits of the last 40 days at all sites, newest first, reversed ones included."""
    override: Override | None = None
    staff_present: bool = False
    people_in: int = 0
    clock: ClockQuality = ClockQuality.TRUSTED
    claim_code: str | None = None
    """Of an unknown badge: four characters by which staff find it."""


class Reason(StrEnum):
    """The reason of a verdict: stable codes of rules.decide. They are stored; never rename one."""

    READ_ERROR = "READ_ERROR"
    RANDOM_UID = "RANDOM_UID"
    UNKNOWN_BADGE = "UNKNOWN_BADGE"
    BADGE_BLOCKED = "BADGE_BLOCKED"
    MEMBER_SUSPENDED = "MEMBER_SUSPENDED"
    CLOCK_UNTRUSTED = "CLOCK_UNTRUSTED"
    STAFF = "STAFF"
    RE_ENTRY = "RE_ENTRY"
    CLOSED = "CLOSED"
    FULL = "FULL"
    COURTESY = "COURTESY"
    UNLIMITED = "UNLIMITED"
    ENTRY_USED = "ENTRY_USED"
    DEBT = "DEBT"
    NO_ENTRIES_LEFT = "NO_ENTRIES_LEFT"
    PASS_EXPIRED = "PASS_EXPIRED"
    PASS_NOT_YET_VALID = "PASS_NOT_YET_VALID"
    PASS_NOT_HERE = "PASS_NOT_HERE"
    NO_PASS = "NO_PASS"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


class Granted(Noun, frozen=True, kw_only=True, tag="granted", tag_field="verdict"):
    """The tap is granted. Facts that do not apply are None."""

    reason: Reason
    window: Window | None = None
    charges: tuple[Charge, ...] = ()
    credit_cents: int = 0
    """Given back to the member's account: two half days cost more than the day they became."""
    present_until: datetime | None = None
    pass_id: str | None = None
    units_left: int | None = None
    """On the pass that pays, after this tap, this period's for an allowance; -1 with DEBT."""
    units_usable: int | None = None
    """On all passes that the member can use here now, after this tap; None where there is no other."""
    units_total: int | None = None
    usable_total: int | None = None
    """What all these had when they were sold, or have each week or month; None where there is no other."""
    expires_on: date | None = None
    """Last day of the pass that pays; of all that the member can use, where there are others. None: no end."""
    warn_units: bool = False
    warn_expiry: bool = False


class Denied(Noun, frozen=True, kw_only=True, tag="denied", tag_field="verdict"):
    """The tap is denied, with facts that help."""

    reason: Reason
    opens_at: datetime | None = None
    because: str | None = None
    is_holiday: bool = False
    expired_on: date | None = None
    valid_from: date | None = None
    renews_on: date | None = None
    """First day of the next period of an allowance."""
    product: str | None = None
    price_cents: int | None = None
    """The nearest fix: what another pass of the same kind costs."""
    claim_code: str | None = None


Verdict = Granted | Denied


class Signal(StrEnum):
    """A signal of the indicator and the screen: each has its own light, rhythm and picture."""

    IDLE = "idle"
    GRANTED = "granted"
    RE_ENTRY = "re_entry"
    ATTENTION = "attention"
    DENIED = "denied"
    FAULT = "fault"
