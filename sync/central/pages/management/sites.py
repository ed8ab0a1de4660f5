"""The pages of sites, for network managers: add, change and retire a site."""

from __future__ import annotations

from typing import Any, cast

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import structs

from kiosk import hours, local_time
from kiosk.commands import RetireSite, SetSite
from kiosk.desk.site import new_id
from kiosk.model import Policy, Site
from kiosk.notices import places
from kiosk.notices.language import languages
from kiosk.store.names import folded
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import DEFAULT_ZONE, Answer, PageRequest
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes

LISTED = 50
"""Sites on one page of the list."""
NUMBERS = {
    "debt_limit": 100,
    "courtesy_minutes": 240,
    "courtesy_per_month": 100,
    "continuation_minutes": 240,
    "early_minutes": 240,
    "presence_minutes": 1440,
    "staff_undo_days": 366,
}
"""Numbers of the rules that are typed here, and how large they may be."""
MOST_PEOPLE = 10_000
CURRENCIES = ("EUR", "CHF", "GBP", "USD", "CAD")


@reads("/sites", role=Role.MANAGER)
def listed(page: NamedDependency[PageRequest]) -> Answer:
    """Show all sites."""
    every = page.roster.sites()
    list_page = ListPage.asked(page.request, len(every), LISTED)
    return page.show("sites.html", every=list_page.of(every), list_page=list_page)


@reads("/sites/new", role=Role.MANAGER)
def new(page: NamedDependency[PageRequest]) -> Answer:
    """Show the form for a new site."""
    return _form(page, None)


@writes("/sites/new", role=Role.MANAGER)
def add(page: NamedDependency[PageRequest]) -> Answer:
    """Add a site, with an id made of its name."""
    return _keep(page, None)


@reads("/sites/{site_id:str}", role=Role.MANAGER)
def edit(page: NamedDependency[PageRequest], site_id: FromPath[str]) -> Answer:
    """Show the form to change a site."""
    return _form(page, _site(page, site_id))


@writes("/sites/{site_id:str}", role=Role.MANAGER)
def change(page: NamedDependency[PageRequest], site_id: FromPath[str]) -> Answer:
    """Save the changes to a site."""
    return _keep(page, _site(page, site_id))


def _site(page: PageRequest, site_id: str) -> Site:
    found = page.roster.site(site_id)
    if found is None:
        raise NotFoundException(page.say("There is no such site"))
    return found


def _form(page: PageRequest, site: Site | None) -> Answer:
    shown = site or Site(
        id="",
        name="",
        zone=page.site_or_none.zone if page.site_or_none else DEFAULT_ZONE,
        hours="off",
    )
    return page.show(
        "site_form.html",
        edited=site,
        form_state=form_state,
        shown=shown,
        currencies=[(one, one) for one in CURRENCIES],
        regions=[("", page.say("None")), *((one, places.region_name(page.words, one)) for one in hours.all_regions())],
        numbers=NUMBERS,
    )


def form_state(site: Site) -> Site:
    """Return what the form of a site shows: all but weekly hours and exceptions, which the page of hours changes."""
    return structs.replace(site, hours="off", exceptions=())


def _keep(page: PageRequest, before: Site | None) -> Answer:
    site = _read(page, before)
    if site and not before and any(structs.replace(one, id=site.id) == site for one in page.roster.sites()):
        return page.go("/sites", "site-added")  # the form was sent twice
    if site and before and page.refuse_if_stale(form_state(before), form_state(site), "name"):
        return _form(page, before)
    command = SetSite(site=site, anyway=page.form.ticked("anyway")) if site else None
    if command is None or page.attempt(command, "name", site=site) is None:
        return _form(page, before)
    return page.go("/sites", "site-kept" if before else "site-added")


@reads("/sites/{site_id:str}/retire", role=Role.MANAGER)
def ask_retire(page: NamedDependency[PageRequest], site_id: FromPath[str]) -> Answer:
    """Explain and confirm retiring a site, or undoing that."""
    site = _site(page, site_id)
    if site.retired:
        line = page.say("It can be chosen again. Its weekly hours have to be written anew; until then it is closed.")
        title = page.say("Take {site} back into the network", site=site.name)
        return page.confirm(title, [line], title, kind="", hidden={"retired": "no"}, back="/sites")
    line = page.say("Its door stays closed for members, and nothing is sold there. Past sales and visits are kept.")
    title = page.say("Retire {site}", site=site.name)
    return page.confirm(title, [line], title, hidden={"retired": "yes"}, back="/sites")


@writes("/sites/{site_id:str}/retire", role=Role.MANAGER)
def retire(page: NamedDependency[PageRequest], site_id: FromPath[str]) -> Answer:
    """Retire a site, or undo that."""
    site = _site(page, site_id)
    page.ask(RetireSite(site=site.id, retired=page.form.text("retired") != "no"), site)
    return page.go("/sites", "site-kept")


# ---------------------------------------------------------------- reading the form


def _read(page: PageRequest, before: Site | None) -> Site | None:
    """Read a site from a form; None if a field is wrong, with errors at the fields."""
    form = page.form
    name = form.text("name")
    if not folded(name):
        form.add_error("name", page.say("Enter a name"))
    if not local_time.is_zone(form.text("zone")):
        form.add_error("zone", page.say("Enter a time zone, like Europe/Paris"))
    country = form.text("country").upper()
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        form.add_error("country", page.say("Enter a country by its two letters, like FR"))
    policy = _policy(page, before.policy if before else Policy())
    if form.errors:
        return None
    fields: dict[str, Any] = {"name": name, "zone": form.text("zone"), "country": country}
    fields["region"] = _one_of(page, "region", ("", *hours.all_regions()))
    fields |= {"currency": _one_of(page, "currency", CURRENCIES), "language": _one_of(page, "language", languages())}
    if before:
        return structs.replace(before, policy=policy, **fields)
    known = {site.id for site in page.roster.sites()}
    return Site(id=new_id(name, known), policy=policy, hours="off", **fields)


def _one_of(page: PageRequest, name: str, known: tuple[str, ...]) -> str:
    chosen = page.form.text(name)
    return chosen if chosen in known else known[0]


def _policy(page: PageRequest, before: Policy) -> Policy:
    told = {name: _number(page, name, most) for name, most in NUMBERS.items()}
    capacity = _number(page, "capacity", MOST_PEOPLE) if page.form.text("capacity") else None
    if page.form.errors:
        return before
    return structs.replace(
        before,
        capacity=capacity,
        capacity_hard=page.form.ticked("capacity_hard"),
        assume_staff=page.form.ticked("assume_staff"),
        untrusted_clock="grace" if page.form.text("untrusted_clock") == "grace" else "deny",
        **cast("dict[str, Any]", told),
    )


def _number(page: PageRequest, name: str, most: int) -> int:
    text = page.form.text(name)
    if text.isascii() and text.isdigit() and int(text[:9]) <= most:
        return int(text[:9])
    page.form.add_error(name, page.say("Enter a number from 0 to {n}", n=most))
    return 0


HANDLERS = [listed, new, add, edit, change, ask_retire, retire]
