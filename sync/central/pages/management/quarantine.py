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
SHOWN_BYTES = 20_000
"""How much is shown of one, as it came."""


@reads("/quarantine", role=Role.MANAGER)
def listed(page: NamedDependency[PageRequest]) -> Answer:
    """Show the quarantined entries."""
    quarantine = page.central.quarantine
    list_page = ListPage.asked(page.request, quarantine.count(), LISTED)
    shown = quarantine.listed(first=list_page.first, most=LISTED)
    return page.show("quarantine.html", aside=shown, list_page=list_page, names=_names(page))


@reads("/quarantine/{quarantine_id:str}", role=Role.MANAGER)
def show(page: NamedDependency[PageRequest], quarantine_id: FromPath[str]) -> Answer:
    """Show a quarantined entry as it came."""
    return _one(page, quarantine_id)


def _one(page: PageRequest, quarantine_id: str) -> Answer:
    one = page.central.quarantine.find(quarantine_id)
    if one is None:
        raise NotFoundException
    raw = page.central.quarantine.raw(quarantine_id, most=SHOWN_BYTES).decode("utf-8", "replace")
    return page.show("quarantined.html", one=one, raw=raw, names=_names(page))


def _names(page: PageRequest) -> dict[str, str]:
    return {kiosk.ledger_id: kiosk.name for kiosk in page.central.kiosks.listed()}


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
        return _one(page, quarantine_id)
    page.append(Happened(what="aside_taken", detail=quarantine_id))
    return page.go("/quarantine", "taken")


@writes("/quarantine/{quarantine_id:str}/dismiss", role=Role.MANAGER)
def dismiss(page: NamedDependency[PageRequest], quarantine_id: FromPath[str]) -> Answer:
    """Settle a quarantined entry without storing it in the feed; it is kept."""
    if page.central.quarantine.find(quarantine_id) is None:
        raise NotFoundException
    page.central.quarantine.dismiss(quarantine_id)
    page.append(Happened(what="aside_dismissed", detail=quarantine_id))
    return page.go("/quarantine", "dismissed")


HANDLERS = [listed, show, replay, dismiss]
