"""After a tap: which buttons its notice offers, and what a touch on one of them does.

The controller sees to it that a touch belongs to the notice that shows; what may be taken back is kiosk.rules' matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk import notices
from kiosk.model import AnyFact, Case, Left, Member, Reason, Reversed, Site, Tap, Verdict, Visit
from kiosk.notices import Admission, Notice, Offer, choose
from kiosk.roster import Roster
from kiosk.rules import corrections
from kiosk.rules.passes import balance

FOR_HOSTS = (Offer.DESK, Offer.EVACUATION)
"""Buttons that lead behind the notices; on a host's notice from the first tap."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The notice on the screen, and what its buttons would act upon."""

    tap: Tap
    case: Case
    notice: Notice
    undoable: Visit | None = None

    def offers(self, button: str) -> bool:
        """Tell whether the notice has this button, and somebody whom it is for."""
        return self.case.member is not None and button in {one.id for one in self.notice.buttons}


def undoable(case: Case, now: datetime) -> Visit | None:
    """The newest visit here that cost an entry, if its member may take it back by now."""
    here = (visit for visit in case.visits if visit.site_id == case.site.id and visit.charges)
    visit = next(here, None)
    if visit is None or corrections.may_undo(visit, case.visits, now=now, by_staff=False, site=case.site):
        return None
    return visit


def offers(case: Case, verdict: Verdict, *, undo: Visit | None, now: datetime) -> set[Offer]:
    """Buttons come with a second tap: the first says what happened, the second that somebody wants something."""
    found = set(FOR_HOSTS) if verdict.reason is Reason.STAFF else set()
    if verdict.reason in (Reason.RE_ENTRY, Reason.STAFF) and _is_in(case, now):
        found |= {Offer.LEAVE} | ({Offer.UNDO} if undo else set())
    return found


def admission(shown: Shown, button: str, now: datetime, *, language: str | None) -> Admission | None:
    """Whom a button of a host's notice lets in behind the notices, and where to; None for any other button."""
    member, site = shown.case.member, shown.case.site
    if member is None or button not in FOR_HOSTS:
        return None
    return Admission(
        to=button,
        member_id=member.id,
        name=member.name,
        language=choose(member.language, language, site.language),
        zone=site.zone,
        now=now,
        notice=shown.notice.number,
    )


def _is_in(case: Case, now: datetime) -> bool:
    latest = next((visit for visit in case.visits if visit.site_id == case.site.id), None)
    return bool(latest and not latest.left_at and latest.present_until and now < latest.present_until)


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A button that was touched, where and when. `write` commits a fact or raises LedgerError."""

    shown: Shown
    roster: Roster
    site: Site
    now: datetime
    write: Callable[[AnyFact], None]
    language: str | None = None

    def does(self, button: str) -> Notice:
        """Do what a button that `shown` offers says, and tell what was done. Raises LedgerError."""
        member = self.shown.case.member
        assert member is not None, "Shown.offers was asked"
        return self._leave(member) if button == Offer.LEAVE else self._undo(member)

    def _leave(self, member: Member) -> Notice:
        self.write(Left(member_id=member.id, site_id=self.site.id))
        return notices.goodbye(self.site, member, self.now, language=self.language)

    def _undo(self, member: Member) -> Notice:
        """Judge again: since the button was shown the minute may have passed, or a host have given the entry back."""
        undo = self.shown.undoable
        visit = self.roster.visit(undo.ref) if undo else None
        if visit is None:
            return notices.undo_refused(self.site, member, "NOTHING_TO_UNDO", language=self.language)
        visits = self.roster.visits_of(member.id, self.now)
        refused = corrections.may_undo(visit, visits, now=self.now, by_staff=False, site=self.site)
        if refused:
            return notices.undo_refused(self.site, member, refused, language=self.language)
        self.write(Reversed(ref=visit.ref, reason="undo", by="self"))
        return notices.undone(self.site, member, self._left_on(visit, member), language=self.language)

    def _left_on(self, visit: Visit, member: Member) -> int | None:
        """The balance of the pass that paid a visit."""
        paid = {charge.pass_id for charge in visit.charges}
        held = next((one for one in self.roster.holdings(member.id, self.now) if one.pass_.id in paid), None)
        return balance(held, self.site, self.now) if held else None
