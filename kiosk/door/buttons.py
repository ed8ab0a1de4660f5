"""The buttons of a tap's notice: leave, undo, buy the next window, bring a guest.

The controller passes on only touches of the notice that shows. Which buttons a notice has is decided in
kiosk.door.offers, what they may do in kiosk.rules. Whatever costs an entry is asked about once and judged again at the
answer, because in between a minute may pass or a host change something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk import notices, rules
from kiosk.desk import guests
from kiosk.door.offers import AnsweredTap
from kiosk.facts import AnyFact, Left, Reversed, Tapped
from kiosk.model import Case, Granted, Member, Reason, Site, Source, Visit
from kiosk.notices import Notice, Offer
from kiosk.roster import Roster
from kiosk.rules import corrections, extras


@dataclass(frozen=True, kw_only=True)
class ButtonOutcome:
    """The notice to show after a touch, and the visit that its "undo" would take back."""

    notice: Notice
    undoable: Visit | None = None


@dataclass(frozen=True, kw_only=True)
class ButtonPress:
    """A touch on a button of a notice. `write` commits a fact, `gather` reads the case as it is now.

    Both raise LedgerError.
    """

    answered: AnsweredTap
    roster: Roster
    site: Site
    now: datetime
    gather: Callable[[], Case]
    write: Callable[[AnyFact], None]
    language: str | None = None

    def perform(self, button: str) -> ButtonOutcome:
        """Perform a button that the notice has, and return the outcome. Raises LedgerError."""
        member = self.answered.case.member
        assert member is not None, "AnsweredTap.has_button was asked"
        actions: dict[str, Callable[[Member], ButtonOutcome]] = {
            Offer.LEAVE: self._leave,
            Offer.UNDO: self._undo,
            Offer.EXTEND: self._ask_to_extend,
            Offer.EXTEND_YES: self._extend,
            Offer.GUEST: self._ask_for_guest,
            Offer.GUEST_YES: self._let_guest_in,
        }
        return actions.get(button, self._keep)(member)

    def _keep(self, _member: Member) -> ButtonOutcome:
        return ButtonOutcome(notice=notices.kept(self.answered.case, language=self.language))

    def _leave(self, member: Member) -> ButtonOutcome:
        """Record that the member and their guests left."""
        for guest in self._guests(member):
            self.write(Left(member_id=guest, site_id=self.site.id))
        self.write(Left(member_id=member.id, site_id=self.site.id))
        return ButtonOutcome(notice=notices.goodbye(self.site, member, self.now, language=self.language))

    # ------------------------------------------------------------ the next window

    def _ask_to_extend(self, _member: Member) -> ButtonOutcome:
        case = self.gather()
        bought = extras.extension(case, self.now)
        if bought is None:
            return self._refused()
        return ButtonOutcome(notice=notices.extension_question(case, bought, self.now, language=self.language))

    def _extend(self, member: Member) -> ButtonOutcome:
        case = self.gather()
        bought = extras.extension(case, self.now)
        if bought is None:
            return self._refused()
        undo = self._buy(case, bought, member_id=member.id)
        said = notices.extended(case, bought, self.now, undo=undo is not None, language=self.language)
        return ButtonOutcome(notice=said, undoable=undo)

    # ------------------------------------------------------------ a guest

    def _ask_for_guest(self, member: Member) -> ButtonOutcome:
        case = self.gather()
        bought = extras.guest(case, self.now)
        if bought is None or self._next_guest(member) is None:
            return self._refused(self._guests(member) if bought else ())
        return ButtonOutcome(notice=notices.guest_question(case, bought, self.now, language=self.language))

    def _let_guest_in(self, member: Member) -> ButtonOutcome:
        case = self.gather()
        bought, guest = extras.guest(case, self.now), self._next_guest(member)
        if bought is None or guest is None:
            return self._refused(self._guests(member) if bought else ())
        undo = self._buy(case, bought, member_id=guest)
        said = notices.guest_in(case, bought, self.now, undo=undo is not None, language=self.language)
        return ButtonOutcome(notice=said, undoable=undo)

    def _guests(self, member: Member) -> tuple[str, ...]:
        """Return the guests of the member who are in."""
        inside = self.roster.inside(self.site.id, self.now)
        return tuple(visit.member_id for visit in inside if extras.host_of(visit.member_id) == member.id)

    def _next_guest(self, member: Member) -> str | None:
        """Return the id of one more guest; None when there are as many as the site allows."""
        taken = self._guests(member)
        free = (extras.guest_id(member.id, number + 1) for number in range(self.site.policy.guests))
        return next((guest for guest in free if guest not in taken), None)

    # ------------------------------------------------------------ buying and giving back

    def _buy(self, case: Case, bought: Granted, *, member_id: str) -> Visit | None:
        """Record an entry bought by touch; return its visit if a touch can take it back."""
        badge = case.badge.id if case.badge else None
        self.write(
            Tapped(site_id=self.site.id, verdict=bought, badge_id=badge, member_id=member_id, source=Source.TOUCH)
        )
        visit = next(iter(self.roster.visits_of(member_id, self.now)), None)
        return visit if visit and self._why_not(visit) is None else None

    def _undo(self, member: Member) -> ButtonOutcome:
        undo = self.answered.undoable
        visit = self.roster.visit(undo.ref) if undo else None
        why_not = self._why_not(visit) if visit else "NOTHING_TO_UNDO"
        if visit is None or why_not:
            said = notices.undo_refused(self.site, member, why_not or "", language=self.language)
            return ButtonOutcome(notice=said)
        self.write(Reversed(ref=visit.ref, reason="undo", by="self"))
        ends = visit.member_id == member.id and (visit.window is None or visit.window.start <= self.now)
        if not ends and visit.member_id == member.id:
            self._stay()
        left = extras.usable(self.gather(), self.now) if visit.charges else None
        return ButtonOutcome(notice=notices.undone(self.site, member, left, ends=ends, language=self.language))

    def _why_not(self, visit: Visit) -> str | None:
        """Return why a touch cannot take a visit back. Visits of guests count with those of the member."""
        visits = guests.visits(self.roster, guests.member_of(visit.member_id), self.now)
        return corrections.may_undo(visit, visits, now=self.now, by_staff=False, site=self.site)

    def _stay(self) -> None:
        """Record that the member is still here, in the running window, after their next window was given back."""
        case = self.gather()
        verdict = rules.decide(case, self.now)
        if verdict.reason is Reason.RE_ENTRY:
            badge, member = case.badge, case.member
            self.write(
                Tapped(
                    site_id=self.site.id,
                    verdict=verdict,
                    badge_id=badge.id if badge else None,
                    member_id=member.id if member else None,
                    source=Source.TOUCH,
                )
            )

    def _refused(self, guests: tuple[str, ...] = ()) -> ButtonOutcome:
        case, count = self.answered.case, len(guests) or None
        return ButtonOutcome(notice=notices.extra_refused(case, guests=count, language=self.language))
