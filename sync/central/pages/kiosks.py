"""The page of kiosks: their health, when they were last heard, pairing codes, shutting one out."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.facts import Happened
from sync.central.accounts.staff import Role
from sync.central.kiosks.paired import Kiosk
from sync.central.kiosks.pairing import CODE_LASTS, HANDLE_LENGTH, NAME_LENGTH
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes

KIOSKS_LISTED = 50
"""Kiosks on one page of their list."""


@reads("/kiosks")
def listed(page: NamedDependency[PageRequest]) -> Answer:
    """Show all kiosks."""
    return _listed(page)


def _listed(page: PageRequest, code: str = "", name: str = "") -> Answer:
    kiosks = page.kiosks
    names = {site.id: site.name for site in page.roster.sites()}
    grouped = f"{code[:HANDLE_LENGTH]} {code[HANDLE_LENGTH:]}".strip()
    paired = [kiosk for kiosk in kiosks if kiosk.revoked_at is None]
    gone = sorted((kiosk for kiosk in kiosks if kiosk.revoked_at), key=lambda kiosk: kiosk.revoked_at or page.now)
    list_page = ListPage.asked(page.request, len(paired), KIOSKS_LISTED)
    gone_page = ListPage.asked(page.request, len(gone), KIOSKS_LISTED, "gone")
    return page.show(
        "kiosks.html",
        kiosks=[(kiosk, page.central.kiosks.is_silent(kiosk)) for kiosk in list_page.of(paired)],
        list_page=list_page,
        shut_out=gone_page.of(gone[::-1]),
        gone_count=len(gone),
        gone_page=gone_page,
        names=names,
        code=grouped,
        name=name,
        ends=page.now + CODE_LASTS,
        address=f"{page.request.url.scheme}://{page.request.url.netloc}",
        status=200,
    )


@writes("/kiosks/code", role=Role.MANAGER)
def pair(page: NamedDependency[PageRequest]) -> Answer:
    """Show a new pairing code, once, as the answer to the form: no address leads to it."""
    form = page.form
    name, site = form.text("name")[:NAME_LENGTH], form.text("site")
    if not name:
        form.add_error("name", page.say("Name the kiosk by its place, like “front door”"))
    if site and page.roster.site(site) is None:
        form.add_error("site", page.say("Choose a site"))
    if form.errors:
        return _listed(page)
    code = page.central.kiosks.new_code(name=name, site_id=site or None)
    page.append(Happened(what="pairing_code", detail=name, site_id=site or None))
    return _listed(page, code, name)


@reads("/kiosks/{kiosk_id:str}/revoke", role=Role.MANAGER)
def ask_revoke(page: NamedDependency[PageRequest], kiosk_id: FromPath[str]) -> Answer:
    """Explain and confirm shutting a kiosk out."""
    kiosk = _kiosk(page, kiosk_id)
    line = page.say("It receives nothing new, and nothing that it sends is stored, until it is paired again.")
    button = page.say("Shut out {name}", name=kiosk.name)
    return page.confirm(page.say("Shut a kiosk out"), [kiosk.name, line], button, back="/kiosks")


@writes("/kiosks/{kiosk_id:str}/revoke", role=Role.MANAGER)
def revoke(page: NamedDependency[PageRequest], kiosk_id: FromPath[str]) -> Answer:
    """Shut a kiosk out."""
    kiosk = _kiosk(page, kiosk_id)
    if page.central.kiosks.revoke(kiosk_id):
        page.append(Happened(what="kiosk_revoked", detail=kiosk.name, site_id=kiosk.site_id))
    return page.go("/kiosks", "kiosk-revoked")


def _kiosk(page: PageRequest, kiosk_id: str) -> Kiosk:
    found = next((one for one in page.central.kiosks.listed() if one.kiosk_id == kiosk_id), None)
    if found is None:
        raise NotFoundException(page.say("There is no such kiosk"))
    return found


HANDLERS = [listed, pair, ask_revoke, revoke]
