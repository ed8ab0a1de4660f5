"""Notices of extras (the next window, a guest): first the question, then the result."""

from __future__ import annotations

from datetime import datetime

from kiosk.model import Case, Granted, Signal, Site
from kiosk.notices.language import Language, choose, sentence
from kiosk.notices.punches import punch
from kiosk.notices.view import Button, Notice, Offer

QUESTION_SECONDS = 15.0
"""How long a question stays: it has to be read and answered."""


def extension_question(case: Case, bought: Granted, now: datetime, *, language: str | None = None) -> Notice:
    """Return the question whether to buy the next window: until when, and what it costs."""
    words = _words(case, language)
    return _question(words, case, words.say("Stay longer?"), bought, now, yes=Offer.EXTEND_YES)


def guest_question(case: Case, bought: Granted, now: datetime, *, language: str | None = None) -> Notice:
    """Return the question whether to use an entry for a guest."""
    words = _words(case, language)
    return _question(words, case, words.say("A guest?"), bought, now, yes=Offer.GUEST_YES)


def extended(case: Case, bought: Granted, now: datetime, *, undo: bool, language: str | None = None) -> Notice:
    """Return the notice that the next window was bought; `undo`: it can be given back by a touch."""
    words = _words(case, language)
    return _done(words, case, words.say("Prolonged"), bought, now, undo=undo)


def guest_in(case: Case, bought: Granted, now: datetime, *, undo: bool, language: str | None = None) -> Notice:
    """Return the notice that a guest is in; `undo`: their entry can be given back by a touch."""
    words = _words(case, language)
    return _done(words, case, words.say("Guest welcome"), bought, now, undo=undo)


def kept(case: Case, *, language: str | None = None) -> Notice:
    """Return the notice after a question was answered with no."""
    words = _words(case, language)
    return _quiet(case, title=words.say("Nothing changed"), lines=(words.say("No entry is used"),))


def extra_refused(case: Case, *, guests: int | None = None, language: str | None = None) -> Notice:
    """Return the notice that it cannot be bought any more.

    `guests`: the number of guests who are in, if that is the most that the site allows.
    """
    words = _words(case, language)
    why = words.say("This is not possible right now")
    if guests is not None:
        why = words.count("You have {n} guest here already", "You have {n} guests here already", guests)
    return _quiet(
        case, signal=Signal.DENIED, title=words.say("Not possible"), lines=(why, words.say("Please ask at the desk"))
    )


def _question(words: Language, case: Case, title: str, bought: Granted, now: datetime, *, yes: Offer) -> Notice:
    lines = [_until(words, bought, now), words.say("It uses one entry")]
    left = _left(bought)
    if left is not None:
        lines.append(words.count("{n} entry will be left", "{n} entries will be left", left))
    buttons = (
        Button(id=Offer.KEEP, label=words.say("No")),
        Button(id=yes, label=words.say("Yes, one entry")),
    )
    return _quiet(case, title=title, lines=tuple(lines), buttons=buttons, seconds=QUESTION_SECONDS)


def _done(words: Language, case: Case, title: str, bought: Granted, now: datetime, *, undo: bool) -> Notice:
    lines = [_until(words, bought, now)]
    left = _left(bought)
    if left is not None:
        lines.append(words.count("You have {n} entry left", "You have {n} entries left", left))
    return Notice(
        signal=Signal.GRANTED,
        title=title,
        lines=tuple(lines),
        punch=punch(words, bought, case, now),
        buttons=(Button(id=Offer.UNDO, label=words.say("Undo")),) if undo else (),
        sound=case.member.sound if case.member else "usual",
        large=case.member is not None and case.member.large_text,
    )


def _left(bought: Granted) -> int | None:
    """Return the entries left on all passes that the member can use here; None where none are counted."""
    return bought.units_left if bought.units_usable is None else bought.units_usable


def _quiet(
    case: Case,
    *,
    title: str,
    lines: tuple[str, ...],
    signal: Signal = Signal.RE_ENTRY,
    buttons: tuple[Button, ...] = (),
    seconds: float = 8.0,
) -> Notice:
    """Return a notice without a sound and with the question's picture, because nothing was done."""
    return Notice(
        signal=signal,
        picture="question" if buttons else None,
        title=title,
        lines=lines,
        buttons=buttons,
        seconds=seconds,
        sound="none",
        large=case.member is not None and case.member.large_text,
    )


def _until(words: Language, bought: Granted, now: datetime) -> str:
    return sentence(words.until(bought.window.end, now)) if bought.window else words.say("As often as you like")


def _words(case: Case, language: str | None) -> Language:
    site: Site = case.site
    return Language(choose(case.member.language if case.member else None, language, site.language), site.zone)
