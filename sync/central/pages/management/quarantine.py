"""The page of quarantined entries: trying one again, or settling it."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.facts import Happened
from sync.central.accounts.staff import Role
from sync.central.pages.framework import codes
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes

LISTED = 20
"""Quarantined entries on one page of the list."""


@reads("/quarantine", role=Role.MANAGER)
def listed(page: NamedDependency[PageRequest]) -> Answer:
    """Show the quarantined entries."""
    return _listed(page)


def _listed(page: PageRequest, at: str = "") -> Answer:
    """Show the list at the page asked for, or at the one that holds an item."""
    every = page.central.quarantine.listed()
    list_page = ListPage.asked(page.request, len(every), LISTED)
    place = next((place for place, one in enumerate(every) if one.quarantine_id == at), list_page.first)
    list_page = list_page._replace(number=place // LISTED + 1, first=place // LISTED * LISTED)
    names = {kiosk.ledger_id: kiosk.name for kiosk in page.central.kiosks.listed()}
    return page.show("quarantine.html", aside=list_page.of(every), list_page=list_page, names=names)


@writes("/quarantine/{quarantine_id:str}/replay", role=Role.MANAGER)
def replay(page: NamedDependency[PageRequest], quarantine_id: FromPath[str]) -> Answer:
    """Try to store a quarantined entry again."""
    try:
        why_not = page.central.quarantine.replay(quarantine_id)
    except LookupError:
        raise NotFoundException from None
    if why_not:
        message = page.say("It still cannot be stored: {reason}", reason=codes.reason(page.words, why_not))
        page.form.add_error(quarantine_id, message)
        return _listed(page, quarantine_id)
    page.append(Happened(what="aside_taken", detail=quarantine_id))
    return page.go("/quarantine", "taken")


@writes("/quarantine/{quarantine_id:str}/dismiss", role=Role.MANAGER)
def dismiss(page: NamedDependency[PageRequest], quarantine_id: FromPath[str]) -> Answer:
    """Settle a quarantined entry without storing it in the feed; it is kept."""
    if quarantine_id not in {one.quarantine_id for one in page.central.quarantine.listed()}:
        raise NotFoundException
    page.central.quarantine.dismiss(quarantine_id)
    page.append(Happened(what="aside_dismissed", detail=quarantine_id))
    return page.go("/quarantine", "dismissed")


HANDLERS = [listed, replay, dismiss]
