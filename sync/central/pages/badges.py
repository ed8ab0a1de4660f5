"""The pages of badges: give one to a member, report one lost, block it, take it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.commands import AssignBadge, BadgeStatus, ReturnBadge, SetBadge
from kiosk.model import Site
from kiosk.roster import claim_code
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import Answer, PageRequest, member_path
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes
from sync.central.pages.members.members import show_member

SHOWN = timedelta(days=1)
"""How long a badge that nobody carries stays in the list after its last tap."""
LISTED = 50
"""Badges on one page of the list."""
STATES = ("active", "lost", "blocked")


@reads("/badges")
def unknown(page: NamedDependency[PageRequest]) -> Answer:
    """Show the badges that were tapped lately and belong to nobody."""
    return _unknown(page)


def _unknown(page: PageRequest) -> Answer:
    every = [(site, badge) for site in page.sites for badge in page.roster.recent_unknown(site.id, page.now - SHOWN)]
    list_page = ListPage.asked(page.request, len(every), LISTED)
    found: dict[str, tuple[Site, list[tuple[str, datetime]]]] = {}
    for site, badge in list_page.of(every):
        found.setdefault(site.id, (site, []))[1].append(badge)
    return page.show("badges.html", found=list(found.values()), list_page=list_page)


@writes("/badges")
def give(page: NamedDependency[PageRequest]) -> Answer:
    """Give a badge of the list to the member whose name was typed."""
    form = page.form
    code, name = form.text("code").upper(), form.text("member")
    if not name:
        form.add_error(f"member-{code}", page.say("Enter the name of the member who gets the badge {code}", code=code))
    done = None if form.errors else page.attempt(AssignBadge(member=name, code=code), f"member-{code}")
    return page.go("/badges", "badge-assigned") if done else _unknown(page)


@writes("/members/{member_id:str}/badges")
def assign(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Give a member the badge with a claim code."""
    form, member = page.form, page.member(member_id)
    code = form.text("code").upper()
    if not code:
        form.add_error("code", page.say("Enter the four characters that the kiosk shows"))
    if form.errors or page.attempt(AssignBadge(member=member.id, code=code), "code") is None:
        return show_member(page, member_id)
    return page.go(member_path(member_id), "badge-assigned")


@reads("/members/{member_id:str}/badges/{code:str}", role=Role.HOST)
def ask_change(page: NamedDependency[PageRequest], member_id: FromPath[str], code: FromPath[str]) -> Answer:
    """Explain and confirm a change of a badge: lost, blocked, back in use, taken back."""
    member, state = page.member(member_id), page.request.query_params.get("state", "")
    _check_badge(page, member.id, code)
    titles = {
        "lost": page.say("Report a badge lost"),
        "blocked": page.say("Block a badge"),
        "active": page.say("Put a badge back in use"),
        "returned": page.say("Take a badge back"),
    }
    meanings = {
        "lost": page.say("It opens no door of any site any more."),
        "blocked": page.say("It opens no door of any site any more."),
        "active": page.say("It opens doors again, at every site where its member may come in."),
        "returned": page.say("It then belongs to nobody, and can be given to somebody else."),
    }
    if state not in titles:
        raise NotFoundException
    whose = page.say("Badge {code}, {name}", code=code, name=member.name)
    kind = "danger" if state in ("lost", "blocked") else ""
    back, hidden = member_path(member.id), {"state": state}
    lines = [whose, meanings[state]]
    return page.confirm(titles[state], lines, titles[state], kind=kind, hidden=hidden, back=back)


@writes("/members/{member_id:str}/badges/{code:str}")
def change(page: NamedDependency[PageRequest], member_id: FromPath[str], code: FromPath[str]) -> Answer:
    """Report a badge lost, block it, put it back in use, take it back."""
    member, state = page.member(member_id), page.form.text("state")
    _check_badge(page, member.id, code)
    if state == "returned":
        page.ask(ReturnBadge(member=member.id, code=code))
    elif state in STATES:
        page.ask(SetBadge(status=cast("BadgeStatus", state), member=member.id, code=code))
    else:
        raise NotFoundException
    return page.go(member_path(member_id), "badge-changed")


def _check_badge(page: PageRequest, member_id: str, code: str) -> None:
    if code not in {claim_code(badge.id) for badge in page.roster.badges(member_id)}:
        raise NotFoundException


HANDLERS = [unknown, give, assign, ask_change, change]
