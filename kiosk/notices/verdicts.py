"""Notices of a tap: what happened, until when, how much is left; for a denial the reason and what would help."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from kiosk.model import Case, Denied, Duration, Granted, Member, Reason, Signal, Unlimited, Verdict
from kiosk.notices.denials import Text, denied
from kiosk.notices.language import Language, choose, sentence, sentences
from kiosk.notices.people import called
from kiosk.notices.punches import holding_of, punch
from kiosk.notices.view import NOTICE_SECONDS, Button, Notice, Offer

NAMELESS = {Reason.BADGE_BLOCKED, Reason.MEMBER_SUSPENDED}
"""Denials that name nobody: a badge may be stolen, and others may read the screen."""

EVENING = 18
CODE_SECONDS = 20.0
"""How long a claim code stays: it has to be taken to the desk or written down."""


def notice(
    verdict: Verdict, case: Case, now: datetime, *, offers: Collection[Offer] = (), language: str | None = None
) -> Notice:
    """Return the notice of a verdict. `offers` are its buttons; `language` is the screen's, None the site's."""
    words = _words(case, language)
    named = verdict.reason not in NAMELESS
    title, lines = (
        _granted(words, verdict, case, now) if isinstance(verdict, Granted) else denied(words, verdict, case, now)
    )
    code = verdict.claim_code if isinstance(verdict, Denied) else None
    return Notice(
        signal=signal(verdict),
        title=title,
        lines=tuple(lines),
        greeting=_greeting(words, case.member, now) if named and case.member else None,
        punch=punch(words, verdict, case, now) if named else None,
        code=code,
        buttons=_buttons(words, offers),
        seconds=CODE_SECONDS if code else NOTICE_SECONDS,
        sound=case.member.sound if case.member and named else "usual",
        large=case.member is not None and named and case.member.large_text,
    )


def log_line(verdict: Verdict, case: Case, now: datetime, language: str | None = None) -> str:
    """Return a line for a terminal: time, verdict, code, who, and the words of the notice."""
    words = _words(case, language)
    said = notice(verdict, case, now, language=language)
    outcome = words.say("granted") if isinstance(verdict, Granted) else words.say("denied")
    who = f" {case.member.name}" if case.member else ""
    code = f" [{said.code}]" if said.code else ""
    return f"{words.time(now)} {outcome} {verdict.reason}{who}: {sentences((said.title, *said.lines))}{code}"


def signal(verdict: Verdict) -> Signal:
    """Return the signal of a verdict. ATTENTION: let in, but look at the screen."""
    if isinstance(verdict, Denied):
        broken = verdict.reason in (Reason.OUT_OF_SERVICE, Reason.CLOCK_UNTRUSTED)
        return Signal.FAULT if broken else Signal.DENIED
    if verdict.reason is Reason.RE_ENTRY:
        return Signal.RE_ENTRY
    odd = verdict.reason in (Reason.DEBT, Reason.COURTESY, Reason.CLOCK_UNTRUSTED)
    return Signal.ATTENTION if odd or verdict.warn_units or verdict.warn_expiry else Signal.GRANTED


def _words(case: Case, language: str | None) -> Language:
    wish = case.member.language if case.member else None
    return Language(choose(wish, language, case.site.language), case.site.zone)


# ---------------------------------------------------------------- who


def _greeting(words: Language, member: Member, now: datetime) -> str | None:
    name = called(member)
    if not name:
        return None
    late = words.local(now).hour >= EVENING
    return words.say("Good evening {name}", name=name) if late else words.say("Hello {name}", name=name)


def _buttons(words: Language, offers: Collection[Offer]) -> tuple[Button, ...]:
    labels = {
        Offer.LEAVE: words.say("I am leaving"),
        Offer.UNDO: words.say("Undo"),
        Offer.EXTEND: words.say("Stay longer"),
        Offer.GUEST: words.say("+1 guest"),
        Offer.ACCOUNT: words.say("My account"),
        Offer.DESK: words.say("Hosts"),
        Offer.EVACUATION: words.say("Evacuation list"),
    }
    return tuple(Button(id=offer, label=label) for offer, label in labels.items() if offer in offers)


# ---------------------------------------------------------------- granted


def _granted(words: Language, verdict: Granted, case: Case, now: datetime) -> Text:
    lines = [*_time_left(words, verdict, case, now), _balance(words, verdict, case)]
    lines += [_expiry(words, verdict, now), _credit(words, verdict, case)]
    return _welcome(words, verdict.reason), [line for line in lines if line]


def _welcome(words: Language, reason: Reason) -> str:
    return {
        Reason.STAFF: words.say("Staff"),
        Reason.RE_ENTRY: words.say("Welcome back"),
        Reason.COURTESY: words.say("On the house"),
        Reason.DEBT: words.say("Entry to settle"),
        Reason.CLOCK_UNTRUSTED: words.say("Come in"),
    }.get(reason, words.say("Entry recorded"))


def _time_left(words: Language, verdict: Granted, case: Case, now: datetime) -> list[str]:
    """Return how long the member may stay: as a duration if it is less than a whole entry buys."""
    window = verdict.window
    if verdict.reason is Reason.STAFF:
        early = words.local(now).hour < EVENING
        return [words.say("Have a good day") if early else words.say("Have a good evening")]
    if verdict.reason is Reason.CLOCK_UNTRUSTED:
        return [words.say("The kiosk is not certain of the time")]
    if window is None or _never_closes(words, verdict, case, now):
        return [words.say("As often as you like")]
    if window.start > now:
        return [words.say("From {start} to {end}", start=words.time(window.start), end=words.time(window.end))]
    left, until = words.length(window.end - now), sentence(words.until(window.end, now))
    if verdict.reason is Reason.RE_ENTRY:
        return [words.say("{length} left", length=left), words.say("{until}, nothing is used", until=until)]
    closing = words.say("Until closing at {time}", time=words.time(window.end))
    if verdict.reason is Reason.COURTESY:
        return [words.say("{length} left", length=left), closing]
    if window.end - window.start < _bought(verdict, case):
        return [words.say("You have {length}", length=left), closing]
    return [until]


def _never_closes(words: Language, verdict: Granted, case: Case, now: datetime) -> bool:
    """Tell whether the pass is unlimited and the site stays open over night: the window's end then means nothing."""
    held = holding_of(verdict, case)
    unlimited = held is not None and isinstance(held.pass_.terms.cover, Unlimited)
    end = verdict.window.end if verdict.window else now
    return unlimited and words.local(end).date() > words.local(now).date()


def _bought(verdict: Granted, case: Case) -> timedelta:
    """Return the duration that a whole entry covers, zero when it is not a duration."""
    held = holding_of(verdict, case)
    cover = held.pass_.terms.cover if held else None
    return timedelta(minutes=cover.minutes) if isinstance(cover, Duration) else timedelta()


def _balance(words: Language, verdict: Granted, case: Case) -> str:
    left = (
        None
        if verdict.reason is Reason.RE_ENTRY
        else verdict.units_left
        if verdict.units_usable is None
        else verdict.units_usable
    )
    if verdict.reason is Reason.DEBT:
        return words.say("No entries left: this one is to be settled at the desk")
    if verdict.reason in (Reason.COURTESY, Reason.CLOCK_UNTRUSTED):
        return words.say("No entry is used")
    if left is None or left < 0:
        return ""
    held = holding_of(verdict, case)
    per = held.pass_.terms.per if held and verdict.units_usable is None else "once"
    if left == 0 and per == "once":
        return words.say("That was your last entry: renew at the desk")
    return _remaining(words, left, per)


def _remaining(words: Language, left: int, per: str) -> str:
    if per == "week":
        return words.count("{n} entry left this week", "{n} entries left this week", left)
    if per == "month":
        return words.count("{n} entry left this month", "{n} entries left this month", left)
    return words.count("You have {n} entry left", "You have {n} entries left", left)


def _expiry(words: Language, verdict: Granted, now: datetime) -> str:
    if not verdict.warn_expiry or verdict.expires_on is None:
        return ""
    days = (verdict.expires_on - words.local(now).date()).days
    if days <= 0:
        return words.say("Last day of your pass")
    date = words.dated(verdict.expires_on, now)
    return words.count("Your pass ends in {n} day, {date}", "Your pass ends in {n} days, {date}", days, date=date)


def _credit(words: Language, verdict: Granted, case: Case) -> str:
    if not verdict.credit_cents:
        return ""
    return words.say(
        "{money} back on your account: two halves make a day",
        money=words.money(verdict.credit_cents, case.site.currency),
    )
