"""Commands that hosts give a kiosk: plain values that travel as JSON over the control socket.

Nothing here does anything: kiosk.desk performs the commands, kiosk.cli creates them, kiosk.answers has the answers.
Each command names the answer it gets when it is done; otherwise the answer is Refused. Members are named by id or by
any part of their name; badges by number, or by the claim code that the screen shows.
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
    """Base of all commands."""


# ---------------------------------------------------------------- members and badges


class AddMember(Command, tag="member_add", frozen=True, kw_only=True):
    """Add a member. Answer: Done, with the new member's id.

    `anyway`: add even if somebody has this name already. `id` names the new member, so that a command sent twice adds
    one member; without it the kiosk makes an id.
    """

    name: str
    id: str | None = None
    role: Role = "member"
    language: str | None = None
    greeting: Greeting = "first_name"
    pseudonym: str | None = None
    profile: str = ""
    """One of the site's profiles, which the report counts by; empty: none."""
    anyway: bool = False


class ChangeMember(Command, tag="member_change", frozen=True, kw_only=True):
    """Change the given fields of a member; None leaves a field as it is. Answer: Done.

    `anyway`: change even if somebody else has the new name already.
    """

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
    profile: str | None = None
    """One of the site's profiles; an empty one takes it away."""
    anyway: bool = False


class ListMembers(Command, tag="members", frozen=True, kw_only=True):
    """List the members whose name contains a text. Answer: People.

    Without a text: all members, or `limit` of them after the first `start`.
    """

    text: str = ""
    start: int = 0
    limit: int | None = None


class ShowAccount(Command, tag="account", frozen=True, kw_only=True):
    """Show everything about a member. Answer: Account."""

    member: str


class AssignBadge(Command, tag="badge_assign", frozen=True, kw_only=True):
    """Give a member a badge, by its number or by the claim code shown when it was tapped. Answer: Done."""

    member: str
    number: str | None = None
    code: str | None = None


class SetBadge(Command, tag="badge_set", frozen=True, kw_only=True):
    """Report a badge lost, block it, or put it back in use. Answer: Done.

    The badge is named by its number, or by its member and, if they have several, its code.
    """

    status: BadgeStatus
    member: str | None = None
    number: str | None = None
    code: str | None = None


class ReturnBadge(Command, tag="badge_return", frozen=True, kw_only=True):
    """Take a badge back: it belongs to nobody afterwards. Named as in SetBadge. Answer: Done."""

    member: str | None = None
    number: str | None = None
    code: str | None = None


class ReplaceBadge(Command, tag="badge_replace", frozen=True, kw_only=True):
    """Report a member's badge lost and give them a new one. Answer: Done.

    The lost badge is named by its code if the member has several, the new one as in AssignBadge.
    """

    member: str
    number: str | None = None
    code: str | None = None
    old: str | None = None


class ClaimBadge(Command, tag="badge_claim", frozen=True, kw_only=True):
    """Give a member the badge that was denied under a claim code, and judge its tap again. Answer: Judged."""

    member: str
    code: str


class ListUnknownBadges(Command, tag="badges_unknown", frozen=True, kw_only=True):
    """List the badges denied as unknown since an instant, newest first. Answer: UnknownBadges.

    Without an instant: since one hour ago.
    """

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
    """Show what would be sold, the price and the last day; writes nothing. Answer: SalePreview."""

    sale: SellPass


class ListProducts(Command, tag="products", frozen=True, kw_only=True):
    """List the products. Answer: Products."""


class CheckIn(Command, tag="check_in", frozen=True, kw_only=True):
    """Check in a member without their badge, judged like a tap. Answer: Judged."""

    member: str


class Leave(Command, tag="leave", frozen=True, kw_only=True):
    """Record that a member or a guest has left. Answer: Done."""

    member: str


class Undo(Command, tag="undo", frozen=True, kw_only=True):
    """Give an entry of a member or guest back: the last one used, or the one numbered `seq`. Answer: Done.

    `member` may be a guest, such as `Léa Martin +1`. A guest's visit can also be named by the member and its number.
    """

    member: str
    reason: str
    seq: int | None = None
    ledger_id: str | None = None
    """The ledger in which `seq` counts; None: whichever has it."""
    by: str = "desk"


class CancelSale(Command, tag="pass_cancel", frozen=True, kw_only=True):
    """Cancel a sale made by mistake, while nothing of the pass was used. Answer: Done."""

    pass_id: str
    reason: str
    by: str = "desk"


class ShowTill(Command, tag="till", frozen=True, kw_only=True):
    """Show the sales of a local day at this site (default: today). Answer: Till."""

    on: date | None = None


class ShowReport(Command, tag="report", frozen=True, kw_only=True):
    """Show who came to this site over a range of months (`2026-07`), both included. Answer: Report.

    Empty: from the first month that is known, to the present one.
    """

    since: str = ""
    until: str = ""


class ExportMember(Command, tag="member_export", frozen=True, kw_only=True):
    """Export all data about a member. Answer: Exported.

    With `medium`, a path listed by Media, the data is written to a file on that stick. Answer: Done, with the file's
    path as `id`.
    """

    member: str
    medium: str | None = None
    by: str = "desk"


class EraseMember(Command, tag="member_erase", frozen=True, kw_only=True):
    """Erase a member for good, on all kiosks. Answer: Done."""

    member: str
    by: str = "desk"


class ForgetOld(Command, tag="retention", frozen=True, kw_only=True):
    """Erase some of the old data; repeat until the answer says that nothing changed. Answer: Done."""


class ListInside(Command, tag="inside", frozen=True, kw_only=True):
    """List the people who are in. Answer: Inside.

    `doubtful`: also list everybody who came in the last twelve hours and did not say that they left.
    """

    doubtful: bool = False


class ListTaps(Command, tag="taps", frozen=True, kw_only=True):
    """List the taps of a local day (default: today), denied ones included. Answer: Taps."""

    on: date | None = None


class OpenDoor(Command, tag="door_open", frozen=True, kw_only=True):
    """Open the door once, on a host's order. Answer: DoorOpened."""

    by: str = "desk"


# ---------------------------------------------------------------- signing in


class SetPin(Command, tag="pin_set", frozen=True, kw_only=True):
    """Set the PIN with which a host signs in at the screen. Answer: Done.

    `hashed`: the PIN as hashed by kiosk.desk.pins, if that was done already.
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
    """Show the present hours and the next `count` openings. Answer: Hours."""

    count: int = 7


class CloseToday(Command, tag="hours_close", frozen=True, kw_only=True):
    """Close from now until midnight; entries that lose more than half of their time are given back. Answer: Done."""

    by: str = "desk"


class StayOpen(Command, tag="hours_open", frozen=True, kw_only=True):
    """Stay open from now until a local time of today such as `19:30`, `00:00` (midnight) at the latest.

    Answer: Done.
    """

    until: str
    by: str = "desk"


class BackToHours(Command, tag="hours_back", frozen=True, kw_only=True):
    """End the override: the usual hours apply again. Answer: Done."""

    by: str = "desk"


class AddException(Command, tag="exception_add", frozen=True, kw_only=True):
    """Add a dated rule, in the opening_hours language (`2026 Dec 24-31 off "fêtes"`). Answer: Done."""

    rule: str


class RemoveException(Command, tag="exception_remove", frozen=True, kw_only=True):
    """Remove a dated rule, by its text or its number in the list (from 1). Answer: Done."""

    rule: str


class SetDates(Command, tag="dates_set", frozen=True, kw_only=True):
    """Set other hours, or none, for a range of dates, replacing an exception for the same dates. Answer: Done."""

    dates: DatedHours


class SetWeek(Command, tag="week_set", frozen=True, kw_only=True):
    """Replace the weekly hours; exceptions stay. Answer: Done."""

    week: WeekHours


class SetHours(Command, tag="hours_set", frozen=True, kw_only=True):
    """Replace the weekly hours by others in the opening_hours language; exceptions stay. Answer: Done."""

    hours: str


HoursChange = CloseToday | StayOpen | BackToHours | AddException | RemoveException | SetDates | SetWeek | SetHours


class ShowWeek(Command, tag="week", frozen=True, kw_only=True):
    """Show `weeks` weeks from the Monday of a local day's week (default: this week). Answer: Week."""

    on: date | None = None
    weeks: int = 1


class PreviewHours(Command, tag="hours_preview", frozen=True, kw_only=True):
    """Show what members would see after a change; writes nothing. Answer: HoursPreview."""

    change: HoursChange


class ImportSite(Command, tag="site_import", frozen=True, kw_only=True):
    """Import a site file: changes only what differs. Answer: Done."""

    site: Site
    products: tuple[Product, ...] = ()
    members: tuple[Member, ...] = ()


class SetSite(Command, tag="site_set", frozen=True, kw_only=True):
    """Create a site, or replace its name, zone, weekly hours and policy. Answer: Done, with the site's id.

    `anyway`: even if another site has this name already.
    """

    site: Site
    anyway: bool = False


class RetireSite(Command, tag="site_retire", frozen=True, kw_only=True):
    """Close a site for good, or undo that: its weekly hours must then be set anew. Answer: Done."""

    site: str
    retired: bool = True


class SetProduct(Command, tag="product_set", frozen=True, kw_only=True):
    """Create or change a product; passes already sold keep their terms. Answer: Done, with its id."""

    product: Product


# ---------------------------------------------------------------- the first start


class ShowFirstStart(Command, tag="first_start", frozen=True, kw_only=True):
    """Show whether the kiosk waits to be set up, and the state of its parts. Answer: FirstStart."""


class TryDoor(Command, tag="door_try", frozen=True, kw_only=True):
    """Open the door once as a test, while the kiosk waits to be set up. Answer: DoorOpened."""


class SetUp(Command, tag="set_up", frozen=True, kw_only=True):
    """Set up a kiosk that has neither site nor host, all in one step. Answer: Done, with the host's id.

    `code`: claim code of the first host's badge, tapped before. `pin`: the first host's PIN; `hashed`: the same as
    hashed by kiosk.desk.pins. Both come with this command, so that there is never a host who cannot sign in.
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
    """Show the state of the kiosk. Answer: Status."""


class RepairRoster(Command, tag="ledger_repair", frozen=True, kw_only=True):
    """Replace the roster where it differs from what the entries add up to.

    Answer: LedgerReport, with the differences.
    """


class SetClock(Command, tag="clock_set", frozen=True, kw_only=True):
    """Set the clock to a local time that a host gives, while no better source keeps it. Answer: Done."""

    at: datetime
    """Local, without a zone."""
    by: str = "desk"
    confirmed: bool = False
    """The host was shown the date in words, and that it is long after the last entry, or before it."""


class ListMedia(Command, tag="media", frozen=True, kw_only=True):
    """List the USB sticks that are plugged in. Answer: Media."""


class ExportBooks(Command, tag="export", frozen=True, kw_only=True):
    """Copy the books to a stick, named by a path listed by Media. Answer: Done, with the new folder's path as `id`.

    With `is_noted_only` the export is only recorded: whoever asks copies them into a folder of their own.
    """

    medium: str
    by: str = "desk"
    is_noted_only: bool = False


class Pair(Command, tag="pair", frozen=True, kw_only=True):
    """Pair with a central server by its pairing code. Answer: Done."""

    url: str
    code: str


class TapCard(Command, tag="tap", frozen=True, kw_only=True):
    """Put a virtual card on the demo's reader; without a name, list the cards. Demo only. Answer: Done."""

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
    | ShowReport
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
    | SetHours
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
