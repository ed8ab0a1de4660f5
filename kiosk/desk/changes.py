"""Builds the facts that change a noun: only the fields that differ, and which entries the writer had seen.

So two people who change different fields of one noun without knowing of each other, at a disconnected kiosk or on the
pages, both keep their change (kiosk.store.fold.fields).
"""

from __future__ import annotations

from kiosk.facts import BadgeSet, HoursOverridden, MemberSet, ProductSet, SiteSet
from kiosk.model import Badge, Member, Override, Product, Site
from kiosk.roster import Roster
from kiosk.store.fold import fields

Changeable = Site | Product | Member | Badge


def change(roster: Roster, before: Changeable | None, after: Changeable) -> SiteSet | ProductSet | MemberSet | BadgeSet:
    """Return the fact that changes a noun from `before` to `after`; `before` None: it is new."""
    changed = fields.differences(before, after) if before else ()
    match after:
        case Site():
            return SiteSet(site=after, changed=changed, saw=roster.known("site", after.id) if before else ())
        case Product():
            return ProductSet(product=after, changed=changed, saw=roster.known("product", after.id) if before else ())
        case Member():
            return MemberSet(member=after, changed=changed, saw=roster.known("member", after.id) if before else ())
        case Badge():
            return BadgeSet(badge=after, changed=changed, saw=roster.known("badge", after.id) if before else ())


def override(roster: Roster, site_id: str, word: Override | None, *, by: str) -> HoursOverridden:
    """Return the fact that sets a host's override of the hours of a site; None ends the override."""
    return HoursOverridden(site_id=site_id, override=word, by=by, saw=roster.known("override", site_id))
