"""The pages of products and tariffs. A pass that was sold keeps its terms, whatever changes here."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec.structs import replace

from kiosk import hours
from kiosk.commands import SetProduct
from kiosk.desk.site import new_id
from kiosk.model import Cover, Day, Duration, Product, Spans, Unlimited
from kiosk.notices.journal import point
from kiosk.settings.site_words import Validity, covers, price, validity
from kiosk.store.names import folded
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes
from sync.central.words import Words

LISTED = 50
"""Products on one page of the list."""
MOST_UNITS = 1000
PERIODS = ("once", "week", "month")
Read = TypeVar("Read")


@reads("/products")
def listed(page: NamedDependency[PageRequest]) -> Answer:
    """Show the products, retired ones too."""
    every, currency = page.roster.products(), page.site.currency
    list_page = ListPage.asked(page.request, len(every), LISTED)
    shown = list_page.of(every)
    return page.show("products.html", products=shown, list_page=list_page, describe=cover_words, currency=currency)


@reads("/products/new", role=Role.MANAGER)
def new(page: NamedDependency[PageRequest]) -> Answer:
    """Show the form for a new product."""
    return _form(page, None)


@writes("/products/new", role=Role.MANAGER)
def add(page: NamedDependency[PageRequest]) -> Answer:
    """Add a product, with an id made of its name."""
    product = _read(page, None)
    if product is None:
        return _form(page, None)
    if not any(replace(one, id=product.id) == product for one in page.roster.products()):  # unless it was sent twice
        page.ask(SetProduct(product=product))
    return page.go("/products", "product-kept")


@reads("/products/{product_id:str}", role=Role.MANAGER)
def edit(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Answer:
    """Show the form to change a product."""
    return _form(page, _product(page, product_id))


@writes("/products/{product_id:str}", role=Role.MANAGER)
def change(page: NamedDependency[PageRequest], product_id: FromPath[str]) -> Answer:
    """Save the changes to a product."""
    before = _product(page, product_id)
    product = _read(page, before)
    if product is None:
        return _form(page, before)
    if page.refuse_if_stale(before, product, "name"):
        return _form(page, before)
    if product != before:
        page.ask(SetProduct(product=product))
    return page.go("/products", "product-kept")


def _product(page: PageRequest, product_id: str) -> Product:
    found = page.roster.product(product_id)
    if found is None:
        raise NotFoundException(page.say("There is no such tariff"))
    return found


def _form(page: PageRequest, product: Product | None) -> Answer:
    dearer = [(one.id, one.name) for one in page.roster.products() if product is None or one.id != product.id]
    return page.show("product_form.html", product=product, written=_written(page.words, product), dearer=dearer)


# ---------------------------------------------------------------- reading a form


def _read(page: PageRequest, before: Product | None) -> Product | None:
    """Read a product from a form; None if a field is wrong, with errors at the fields."""
    form = page.form
    name = " ".join(form.text("name").split())
    if not folded(name):
        form.add_error("name", page.say("Enter a name"))
    paid = _try(page, "price", price, page.say("Enter an amount, like 50 or 7,50"))
    cover = _try(page, "cover", _cover, page.say("Enter a length like 3h or 1h30, or “day”, or parts of a day"))
    units = _units(page, cover)
    valid = _try(page, "valid", _validity, page.say("Enter a length like 60 days, 6 months or calendar month"))
    access = _access(page)
    converts_to = _converts_to(page, before)
    if form.errors or paid is None or cover is None or valid is None:
        return None
    return Product(
        id=before.id if before else new_id(name, {one.id for one in page.roster.products()}),
        name=name,
        price_cents=paid.cents,
        cover=cover,
        units=units,
        per=_period(form.text("per")) if units else "once",
        sites=_sites(page, before),
        access_hours=access,
        converts_to=converts_to,
        on_sale=form.ticked("on_sale"),
        **valid._asdict(),
    )


def _sites(page: PageRequest, before: Product | None) -> tuple[str, ...]:
    """The sites ticked, and the retired ones where it was valid: without them it would become valid everywhere."""
    offered = {site.id for site in page.sites}
    kept = [site for site in (before.sites if before else ()) if site not in offered]
    return (*(site for site in sorted(offered) if page.form.ticked(f"site-{site}")), *kept)


def _try(page: PageRequest, name: str, read: Callable[[str], Read], message: str) -> Read | None:
    try:
        return read(page.form.text(name))
    except ValueError:
        page.form.add_error(name, message)
        return None


def _cover(text: str) -> Cover:
    text = text.lower().replace("’", "'")
    for french, english in (("illimité", "unlimited"), ("journée", "day"), ("jour", "day"), ("jusqu'à", "until")):
        text = text.replace(french, english)
    parts: list[object] = [part for part in re.split(r"[,;]\s*", text) if part]
    return covers(parts) if "-" in text or "–" in text else covers(text)


def _validity(text: str) -> Validity:
    if not text:
        return Validity()
    for french, english in (
        ("mois civil", "calendar month"),
        ("le jour même", "same day"),
        ("jour même", "same day"),
        ("jour", "day"),
        ("mois", "month"),
        ("ans", "year"),
        ("an", "year"),
    ):
        text = re.sub(rf"\b{french}s?\b", english, text.lower())
    return validity(text)


def _units(page: PageRequest, cover: Cover | None) -> int | None:
    text = page.form.text("units")
    if isinstance(cover, Unlimited) or cover is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_UNITS:
        page.form.add_error("units", page.say("Enter how many entries the pass has, from 1 to {n}", n=MOST_UNITS))
        return None
    return int(text)


def _access(page: PageRequest) -> str | None:
    text = page.form.text("access")
    try:
        hours.check(text or "off", (), page.site.calendar)
    except hours.HoursError as error:
        page.form.add_error("access", page.refusal(error))
    return text or None


def _converts_to(page: PageRequest, before: Product | None) -> str | None:
    """Return the product that replaces two of this one when that is cheaper, such as a day of two half days."""
    chosen = page.form.text("converts_to")
    found = page.roster.product(chosen) if chosen else None
    if chosen and (found is None or (before and found.id == before.id) or found.converts_to):
        page.form.add_error("converts_to", page.say("Choose another tariff, which does not itself become another one"))
    return chosen or None


def _period(text: str) -> Any:
    return text if text in PERIODS else "once"


# ---------------------------------------------------------------- writing it again


def _written(words: Words, product: Product | None) -> dict[str, str]:
    """Return the terms of a product as the form's texts."""
    if product is None:
        return {"price": "", "cover": "3h", "valid": "", "access": "", "units": "10", "per": "once"}
    return {
        "price": f"{product.price_cents / 100:.2f}".replace(".", point(words)),
        "cover": _typed_cover(words, product.cover),
        "valid": typed_validity(words, product),
        "access": product.access_hours or "",
        "units": str(product.units or ""),
        "per": product.per,
    }


def _typed_cover(words: Words, cover: Cover) -> str:
    match cover:
        case Duration():
            whole, rest = divmod(cover.minutes, 60)
            return f"{whole}h{rest:02}" if whole and rest else f"{whole}h" if whole else f"{rest} min"
        case Spans():
            return ", ".join(f"{one.start:%H:%M}-{one.end:%H:%M}" for one in cover.spans)
        case Day():
            return words.say("day until {time}", time=f"{cover.boundary:%H:%M}")
    return words.say("unlimited")


def typed_validity(words: Words, product: Product) -> str:
    """For how long a product is valid, as it is typed; empty: without end."""
    if product.calendar_month:
        return words.say("calendar month")
    if product.valid_months:
        return words.count("{n} month", "{n} months", product.valid_months)
    if product.valid_days == 0:
        return words.say("same day")
    return words.count("{n} day", "{n} days", product.valid_days) if product.valid_days else ""


def cover_words(words: Words, product: Product) -> str:
    """Say what one entry of a product covers."""
    match product.cover:
        case Duration():
            return words.say("{length} from the tap", length=words.length(timedelta(minutes=product.cover.minutes)))
        case Spans():
            return words.say("a part of the day: {parts}", parts=_typed_cover(words, product.cover))
        case Day():
            return words.say("the day, until {time}", time=f"{product.cover.boundary:%H:%M}")
    return words.say("unlimited")


HANDLERS = [listed, new, add, edit, change]
