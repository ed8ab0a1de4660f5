"""Which buttons a tap's notice has, and for whom. What they do is in kiosk.door.buttons.

What may be bought or taken back is decided in kiosk.rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kiosk.model import Case, Granted, Reason, Source, Verdict, Visit
from kiosk.notices import Admission, Notice, Offer, choose
from kiosk.rules import corrections, extras

FOR_HOSTS = (Offer.DESK, Offer.EVACUATION)
"""Buttons that lead behind the notices; on a host's notice from the first tap."""


@dataclass(frozen=True, kw_only=True)
class AnsweredTap:
    """A tap, the notice that answered it, and what the notice's buttons act upon."""

    case: Case
    notice: Notice
    undoable: Visit | None = None

    def has_button(self, button: str) -> bool:
        """Tell whether the notice has this button, and a member to use it."""
        return self.case.member is not None and button in {one.id for one in self.notice.buttons}


def undoable(case: Case, now: datetime) -> Visit | None:
    """Return the newest visit here that cost an entry, if its member may still take it back."""
    here = (visit for visit in case.visits if visit.site_id == case.site.id and visit.charges)
    visit = next(here, None)
    if visit is None or corrections.may_undo(visit, case.visits, now=now, by_staff=False, site=case.site):
        return None
    return visit


def offers(case: Case, verdict: Verdict, *, undo: Visit | None, now: datetime) -> set[Offer]:
    """Return the buttons of a verdict's notice.

    Most buttons appear only after a second tap, when the member evidently wants something. The button for a guest
    appears at once.
    """
    found = set(FOR_HOSTS) if verdict.reason is Reason.STAFF else set()
    if verdict.reason in (Reason.RE_ENTRY, Reason.STAFF) and _is_in(case, now):
        found |= {Offer.LEAVE} | ({Offer.UNDO} if undo else set())
    return found | _extras(case, verdict, now) | ({Offer.ACCOUNT} if _may_look(case, verdict) else set())


def _may_look(case: Case, verdict: Verdict) -> bool:
    """Tell whether the holder of the badge may see the account: not with a badge that is reported lost."""
    is_theirs = case.member is not None and case.tap.source is Source.BADGE
    return is_theirs and verdict.reason not in (Reason.BADGE_BLOCKED, Reason.MEMBER_SUSPENDED)


def _extras(case: Case, verdict: Verdict, now: datetime) -> set[Offer]:
    """Return the buttons that buy more: a guest's entry, the next window."""
    if not isinstance(verdict, Granted):
        return set()
    found = {Offer.GUEST} if extras.guest(extras.after(case, verdict), now) else set()
    may_extend = verdict.reason is Reason.RE_ENTRY and extras.extension(case, now)
    return found | ({Offer.EXTEND} if may_extend else set())


def admission(answered: AnsweredTap, button: str, now: datetime, *, language: str | None) -> Admission | None:
    """Return who may open which scene by a button of a notice; None for a button that opens none."""
    member, site = answered.case.member, answered.case.site
    if member is None or button not in (*FOR_HOSTS, Offer.ACCOUNT):
        return None
    return Admission(
        to=button,
        member_id=member.id,
        name=member.name,
        language=choose(member.language, language, site.language),
        zone=site.zone,
        now=now,
        notice=answered.notice.number,
    )


def _is_in(case: Case, now: datetime) -> bool:
    latest = next((visit for visit in case.visits if visit.site_id == case.site.id), None)
    return bool(latest and not latest.left_at and latest.present_until and now < latest.present_until)
