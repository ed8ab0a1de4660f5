"""The facts that the ledger keeps, for ten years: one class for each kind of entry, and the entry around them.

Add kinds and fields, never rename one. Instants are in UTC, money is in cents of the site's currency.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from kiosk.model import (
    Badge,
    Charge,
    Debt,
    Member,
    Noun,
    Override,
    Pass,
    Product,
    Reason,
    Ref,
    Site,
    Source,
    Stamp,
    Verdict,
)


class Fact(Noun, frozen=True, kw_only=True, tag_field="kind"):
    """The body of a ledger entry. Its tag is stored: never rename one."""


class NounSet(Fact, frozen=True, kw_only=True):
    """A noun was changed: the fields that its writer changed.

    Other writers' changes of other fields, made without knowledge of this one, stand: see kiosk.store.fold.fields.
    """

    changed: tuple[str, ...] | None = None
    """The fields that were changed, as kiosk.store.fold.fields names them; empty: it is new, and all of them count.

    None: an entry of an earlier release, which tells of no single fields: all of the noun.
    """
    saw: tuple[Ref, ...] = ()
    """The entries about this noun that the writer knew: of each ledger the last."""


class SiteSet(NounSet, frozen=True, kw_only=True, tag="site"):
    """A site was created or changed: contains the whole site."""

    site: Site


class ProductSet(NounSet, frozen=True, kw_only=True, tag="product"):
    """A product was created or changed: contains the whole product."""

    product: Product


class MemberSet(NounSet, frozen=True, kw_only=True, tag="member"):
    """A member was created or changed: contains the whole member."""

    member: Member


class BadgeSet(NounSet, frozen=True, kw_only=True, tag="badge"):
    """A badge was assigned, taken back, reported lost or blocked: contains the whole badge."""

    badge: Badge


class PassSold(Fact, frozen=True, kw_only=True, tag="sale"):
    """A pass was sold. `settles`: debts on older passes that are moved to this one."""

    pass_: Pass = msgspec.field(name="pass")
    site_id: str
    price_cents: int
    method: str = "cash"
    settles: tuple[Debt, ...] = ()
    by: str | None = None


class Tapped(Fact, frozen=True, kw_only=True, tag="tap"):
    """A tap and its verdict, granted or denied."""

    site_id: str
    verdict: Verdict
    badge_id: str | None = None
    member_id: str | None = None
    technology: str = ""
    source: Source = Source.BADGE


class Reversed(Fact, frozen=True, kw_only=True, tag="reversal"):
    """A tap or a sale was reversed: its charges and credit are given back, and its window ends."""

    ref: Ref
    reason: str
    by: str
    """`self`, `closing`, `desk` or a member id."""


class Left(Fact, frozen=True, kw_only=True, tag="left"):
    """The member left, as they or a host said. It moves no money."""

    member_id: str
    site_id: str


class HoursOverridden(Fact, frozen=True, kw_only=True, tag="override"):
    """Hosts closed now, or stay open; `override` None ends that."""

    site_id: str
    override: Override | None
    by: str = "desk"
    saw: tuple[Ref, ...] | None = None
    """For each ledger the last entry about this site's hours that the writer knew; None: not recorded."""


class Happened(Fact, frozen=True, kw_only=True, tag="incident"):
    """An incident: started, door forced, reader down, a conflict between two kiosks."""

    what: str
    detail: str = ""
    site_id: str | None = None
    note: str = ""
    """What was found, as a code; kiosk.codes has its words. Empty where `detail` says all, as in earlier releases."""
    facts: dict[str, str | int] = msgspec.field(default_factory=dict)
    """What the words of `note` name. A member's id stands alone: so it is found when they ask what is kept of them."""


class Timed(Noun, frozen=True, kw_only=True):
    """The corrected time of an entry of this ledger."""

    seq: int
    at: datetime


class TimesCorrected(Fact, frozen=True, kw_only=True, tag="times"):
    """The corrected times of entries that this kiosk wrote in this boot before it knew the time."""

    times: tuple[Timed, ...]


class Erased(Fact, frozen=True, kw_only=True, tag="erasure"):
    """A tombstone: a person asked to be erased, or had no contact for years.

    It applies to all entries about them, earlier and later ones.
    """

    member_id: str
    by: str = "desk"


class Owed(Noun, frozen=True, kw_only=True):
    """Money that the site owes a member."""

    member_id: str
    cents: int


class LastSeen(Noun, frozen=True, kw_only=True):
    """The month in which a member came last: decides when a customer's data is erased, and who is new in a month."""

    member_id: str
    month: str
    """`2026-07`."""
    site_id: str = ""
    """Where; empty: earlier releases did not tell."""


class Count(Noun, frozen=True, kw_only=True):
    """How often a reason was given at a site on a day (UTC), over all people: in sums of earlier releases."""

    site_id: str
    on: date
    reason: Reason
    taps: int


class Condensed(Fact, frozen=True, kw_only=True, tag="condensed"):
    """The passages in a stretch of a ledger are old enough to be erased; these are the sums that stay.

    Stretches of one ledger do not overlap: the next one begins where the last one ended. One stretch is all that a
    ledger tells of a month, so that the sums name no day on which somebody came.
    """

    ledger_id: str
    first: int
    last: int
    """Of the stretch, both included: numbers of entries."""
    month: str = ""
    """`2026-07`, in the site's zone; empty: a stretch of an earlier release, of any length."""
    uses: tuple[Charge, ...] = ()
    """What they took off each pass in all, reversals taken off."""
    credits: tuple[Owed, ...] = ()
    last_seen: tuple[LastSeen, ...] = ()
    counts: tuple[Count, ...] = ()


class AnswerCount(Noun, frozen=True, array_like=True):
    """How often a reason was given in an hour of a local day, over all people."""

    on: date
    hour: int
    reason: Reason
    taps: int


class PresentCount(Noun, frozen=True, array_like=True):
    """How many people, hosts left out, were present at some time in an hour of a local day."""

    on: date
    hour: int
    people: int


class SessionCount(Noun, frozen=True, array_like=True):
    """An opening, from and until when it was open, and who came: visits, and different people, guests too."""

    opens: datetime
    closes: datetime
    visits: int
    people: int


class WeekCount(Noun, frozen=True, array_like=True):
    """The visits and different people, guests too, of a week; of its part in the month where the month ends in it."""

    monday: date
    visits: int
    people: int


class GroupCount(Noun, frozen=True, array_like=True):
    """How many different people of a group came, and how often: of a profile (empty: none told), or `staff`, hosts."""

    group: str
    people: int
    visits: int


class OftenCount(Noun, frozen=True, array_like=True):
    """How many people made from `least` to `most` visits; `most` 0: without limit."""

    least: int
    most: int
    people: int


class CameLastCount(Noun, frozen=True, array_like=True):
    """How many people of the month had come last in `month`; empty: never before."""

    month: str
    people: int


class MonthSummed(Fact, frozen=True, kw_only=True, tag="month"):
    """The passages of a calendar month at a site, summed without a name before they are erased.

    A visit is a tap that let somebody in and was not undone, other than back into a running window, or to prolong one
    without a gap. Hosts are counted as a group of their own, and nowhere else. From `came_last` follow the different
    people of any range of months: the sum, over its months, of those who had come last before the range.
    """

    site_id: str
    """Empty: the whole network, whose sums have people only."""
    month: str
    """`2026-07`, in the site's zone."""
    is_late: bool = False
    """These passages arrived after the month had been summed: they add to it."""
    answers: tuple[AnswerCount, ...] = ()
    present: tuple[PresentCount, ...] = ()
    planned: int = 0
    """Openings that the hours told of, whatever hosts decided on the day."""
    sessions: tuple[SessionCount, ...] = ()
    weeks: tuple[WeekCount, ...] = ()
    visits: int = 0
    guests: int = 0
    """Of the visits: by guests of members, who are nobody's name."""
    nameless: int = 0
    """Of the visits: by people who were erased before the month was summed."""
    minutes_bought: int = 0
    stays: int = 0
    """Visits whose end is known, because the member said that they leave."""
    minutes_stayed: int = 0
    """Of these."""
    groups: tuple[GroupCount, ...] = ()
    often: tuple[OftenCount, ...] = ()
    came_last: tuple[CameLastCount, ...] = ()
    seen_later: int = 0
    """Of a late sum: people who had been counted in a later month; whether in this one too is not known."""


AnyFact = (
    SiteSet
    | ProductSet
    | MemberSet
    | BadgeSet
    | PassSold
    | Tapped
    | Reversed
    | Left
    | HoursOverridden
    | Happened
    | TimesCorrected
    | Erased
    | Condensed
    | MonthSummed
)


class Entry(Noun, frozen=True, kw_only=True):
    """A line of a ledger: what, when, and its place in the chain of hashes."""

    ref: Ref
    stamp: Stamp
    kind: str
    body: bytes | None
    """The fact as JSON, byte for byte; None once erased."""
    salt: bytes | None
    body_hash: bytes
    """SHA-256 of salt and body: what the chain covers, so that an erased body leaves a chain that verifies."""
    previous: bytes
    hash: bytes
    remainder: bytes | None = None
    """Of an erased body: the fact without the person, for what others and the accounts still need of it."""
