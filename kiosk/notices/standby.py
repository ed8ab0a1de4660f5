"""Words of the idle screen: site, hours, time, where to tap, and the health of the kiosk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kiosk.codes import HEALTH
from kiosk.model import ClockQuality, Member, Opening, Site
from kiosk.notices.language import Language, choose, sentence
from kiosk.notices.people import listed
from kiosk.notices.places import FIRST_PLACE
from kiosk.notices.service import unrecorded
from kiosk.notices.view import Admission, Health, Idle, Side

QUIET = {Health.SERVER_UNREACHABLE}
"""Troubles without effect on the door, shown without alarm."""


def idle(
    site: Site,
    opening: Opening,
    now: datetime,
    *,
    people_in: int,
    here: Iterable[Member] = (),
    health: Iterable[str] = (),
    clock: ClockQuality = ClockQuality.TRUSTED,
    reader_side: Side = "right",
    language: str | None = None,
) -> Idle:
    """Return everything that the idle screen shows.

    `here`: members who are in; those who agreed are named. `health`: codes of Health. `language` None: the site's.
    """
    words = Language(choose(language, site.language), site.zone)
    wrong = set(health) | ({Health.CLOCK_UNTRUSTED} if clock is ClockQuality.UNTRUSTED else set())
    can_tap = not wrong & {Health.READER_DOWN, Health.LEDGER_FAILED}
    return Idle(
        site=site.name,
        is_open=opening.is_open,
        state=words.say("Open") if opening.is_open else words.say("Closed"),
        change=_change(words, opening, now),
        because=because(words, opening.because, is_holiday=opening.is_holiday),
        time=words.time(now),
        date=sentence(words.weekday(words.local(now).date(), now)),
        hint=words.say("Tap your badge") if can_tap else words.say("Out of service"),
        where=_where(words, reader_side) if can_tap else words.say("Please ask at the desk"),
        side=reader_side,
        can_tap=can_tap,
        people=_people(words, people_in),
        names=listed(here),
        health=_health(words, wrong),
        trouble=bool(wrong - QUIET),
        rests=not opening.is_open and people_in == 0,
        minute=words.local(now).hour * 60 + words.local(now).minute,
    )


def because(words: Language, comment: str | None, *, is_holiday: bool) -> str | None:
    """Return why the hours are not the usual ones; None when they are."""
    if is_holiday and comment:
        return words.say("Public holiday: {name}", name=comment)
    if is_holiday:
        return words.say("Public holiday")
    return sentence(comment) if comment else None


def _change(words: Language, opening: Opening, now: datetime) -> str:
    if opening.changes_at is None:
        return words.say("Day and night") if opening.is_open else words.say("No opening planned")
    if opening.is_open:
        return sentence(words.until(opening.changes_at, now))
    return words.say("Opens {moment}", moment=words.moment(opening.changes_at, now))


def _where(words: Language, side: Side) -> str:
    return {
        "left": words.say("on the reader, to the left"),
        "right": words.say("on the reader, to the right"),
        "top": words.say("on the reader, above"),
        "bottom": words.say("on the reader, below"),
    }[side]


def _people(words: Language, people_in: int) -> str:
    if people_in == 0:
        return words.say("Nobody here yet")
    return words.count("{n} person here", "{n} people here", people_in)


def _health(words: Language, wrong: set[str]) -> str:
    """Return one line about the worst trouble: what still works, what does not, and what to do.

    The table begins with the worst. A reader that does not answer comes before troubles whose text says that badges are
    read.
    """
    if not wrong:
        return words.say("Everything works")
    known = next((found.idle for code, found in HEALTH.items() if code in wrong and found.idle), None)
    return words.say(known) if known else words.say("Needs a look: {code}", code=min(wrong))


def cannot_start(site_id: str, cause: str, language: str | None = None) -> Idle:
    """Return the screen of a ledger that could not be opened; `cause` is the health code of the disk, or empty."""
    words = Language(choose(language), "UTC")
    return Idle(
        site=site_id,
        is_open=False,
        state=words.say("Out of service"),
        change=unrecorded(words, cause),
        time="",
        date="",
        hint=words.say("Out of service"),
        where=words.say("Please ask at the desk"),
        can_tap=False,
        people="",
        health=_health(words, {Health.LEDGER_FAILED}),
        trouble=True,
    )


def not_set_up(
    site_id: str, language: str | None = None, *, now: datetime | None = None, may_be_set_up: bool = False
) -> Idle:
    """Return the screen of a kiosk that is not set up, with the button to set it up."""
    words = Language(choose(language), "UTC")
    instead = None
    if may_be_set_up and now:
        instead = Admission(to="set_up", member_id="", name="", language=words.code, zone=FIRST_PLACE.zone, now=now)
    return Idle(
        site=site_id,
        is_open=False,
        state=words.say("Not set up yet"),
        change=words.say("The hours and tariffs of this place are still missing."),
        time="",
        date="",
        hint=words.say("Out of service"),
        where="kiosk site import FILE",
        can_tap=False,
        people="",
        health=words.say("Load the description of the place, then tap again"),
        trouble=True,
        instead=instead,
    )
