"""Notices of a denial: the reason and what would help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kiosk.model import Case, Denied, Reason
from kiosk.notices.language import Language, sentence
from kiosk.notices.standby import because

Text = tuple[str, list[str]]
"""A title and its lines."""


def denied(words: Language, verdict: Denied, case: Case, now: datetime) -> Text:
    """Return the notice of a denial."""
    return _TELLERS[verdict.reason](words, verdict, case, now)


def _read_error(words: Language, *_: object) -> Text:
    return words.say("Not read"), [
        words.say("Hold your badge still"),
        words.say("Lay it flat on the reader until the screen answers"),
    ]


def _random_uid(words: Language, *_: object) -> Text:
    return words.say("Not a badge"), [
        words.say("Please use your badge"),
        words.say("A phone or a bank card shows a new number each time: it cannot be recognised"),
    ]


def _unknown(words: Language, verdict: Denied, *_: object) -> Text:
    told = words.say("Tell this code at the desk: your badge will be registered")
    return words.say("Unknown badge"), [told if verdict.claim_code else words.say("Please ask at the desk")]


def _blocked(words: Language, *_: object) -> Text:
    return words.say("Badge blocked"), [words.say("Please ask at the desk")]


def _suspended(words: Language, *_: object) -> Text:
    return words.say("Access suspended"), [words.say("Please ask at the desk")]


def _clock(words: Language, *_: object) -> Text:
    return words.say("Time not certain"), [
        words.say("Please ask at the desk"),
        words.say("After a power cut the kiosk waits until its clock is set"),
    ]


def _closed(words: Language, verdict: Denied, _case: Case, now: datetime) -> Text:
    if verdict.opens_at is None:
        opens = words.say("No opening planned")
    else:
        opens = words.say("Opens {moment}", moment=words.moment(verdict.opens_at, now))
    why = because(words, verdict.because, is_holiday=verdict.is_holiday)
    return words.say("Closed"), [opens, why] if why else [opens]


def _full(words: Language, _verdict: Denied, case: Case, _now: datetime) -> Text:
    taken = words.count("{n} person here", "{n} people here", case.people_in)
    return words.say("Full"), [taken, words.say("Try again a little later, or ask at the desk")]


def _no_entries(words: Language, verdict: Denied, case: Case, now: datetime) -> Text:
    return words.say("No entries left"), _fixes(words, verdict, case, now)


def _expired(words: Language, verdict: Denied, case: Case, now: datetime) -> Text:
    ended = []
    if verdict.expired_on:
        ended = [words.say("It ended on {date}", date=words.dated(verdict.expired_on, now))]
    return words.say("Pass expired"), ended + _fixes(words, verdict, case, now)


def _not_yet(words: Language, verdict: Denied, case: Case, now: datetime) -> Text:
    if verdict.valid_from is None:
        return words.say("Too early"), _fixes(words, verdict, case, now)
    return words.say("Too early"), [words.say("It begins on {date}", date=words.weekday(verdict.valid_from, now))]


def _not_here(words: Language, verdict: Denied, case: Case, now: datetime) -> Text:
    here = words.say("Your pass is for another place than {site}", site=case.site.name)
    return words.say("Not valid here"), [here, *_fixes(words, verdict, case, now)]


def _no_pass(words: Language, verdict: Denied, case: Case, now: datetime) -> Text:
    return words.say("No pass"), _fixes(words, verdict, case, now)


def _out_of_service(words: Language, *_: object) -> Text:
    return words.say("Out of service"), [
        words.say("Your entry cannot be recorded"),
        words.say("Please ask at the desk"),
    ]


def _fixes(words: Language, verdict: Denied, case: Case, now: datetime) -> list[str]:
    """Return what would help, free fixes before paid ones; if nothing does, the advice to ask at the desk."""
    fixes = []
    if verdict.renews_on:
        fixes.append(words.say("New entries {day}", day=words.day(verdict.renews_on, now)))
    if verdict.product and verdict.price_cents is not None:
        price = words.money(verdict.price_cents, case.site.currency)
        fixes.append(words.say("{product}: {price} at the desk", product=sentence(verdict.product), price=price))
    return fixes or [words.say("Please ask at the desk")]


_TELLERS: dict[Reason, Callable[[Language, Denied, Case, datetime], Text]] = {
    Reason.READ_ERROR: _read_error,
    Reason.RANDOM_UID: _random_uid,
    Reason.UNKNOWN_BADGE: _unknown,
    Reason.BADGE_BLOCKED: _blocked,
    Reason.MEMBER_SUSPENDED: _suspended,
    Reason.CLOCK_UNTRUSTED: _clock,
    Reason.CLOSED: _closed,
    Reason.FULL: _full,
    Reason.NO_ENTRIES_LEFT: _no_entries,
    Reason.PASS_EXPIRED: _expired,
    Reason.PASS_NOT_YET_VALID: _not_yet,
    Reason.PASS_NOT_HERE: _not_here,
    Reason.NO_PASS: _no_pass,
    Reason.OUT_OF_SERVICE: _out_of_service,
}
