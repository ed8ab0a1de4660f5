"""Notices after a touch on a button, and those of a kiosk that is out of order.

`language` is the screen's, None the site's; a member's own language wins over both.
"""

from __future__ import annotations

from datetime import datetime

from kiosk.model import Member, Signal, Site
from kiosk.notices.language import Language, choose
from kiosk.notices.view import Notice


def undone(
    site: Site, member: Member, units_left: int | None, *, ends: bool = True, language: str | None = None
) -> Notice:
    """Return the notice that the entry just used was given back. `units_left` is the balance then, None without one.

    `ends` False: it was a guest's entry or one for later, and the member's own window continues.
    """
    words = _words(site, member, language)
    lines = [words.say("Your time window has ended") if ends else words.say("Your own time goes on")]
    if units_left is not None:
        lines.insert(0, words.count("You have {n} entry left", "You have {n} entries left", units_left))
    return Notice(signal=Signal.RE_ENTRY, title=words.say("Entry given back"), lines=tuple(lines))


def undo_refused(site: Site, member: Member, code: str, *, language: str | None = None) -> Notice:
    """Return the notice that the entry cannot be given back; `code` is that of corrections.may_undo."""
    words = _words(site, member, language)
    reason = {
        "TOO_LATE": words.say("More than a minute has passed"),
        "ONCE_A_DAY": words.say("You have already undone an entry today"),
        "MONTH_USED_UP": words.say("You have undone as many entries as a month allows"),
        "ALREADY_REVERSED": words.say("This entry has been given back already"),
    }.get(code, words.say("This entry cannot be given back here"))
    return Notice(
        signal=Signal.DENIED, title=words.say("Not undone"), lines=(reason, words.say("The desk can still do it"))
    )


def goodbye(site: Site, member: Member, now: datetime, *, language: str | None = None) -> Notice:
    """Return the notice for somebody who leaves."""
    words = _words(site, member, language)
    wish = words.say("Have a good evening") if words.local(now).hour >= 17 else words.say("Have a good day")
    return Notice(
        signal=Signal.RE_ENTRY,
        title=words.say("Goodbye"),
        lines=(wish, words.say("Coming back in your time window stays free")),
    )


def out_of_service(site: Site | None = None, *, cause: str = "", language: str | None = None) -> Notice:
    """Return the notice that nobody is let in, because the ledger cannot be written or read.

    `cause` is the health code of a disk that takes no writes, empty for other causes.
    """
    words = Language(choose(language, site.language if site else None), site.zone if site else "UTC")
    return Notice(
        signal=Signal.FAULT,
        title=words.say("Out of service"),
        lines=(unrecorded(words, cause), words.say("Please ask at the desk")),
    )


def lift_badge(site: Site | None = None, *, language: str | None = None) -> Notice:
    """Return the request to lift a badge that lay on the reader before it worked, and to lay it down again."""
    words = Language(choose(language, site.language if site else None), site.zone if site else "UTC")
    return Notice(
        signal=Signal.ATTENTION,
        title=words.say("A badge lies on the reader"),
        lines=(words.say("Lift it, wait two seconds and lay it on again"),),
        sound="none",
    )


def unrecorded(words: Language, cause: str) -> str:
    """Return the sentence that nothing is recorded, and why."""
    match cause:
        case "disk_full":
            return words.say("Nothing is recorded: the memory card is full")
        case "disk_read_only":
            return words.say("Nothing is recorded: the memory card takes no data")
    return words.say("Your entry cannot be recorded")


def slow_down(site: Site, *, language: str | None = None) -> Notice:
    """Return the request to wait, after more taps of one source than are stored."""
    words = Language(choose(language, site.language), site.zone)
    return Notice(
        signal=Signal.DENIED,
        title=words.say("Too many taps"),
        lines=(words.say("Wait a minute, then tap once"),),
    )


def _words(site: Site, member: Member, language: str | None) -> Language:
    return Language(choose(member.language, language, site.language), site.zone)
