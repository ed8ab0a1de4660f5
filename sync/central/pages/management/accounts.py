"""The pages of staff accounts, for network managers."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.facts import (
    Happened,
)
from sync.central.accounts.staff import AccountError, Role, StaffAccount
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes
from sync.central.pages.own_account.account import check_new

PAGE_LINES = 50


@reads("/accounts", role=Role.MANAGER)
def listed(page: NamedDependency[PageRequest]) -> Answer:
    """Show all accounts, and the form for a new one."""
    return _listed(page)


def _listed(page: PageRequest) -> Answer:
    names = {site.id: site.name for site in page.roster.sites()}
    every = page.central.accounts.listed()
    list_page = ListPage.asked(page.request, len(every), PAGE_LINES)
    return page.show("accounts.html", accounts=list_page.of(every), list_page=list_page, names=names)


@writes("/accounts", role=Role.MANAGER)
def add(page: NamedDependency[PageRequest]) -> Answer:
    """Add an account."""
    form = page.form
    name, role, site = form.text("name"), form.text("role"), form.text("site")
    known = {one.name for one in page.central.accounts.listed()}
    if not name:
        form.add_error("name", page.say("Enter a name"))
    elif " ".join(name.casefold().split()) in known:
        form.add_error("name", page.say("There is an account of this name already"))
    check_new(page, "password")
    if role not in set(Role):
        form.add_error("role", page.say("Choose a role"))
    if role == Role.HOST and page.roster.site(site) is None:
        form.add_error("site", page.say("Choose the site whose host they are"))
    if not form.errors:
        _make(page, name, Role(role), site=site if role == Role.HOST else None)
    return _listed(page) if form.errors else page.go("/accounts", "account-added")


def _make(page: PageRequest, name: str, role: Role, *, site: str | None) -> None:
    try:
        made = page.central.accounts.add(name, page.form.secret("password"), role, site_id=site)
    except AccountError:  # the one thing that can be wrong by now: somebody else made it meanwhile
        page.form.add_error("name", page.say("There is an account of this name already"))
        return
    page.append(Happened(what="account_added", detail=made.name))


@writes("/accounts/{account_id:str}", role=Role.MANAGER)
def change(page: NamedDependency[PageRequest], account_id: FromPath[str]) -> Answer:
    """Disable or enable an account, or end its one-time codes. Nobody can disable themselves."""
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


def _change_role(page: PageRequest, account: StaffAccount) -> Answer:
    """Change the role of an account. Nobody changes their own, so there is always a manager left."""
    form = page.form
    role, site = form.text("role"), form.text("site")
    if account.account_id == page.signed_in.account_id or role not in set(Role):
        raise NotFoundException
    if role == Role.HOST and page.roster.site(site) is None:
        form.add_error("site", page.say("Choose the site whose host they are"))
        return _one(page, account)
    page.central.accounts.set_role(account, Role(role), site_id=site if role == Role.HOST else None)
    page.append(Happened(what="account_role", detail=f"{account.name}: {role}"))
    return page.go("/accounts", "account-changed")


def _reset(page: PageRequest, account: StaffAccount) -> Answer:
    """Set a new password for somebody else. One's own is changed with the old one."""
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
def show(page: NamedDependency[PageRequest], account_id: FromPath[str]) -> Answer:
    """Show one account: its role, and the form for a new password."""
    return _one(page, _account(page, account_id))


def _one(page: PageRequest, account: StaffAccount) -> Answer:
    return page.show("account.html", one=account)


def _account(page: PageRequest, account_id: str) -> StaffAccount:
    found = next((one for one in page.central.accounts.listed() if one.account_id == account_id), None)
    if found is None:
        raise NotFoundException(page.say("There is no such account"))
    return found


# ---------------------------------------------------------------- journal


HANDLERS = [listed, add, show, change]
