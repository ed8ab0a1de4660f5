"""Why something was not done for a host, in the host's language. The codes are set by kiosk.desk."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.answers import Refused
from kiosk.notices.language import Language

_HOURS: dict[str, Callable[[Language, dict[str, str]], str]] = {
    "TIME_PASSED": lambda words, facts: words.say("{time} has passed already: choose a later time", **facts),
    "DATES_PASSED": lambda words, facts: words.say("These days have passed: choose later ones", **facts),
    "NO_SUCH_EXCEPTION": lambda words, facts: words.say("This exception is gone already", **facts),
}

_MACHINE: dict[str, Callable[[Language, dict[str, str]], str]] = {
    "CLOCK_KEPT": lambda words, facts: words.say("The network or a battery keeps this clock", **facts),
    "CLOCK_YEAR": lambda words, facts: words.say("Look at the year again", **facts),
    "CLOCK_BEFORE": lambda words, facts: words.say("It is later than that: {moment} has been", **facts),
    "NO_MEDIUM": lambda words, facts: words.say("The stick is gone: plug it in again", **facts),
    "MEDIUM_FULL": lambda words, facts: words.say("The stick is full: nothing was copied", **facts),
    "MEDIUM_FAILED": lambda words, facts: words.say("The stick cannot be written: take another one", **facts),
    "NOT_PAIRED": lambda words, facts: words.say("Not joined: look at address, code and network ({reason})", **facts),
}

_PINS: dict[str, Callable[[Language, dict[str, str]], str]] = {
    "NO_HOST": lambda words, facts: words.say("Only hosts sign in here", **facts),
    "NO_PIN": lambda words, facts: words.say("{name} has no PIN yet: another host can set one", **facts),
    "PIN_WAIT": lambda words, facts: words.say("Too many tries: wait {minutes} min", **facts),
    "PIN_WRONG": lambda words, facts: words.say("This is not the PIN", **facts),
    "PIN_LENGTH": lambda words, facts: words.say("A PIN has 4 to 8 digits", **facts),
    "PIN_EASY": lambda words, facts: words.say("Anybody would try that PIN first", **facts),
}

_PEOPLE: dict[str, Callable[[Language, dict[str, str]], str]] = {
    "NO_NAME": lambda words, facts: words.say("A member needs a name", **facts),
    "LONG_NAME": lambda words, facts: words.say("This name is too long", **facts),
    "NAME_TAKEN": lambda words, facts: words.say("There is a {name} already", **facts),
    "LONG_NOTE": lambda words, facts: words.say("A note has {most} letters at most", **facts),
    "CONTACT": lambda words, facts: words.say("No e-mail addresses or telephone numbers on the kiosk", **facts),
    "BADGE_BARRED": lambda words, facts: words.say("This badge is lost or blocked: put it back in use first", **facts),
    "BADGE_CARRIED": lambda words, facts: words.say("{name} carries this badge: take it back first", **facts),
    "NO_SUCH_CODE": lambda words, facts: words.say("No unknown badge has the code {badge}: tap it again", **facts),
    "WHICH_BADGE": lambda words, facts: words.say("{name} has several badges: choose the one that is lost", **facts),
    "PASS_USED": lambda words, facts: words.say("Entries of it are used: give them back first", **facts),
    "SOLD_ELSEWHERE": lambda words, facts: words.say("Sold at another kiosk: take the sale back there", **facts),
    "HOLDER_FORGOTTEN": lambda words, facts: words.say("Who bought it is forgotten: the sale stands", **facts),
    "ONLY_HOST": lambda words, facts: words.say("{name} is the only host: who would open this screen?", **facts),
}
_SAID: dict[str, Callable[[Language, dict[str, str]], str]] = {
    "NO_ANSWER": lambda words, facts: words.say("No answer: see what was done before you try again", **facts),
    **_HOURS,
    **_MACHINE,
    **_PINS,
    **_PEOPLE,
}
"""Code of a refusal -> the sentence, filled in with the refusal's facts."""


def refusal(words: Language, refused: Refused) -> str:
    """Say a refusal by its code; one without is said as the command line says it."""
    said = _SAID.get(refused.code or "")
    return said(words, refused.facts) if said else words.say("Not done: {reason}", reason=refused.message)
