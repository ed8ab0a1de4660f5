"""The words of alarm messages, in the language of the settings. How they are sent is in .sending."""

from __future__ import annotations

from collections import Counter

from kiosk.codes import CONFLICTS, health_text
from sync.central.messages.messenger import Trouble
from sync.central.settings import Settings
from sync.central.words import Words

MOST_LINES = 30
"""Lines of a message about several troubles."""


def alarm_message(settings: Settings, *troubles: Trouble) -> tuple[str, str]:
    """Return the subject and the text of a message. Neither names a member, since others may read the mail."""
    words = Words(settings.language, settings.zone)
    told = [_message(words, trouble) for trouble in troubles]
    if len(told) == 1:
        return told[0]
    alike = Counter(subject for subject, _ in told)
    lines = [subject if times == 1 else f"{subject} ({times})" for subject, times in alike.items()]
    if len(lines) > MOST_LINES:
        left = len(lines) - MOST_LINES
        lines[MOST_LINES:] = [words.say("And {n} more.", n=left)]
    lines += ["", words.say("The pages of the server tell more, under Kiosks and Alarms.")]
    return words.count("{n} message about the kiosks", "{n} messages about the kiosks", len(told)), "\n".join(
        lines
    ) + "\n"


def _message(words: Words, trouble: Trouble) -> tuple[str, str]:
    what = _what(words, trouble)
    subject = words.say("{where}: {what}", where=trouble.where or words.say("Kiosk network"), what=what)
    at = words.say(
        "{day}, {time}",
        day=words.dated(words.local(trouble.since).date(), trouble.since),
        time=words.time(trouble.since),
    )
    lines = [
        words.say("Since {moment}.", moment=at),
        words.say("The pages of the server tell more, under Kiosks and Alarms."),
    ]
    if trouble.code == "ledger_mended" and trouble.detail:
        lines.insert(1, words.say("What was done: {story}.", story=trouble.detail))
    if trouble.over:
        subject = words.say("Over – {what}", what=subject)
        lines = [words.say("It had begun {moment}.", moment=at)]
    return subject, "\n".join(lines) + "\n"


def _what(words: Words, trouble: Trouble) -> str:
    told = {
        "silent": words.say("the kiosk is not heard any more"),
        "fork": words.say("two ledgers under one name: a copied memory card, or an edited ledger"),
        "gap": words.say("entries are missing"),
        "chain": words.say("an entry does not follow the one before it"),
        "truncated": words.say("the ledger was cut off"),
        "restored": words.say("the server was put back from a copy"),
        "renewed": words.say("a damaged ledger was repaired, and goes on in a new one"),
        "unfoldable": words.say("an entry could not be applied"),
    }
    if trouble.code in CONFLICTS:
        return words.say(CONFLICTS[trouble.code].short)
    return told.get(trouble.code) or words.say(health_text(trouble.code))
