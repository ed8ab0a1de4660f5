"""Sites: making one, and what is so of it beside its hours; for network managers."""

from __future__ import annotations

from typing import Any, cast

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import structs

from kiosk import hours, local_time
from kiosk.facts import SiteSet
from kiosk.model import Policy, Site
from kiosk.notices.language import languages
from kiosk.store.names import folded
from sync.central.accounts.staff import Role
from sync.central.pages.every_page.page_request import DEFAULT_ZONE, Answer, PageRequest
from sync.central.pages.every_page.routes import reads, writes

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
    """All sites."""
    return page.show("sites.html", every=page.roster.sites())


@reads("/sites/new", role=Role.MANAGER)
def new(page: NamedDependency[PageRequest]) -> Answer:
    """The form for a new site."""
    return _form(page, None)


@writes("/sites/new", role=Role.MANAGER)
def add(page: NamedDependency[PageRequest]) -> Answer:
    """Keep a new site, under an id made of its name."""
    return _keep(page, None)


@reads("/sites/{site_id:str}", role=Role.MANAGER)
def edit(page: NamedDependency[PageRequest], site_id: FromPath[str]) -> Answer:
    """The form to change a site."""
    return _form(page, _site(page, site_id))


@writes("/sites/{site_id:str}", role=Role.MANAGER)
def change(page: NamedDependency[PageRequest], site_id: FromPath[str]) -> Answer:
    """Keep the changes to a site."""
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
        hours="Mo-Fr 09:00-18:00; PH off",
    )
    return page.show(
        "site_form.html", edited=site, shown=shown, currencies=[(one, one) for one in CURRENCIES], numbers=NUMBERS
    )


def _keep(page: PageRequest, before: Site | None) -> Answer:
    after = _read(page, before)
    if after is None:
        return _form(page, before)
    if after != before:
        page.append(SiteSet(site=after))
    return page.go("/sites", "site-kept")


# ---------------------------------------------------------------- reading the form


def _read(page: PageRequest, before: Site | None) -> Site | None:
    """The site that a form describes; None, with what is wrong said at its fields."""
    form = page.form
    name = " ".join(form.text("name").split())
    if not folded(name):
        form.wrong("name", page.say("Enter a name"))
    if not local_time.is_zone(form.text("zone")):
        form.wrong("zone", page.say("Enter a time zone, like Europe/Paris"))
    country = form.text("country").upper()
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        form.wrong("country", page.say("Enter a country by its two letters, like FR"))
    policy = _policy(page, before.policy if before else Policy())
    written = form.text("hours")
    if not form.errors:
        _check_hours(page, written, before, country)
    if form.errors:
        return None
    fields: dict[str, Any] = {"name": name, "zone": form.text("zone"), "hours": written, "country": country}
    fields |= {"currency": _one_of(page, "currency", CURRENCIES), "language": _one_of(page, "language", languages())}
    if before:
        return structs.replace(before, policy=policy, **fields)
    return Site(id=_new_id(page, name), policy=policy, **fields)


def _check_hours(page: PageRequest, written: str, before: Site | None, country: str) -> None:
    try:
        hours.check(written, before.exceptions if before else (), country)
    except hours.HoursError as error:
        page.form.wrong("hours", page.refusal(error) if written else page.say("Enter the opening hours"))


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
    page.form.wrong(name, page.say("Enter a number from 0 to {n}", n=most))
    return 0


def _new_id(page: PageRequest, name: str) -> str:
    base = "-".join(folded(name).split())[:40]
    known = {site.id for site in page.roster.sites()}
    return next(one for one in (base, *(f"{base}-{n}" for n in range(2, len(known) + 3))) if one not in known)


HANDLERS = [listed, new, add, edit, change]
