"""A site's readable description (TOML) turned into nouns: policy, hours, products, first members.

People write `3h`, `50 EUR`, `08:30-12:00`, `6 months`; all mistakes are reported at once. What an import changes in the
ledger is decided in kiosk.desk. kiosk/examples/la-serre.toml is a whole site, tariffs.toml shows every kind of pass.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, structs

from kiosk import hours
from kiosk.languages import spoken
from kiosk.model import Member, Policy, Product, Site, Unlimited
from kiosk.settings.mistakes import Mistake, MistakesError, build, did_you_mean, expected, fold, join, read_toml
from kiosk.settings.site_words import COVERS, PRICE, VALID, Price, Validity, covers, price, validity, zone

T = TypeVar("T", bound=msgspec.Struct)
EXAMPLE = Path(__file__).parent.parent / "examples" / "la-serre.toml"

# ---------------------------------------------------------------- the tables of the file

Text = Annotated[str, Meta(min_length=1, description="a text between quotes")]
Id = Annotated[str, Meta(pattern="^[a-z0-9-]+$", description="an id of small letters, digits and hyphens")]
Tongue = Annotated[str, Meta(extra={"read": spoken}, description='the code of a language, such as "fr"')]
Zone = Annotated[str, Meta(extra={"read": zone}, description='a time zone, such as "Europe/Paris"')]
Hours = Annotated[str, Meta(min_length=1, description='opening hours, such as "Mo-Fr 09:00-17:00; PH off"')]
Texts = Annotated[tuple[Text, ...], Meta(description='a list of texts, such as ["...", "..."]')]
Ids = Annotated[tuple[Id, ...], Meta(description='a list of ids, such as ["la-serre", "les-tuves"]')]
MOST = 100_000
"""The greatest number of minutes, days or places in a policy."""
PROFILES = 6
Units = Annotated[int, Meta(ge=1, le=10_000, description="a number of entries, 1 or more")]


class SiteTable(msgspec.Struct, frozen=True, kw_only=True):
    """[site]."""

    id: Id
    name: Text
    zone: Zone
    hours: Hours
    exceptions: Texts = ()
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", description='a country code, such as "FR"')] = "FR"
    region: Annotated[str, Meta(description='a region code, such as "FR-57"')] = ""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description='a currency code, such as "EUR"')] = "EUR"
    language: Tongue = "fr"


class ProductTable(msgspec.Struct, frozen=True, kw_only=True):
    """[products.ID]."""

    name: Text
    price: Annotated[Price, Meta(extra={"read": price}, description=PRICE)]
    covers: Annotated[Any, Meta(extra={"read": covers}, description=COVERS)]
    entries: Units | None = None
    per: Literal["once", "week", "month"] = "once"
    valid: Annotated[Validity, Meta(extra={"read": validity}, description=VALID)] = Validity()
    sites: Ids = ()
    access: Hours | None = None
    converts_to: Id | None = None
    on_sale: bool = True


class MemberTable(msgspec.Struct, frozen=True, kw_only=True):
    """[members.ID]."""

    name: Text
    role: Literal["member", "staff"] = "member"
    language: Tongue | None = None
    greeting: Literal["first_name", "initials", "pseudonym", "nothing"] = "first_name"
    pseudonym: Text | None = None


class FileTables(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    site: SiteTable
    policy: Policy = Policy()
    products: dict[str, Any] = {}
    members: dict[str, Any] = {}


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A site as its file describes it."""

    site: Site
    products: tuple[Product, ...] = ()
    members: tuple[Member, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Return remarks on what is valid but may not be meant: passes whose entries renew for ever."""
        return tuple(
            f"products.{one.id}: {one.units} entries each {one.per}, for ever: set valid to end this, "
            'such as valid = "calendar month"'
            for one in self.products
            if one.per != "once" and one.valid_days is None and one.valid_months is None and not one.calendar_month
        )


# ---------------------------------------------------------------- from tables to nouns


def read_site(path: Path) -> Description:
    """Read the site that this file describes. Raises MistakesError with everything that is wrong."""
    found: list[Mistake] = []
    tables = read_toml(path, example=EXAMPLE)
    file = build(FileTables, tables, found=found)
    products = _named(ProductTable, tables.get("products"), found=found, path="products")
    members = _named(MemberTable, tables.get("members"), found=found, path="members")
    if file is not None:
        found += _site_faults(file.site)
        found += _policy_faults(file.policy)
        for id_, table in products.items():
            found += _product_faults(join("products", id_), table, products=file.products, site=file.site)
    if found or file is None:
        raise MistakesError(str(path), found)
    return Description(
        site=Site(policy=file.policy, **structs.asdict(file.site)),
        products=tuple(_product(id_, table) for id_, table in products.items()),
        members=tuple(Member(id=id_, **structs.asdict(table)) for id_, table in members.items()),
    )


def _named(kind: type[T], tables: object, *, found: list[Mistake], path: str) -> dict[str, T]:
    """Return the tables [path.ID], by id. A wrong one is left out, and its mistakes are added to `found`."""
    named = {}
    for id_, table in tables.items() if isinstance(tables, Mapping) else ():
        where = join(path, id_)
        if not re.fullmatch(r"[a-z0-9-]+", id_):
            found.append(Mistake(where, f'expected {expected(Id)}, such as "{suggested_id(id_)}"'))
        built = build(kind, table, found=found, path=where)
        if built is not None:
            named[id_] = built
    return named


def suggested_id(text: str) -> str:
    """Return an id made of a name: `Carnet d'été` becomes `carnet-d-ete`."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-") or "id"


def check_exception(rule: str, calendar: str) -> None:
    """Refuse a rule that cannot be a dated exception.

    Raises HoursError; a rule without a date would apply on every day.
    """
    hours.check(rule, (), calendar)
    if not _DATED.search(rule):
        advice = 'an exception needs a date, such as 2026 Dec 24-31 off "fêtes"'
        raise hours.HoursError(rule, None, advice, code="HOURS_NO_DATE")


_DATED = re.compile(r"\b(\d{4}|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|PH|easter|week)\b")


def _site_faults(site: SiteTable) -> Iterator[Mistake]:
    known = hours.regions(site.country)
    if site.region and site.region not in known:
        advice = f"expected one of {', '.join(known)}" if known else "no region of the country is known: leave it out"
        yield Mistake("site.region", advice, site.region)
        return
    yield from _hours_faults("site.hours", site.hours, calendar=_calendar(site))
    for number, rule in enumerate(site.exceptions, 1):
        try:
            check_exception(rule, _calendar(site))
        except hours.HoursError as error:
            yield Mistake(f"site.exceptions[{number}]", str(error), rule, error.column)


def _calendar(site: SiteTable) -> str:
    """Return the site's public holidays calendar: the region's, or the country's."""
    return site.region if site.region in hours.regions(site.country) else site.country


def _hours_faults(path: str, rule: str, *, calendar: str) -> Iterator[Mistake]:
    try:
        hours.check(rule, (), calendar)
    except hours.HoursError as error:
        yield Mistake(path, str(error), rule, error.column)


def _policy_faults(policy: Policy) -> Iterator[Mistake]:
    for name, value in structs.asdict(policy).items():
        numbers = value if isinstance(value, tuple) else (value,)
        if any(isinstance(number, int) and not 0 <= number <= MOST for number in numbers):
            yield Mistake(join("policy", name), f"expected 0 to {MOST}", value)
    if len(policy.profiles) > PROFILES or any(one.strip() in ("", "staff") for one in policy.profiles):
        wanted = f"expected up to {PROFILES} words for what brings members here, none of them staff"
        yield Mistake("policy.profiles", wanted, policy.profiles)
    if policy.capacity_hard and policy.capacity is None:
        yield Mistake("policy.capacity_hard", "says nothing without policy.capacity, the number of places", value=True)


def _product_faults(path: str, table: ProductTable, *, products: Collection[str], site: SiteTable) -> Iterator[Mistake]:
    """Yield mistakes that only several settings together show."""
    unlimited = isinstance(table.covers, Unlimited)
    if unlimited and table.entries is not None:
        yield Mistake(f"{path}.entries", "an unlimited pass counts no entries: leave this out", table.entries)
    if not unlimited and table.entries is None:
        yield Mistake(f"{path}.entries", f"is missing: expected {expected(Units)}")
    if unlimited and table.per != "once":
        yield Mistake(f"{path}.per", "an unlimited pass counts no entries: leave this out", table.per)
    if table.price.currency not in (None, site.currency):
        message = f"is not in the site's currency, {site.currency}"
        yield Mistake(f"{path}.price", message, f"{table.price.cents / 100:.2f} {table.price.currency}")
    if table.converts_to is not None and table.converts_to not in products:
        near = did_you_mean(table.converts_to, products)
        yield Mistake(f"{path}.converts_to", f"is no product of this file{near}", table.converts_to)
    if table.access is not None:
        yield from _hours_faults(f"{path}.access", table.access, calendar=_calendar(site))


def _product(id_: str, table: ProductTable) -> Product:
    return Product(
        id=id_,
        name=table.name,
        price_cents=table.price.cents,
        cover=table.covers,
        units=table.entries,
        per=table.per,
        sites=table.sites,
        access_hours=table.access,
        converts_to=table.converts_to,
        on_sale=table.on_sale,
        **table.valid._asdict(),
    )
