"""Performs commands about sites and products; imports a site file: writes what differs, lists what it leaves alone."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from typing import Any

from msgspec import structs

from kiosk import hours, local_time
from kiosk.answers import Done
from kiosk.commands import ImportSite, RetireSite, SetProduct, SetSite
from kiosk.desk.changes import change
from kiosk.desk.contact_data import refuse_contact
from kiosk.desk.desk import Desk, DeskError, refuse_unknown_region
from kiosk.facts import AnyFact
from kiosk.model import Member, Product, Site
from kiosk.store.names import folded, is_same_name

LONGEST_NAME = 60
"""Letters of the name of a site: more would not fit on the screen."""

Change = tuple[AnyFact, str]


def import_site(desk: Desk, command: ImportSite) -> Done:
    """Change site, products and members to what the file describes.

    Exceptions and products that are not in the file stay, since a host may have added them; the answer lists each. New
    exceptions of the file win over existing ones. For a known member, fields missing in the file stay as they are.
    """
    left_alone = tuple(_left_alone(desk, command))
    members = _members(desk, command.members, country=command.site.country)
    changes = [*_site(desk, command.site), *_products(desk, command.products), *members]
    if not changes:
        said = (f"{command.site.name} is like that already.", *left_alone)
        return Done(said=said, changed=False, id=command.site.id)
    desk.append(*(fact for fact, _ in changes))
    told = [*(sentence for _, sentence in changes), *left_alone]
    if command.site.id != desk.site_id:
        told.append(f'This kiosk serves "{desk.site_id}"; "{command.site.id}" is known to it now.')
    return Done(said=tuple(told), id=command.site.id)


def _left_alone(desk: Desk, command: ImportSite) -> Iterator[str]:
    """Return what the kiosk has and the file does not: a sentence for each exception and each product on sale."""
    before = desk.roster.site(command.site.id)
    if before and before.retired:
        yield f"Left alone: site {before.name} is retired (kiosk site retire {before.id} --undo takes it back)."
    for rule in before.exceptions if before else ():
        if rule not in command.site.exceptions:
            quoted = shlex.quote(rule)
            yield f"Left alone, not in the file: exception {rule} (kiosk hours exception remove {quoted} removes it)."
    described = {product.id for product in command.products}
    for product in desk.roster.products():
        if product.on_sale and product.id not in described:
            how = f"on_sale = false in [products.{product.id}] of the file ends it"
            yield f"Left alone, not in the file: product {product.name} ({how})."


def set_site(desk: Desk, command: SetSite) -> Done:
    """Create or change a site. Refused when another site has its name, unless `anyway`."""
    site = structs.replace(command.site, name=" ".join(command.site.name.split()))
    _check_site(desk, site, anyway=command.anyway)
    before = desk.roster.site(site.id)
    if before == site:
        return Done(said=(f"{site.name} is like that already.",), changed=False, id=site.id)
    desk.append(change(desk.roster, before, site))
    return Done(said=(f"{site.name} is kept.",), id=site.id)


def _check_site(desk: Desk, site: Site, *, anyway: bool) -> None:
    if not folded(site.name) or len(site.name) > LONGEST_NAME:
        message = f"a site needs a name, of {LONGEST_NAME} letters at most"
        raise DeskError(message, code="PLACE_NAME", most=str(LONGEST_NAME), field="name")
    if not local_time.is_zone(site.zone):
        message = f'"{site.zone}" is no time zone: write it like Europe/Paris'
        raise DeskError(message, code="NO_SUCH_ZONE", zone=site.zone, field="zone")
    refuse_unknown_region(site.region, site.country)
    if site.retired and (site.hours != "off" or site.exceptions):
        message = f"{site.name} is retired: take it back first, then write its hours"
        raise DeskError(message, code="SITE_RETIRED", site=site.name, field="hours")
    others = (one for one in desk.roster.sites() if one.id != site.id)
    same = next((one for one in others if is_same_name(one.name, site.name)), None)
    if same is not None and not anyway:
        message = f"there is a site {same.name} already ({same.id})"
        raise DeskError(message, code="SITE_NAME_TAKEN", name=same.name, field="anyway")
    try:
        hours.check(site.hours, site.exceptions, site.calendar)
    except hours.HoursError as error:
        raise DeskError(str(error), code=error.code, **error.facts | {"field": "hours"}) from None


def retire_site(desk: Desk, command: RetireSite) -> Done:
    """Close a site for good: its hours become `off`, its exceptions are removed.

    If that is undone, its hours stay `off`.
    """
    site = desk.roster.site(command.site)
    if site is None:
        raise DeskError(f'no site is called "{command.site}"', code="NO_SITE")
    if site.retired == command.retired:
        return Done(said=(f"{site.name} is like that already.",), changed=False, id=site.id)
    after = structs.replace(site, retired=command.retired)
    if command.retired:
        after = structs.replace(after, hours="off", exceptions=())
    desk.append(change(desk.roster, site, after))
    return Done(said=(f"{site.name} is {'retired' if command.retired else 'back: write its hours'}.",), id=site.id)


def set_product(desk: Desk, command: SetProduct) -> Done:
    """Create or change a product as the command describes it."""
    product = command.product
    before = desk.roster.product(product.id)
    if before == product:
        return Done(said=(f"{product.name} is like that already.",), changed=False, id=product.id)
    desk.append(change(desk.roster, before, product))
    return Done(said=(f"{product.name} is kept.",), id=product.id)


def new_id(name: str, known: Collection[str]) -> str:
    """Return an id made of a name (`La Serre` -> `la-serre`), with a number if that is taken."""
    base = "-".join(folded(name).split())[:40]
    return next(one for one in (base, *(f"{base}-{n}" for n in range(2, len(known) + 3))) if one not in known)


def _site(desk: Desk, described: Site) -> Iterator[Change]:
    before = desk.roster.site(described.id)
    if before is None:
        yield change(desk.roster, None, described), f"Site {described.name} added."
        return
    if before.retired:
        return
    new = tuple(rule for rule in described.exceptions if rule not in before.exceptions)
    after = structs.replace(described, exceptions=before.exceptions + new)
    if after != before:
        yield change(desk.roster, before, after), f"Site {after.name}: {_differences(before, after)}."


def _products(desk: Desk, described: tuple[Product, ...]) -> Iterator[Change]:
    known = {product.id: product for product in desk.roster.products()}
    for product in described:
        before = known.get(product.id)
        if before is None:
            yield change(desk.roster, None, product), f"Product {product.name} added."
        elif product != before:
            changed = _differences(before, product)
            yield (
                change(desk.roster, before, product),
                f"Product {product.name}: {changed}; passes sold before keep their terms.",
            )


def _members(desk: Desk, described: tuple[Member, ...], *, country: str) -> Iterator[Change]:
    for member in described:
        for field in ("name", "pseudonym", "note"):
            refuse_contact(getattr(member, field) or "", field=field, country=country)
        before = desk.roster.member(member.id)
        if before is None:
            yield (
                change(desk.roster, None, member),
                f"{'Host' if member.role == 'staff' else 'Member'} {member.name} added.",
            )
            continue
        after = structs.replace(before, **_told(member))
        if after != before:
            yield change(desk.roster, before, after), f"{after.name}: {_differences(before, after)}."


def _told(member: Member) -> dict[str, Any]:
    """Return the fields that a description gives for a member, without defaults."""
    bare = Member(id=member.id, name=member.name)
    return {
        field: value
        for field, value in structs.asdict(member).items()
        if field == "name" or value != getattr(bare, field)
    }


def _differences(before: Site | Product | Member, after: Site | Product | Member) -> str:
    fields = (name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name))
    return ", ".join(fields) + " changed"
