"""Words for refused commands, in the host's language, by the code of the refusal."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.answers import Refused
from kiosk.notices.language import Language

Saying = Callable[[Language, dict[str, str]], str]

_HOURS: dict[str, Saying] = {
    "TIME_PASSED": lambda words, facts: words.say("{time} has passed already: choose a later time", **facts),
    "NO_TIME": lambda words, facts: words.say("This is no time of day", **facts),
    "DATES_PASSED": lambda words, facts: words.say("These days have passed: choose later ones", **facts),
    "HOURS_WRONG": lambda words, facts: words.say("These hours contradict each other: look at them again", **facts),
    "NO_SUCH_EXCEPTION": lambda words, facts: words.say("This exception is gone already", **facts),
    "HOURS_SYNTAX": lambda words, facts: words.say(
        "These hours cannot be read from character {column} on, at “{rest}”. "
        "Write them like “Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off”",
        **facts,
    ),
    "HOURS_COUNTRY": lambda words, facts: words.say("The public holidays of this country are not known", **facts),
    "HOURS_REGION": lambda words, facts: words.say(
        "At “{rest}”: this region has public holidays of its own, so write PH without dates or hours past midnight",
        **facts,
    ),
    "NO_SUCH_REGION": lambda words, facts: words.say("No such region is known in this country", **facts),
    "HOURS_SCHOOL": lambda words, facts: words.say(
        "School holidays (SH) are not known here: write their dates", **facts
    ),
    "HOURS_STATE": lambda words, facts: words.say(
        "At “{rest}” it is not plain whether it is open: before a comment write open or off", **facts
    ),
    "HOURS_TIMES": lambda words, facts: words.say(
        "At “{rest}” write times of day, from and to, like 10:00-12:00", **facts
    ),
    "HOURS_DATE": lambda words, facts: words.say(
        "At “{rest}” there are no such days: write them like “Dec 24-26” or “2026 Dec 24-2027 Jan 02”", **facts
    ),
    "HOURS_DAYS": lambda words, facts: words.say(
        "Say for which days “{rest}” is: hours of every day come first", **facts
    ),
    "HOURS_HOLIDAYS": lambda words, facts: words.say(
        "At “{rest}”: write weekdays and public holidays (PH) in one list, like “Mo-Fr,PH 10:00-12:00”", **facts
    ),
    "HOURS_NIGHT": lambda words, facts: words.say(
        "The night in “{rest}” would be cut off by the part before it: put it first", **facts
    ),
    "HOURS_HOLIDAYS_LAST": lambda words, facts: words.say(
        "The part “{rest}” would undo the one for public holidays (PH) before it: put PH last", **facts
    ),
    "HOURS_CLOSED_LAST": lambda words, facts: words.say(
        "The part “{rest}” would undo a closing before it: put the closing last", **facts
    ),
    "HOURS_NO_DATE": lambda words, facts: words.say("An exception needs a date, like 2026 Dec 24-31 off", **facts),
}

_MACHINE: dict[str, Saying] = {
    "CLOCK_KEPT": lambda words, facts: words.say("The network or a battery keeps this clock", **facts),
    "CLOCK_YEAR": lambda words, facts: words.say("Look at the year again", **facts),
    "CLOCK_BEFORE": lambda words, facts: words.say("It must be later: {moment} has passed", **facts),
    "CLOCK_FAR": lambda words, facts: words.say("That is long after {moment}, the last entry", **facts),
    "CLOCK_UNSURE": lambda words, facts: words.say("The time is not certain: set the clock first", **facts),
    "NO_MEDIUM": lambda words, facts: words.say("The stick is gone: plug it in again", **facts),
    "MEDIUM_FULL": lambda words, facts: words.say("The stick is full: nothing was copied", **facts),
    "MEDIUM_FAILED": lambda words, facts: words.say("The stick cannot be written: take another one", **facts),
    "LEDGER_FAILED": lambda words, facts: words.say("Nothing can be recorded: look at the kiosk’s health", **facts),
    "MISTAKE": lambda words, facts: words.say(
        "A fault in the program: see what was done before you try again", **facts
    ),
    "NOT_HERE": lambda words, facts: words.say("This kiosk cannot do that", **facts),
}

_PLACE: dict[str, Saying] = {
    "NO_SITE": lambda words, facts: words.say("The kiosk is not set up yet", **facts),
    "SET_UP_ALREADY": lambda words, facts: words.say("This kiosk is set up already: its hosts can change it", **facts),
    "SITE_RETIRED": lambda words, facts: words.say("{site} is retired: take it back into the network first", **facts),
    "SITE_NAME_TAKEN": lambda words, facts: words.say("There is a site {name} already", **facts),
    "PLACE_NAME": lambda words, facts: words.say("A name is needed, of {most} letters at most", **facts),
    "NO_SUCH_ZONE": lambda words, facts: words.say("This time zone is not known", **facts),
    "NO_SUCH_LANGUAGE": lambda words, facts: words.say("The screen does not speak this language", **facts),
}

_SERVER: dict[str, Saying] = {
    "SERVER_ADDRESS": lambda words, facts: words.say("A server’s address begins with https://", **facts),
    "SERVER_SILENT": lambda words, facts: words.say("No answer from the server: look at address and network", **facts),
    "NO_SERVER": lambda words, facts: words.say("There is no central server at this address", **facts),
    "SERVER_ILL": lambda words, facts: words.say("The server has a trouble of its own: try again later", **facts),
    "SERVER_REFUSES": lambda words, facts: words.say("The server refuses this kiosk: ask who looks after it", **facts),
    "PAIRING_CODE": lambda words, facts: words.say("The code is wrong or too old: ask for a new one", **facts),
    "PAIRING_WAIT": lambda words, facts: words.say("Too many tries: wait {minutes} min", **facts),
    "PAIRING_NOT_KEPT": lambda words, facts: words.say("This could not be kept: look at the kiosk’s health", **facts),
    "BADGE_KEY": lambda words, facts: words.say("The badge key does not fit: call for help", **facts),
}

_PINS: dict[str, Saying] = {
    "NO_HOST": lambda words, facts: words.say("Only hosts sign in here", **facts),
    "NO_PIN": lambda words, facts: words.say("{name} has no PIN yet: another host can set one", **facts),
    "PIN_WAIT": lambda words, facts: words.say("Too many tries: wait {minutes} min", **facts),
    "PIN_WRONG": lambda words, facts: words.say("This is not the PIN", **facts),
    "PIN_LENGTH": lambda words, facts: words.say("A PIN has 4 to 8 digits", **facts),
    "PIN_EASY": lambda words, facts: words.say("Anybody would try that PIN first", **facts),
}

_PEOPLE: dict[str, Saying] = {
    "NO_MEMBER": lambda words, facts: words.say("This member is not known any more", **facts),
    "WHICH_MEMBER": lambda words, facts: words.say("Several members are called {name}: choose one", **facts),
    "NO_NAME": lambda words, facts: words.say("A member needs a name", **facts),
    "LONG_NAME": lambda words, facts: words.say("This name is too long", **facts),
    "NAME_TAKEN": lambda words, facts: words.say("There is a {name} already", **facts),
    "LONG_NOTE": lambda words, facts: words.say("A note has {most} letters at most", **facts),
    "CONTACT": lambda words, facts: words.say("No e-mail addresses or telephone numbers on the kiosk", **facts),
    "ONLY_HOST": lambda words, facts: words.say("{name} is the only host: who would open this screen?", **facts),
}

_BADGES: dict[str, Saying] = {
    "BADGE_NUMBER": lambda words, facts: words.say("This is no number of a badge", **facts),
    "BADGE_BARRED": lambda words, facts: words.say("This badge is lost or blocked: put it back in use first", **facts),
    "BADGE_CARRIED": lambda words, facts: words.say("{name} carries this badge: take it back first", **facts),
    "NOBODYS_BADGE": lambda words, facts: words.say("Nobody carries this badge", **facts),
    "NO_BADGE_NAMED": lambda words, facts: words.say("Lay the badge on the reader first", **facts),
    "NO_SUCH_BADGE": lambda words, facts: words.say("{name} does not carry this badge any more", **facts),
    "NO_SUCH_CODE": lambda words, facts: words.say("No unknown badge has the code {badge}: tap it again", **facts),
    "WHICH_BADGE": lambda words, facts: words.say("{name} has several badges: choose the one that is lost", **facts),
}

_SALES: dict[str, Saying] = {
    "NO_PRODUCT": lambda words, facts: words.say("This pass is not sold here", **facts),
    "NOT_ON_SALE": lambda words, facts: words.say("{product} is no longer sold", **facts),
    "NO_METHOD": lambda words, facts: words.say("Choose how it was paid", **facts),
    "STARTS_TOO_EARLY": lambda words, facts: words.say("A pass cannot begin so long ago", **facts),
    "STARTS_TOO_LATE": lambda words, facts: words.say("A pass begins within a year", **facts),
    "NO_PROFILE": lambda words, facts: words.say("Nobody comes for {profile} here", **facts),
    "NO_MONTH": lambda words, facts: words.say("{month} is no month: write it like 2026-07", **facts),
    "NO_SUCH_SALE": lambda words, facts: words.say("This sale was cancelled already", **facts),
    "PASS_USED": lambda words, facts: words.say("Entries of it are used: give them back first", **facts),
    "SOLD_ELSEWHERE": lambda words, facts: words.say("Not known here yet: take it back where it was sold", **facts),
    "SOLD_AT": lambda words, facts: words.say("Sold at {site}: take the sale back there", **facts),
    "HOLDER_FORGOTTEN": lambda words, facts: words.say("Who bought it is forgotten: the sale stands", **facts),
}

_VISITS: dict[str, Saying] = {
    "NO_REASON": lambda words, facts: words.say("Choose a reason first", **facts),
    "ALREADY_REVERSED": lambda words, facts: words.say("This entry was given back already", **facts),
    "TOO_LATE": lambda words, facts: words.say("This entry is too old to be given back", **facts),
    "LATER_HALF": lambda words, facts: words.say("Give the later half day of that date back first", **facts),
    "NO_SUCH_VISIT": lambda words, facts: words.say("This entry is too old, or was made at another kiosk", **facts),
    "NOTHING_USED": lambda words, facts: words.say("{name} used no entry that could be given back", **facts),
}

_BOUNDS: dict[str, Saying] = {
    "TOO_LONG": lambda words, facts: words.say("This text is too long: {most} letters at most", **facts),
    "CONTROL_CHARACTER": lambda words, facts: words.say(
        "This text has a character that cannot be written: type it again", **facts
    ),
    "NUMBER_RANGE": lambda words, facts: words.say("This number is not from {least} to {most}", **facts),
    "DATE_RANGE": lambda words, facts: words.say("Dates are from {first} to {last}", **facts),
    "TOO_MANY": lambda words, facts: words.say("These are too many: {most} at most", **facts),
}
"""Of kiosk.bounds."""

SAID: dict[str, Saying] = {
    "NO_ANSWER": lambda words, facts: words.say("No answer: see what was done before you try again", **facts),
    **_HOURS,
    **_MACHINE,
    **_PLACE,
    **_SERVER,
    **_PINS,
    **_PEOPLE,
    **_BADGES,
    **_SALES,
    **_VISITS,
    **_BOUNDS,
}
"""Code of a refusal -> the sentence, filled in with the refusal's facts."""


def refusal(words: Language, refused: Refused) -> str:
    """Return a refusal in words. An unknown code, of another release, is returned as it is."""
    said = SAID.get(refused.code)
    if said:
        return said(words, refused.facts)
    return words.say("This could not be done. Tell whoever looks after the kiosk: {code}", code=refused.code)
