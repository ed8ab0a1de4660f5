"""The page of alarms: what staff should look at, and settling what they have."""

from __future__ import annotations

from litestar.di import NamedDependency

from kiosk.desk import guests
from kiosk.facts import Happened
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes

LISTED = 20
"""Alarms on one page of their list."""


@reads("/alarms")
def alarms(page: NamedDependency[PageRequest]) -> Answer:
    """Show the alarms."""
    kiosks = page.kiosks
    silent = [kiosk for kiosk in kiosks if page.central.kiosks.is_silent(kiosk)][:LISTED]
    names = {kiosk.ledger_id: kiosk.name for kiosk in kiosks}
    members, list_page = {}, ListPage.asked(page.request, page.alarm_count, LISTED)
    shown = page.central.alarms.listed(site_id=page.signed_in.site_id, first=list_page.first, most=LISTED)
    for alarm in shown:
        visit = page.roster.visit(alarm.ref) if alarm.ref else None
        members[alarm.alarm_id] = page.roster.member(guests.member_of(visit.member_id)) if visit else None
    return page.show("alarms.html", alarms=shown, list_page=list_page, silent=silent, names=names, members=members)


@writes("/alarms")
def settle(page: NamedDependency[PageRequest]) -> Answer:
    """Settle an alarm."""
    alarm_id = page.form.text("alarm")
    alarm = page.central.alarms.find(alarm_id)
    if alarm is None:
        return page.go("/alarms")  # somebody else has settled it
    page.require_site(page.site_of(alarm))
    if page.central.alarms.dismiss(alarm_id):
        page.append(Happened(what="alarm_settled", detail=alarm_id.split(":", 1)[0]))
    return page.go("/alarms", "alarm-ended")


HANDLERS = [alarms, settle]
