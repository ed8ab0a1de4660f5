"""Badges: giving one that was tapped to a member, reporting one lost, blocking it, taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.commands import AssignBadge, BadgeStatus, ReturnBadge, SetBadge
from kiosk.roster import claim_code
from sync.central.pages.every_page.page_request import Answer, PageRequest, member_path
from sync.central.pages.every_page.routes import reads, writes
from sync.central.pages.members.members import show_member

SHOWN = timedelta(days=1)
"""How long a badge that nobody carries stays in the list after its last tap."""
STATES = ("active", "lost", "blocked")


@reads("/badges")
def unknown(page: NamedDependency[PageRequest]) -> Answer:
    """The badges that were tapped lately and that nobody carries."""
    return _unknown(page)


def _unknown(page: PageRequest) -> Answer:
    found = [(site, page.roster.recent_unknown(site.id, page.now - SHOWN)) for site in page.sites]
    return page.show("badges.html", found=[one for one in found if one[1]])


@writes("/badges")
def give(page: NamedDependency[PageRequest]) -> Answer:
    """Give a badge of the list to whoever is named."""
    form = page.form
    code, name = form.text("code").upper(), form.text("member")
    if not name:
        form.wrong(f"member-{code}", page.say("Enter the name of the member who gets the badge {code}", code=code))
    done = None if form.errors else page.attempt(AssignBadge(member=name, code=code), f"member-{code}")
    return page.go("/badges", "badge-assigned") if done else _unknown(page)


@writes("/members/{member_id:str}/badges")
def assign(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Give a member the badge with a claim code."""
    form, member = page.form, page.member(member_id)
    code = form.text("code").upper()
    if not code:
        form.wrong("code", page.say("Enter the four characters that the kiosk shows"))
    if form.errors or page.attempt(AssignBadge(member=member.id, code=code), "code") is None:
        return show_member(page, member_id)
    return page.go(member_path(member_id), "badge-assigned")


@writes("/members/{member_id:str}/badges/{code:str}")
def change(page: NamedDependency[PageRequest], member_id: FromPath[str], code: FromPath[str]) -> Answer:
    """Report a badge lost, block it, put it back in use, take it back."""
    member, state = page.member(member_id), page.form.text("state")
    if code not in {claim_code(badge.id) for badge in page.roster.badges(member.id)}:
        raise NotFoundException
    if state == "returned":
        page.ask(ReturnBadge(member=member.id, code=code))
    elif state in STATES:
        page.ask(SetBadge(status=cast("BadgeStatus", state), member=member.id, code=code))
    else:
        raise NotFoundException
    return page.go(member_path(member_id), "badge-changed")


HANDLERS = [unknown, give, assign, change]
