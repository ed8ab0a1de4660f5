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

_SAID: dict[str, Callable[[Language, dict[str, str]], str]] = {
    "NO_ANSWER": lambda words, facts: words.say("No answer: see what was done before you try again", **facts),
    **_HOURS,
}
"""Code of a refusal -> the sentence, filled in with the refusal's facts."""


def refusal(words: Language, refused: Refused) -> str:
    """Say a refusal by its code; one without is said as the command line says it."""
    said = _SAID.get(refused.code or "")
    return said(words, refused.facts) if said else words.say("Not done: {reason}", reason=refused.message)
