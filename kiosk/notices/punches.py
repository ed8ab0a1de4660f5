"""Turns the pass of a tap into a punch card: its places, the punched ones, and its text."""

from __future__ import annotations

from datetime import date, datetime

from kiosk.model import Case, Denied, Granted, Holding, Reason, Verdict
from kiosk.notices.language import Language
from kiosk.notices.view import Punch

_EMPTY = {Reason.NO_ENTRIES_LEFT, Reason.PASS_EXPIRED, Reason.PASS_NOT_YET_VALID}
"""Denials with which the card is shown, because it explains them."""


def holding_of(verdict: Verdict, case: Case) -> Holding | None:
    """Return the pass that the verdict is about, None if there is none."""
    if isinstance(verdict, Denied):
        return _refused(verdict, case) if verdict.reason in _EMPTY else None
    return next((held for held in case.holdings if held.pass_.id == verdict.pass_id), None)


def punch(words: Language, verdict: Verdict, case: Case, now: datetime) -> Punch | None:
    """Return the card to draw, one for all counted passes that can be used; None when there is nothing to show."""
    held = holding_of(verdict, case)
    if held is None:
        return None
    terms = held.pass_.terms
    if terms.units is None:
        return Punch(total=None, name=terms.name, note=_note(words, held.pass_.valid_until, now))
    total, used = terms.units, held.used
    name, note = terms.name, _note(words, held.pass_.valid_until, now)
    if isinstance(verdict, Granted) and verdict.units_usable is not None and verdict.usable_total:
        total, used = verdict.usable_total, verdict.usable_total - verdict.units_usable
        name, note = words.say("All your passes"), ""
    elif isinstance(verdict, Granted) and verdict.units_left is not None:
        total, used = verdict.units_total or total, (verdict.units_total or total) - verdict.units_left
    elif terms.per != "once":
        return None
    fresh = _fresh(verdict, held)
    return Punch(
        total=total,
        used=min(used, total),
        fresh=min(fresh, max(0, min(used, total) - (used - fresh))),
        owed=max(0, used - total),
        name=name,
        note=note,
    )


def _fresh(verdict: Verdict, held: Holding) -> int:
    """Return the number of places that this tap punched; none on a re-entry."""
    if isinstance(verdict, Denied) or verdict.reason is Reason.RE_ENTRY:
        return 0
    return sum(charge.units for charge in verdict.charges if charge.pass_id == held.pass_.id)


def _refused(verdict: Denied, case: Case) -> Holding | None:
    """Return the counted pass that caused the denial: expired, not yet valid, or used up; the latest of them."""
    counted = [held for held in case.holdings if held.pass_.terms.units and held.pass_.terms.per == "once"]
    match verdict.reason:
        case Reason.PASS_EXPIRED:
            fits = [held for held in counted if held.pass_.valid_until == verdict.expired_on]
        case Reason.PASS_NOT_YET_VALID:
            fits = [held for held in counted if held.pass_.valid_from == verdict.valid_from]
        case _:
            fits = [held for held in counted if held.used >= (held.pass_.terms.units or 0)]
    return max(fits, key=lambda held: held.pass_.sold_at, default=None)


def _note(words: Language, last: date | None, now: datetime) -> str:
    return words.say("valid until {date}", date=words.dated(last, now)) if last else ""
