"""The pages of members: search, account, add, change, suspend, check in and out by hand."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec.structs import replace

from kiosk import commands
from kiosk.answers import Account, Done, Judged, People
from kiosk.commands import AddMember, ChangeMember, CheckIn, Greeting, Leave, ListMembers, ShowAccount
from kiosk.desk import DeskError, guests
from kiosk.desk.members import new_id
from kiosk.model import Granted, Member, Noun, Reason, Visit
from kiosk.notices.language import languages
from sync.central.accounts.staff import Role
from sync.central.pages.framework.page_request import Answer, PageRequest, member_path
from sync.central.pages.framework.pagination import ListPage
from sync.central.pages.framework.routes import reads, writes
from sync.central.pages.members.passes import sold_at

LISTED = 100
"""Members on one page of the list."""
VISITS_LISTED, HELD_LISTED = 100, 20
"""Visits, passes and badges on one page of a member's lists."""
NEW_ID = re.compile("[0-9a-f]{16}")
GREETINGS = ("first_name", "initials", "pseudonym", "nothing")


class ListedVisit(Noun, frozen=True, kw_only=True):
    """A visit in the history of a member or their guests, and whether it can still be taken back."""

    visit: Visit
    site: str
    units: int
    undoable: bool
    guest: int = 0
    """The number of the guest whose visit it is; 0: the member's own."""


@reads("/members")
def search(page: NamedDependency[PageRequest]) -> Answer:
    """Show the members that match a name; without one all, page by page."""
    text = page.request.query_params.get("q", "").strip()[:100]
    total = page.roster.member_count()
    list_page = ListPage.asked(page.request, total, LISTED)
    found = cast("People", page.ask(ListMembers(text=text, start=0 if text else list_page.first, limit=LISTED)))
    return page.show("members.html", people=found.people, text=text, total=total, list_page=list_page)


@reads("/members/new", role=Role.HOST)
def new(page: NamedDependency[PageRequest]) -> Answer:
    """Show the form for a new member."""
    return _new(page, None)


def _new(page: PageRequest, same: Member | None) -> Answer:
    """Show the form for a new member, with the id that they will have: so a form that is sent twice adds one."""
    return page.show("member_form.html", member=None, same=same, new_id=_id_of_new(page) or new_id())


def _id_of_new(page: PageRequest) -> str | None:
    told = page.form.text("new_id")
    return told if NEW_ID.fullmatch(told) else None


@writes("/members/new")
def add(page: NamedDependency[PageRequest]) -> Answer:
    """Add a member; ask first if somebody has this name already."""
    command = AddMember(
        id=_id_of_new(page),
        name=page.form.text("name"),
        role=_role(page),
        language=_language(page) or None,
        greeting=_greeting(page),
        pseudonym=page.form.text("pseudonym") or None,
        profile=page.form.text("profile"),
        anyway=page.form.ticked("anyway"),
    )
    done, same = _attempt(page, command)
    if done is None or done.id is None:
        return _new(page, same)
    return page.go(member_path(done.id), "member-added")


def _attempt(page: PageRequest, command: AddMember | ChangeMember) -> tuple[Done | None, Member | None]:
    """Perform a command; if it was refused because a member has the name already, return that member."""
    if not page.form.text("name"):
        page.form.add_error("name", page.say("Enter a name"))
    if page.form.text("greeting") == "pseudonym" and not page.form.text("pseudonym"):
        page.form.add_error("pseudonym", page.say("Enter the pseudonym that the screen is to show"))
    if page.form.errors:
        return None, None
    try:
        done = page.ask(command)
    except DeskError as error:
        if error.code == "NAME_TAKEN":
            text = page.say("There is a {name} already. Tick the box if this is somebody else", **error.facts)
            page.form.add_error("anyway", text)
            return None, page.roster.member(error.facts["member"])
        page.form.add_error(error.facts.get("field", "name"), page.refusal(error))
        return None, None
    assert isinstance(done, Done)
    return done, None


def _role(page: PageRequest) -> commands.Role:
    return "staff" if page.form.text("role") == "staff" else "member"


def _language(page: PageRequest) -> str:
    chosen = page.form.text("language")
    return chosen if chosen in languages() else ""


def _greeting(page: PageRequest) -> Greeting:
    chosen = page.form.text("greeting")
    return cast("Greeting", chosen if chosen in GREETINGS else "first_name")


@reads("/members/{member_id:str}")
def show(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Show a member's page."""
    return show_member(page, member_id)


def show_member(page: PageRequest, member_id: str) -> Answer:
    """Render a member's page, with the errors of a form on it."""
    member, roster, now = page.member(member_id), page.roster, page.now
    account = cast("Account", page.ask(ShowAccount(member=member.id)))
    since = now - timedelta(days=page.site.policy.staff_undo_days)
    names = {site.id: site.name for site in roster.sites()}
    visits = guests.visits(roster, member.id, now)
    visit_page = ListPage.asked(page.request, len(visits), VISITS_LISTED, "visits")
    pass_page = ListPage.asked(page.request, len(account.passes), HELD_LISTED, "passes")
    badge_page = ListPage.asked(page.request, len(account.badges), HELD_LISTED, "badges")
    stays = [
        ListedVisit(
            visit=visit,
            site=names.get(visit.site_id, visit.site_id),
            units=sum(charge.units for charge in visit.charges),
            undoable=visit.reversed_at is None and visit.at >= since and page.sees_site(visit.site_id),
            guest=guests.number(visit.member_id),
        )
        for visit in visit_page.of(visits)
    ]
    inside = any(visit.member_id == member.id for visit in roster.inside(page.site.id, now))
    recent = roster.recent_unknown(page.site.id, now - timedelta(hours=1))[:HELD_LISTED]
    return page.show(
        "member.html",
        member=member,
        held=account,
        passes=pass_page.of(account.passes[::-1]),
        badges=badge_page.of(account.badges),
        stays=stays,
        visit_page=visit_page,
        pass_page=pass_page,
        badge_page=badge_page,
        inside=inside,
        recent=recent,
        refused=_refused(page),
        cancellable={one for one, site in sold_at(page, member.id).items() if page.sees_site(site)},
    )


def _refused(page: PageRequest) -> str:
    """Return why the member was refused just now, if the address names a known reason."""
    told = page.request.query_params.get("refused", "")
    return told if told in set(Reason) else ""


@reads("/members/{member_id:str}/edit", role=Role.HOST)
def edit(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Show the form to change a member."""
    return page.show("member_form.html", member=page.member(member_id), same=None)


@writes("/members/{member_id:str}/edit")
def change(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Save the changes to a member; ask first if somebody else has the new name."""
    member = page.member(member_id)
    command = ChangeMember(
        member=member.id,
        name=page.form.text("name"),
        role=_role(page),
        language=_language(page),
        greeting=_greeting(page),
        pseudonym=page.form.text("pseudonym"),
        profile=page.form.text("profile"),
        anyway=page.form.ticked("anyway"),
    )
    wanted = replace(
        member,
        name=" ".join(command.name.split()) if command.name else "",
        role=_role(page),
        language=command.language or None,
        greeting=_greeting(page),
        pseudonym=command.pseudonym or None,
        profile=command.profile or "",
    )
    if page.refuse_if_stale(member, wanted, "name"):
        return page.show("member_form.html", member=member, same=None)
    done, same = _attempt(page, command)
    if done is None:
        return page.show("member_form.html", member=member, same=same)
    return page.go(member_path(member.id), "member-changed")


@reads("/members/{member_id:str}/suspend", role=Role.HOST)
def ask_suspend(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Explain and confirm suspending a member."""
    member = page.member(member_id)
    line = page.say("Their badges open no door of any site until you let them in again. Passes stay as they are.")
    title = page.say("Suspend {name}", name=member.name)
    return page.confirm(title, [line], page.say("Suspend at every site"), back=member_path(member.id))


@writes("/members/{member_id:str}/suspend")
def suspend(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Suspend a member: their badges open no door for now."""
    page.ask(ChangeMember(member=page.member(member_id).id, status="suspended"))
    return page.go(member_path(member_id), "member-suspended")


@reads("/members/{member_id:str}/restore", role=Role.HOST)
def ask_restore(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Explain and confirm ending a suspension."""
    member = page.member(member_id)
    line = page.say("Their badges open the doors again where their passes are valid.")
    title = page.say("Let {name} in again", name=member.name)
    return page.confirm(title, [line], page.say("Let in again at every site"), back=member_path(member.id))


@writes("/members/{member_id:str}/restore")
def restore(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """End a member's suspension."""
    page.ask(ChangeMember(member=page.member(member_id).id, status="active"))
    return page.go(member_path(member_id), "member-restored")


@reads("/members/{member_id:str}/check-in", role=Role.HOST)
def ask_check_in(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Explain and confirm a check-in by hand."""
    member = page.member(member_id)
    line = page.say("It counts like a tap there now and may use an entry. It does not open the door.")
    title = page.say("Check {name} in", name=member.name)
    button = page.say("Check in {at_site}", at_site=page.words.at(page.site.name))
    return page.confirm(title, [line], button, kind="", back=member_path(member.id))


@writes("/members/{member_id:str}/check-in")
def check_in(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Check in a member without their badge, judged like a tap."""
    judged = cast("Judged", page.ask(CheckIn(member=page.member(member_id).id)))
    if isinstance(judged.verdict, Granted):
        return page.go(member_path(member_id), "member-in")
    return page.go(f"{member_path(member_id)}?{urlencode({'refused': judged.verdict.reason})}")


@writes("/members/{member_id:str}/leave")
def leave(page: NamedDependency[PageRequest], member_id: FromPath[str]) -> Answer:
    """Note that a member has left."""
    page.ask(Leave(member=page.member(member_id).id))
    return page.go(member_path(member_id), "member-left")


HANDLERS = [
    search, new, add, show, edit, change, ask_suspend, suspend, ask_restore, restore, ask_check_in, check_in, leave,
]  # fmt: skip
