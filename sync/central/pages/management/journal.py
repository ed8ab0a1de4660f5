"""The journal: who did what on the pages, the newest first."""

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
    PassSold,
    ProductSet,
    Reversed,
    SiteSet,
    Tapped,
)
from sync.central.accounts import audit
from sync.central.accounts.staff import Role
from sync.central.alarms.register import Kind
from sync.central.pages.every_page import codes
from sync.central.pages.every_page.page_request import Answer, PageRequest
from sync.central.pages.every_page.routes import reads

PAGE_LINES = 50


@reads("/audit", role=Role.MANAGER)
def journal(page: NamedDependency[PageRequest]) -> Answer:
    """Who did what, the newest first."""
    text = page.request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    lines = audit.lines(page.central.storage, before=before, limit=PAGE_LINES + 1)
    shown = [(line, told(page, line.fact)) for line in lines[:PAGE_LINES]]
    more = lines[PAGE_LINES - 1].position if len(lines) > PAGE_LINES else None
    return page.show("audit.html", lines=shown, more=more, first=before is None)


def told(page: PageRequest, fact: AnyFact | None) -> str:
    """What an entry says, in a line."""
    match fact:
        case MemberSet():
            return page.say("Member: {name}", name=fact.member.name)
        case BadgeSet():
            return page.say("Badge of {name}", name=_name(page, fact.badge.member_id))
        case PassSold():
            holders = ", ".join(_name(page, holder) for holder in fact.pass_.holders)
            price = page.words.money(fact.price_cents, _currency(page, fact.site_id))
            return page.say(
                "Sale: {product} to {name}, {price}", product=fact.pass_.terms.name, name=holders, price=price
            )
        case ProductSet():
            return page.say("Tariff: {name}", name=fact.product.name)
        case SiteSet():
            return page.say("Site: {name}, hours {hours}", name=fact.site.name, hours=fact.site.hours)
        case Reversed():
            return page.say("Taken back: {reason}", reason=_why_back(page, fact.reason))
        case Erased():
            return page.say("A member is forgotten")
        case Condensed():
            return page.say("Old passages are forgotten; sums of them are kept")
    return _told_of_the_day(page, fact)


def _told_of_the_day(page: PageRequest, fact: AnyFact | None) -> str:
    match fact:
        case HoursOverridden(override=None):
            return page.say("Usual hours again")
        case HoursOverridden(override=override) if override and override.state == "open":
            return page.say("Open until {time}", time=page.words.time(override.until))
        case HoursOverridden():
            return page.say("Closed for the day")
        case Tapped():
            return page.say("Check-in of {name}", name=_name(page, fact.member_id))
        case Left():
            return page.say("{name} has left", name=_name(page, fact.member_id))
        case Happened():
            return _happened(page, fact)
    return page.say("Erased, or of another version")


def _why_back(page: PageRequest, reason: str) -> str:
    """The reason that staff gave, or one of the server's own."""
    own = {"overlap": page.say("charged twice at two doors"), "closed early": page.say("closed early")}
    return own.get(reason, reason)


def _happened(page: PageRequest, fact: Happened) -> str:
    name, _, role = fact.detail.rpartition(": ")
    said = {
        "pairing_code": page.say("Pairing code for {what}", what=fact.detail),
        "kiosk_revoked": page.say("Kiosk shut out: {what}", what=fact.detail),
        "alarm_settled": page.say("Alarm settled: {what}", what=codes.alarm(page.words, fact.detail)),
        "aside_taken": page.say("Taken in after all"),
        "aside_dismissed": page.say("Settled without being taken in"),
        "account_added": page.say("Account made: {what}", what=fact.detail),
        "account_disable": page.say("Account shut out: {what}", what=fact.detail),
        "account_enable": page.say("Account let in again: {what}", what=fact.detail),
        "account_password": page.say("Password given anew: {what}", what=fact.detail),
        "account_codes": page.say("One-time codes forgotten: {what}", what=fact.detail),
    }
    if fact.what == "account_role" and role in set(Role):
        return page.say("Role changed: {name}, {role}", name=name, role=codes.role(page.words, role))
    if fact.what in set(Kind):
        return page.say("Alarm: {what}", what=codes.alarm(page.words, fact.what))
    return said.get(fact.what, page.say("Something of which these pages have no word yet"))


def _name(page: PageRequest, member_id: str | None) -> str:
    member = page.roster.member(member_id) if member_id else None
    return member.name if member else page.say("nobody")


def _currency(page: PageRequest, site_id: str) -> str:
    site = page.roster.site(site_id)
    return site.currency if site else "EUR"


HANDLERS = [journal]
