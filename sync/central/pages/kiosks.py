"""The kiosks: how they are, when they were last heard, a pairing code for a new one, shutting one out; the alarms."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.facts import Happened
from sync.central.accounts.staff import Role
from sync.central.kiosks.enrolment import CODE_LASTS, HANDLE_LENGTH, NAME_LENGTH
from sync.central.pages import codes
from sync.central.pages.leaves import leaf as leaf_of
from sync.central.pages.page import Answer, Page
from sync.central.pages.routes import reads, writes

__all__ = ["HANDLERS"]

LISTED = 20
"""Alarms, and things set aside, on one page of their list."""
KIOSKS_LISTED = 50


@reads("/kiosks")
def listed(page: NamedDependency[Page]) -> Answer:
    """All kiosks."""
    return _listed(page)


def _listed(page: Page, code: str = "", name: str = "") -> Answer:
    kiosks = page.kiosks
    names = {site.id: site.name for site in page.roster.sites()}
    grouped = f"{code[:HANDLE_LENGTH]} {code[HANDLE_LENGTH:]}".strip()
    paired = [kiosk for kiosk in kiosks if kiosk.revoked_at is None]
    leaf = leaf_of(page.request, len(paired), KIOSKS_LISTED)
    return page.show(
        "kiosks.html",
        kiosks=[(kiosk, page.central.is_silent(kiosk)) for kiosk in leaf.of(paired)],
        leaf=leaf,
        shut_out=[kiosk for kiosk in kiosks if kiosk.revoked_at is not None],
        names=names,
        code=grouped,
        name=name,
        ends=page.now + CODE_LASTS,
        address=f"{page.request.url.scheme}://{page.request.url.netloc}",
        status=200,
    )


@writes("/kiosks/code", role=Role.MANAGER)
def pair(page: NamedDependency[Page]) -> Answer:
    """Show a pairing code. It is shown in answer to the form, once: no address leads to it."""
    form = page.form
    name, site = form.text("name")[:NAME_LENGTH], form.text("site")
    if not name:
        form.wrong("name", page.say("Name the kiosk by its place, like “front door”"))
    if site and page.roster.site(site) is None:
        form.wrong("site", page.say("Choose a site"))
    if form.errors:
        return _listed(page)
    code = page.central.new_code(name=name, site_id=site or None)
    page.append(Happened(what="pairing_code", detail=name, site_id=site or None))
    return _listed(page, code, name)


@writes("/kiosks/{kiosk_id:str}/revoke", role=Role.MANAGER)
def revoke(page: NamedDependency[Page], kiosk_id: FromPath[str]) -> Answer:
    """Shut a kiosk out."""
    kiosk = next((one for one in page.central.kiosks() if one.kiosk_id == kiosk_id), None)
    if kiosk is None:
        raise NotFoundException(page.say("There is no such kiosk"))
    if page.central.revoke(kiosk_id):
        page.append(Happened(what="kiosk_revoked", detail=kiosk.name, site_id=kiosk.site_id))
    return page.go("/kiosks", "kiosk-revoked")


# ---------------------------------------------------------------- alarms and what is set aside


@reads("/alarms")
def alarms(page: NamedDependency[Page]) -> Answer:
    """What people should look at."""
    kiosks = page.kiosks
    silent = [kiosk for kiosk in kiosks if page.central.is_silent(kiosk)]
    names = {kiosk.ledger_id: kiosk.name for kiosk in kiosks}
    members, leaf = {}, leaf_of(page.request, len(page.alarms), LISTED)
    for alarm in leaf.of(page.alarms):
        visit = page.roster.visit(alarm.ref) if alarm.ref else None
        members[alarm.alarm_id] = page.roster.member(visit.member_id) if visit else None
    shown = leaf.of(page.alarms)
    return page.show("alarms.html", alarms=shown, leaf=leaf, silent=silent, names=names, members=members)


@writes("/alarms")
def settle(page: NamedDependency[Page]) -> Answer:
    """End an alarm that was looked at."""
    alarm_id = page.form.text("alarm")
    alarm = next((one for one in page.central.alarms() if one.alarm_id == alarm_id), None)
    if alarm is None:
        return page.go("/alarms")  # somebody else has settled it
    page.must_be_here(page.site_of(alarm))
    if page.central.dismiss_alarm(alarm_id):
        page.append(Happened(what="alarm_settled", detail=alarm_id.split(":", 1)[0]))
    return page.go("/alarms", "alarm-ended")


@reads("/quarantine", role=Role.MANAGER)
def aside(page: NamedDependency[Page]) -> Answer:
    """What kiosks sent and the server could not take."""
    return _aside(page)


def _aside(page: Page, at: str = "") -> Answer:
    """The list, at the leaf asked for, or the one on which something stands."""
    every = page.central.quarantine()
    leaf = leaf_of(page.request, len(every), LISTED)
    place = next((place for place, one in enumerate(every) if one.quarantine_id == at), leaf.first)
    leaf = leaf._replace(number=place // LISTED + 1, first=place // LISTED * LISTED)
    names = {kiosk.ledger_id: kiosk.name for kiosk in page.central.kiosks()}
    return page.show("quarantine.html", aside=leaf.of(every), leaf=leaf, names=names)


@writes("/quarantine/{quarantine_id:str}/replay", role=Role.MANAGER)
def replay(page: NamedDependency[Page], quarantine_id: FromPath[str]) -> Answer:
    """Try to take something in again."""
    try:
        why_not = page.central.replay(quarantine_id)
    except LookupError:
        raise NotFoundException from None
    if why_not:
        message = page.say("It still cannot be taken: {reason}", reason=codes.reason(page.words, why_not))
        page.form.wrong(quarantine_id, message)
        return _aside(page, quarantine_id)
    page.append(Happened(what="aside_taken", detail=quarantine_id))
    return page.go("/quarantine", "taken")


@writes("/quarantine/{quarantine_id:str}/dismiss", role=Role.MANAGER)
def dismiss(page: NamedDependency[Page], quarantine_id: FromPath[str]) -> Answer:
    """Settle something without taking it in; it is kept."""
    if quarantine_id not in {one.quarantine_id for one in page.central.quarantine()}:
        raise NotFoundException
    page.central.dismiss_aside(quarantine_id)
    page.append(Happened(what="aside_dismissed", detail=quarantine_id))
    return page.go("/quarantine", "dismissed")


HANDLERS = [listed, pair, revoke, alarms, settle, aside, replay, dismiss]
