"""Performs commands about members and the badges they carry."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from msgspec import structs

from kiosk import rules
from kiosk.answers import (
    Account,
    BadgeLine,
    Done,
    PassLine,
    People,
    Person,
    UnknownBadge,
    UnknownBadges,
    VisitLine,
)
from kiosk.commands import (
    AddMember,
    AssignBadge,
    ChangeMember,
    ListMembers,
    ListUnknownBadges,
    ReplaceBadge,
    ReturnBadge,
    SetBadge,
    ShowAccount,
)
from kiosk.desk import guests
from kiosk.desk.changes import change
from kiosk.desk.contact_data import refuse_contact
from kiosk.desk.desk import Desk, DeskError
from kiosk.languages import languages
from kiosk.model import Badge, Holding, Member, Visit
from kiosk.rules.passes import is_counted, validity
from kiosk.store.codes import claim_code
from kiosk.store.names import folded, is_same_name

BADGE_WORDS = {"active": "back in use", "lost": "reported lost", "blocked": "blocked"}

LONGEST_NAME = 200
"""Letters of a member's name."""
LONGEST_NOTE = 200
MAY_BE_EMPTY = ("language", "pseudonym", "note")
"""Fields of a member that an empty text takes away."""


def new_id() -> str:
    """Return a random id, unique among all kiosks."""
    return uuid.uuid4().hex[:16]


# ---------------------------------------------------------------- members


def add_member(desk: Desk, command: AddMember) -> Done:
    """Add a new member. Refused when somebody has the same name, unless `anyway`."""
    name = " ".join(command.name.split())
    if command.id is not None and desk.roster.member(command.id) is not None:
        return Done(said=(f"{name} was added already.",), id=command.id, changed=False)
    _check(desk, name, command.language)
    _check_profile(desk, command.profile)
    refuse_contact(command.pseudonym or "", field="pseudonym", country=desk.country)
    if not command.anyway:
        _check_is_new(desk, name)
    fields = structs.asdict(command)
    del fields["anyway"]
    member = Member(**fields | {"id": command.id or new_id(), "name": name})
    desk.append(change(desk.roster, None, member))
    return Done(said=(f"{member.name} is a {_role(member)} now.",), id=member.id)


def change_member(desk: Desk, command: ChangeMember) -> Done:
    """Change the given fields of a member."""
    before = desk.member(command.member)
    told = _told(command)
    after = structs.replace(before, **told)
    after = structs.replace(after, **{field: getattr(after, field) or None for field in MAY_BE_EMPTY})
    _check(desk, after.name, after.language)
    _check_profile(desk, command.profile or "")
    check_note(after.note or "")
    refuse_contact(after.pseudonym or "", field="pseudonym", country=desk.country)
    refuse_contact(after.note or "", field="note", country=desk.country)
    if not command.anyway and not is_same_name(before.name, after.name):
        _check_is_new(desk, after.name)
    if after == before:
        return Done(said=(f"{before.name} is like that already.",), changed=False)
    desk.append(change(desk.roster, before, after))
    changes = ", ".join(f"{name} {value}" for name, value in told.items() if value != getattr(before, name))
    return Done(said=(f"{before.name}: {changes}.",), id=after.id)


def _told(command: ChangeMember) -> dict[str, Any]:
    """Return the fields that a command changes."""
    fields = structs.asdict(command)
    told = {name: value for name, value in fields.items() if name not in ("member", "anyway") and value is not None}
    return told | {text: " ".join(str(told[text]).split()) for text in ("name", "pseudonym", "note") if text in told}


def _check_is_new(desk: Desk, name: str) -> None:
    """Raise DeskError when a member has this name, without regard to accents, case and word order."""
    same = next((member for member in desk.roster.find_members(name) if is_same_name(member.name, name)), None)
    if same is not None:
        message = f"there is a {same.name} already ({same.id}); --anyway adds another"
        raise DeskError(message, code="NAME_TAKEN", name=same.name, member=same.id)


def _check(desk: Desk, name: str, language: str | None) -> None:
    if not folded(name):
        raise DeskError("a member needs a name", code="NO_NAME", field="name")
    if len(name) > LONGEST_NAME:
        raise DeskError(
            f"a name has {LONGEST_NAME} letters at most, this one has {len(name)}", code="LONG_NAME", field="name"
        )
    refuse_contact(name, field="name", country=desk.country)
    if language is not None and language not in languages():
        raise DeskError(f'the screen does not speak "{language}"', languages(), code="NO_SUCH_LANGUAGE")


def _check_profile(desk: Desk, profile: str) -> None:
    """Raise DeskError for a profile that this site does not have."""
    if profile and profile not in (known := desk.site.policy.profiles):
        message = f'no member comes for "{profile}" here'
        raise DeskError(message, known, code="NO_PROFILE", field="profile", profile=profile[:40])


def check_note(note: str) -> None:
    """Raise DeskError for a note that is too long."""
    if len(note) > LONGEST_NOTE:
        message = f"a note has {LONGEST_NOTE} letters at most, this one has {len(note)}"
        raise DeskError(message, code="LONG_NOTE", most=str(LONGEST_NOTE))


def _role(member: Member) -> str:
    return "host" if member.role == "staff" else "member"


def list_members(desk: Desk, command: ListMembers) -> People:
    """Return members by name, or those whose name may match a text."""
    found = (
        desk.roster.find_members(command.text)
        if command.text.strip()
        else desk.roster.members(start=command.start, limit=command.limit)
    )
    return People(people=tuple(_person(desk, member) for member in found))


def _person(desk: Desk, member: Member) -> Person:
    valid = [h for h in desk.roster.holdings(member.id, desk.now) if validity(h.pass_, desk.today) == "valid"]
    left = [units for h in valid if (units := rules.balance(h, desk.site, desk.now)) is not None]
    return Person(
        id=member.id,
        name=member.name,
        role=member.role,
        status=member.status,
        badges=sum(badge.status == "active" for badge in desk.roster.badges(member.id)),
        left=sum(left) if left else None,
        unlimited=len(left) < len(valid),
    )


def show_account(desk: Desk, command: ShowAccount) -> Account:
    """Return everything about a member."""
    member = desk.member(command.member)
    roster = desk.roster
    return Account(
        member=structs.replace(member, pin=None),
        badges=tuple(BadgeLine(code=claim_code(badge.id), status=badge.status) for badge in roster.badges(member.id)),
        passes=tuple(_pass_line(desk, member, holding) for holding in roster.holdings(member.id, desk.now)),
        profiles=desk.site.policy.profiles,
        visits=tuple(_visit_line(desk, visit) for visit in guests.visits(roster, member.id, desk.now)),
        credit_cents=roster.credit_cents(member.id),
        currency=desk.site.currency,
    )


def _pass_line(desk: Desk, member: Member, holding: Holding) -> PassLine:
    sold = holding.pass_
    others = (desk.roster.member(holder) for holder in sold.holders if holder != member.id)
    return PassLine(
        id=sold.id,
        product=sold.terms.name,
        validity=validity(sold, desk.today),
        left=rules.balance(holding, desk.site, desk.now),
        total=sold.terms.units if is_counted(sold.terms) else None,
        per=sold.terms.per,
        valid_from=sold.valid_from,
        valid_until=sold.valid_until,
        shared_with=tuple(other.name for other in others if other),
    )


def _visit_line(desk: Desk, visit: Visit) -> VisitLine:
    return VisitLine(
        seq=visit.ref.seq,
        at=desk.local(visit.at),
        site=visit.site_id,
        reason=visit.reason,
        until=desk.local_or_none(visit.window.end if visit.window else None),
        units=sum(charge.units for charge in visit.charges),
        reversed_by=visit.reversed_by,
        guest=guests.number(visit.member_id),
    )


# ---------------------------------------------------------------- badges


def assign_badge(desk: Desk, command: AssignBadge) -> Done:
    """Give a member a badge that nobody carries."""
    member = desk.member(command.member)
    if (command.number is None) == (command.code is None):
        raise DeskError("which badge? Give its number, or the code that its tap showed", code="NO_BADGE_NAMED")
    name = desk.badge_of_number(command.number) if command.number else desk.badge_of_code(command.code or "")
    known = desk.roster.badge(name)
    badge = known or Badge(id=name, member_id=None)
    if badge.status != "active":
        message = f"this badge is {BADGE_WORDS[badge.status]}: put it back in use first (kiosk badge found)"
        raise DeskError(message, code="BADGE_BARRED")
    if badge.member_id == member.id:
        return Done(said=(f"{member.name} has this badge already.",), changed=False)
    if badge.member_id is not None:
        carrier = desk.roster.member(badge.member_id)
        name = carrier.name if carrier else "somebody"
        raise DeskError(f"{name} carries this badge: take it back first", code="BADGE_CARRIED", name=name)
    desk.append(change(desk.roster, known, structs.replace(badge, member_id=member.id)))
    return Done(said=(f"{member.name} has a badge now.",), id=claim_code(name))


def replace_badge(desk: Desk, command: ReplaceBadge) -> Done:
    """Give a member a new badge and report the old one lost."""
    member = desk.member(command.member)
    given = AssignBadge(member=member.id, number=command.number, code=command.code)
    old = [badge for badge in desk.roster.badges(member.id) if badge.status == "active"]
    if command.old is not None or len(old) > 1:
        old = [desk.carried(member=member.id, number=None, code=command.old)]
    done = assign_badge(desk, given)
    desk.append(*(change(desk.roster, badge, structs.replace(badge, status="lost")) for badge in old if done.changed))
    lost = "".join(f" The badge {claim_code(badge.id)} is reported lost." for badge in old if done.changed)
    return Done(said=(f"{done.said[0]}{lost}",), changed=done.changed, id=done.id)


def set_badge(desk: Desk, command: SetBadge) -> Done:
    """Report a badge lost, block it, put it back in use."""
    badge = desk.carried(member=command.member, number=command.number, code=command.code)
    if badge.status == command.status:
        return Done(said=(f"The badge {claim_code(badge.id)} is {_state(badge)} already.",), changed=False)
    before, badge = badge, structs.replace(badge, status=command.status)
    desk.append(change(desk.roster, before, badge))
    return Done(said=(f"The badge {claim_code(badge.id)}{_whose(desk, badge)} is {_state(badge)}.",))


def return_badge(desk: Desk, command: ReturnBadge) -> Done:
    """Take a badge back: it belongs to nobody and can be given to somebody else."""
    badge = desk.carried(member=command.member, number=command.number, code=command.code)
    desk.append(change(desk.roster, badge, structs.replace(badge, member_id=None, status="active")))
    return Done(said=(f"The badge {claim_code(badge.id)}{_whose(desk, badge)} is nobody's now.",))


def _state(badge: Badge) -> str:
    return BADGE_WORDS[badge.status]


def _whose(desk: Desk, badge: Badge) -> str:
    member = desk.roster.member(badge.member_id) if badge.member_id else None
    return f" of {member.name}" if member else ""


def list_unknown_badges(desk: Desk, command: ListUnknownBadges) -> UnknownBadges:
    """Return the badges tapped lately that nobody carries."""
    since = command.since or desk.now - timedelta(hours=1)
    recent = desk.roster.recent_unknown(desk.site.id, since)
    return UnknownBadges(
        now=desk.local(desk.now), badges=tuple(UnknownBadge(code=code, at=desk.local(at)) for code, at in recent)
    )
