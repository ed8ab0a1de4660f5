"""The page of the journal: who did what on the pages, the newest first."""

from __future__ import annotations

from litestar.di import NamedDependency

from kiosk.facts import (
    AnyFact,
    BadgeSet,
    Condensed,
    Erased,
    Happened,
    HoursOverridden,
    Left,
    MemberSet,
    MonthSummed,
    PassSold,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
)
from kiosk.payments import received
from sync.central.accounts import audit
from sync.central.accounts.audit import StateBefore
from sync.central.accounts.staff import Role
from sync.central.alarms.register import Kind
from sync.central.pages.framework import codes
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.routes import reads
from sync.central.pages.management import changes
from sync.central.pages.management.changes import JournalWords

PAGE_LINES = 50


@reads("/audit", role=Role.MANAGER)
def journal(page: NamedDependency[PageRequest]) -> Answer:
    """Show who did what, the newest first."""
    text = page.request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    lines = audit.lines(page.central.storage, before=before, limit=PAGE_LINES + 1)
    before_it = audit.earlier(page.central.storage, lines[:PAGE_LINES])
    shown = [(line, told(page, line.fact, before_it.get(line.position))) for line in lines[:PAGE_LINES]]
    more = lines[PAGE_LINES - 1].position if len(lines) > PAGE_LINES else None
    return page.show("audit.html", lines=shown, more=more, first=before is None)


def told(page: PageRequest, fact: AnyFact | None, earlier: StateBefore | None = None) -> str:
    """Describe an entry in a line, with the old values where it changed something."""
    reader = JournalWords(words=page.words, roster=page.roster)
    known, was = (earlier.is_known, earlier.fact) if earlier else (False, None)
    match fact:
        case MemberSet():
            member = was.member if isinstance(was, MemberSet) else None
            return changes.of_member(reader, member, fact.member, is_known=known)
        case BadgeSet():
            return changes.of_badge(reader, was.badge if isinstance(was, BadgeSet) else None, fact.badge)
        case ProductSet():
            product, currency = (
                was.product if isinstance(was, ProductSet) else None,
                _currency(page, page.site_or_none.id if page.site_or_none else None),
            )
            return changes.of_product(reader, product, fact.product, currency=currency, is_known=known)
        case SiteSet():
            site = was.site if isinstance(was, SiteSet) else None
            return changes.of_site(reader, site, fact.site, is_known=known)
    return _told_of_an_event(page, fact)


def _told_of_an_event(page: PageRequest, fact: AnyFact | None) -> str:
    match fact:
        case PassSold():
            holders = ", ".join(_name(page, holder) for holder in fact.pass_.holders)
            price = page.words.money(received(fact.method, fact.price_cents), _currency(page, fact.site_id))
            return page.say(
                "Sale: {product} to {name}, {price}", product=fact.pass_.terms.name, name=holders, price=price
            )
        case Reversed():
            return _taken_back(page, fact)
        case Erased():
            return page.say("A member is forgotten")
        case Condensed():
            return page.say("Old passages are forgotten; sums of them are kept")
        case MonthSummed(site_id=""):
            return page.say("{month} is summed over all sites", month=fact.month)
        case MonthSummed():
            return page.say("{month} is summed: {site}", month=fact.month, site=_site(page, fact.site_id))
    return _told_of_the_day(page, fact)


def _told_of_the_day(page: PageRequest, fact: AnyFact | None) -> str:
    match fact:
        case HoursOverridden(override=None):
            return page.say("Usual hours again: {site}", site=_site(page, fact.site_id))
        case HoursOverridden(override=override) if override and override.state == "open":
            time = page.words.time(override.until)
            return page.say("Open until {time}: {site}", time=time, site=_site(page, fact.site_id))
        case HoursOverridden():
            return page.say("Closed for the day: {site}", site=_site(page, fact.site_id))
        case Tapped():
            return page.say("Check-in of {name}", name=_name(page, fact.member_id))
        case Left():
            return page.say("{name} has left", name=_name(page, fact.member_id))
        case Happened():
            return _happened(page, fact)
    return page.say("Erased, or of another version")


def _taken_back(page: PageRequest, fact: Reversed) -> str:
    """What was taken back: a sale or a visit, whose it was, and the reason."""
    why, sale, visit = _why_back(page, fact.reason), page.roster.sale(fact.ref), page.roster.visit(fact.ref)
    if sale is not None and sale.pass_ is not None:
        names = ", ".join(_name(page, holder) for holder in sale.pass_.holders)
        product = sale.pass_.terms.name
        return page.say("Sale cancelled: {product} to {name}: {reason}", product=product, name=names, reason=why)
    if visit is not None:
        name, day = _name(page, visit.member_id), page.words.when(visit.at, page.now)
        return page.say("Entry given back: {name}, {when}: {reason}", name=name, when=day, reason=why)
    return page.say("Taken back: {reason}", reason=why)


def _why_back(page: PageRequest, reason: str) -> str:
    """Return the reason that staff gave, or one of the system's own."""
    own = {
        "overlap": page.say("charged twice at two doors"),
        "closed early": page.say("closed early"),
        "paid already": page.say("charged twice while the kiosk’s clock was wrong"),
    }
    return own.get(reason, reason)


def _happened(page: PageRequest, fact: Happened) -> str:
    name, _, role = fact.detail.rpartition(": ")
    said = {
        "pairing_code": page.say("Pairing code for {what}", what=fact.detail),
        "kiosk_revoked": page.say("Kiosk shut out: {what}", what=fact.detail),
        "alarm_settled": page.say("Alarm settled: {what}", what=codes.alarm(page.words, fact.detail)),
        "aside_taken": page.say("Stored after all"),
        "aside_dismissed": page.say("Settled without storing it"),
        "account_added": page.say("Account created: {what}", what=fact.detail),
        "account_disable": page.say("Account shut out: {what}", what=fact.detail),
        "account_enable": page.say("Account let in again: {what}", what=fact.detail),
        "account_password": page.say("New password set: {what}", what=fact.detail),
        "account_codes": page.say("One-time codes forgotten: {what}", what=fact.detail),
    }
    if fact.what == "account_role" and role in set(Role):
        return page.say("Role changed: {name}, {role}", name=name, role=codes.role(page.words, role))
    if fact.what in set(Kind):
        names = {kiosk.ledger_id: kiosk.name for kiosk in page.kiosks}
        note = codes.note(page.words, fact.note, fact.facts, names)
        alarm = page.say("Alarm: {what}", what=codes.alarm(page.words, fact.what))
        return page.say("{what}. {note}", what=alarm, note=note) if note else alarm
    return said.get(fact.what, page.say("Something that these pages do not know yet"))


def _name(page: PageRequest, member_id: str | None) -> str:
    return JournalWords(words=page.words, roster=page.roster).name(member_id)


def _site(page: PageRequest, site_id: str) -> str:
    return JournalWords(words=page.words, roster=page.roster).site(site_id)


def _currency(page: PageRequest, site_id: str | None) -> str:
    site = page.roster.site(site_id) if site_id else next(iter(page.roster.sites()), None)
    return site.currency if site else "EUR"


HANDLERS = [journal]
