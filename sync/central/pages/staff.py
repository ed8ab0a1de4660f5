"""Accounts of staff, and the journal of what they did: for network managers."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

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
from sync.central.accounts.staff import Account, AccountError, Role
from sync.central.alarms.register import Kind
from sync.central.pages import codes
from sync.central.pages.leaves import leaf as leaf_of
from sync.central.pages.page import Answer, Page
from sync.central.pages.routes import reads, writes
from sync.central.pages.signing import check_new

PAGE_LINES = 50


@reads("/accounts", role=Role.MANAGER)
def listed(page: NamedDependency[Page]) -> Answer:
    """All accounts, and the form for another."""
    return _listed(page)


def _listed(page: Page) -> Answer:
    names = {site.id: site.name for site in page.roster.sites()}
    every = page.central.accounts.listed()
    leaf = leaf_of(page.request, len(every), PAGE_LINES)
    return page.show("accounts.html", accounts=leaf.of(every), leaf=leaf, names=names)


@writes("/accounts", role=Role.MANAGER)
def add(page: NamedDependency[Page]) -> Answer:
    """Make an account."""
    form = page.form
    name, role, site = form.text("name"), form.text("role"), form.text("site")
    known = {one.name for one in page.central.accounts.listed()}
    if not name:
        form.wrong("name", page.say("Enter a name"))
    elif " ".join(name.casefold().split()) in known:
        form.wrong("name", page.say("There is an account of this name already"))
    check_new(page, "password")
    if role not in set(Role):
        form.wrong("role", page.say("Choose a role"))
    if role == Role.HOST and page.roster.site(site) is None:
        form.wrong("site", page.say("Choose the site whose host they are"))
    if not form.errors:
        _make(page, name, Role(role), site=site if role == Role.HOST else None)
    return _listed(page) if form.errors else page.go("/accounts", "account-added")


def _make(page: Page, name: str, role: Role, *, site: str | None) -> None:
    try:
        made = page.central.accounts.add(name, page.form.secret("password"), role, site_id=site)
    except AccountError:  # the one thing that can be wrong by now: somebody else made it meanwhile
        page.form.wrong("name", page.say("There is an account of this name already"))
        return
    page.append(Happened(what="account_added", detail=made.name))


@writes("/accounts/{account_id:str}", role=Role.MANAGER)
def change(page: NamedDependency[Page], account_id: FromPath[str]) -> Answer:
    """Shut an account out or let it in again, or forget its one-time codes. Nobody shuts themselves out."""
    account = _account(page, account_id)
    accounts, what = page.central.accounts, page.form.text("what")
    if what in ("role", "password"):
        return _change_role(page, account) if what == "role" else _reset(page, account)
    if what == "codes":
        accounts.set_totp(account, None)
    elif what in ("disable", "enable") and account_id != page.signed_in.account_id:
        accounts.set_disabled(account, disabled=what == "disable")
    else:
        raise NotFoundException
    page.append(Happened(what=f"account_{what}", detail=account.name))
    return page.go("/accounts", "account-changed")


def _change_role(page: Page, account: Account) -> Answer:
    """Give another role. Nobody changes their own: there is always a manager left."""
    form = page.form
    role, site = form.text("role"), form.text("site")
    if account.account_id == page.signed_in.account_id or role not in set(Role):
        raise NotFoundException
    if role == Role.HOST and page.roster.site(site) is None:
        form.wrong("site", page.say("Choose the site whose host they are"))
        return _one(page, account)
    page.central.accounts.set_role(account, Role(role), site_id=site if role == Role.HOST else None)
    page.append(Happened(what="account_role", detail=f"{account.name}: {role}"))
    return page.go("/accounts", "account-changed")


def _reset(page: Page, account: Account) -> Answer:
    """Give a new password to somebody who forgot theirs. One's own is changed with the old one."""
    password = page.form.secret("password")
    if account.account_id == page.signed_in.account_id:
        raise NotFoundException
    check_new(page, "password")
    if page.form.errors:
        return _one(page, account)
    page.central.accounts.set_password(account, password)
    page.append(Happened(what="account_password", detail=account.name))
    return page.go("/accounts", "account-changed")


@reads("/accounts/{account_id:str}", role=Role.MANAGER)
def show(page: NamedDependency[Page], account_id: FromPath[str]) -> Answer:
    """One account: its role, and a new password for who forgot theirs."""
    return _one(page, _account(page, account_id))


def _one(page: Page, account: Account) -> Answer:
    return page.show("account.html", one=account)


def _account(page: Page, account_id: str) -> Account:
    found = next((one for one in page.central.accounts.listed() if one.account_id == account_id), None)
    if found is None:
        raise NotFoundException(page.say("There is no such account"))
    return found


# ---------------------------------------------------------------- journal


@reads("/audit", role=Role.MANAGER)
def audit(page: NamedDependency[Page]) -> Answer:
    """Who did what, the newest first."""
    text = page.request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    lines = page.central.audit(before=before, limit=PAGE_LINES + 1)
    shown = [(line, told(page, line.fact)) for line in lines[:PAGE_LINES]]
    more = lines[PAGE_LINES - 1].position if len(lines) > PAGE_LINES else None
    return page.show("audit.html", lines=shown, more=more, first=before is None)


def told(page: Page, fact: AnyFact | None) -> str:
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


def _told_of_the_day(page: Page, fact: AnyFact | None) -> str:
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


def _why_back(page: Page, reason: str) -> str:
    """The reason that staff gave, or one of the server's own."""
    own = {"overlap": page.say("charged twice at two doors"), "closed early": page.say("closed early")}
    return own.get(reason, reason)


def _happened(page: Page, fact: Happened) -> str:
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


def _name(page: Page, member_id: str | None) -> str:
    member = page.roster.member(member_id) if member_id else None
    return member.name if member else page.say("nobody")


def _currency(page: Page, site_id: str) -> str:
    site = page.roster.site(site_id)
    return site.currency if site else "EUR"


HANDLERS = [listed, add, show, change, audit]
