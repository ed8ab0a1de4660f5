"""What hosts may ask of a kiosk: plain values that travel as JSON over the control socket.

Nothing here does anything: kiosk.desk performs the commands, kiosk.cli makes them, kiosk.answers says what comes back.
Members are named by id or by any part of their name; badges by number, or by the claim code that the screen shows.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from kiosk.model import DatedHours, Member, Noun, Product, Site, Sound, WeekHours

Role = Literal["member", "staff"]
Standing = Literal["active", "suspended"]
BadgeStatus = Literal["active", "lost", "blocked"]
Greeting = Literal["first_name", "initials", "pseudonym", "nothing"]


class Command(Noun, tag_field="do", frozen=True, kw_only=True):
    """Something to do or to tell."""


# ---------------------------------------------------------------- members and badges


class AddMember(Command, tag="member_add", frozen=True, kw_only=True):
    """Answer: Done, with the new member's id. `anyway`: even if somebody has this name already.

    `id` names the new member, so that a command sent twice adds one; without it an id is made.
    """

    name: str
    id: str | None = None
    role: Role = "member"
    language: str | None = None
    greeting: Greeting = "first_name"
    pseudonym: str | None = None
    anyway: bool = False


class ChangeMember(Command, tag="member_change", frozen=True, kw_only=True):
    """What is None stays as it is. Answer: Done. `anyway`: even if somebody else has this name already."""

    member: str
    name: str | None = None
    role: Role | None = None
    status: Standing | None = None
    language: str | None = None
    """An empty one takes it away: the site's language."""
    greeting: Greeting | None = None
    pseudonym: str | None = None
    """An empty one takes it away."""
    note: str | None = None
    """A few words for other hosts; an empty one takes it away."""
    large_text: bool | None = None
    sound: Sound | None = None
    listed: bool | None = None
    anyway: bool = False


class ListMembers(Command, tag="members", frozen=True, kw_only=True):
    """Those whose name has this in it; all without, or so many after the first `start`. Answer: People."""

    text: str = ""
    start: int = 0
    limit: int | None = None


class ShowAccount(Command, tag="account", frozen=True, kw_only=True):
    """Answer: Account."""

    member: str


class AssignBadge(Command, tag="badge_assign", frozen=True, kw_only=True):
    """Give a member a badge, by its number or by the claim code shown when it was tapped. Answer: Done."""

    member: str
    number: str | None = None
    code: str | None = None


class SetBadge(Command, tag="badge_set", frozen=True, kw_only=True):
    """Report a badge lost, block it, or put it back in use. Answer: Done.

    It is named by its number, or by its member and, where they have several, its code.
    """

    status: BadgeStatus
    member: str | None = None
    number: str | None = None
    code: str | None = None


class ReturnBadge(Command, tag="badge_return", frozen=True, kw_only=True):
    """The badge is nobody's again. Named like in SetBadge. Answer: Done."""

    member: str | None = None
    number: str | None = None
    code: str | None = None


class ReplaceBadge(Command, tag="badge_replace", frozen=True, kw_only=True):
    """A member lost a badge and has a new one: the old one, named by its code where they have several, is lost.

    The new one is named like in AssignBadge. Answer: Done.
    """

    member: str
    number: str | None = None
    code: str | None = None
    old: str | None = None


class ClaimBadge(Command, tag="badge_claim", frozen=True, kw_only=True):
    """Give a member the badge that was refused under a code, and judge its tap again. Answer: Judged."""

    member: str
    code: str


class ListUnknownBadges(Command, tag="badges_unknown", frozen=True, kw_only=True):
    """Badges refused as unknown since an instant, newest first; since an hour ago without. Answer: UnknownBadges."""

    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


# ---------------------------------------------------------------- passes, entries, visits


class SellPass(Command, tag="pass_sell", frozen=True, kw_only=True):
    """Sell a product to one member, or to several who share it. Answer: Done, with the pass's id."""

    members: tuple[str, ...]
    product: str
    starts: date | None = None
    """First local day of validity; None: today."""
    method: str = "cash"
    """One of kiosk.payments.METHODS."""
    words: str = ""
    """With the method `other`: which."""
    by: str = "desk"
    id: str | None = None
    """The pass's, where who asks chose it: what is asked for twice is sold once."""


class PreviewSale(Command, tag="sale_preview", frozen=True, kw_only=True):
    """What would be sold, for how much and until when; nothing is written. Answer: SalePreview."""

    sale: SellPass


class ListProducts(Command, tag="products", frozen=True, kw_only=True):
    """Answer: Products."""


class CheckIn(Command, tag="check_in", frozen=True, kw_only=True):
    """A member without their badge: judged like a tap. Answer: Judged."""

    member: str


class Leave(Command, tag="leave", frozen=True, kw_only=True):
    """A member or a guest has left. Answer: Done."""

    member: str


class Undo(Command, tag="undo", frozen=True, kw_only=True):
    """Give an entry of a member or guest back: the last one that took something, or that numbered `seq`. Answer: Done.

    `member` may be a guest, `Léa Martin +1`; a guest's visit is found by its number under the member, too.
    """

    member: str
    reason: str
    seq: int | None = None
    ledger_id: str | None = None
    """The ledger in which `seq` counts; None: whichever has it."""
    by: str = "desk"


class CancelSale(Command, tag="pass_cancel", frozen=True, kw_only=True):
    """Take back a sale made by mistake, of a pass of which nothing was used. Answer: Done."""

    pass_id: str
    reason: str
    by: str = "desk"


class ShowTill(Command, tag="till", frozen=True, kw_only=True):
    """The sales of a local day at this site, today's without. Answer: Till."""

    on: date | None = None


class ExportMember(Command, tag="member_export", frozen=True, kw_only=True):
    """All that is kept about a member. Answer: Exported.

    With a `medium`, by the path that Media tells, a file of it is put onto that stick: Done, its path is the `id`.
    """

    member: str
    medium: str | None = None
    by: str = "desk"


class EraseMember(Command, tag="member_erase", frozen=True, kw_only=True):
    """Forget a member for ever, on all kiosks. Answer: Done."""

    member: str
    by: str = "desk"


class ForgetOld(Command, tag="retention", frozen=True, kw_only=True):
    """Forget a part of what is old; to be asked until nothing changes. Answer: Done."""


class ListInside(Command, tag="inside", frozen=True, kw_only=True):
    """Who is in. Answer: Inside.

    `doubtful`: with all who came in the last twelve hours and did not say that they left, whatever ended their time.
    """

    doubtful: bool = False


class ListTaps(Command, tag="taps", frozen=True, kw_only=True):
    """The taps of a local day, refusals included; today's without. Answer: Taps."""

    on: date | None = None


class OpenDoor(Command, tag="door_open", frozen=True, kw_only=True):
    """Let somebody in once, by a host's word. Answer: DoorOpened."""

    by: str = "desk"


# ---------------------------------------------------------------- signing in


class SetPin(Command, tag="pin_set", frozen=True, kw_only=True):
    """Give a host the PIN by which they sign in at the screen. Answer: Done.

    `hashed`: what kiosk.desk.pins made of the PIN already.
    """

    member: str
    pin: str = ""
    hashed: str | None = None


class SignIn(Command, tag="sign_in", frozen=True, kw_only=True):
    """Sign in a host by id and PIN; tries are counted. Answer: Done."""

    member: str
    pin: str


# ---------------------------------------------------------------- hours


class ShowHours(Command, tag="hours", frozen=True, kw_only=True):
    """Answer: Hours, with the next `count` openings."""

    count: int = 7


class CloseToday(Command, tag="hours_close", frozen=True, kw_only=True):
    """Closed from now until midnight; entries cut by more than half are given back. Answer: Done."""

    by: str = "desk"


class StayOpen(Command, tag="hours_open", frozen=True, kw_only=True):
    """Open from now until a local time of day (`19:30`), after midnight when it is past. Answer: Done."""

    until: str
    by: str = "desk"


class BackToHours(Command, tag="hours_back", frozen=True, kw_only=True):
    """The usual hours apply again. Answer: Done."""

    by: str = "desk"


class AddException(Command, tag="exception_add", frozen=True, kw_only=True):
    """Add a dated rule, in the opening_hours language (`2026 Dec 24-31 off "fêtes"`). Answer: Done."""

    rule: str


class RemoveException(Command, tag="exception_remove", frozen=True, kw_only=True):
    """Remove a dated rule, by its text or its number in the list (from 1). Answer: Done."""

    rule: str


class SetDates(Command, tag="dates_set", frozen=True, kw_only=True):
    """Other hours, or none, from one date to another; in the place of an exception for the same dates. Answer: Done."""

    dates: DatedHours


class SetWeek(Command, tag="week_set", frozen=True, kw_only=True):
    """The weekly hours from now on; exceptions stay. Answer: Done."""

    week: WeekHours


HoursChange = CloseToday | StayOpen | BackToHours | AddException | RemoveException | SetDates | SetWeek


class ShowWeek(Command, tag="week", frozen=True, kw_only=True):
    """The week, from Monday, that a local day lies in, this week without; so many `weeks` of days. Answer: Week."""

    on: date | None = None
    weeks: int = 1


class PreviewHours(Command, tag="hours_preview", frozen=True, kw_only=True):
    """What members would see after a change; nothing is written. Answer: HoursPreview."""

    change: HoursChange


class ImportSite(Command, tag="site_import", frozen=True, kw_only=True):
    """Make the site as its file describes it; what already is so does not change. Answer: Done."""

    site: Site
    products: tuple[Product, ...] = ()
    members: tuple[Member, ...] = ()


class SetSite(Command, tag="site_set", frozen=True, kw_only=True):
    """Make a site, or change all that is known of it: its name, zone, weekly hours, numbers of the rules.

    `anyway`: even if another site has this name already. Answer: Done, with the site's id.
    """

    site: Site
    anyway: bool = False


class RetireSite(Command, tag="site_retire", frozen=True, kw_only=True):
    """Close a site for good, or take that back: then its weekly hours are to be written anew. Answer: Done."""

    site: str
    retired: bool = True


class SetProduct(Command, tag="product_set", frozen=True, kw_only=True):
    """Make a product, or change what it is from now on; passes sold keep their terms. Answer: Done, with its id."""

    product: Product


# ---------------------------------------------------------------- the first start


class ShowFirstStart(Command, tag="first_start", frozen=True, kw_only=True):
    """Whether the kiosk waits to be set up, and how its parts are. Answer: FirstStart."""


class TryDoor(Command, tag="door_try", frozen=True, kw_only=True):
    """Open the door once, to see whether it does, while the kiosk waits to be set up. Answer: DoorOpened."""


class SetUp(Command, tag="set_up", frozen=True, kw_only=True):
    """Make a kiosk without site and host a working one, all at once. Answer: Done, with the host's id.

    `code`: claim code of the first host's badge, which was tapped before. `pin` is the first host's, `hashed` what
    kiosk.desk.pins made of it already: there is no moment in which the place has a host who could not sign in.
    """

    name: str
    host: str
    week: WeekHours
    products: tuple[Product, ...] = ()
    code: str | None = None
    pin: str = ""
    hashed: str | None = None
    language: str = "fr"
    zone: str = "Europe/Paris"
    country: str = "FR"
    region: str = ""
    """Where the region has public holidays of its own (`FR-57`); empty: those of the country."""
    currency: str = "EUR"


# ---------------------------------------------------------------- the kiosk itself


class ShowStatus(Command, tag="status", frozen=True, kw_only=True):
    """Answer: Status."""


class RepairRoster(Command, tag="ledger_repair", frozen=True, kw_only=True):
    """Put what the entries add up to in the place of the roster. Answer: LedgerReport, with what was different."""


class SetClock(Command, tag="clock_set", frozen=True, kw_only=True):
    """What the wall's clock shows now, as a host says; while nothing better keeps the time. Answer: Done."""

    at: datetime
    """Local, without a zone."""
    by: str = "desk"
    confirmed: bool = False
    """The host was shown the date in words, and that it is long after the last entry, or before it."""


class ListMedia(Command, tag="media", frozen=True, kw_only=True):
    """The USB sticks that are plugged in. Answer: Media."""


class ExportBooks(Command, tag="export", frozen=True, kw_only=True):
    """Copy the books onto a stick, by the path that Media tells. Answer: Done, with the new folder's path as `id`."""

    medium: str
    by: str = "desk"


class Pair(Command, tag="pair", frozen=True, kw_only=True):
    """Join the network of a central server by the code that it shows. Answer: Done."""

    url: str
    code: str


class TapCard(Command, tag="tap", frozen=True, kw_only=True):
    """Put a virtual card on the demo's reader; without a name, list the cards. Answer: Done. Only the demo knows it."""

    card: str | None = None


Asked = (
    AddMember
    | ChangeMember
    | ListMembers
    | ShowAccount
    | AssignBadge
    | SetBadge
    | ReturnBadge
    | ReplaceBadge
    | ClaimBadge
    | ListUnknownBadges
    | ShowTill
    | ExportMember
    | EraseMember
    | ForgetOld
    | SellPass
    | PreviewSale
    | ListProducts
    | CheckIn
    | Leave
    | Undo
    | CancelSale
    | OpenDoor
    | SetPin
    | SignIn
    | ListInside
    | ListTaps
    | ShowHours
    | CloseToday
    | StayOpen
    | BackToHours
    | AddException
    | RemoveException
    | SetDates
    | SetWeek
    | ShowWeek
    | PreviewHours
    | ImportSite
    | SetSite
    | RetireSite
    | SetProduct
    | ShowFirstStart
    | TryDoor
    | SetUp
    | ShowStatus
    | RepairRoster
    | SetClock
    | ListMedia
    | ExportBooks
    | Pair
    | TapCard
)

encode_command = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Asked)


def decode_command(line: bytes) -> Asked:
    """Read a command from JSON. Raises msgspec.DecodeError."""
    command: Asked = _decoder.decode(line)
    return command
