"""What an entry of the journal changed, in words: each field of a site, tariff or member with its old and new value.

Badges have sentences of their own, for their few changes each have a name: given, reported lost, taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kiosk.desk import guests
from kiosk.model import Badge, Member, Noun, Product, Site
from kiosk.notices import comes_for
from kiosk.roster import Roster
from sync.central.pages.tariffs import cover_words, typed_validity
from sync.central.words import Words


class JournalWords(Noun, frozen=True, kw_only=True):
    """The language of the journal's reader, and the names of members and sites."""

    words: Words
    roster: Roster

    def name(self, member_id: str | None) -> str:
        """The name of a member or guest now, and what to say of one who is forgotten."""
        person = guests.known(self.roster, member_id) if member_id else None
        return person.name if person else self.words.say("somebody who is forgotten")

    def site(self, site_id: str | None) -> str:
        """A site's name now."""
        site = self.roster.site(site_id) if site_id else None
        return site.name if site else site_id or ""


Show = Callable[[JournalWords, Any], str]
"""Shows a field of a thing."""
Field = tuple[str, Show]


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is said."""
    return text


def changes(reader: JournalWords, fields: tuple[Field, ...], before: object, after: object) -> str:
    """The fields that differ, each with its old and new value: `Name: Anna → Anne · Price: €50.00 → €55.00`."""
    return " · ".join(_changes(reader, fields, before, after))


def _changes(reader: JournalWords, fields: tuple[Field, ...], before: object, after: object) -> Iterator[str]:
    say = reader.words.say
    for label, show in fields:
        old, new = show(reader, before), show(reader, after)
        if old != new:
            nothing = say("nothing")
            yield say("{field}: {old} → {new}", field=say(label), old=old or nothing, new=new or nothing)


def _as_it_is(name: str) -> Show:
    return lambda _, thing: str(getattr(thing, name) or "")


def _number(name: str) -> Show:
    return lambda _, site: "" if getattr(site.policy, name) is None else str(getattr(site.policy, name))


def _yes_or_no(is_so: Callable[[Any], bool]) -> Show:
    return lambda reader, thing: reader.words.say("yes") if is_so(thing) else reader.words.say("no")


def _one_of(name: str, told: dict[Any, str]) -> Show:
    """A value out of few, in words."""
    return lambda reader, thing: reader.words.say(told[getattr(thing, name)]) if getattr(thing, name) in told else ""


LANGUAGES = {"fr": "Français", "en": "English"}

MEMBER: tuple[Field, ...] = (
    (_("Name"), _as_it_is("name")),
    (_("Role"), _one_of("role", {"member": _("Member"), "staff": _("Host")})),
    (_("Suspended"), _yes_or_no(lambda member: member.status == "suspended")),
    (
        _("Language of the screen"),
        lambda reader, member: LANGUAGES.get(member.language) or reader.words.say("as the site"),
    ),
    (
        _("The screen greets with"),
        _one_of(
            "greeting",
            {
                "first_name": _("the first name"),
                "initials": _("the initials"),
                "pseudonym": _("a pseudonym"),
                "nothing": _("no name"),
            },
        ),
    ),
    (_("Pseudonym"), _as_it_is("pseudonym")),
    (_("Large text"), _yes_or_no(lambda member: member.large_text)),
    (_("Sound"), _one_of("sound", {"usual": _("usual"), "slow": _("slow and low"), "none": _("none")})),
    (_("Named on the screen while in"), _yes_or_no(lambda member: member.listed)),
    (_("Note"), _as_it_is("note")),
    (_("Comes for"), lambda reader, member: comes_for(reader.words, member.profile)),
)
"""All fields of a member but the PIN, which is not shown."""

SITE: tuple[Field, ...] = (
    (_("Name"), _as_it_is("name")),
    (_("Hours"), _as_it_is("hours")),
    (_("Exceptions"), lambda _, site: ", ".join(site.exceptions)),
    (_("Retired"), _yes_or_no(lambda site: site.retired)),
    (_("Time zone"), _as_it_is("zone")),
    (_("Country, for public holidays"), _as_it_is("country")),
    (_("Region with public holidays of its own"), _as_it_is("region")),
    (_("Currency"), _as_it_is("currency")),
    (_("Language of the screen"), lambda _, site: LANGUAGES.get(site.language, site.language)),
    (_("Most people at once"), _number("capacity")),
    (_("Refuse whoever comes when it is full"), _yes_or_no(lambda site: site.policy.capacity_hard)),
    (_("Count on a host being there in opening hours"), _yes_or_no(lambda site: site.policy.assume_staff)),
    (_("Entries a member may owe"), _number("debt_limit")),
    (_("Free minutes before closing"), _number("courtesy_minutes")),
    (_("Free visits before closing, per month"), _number("courtesy_per_month")),
    (_("Minutes after a window in which a tap continues it"), _number("continuation_minutes")),
    (_("Minutes before opening, while a host is there"), _number("early_minutes")),
    (_("Minutes after a window until somebody counts as gone"), _number("presence_minutes")),
    (
        _("What brings members"),
        lambda reader, site: ", ".join(comes_for(reader.words, one) for one in site.policy.profiles),
    ),
    (_("Days in which hosts may take a visit back"), _number("staff_undo_days")),
    (
        _("Members come in while the clock of the kiosk is not sure"),
        _yes_or_no(lambda site: site.policy.untrusted_clock == "grace"),
    ),
)
"""All of a site that pages and site files change now and then."""


def _product_fields(currency: str) -> tuple[Field, ...]:
    return (
        (_("Name"), _as_it_is("name")),
        (_("Price"), lambda reader, product: reader.words.money(product.price_cents, currency)),
        (_("Entries"), _as_it_is("units")),
        (
            _("Renews"),
            _one_of(
                "per",
                {"once": _("once, when it is sold"), "week": _("every week"), "month": _("every month")},
            ),
        ),
        (_("One entry covers"), lambda reader, product: cover_words(reader.words, product)),
        (_("Valid for"), lambda reader, product: typed_validity(reader.words, product)),
        (_("Own access hours"), _as_it_is("access_hours")),
        (_("Two entries count as"), lambda reader, product: _product_name(reader, product.converts_to)),
        (_("Valid at"), lambda reader, product: ", ".join(map(reader.site, product.sites))),
        (_("On sale"), _yes_or_no(lambda product: product.on_sale)),
    )


def _product_name(reader: JournalWords, product_id: str | None) -> str:
    product = reader.roster.product(product_id) if product_id else None
    return product.name if product else product_id or ""


# ---------------------------------------------------------------- a line of the journal


def of_member(reader: JournalWords, before: Member | None, after: Member, *, is_known: bool) -> str:
    """What happened to a member: is new, or was changed so."""
    say = reader.words.say
    if before is None:
        return say("New member: {name}", name=after.name) if is_known else say("Member: {name}", name=after.name)
    told = changes(reader, MEMBER, before, after)
    if before.pin != after.pin:
        pin = say("PIN set") if after.pin else say("PIN removed")
        told = " · ".join(filter(None, (told, pin)))
    return _told(reader, say("Member: {name}", name=after.name), told)


def of_site(reader: JournalWords, before: Site | None, after: Site, *, is_known: bool) -> str:
    """What happened to a site: is new, or was changed so."""
    say = reader.words.say
    if before is None:
        if is_known:
            return say("New site: {name}, hours {hours}", name=after.name, hours=after.hours)
        return say("Site: {name}, hours {hours}", name=after.name, hours=after.hours)
    return _told(reader, say("Site: {name}", name=after.name), changes(reader, SITE, before, after))


def of_product(reader: JournalWords, before: Product | None, after: Product, *, currency: str, is_known: bool) -> str:
    """What happened to a tariff: is new, or was changed so."""
    say = reader.words.say
    if before is None:
        return say("New tariff: {name}", name=after.name) if is_known else say("Tariff: {name}", name=after.name)
    told = changes(reader, _product_fields(currency), before, after)
    return _told(reader, say("Tariff: {name}", name=after.name), told)


def _told(reader: JournalWords, what: str, told: str) -> str:
    return reader.words.say("{what}. {changes}", what=what, changes=told or reader.words.say("Nothing was changed."))


def of_badge(reader: JournalWords, before: Badge | None, after: Badge) -> str:
    """What happened to a badge: given to somebody, taken back, reported lost, blocked, in use again."""
    say = reader.words.say
    owner = reader.name(after.member_id)
    if after.member_id is None:
        carrier = before.member_id if before else None
        return say("Badge of {name} taken back", name=reader.name(carrier)) if carrier else say("A badge taken back")
    if before is not None and before.member_id not in (None, after.member_id):
        return say("Badge of {old} given to {new}", old=reader.name(before.member_id), new=owner)
    if after.status == "lost":
        return say("Badge of {name} reported lost", name=owner)
    if after.status == "blocked":
        return say("Badge of {name} blocked", name=owner)
    if before is not None and before.member_id and before.status != "active":
        return say("Badge of {name} in use again", name=owner)
    return say("Badge given to {name}", name=owner)
