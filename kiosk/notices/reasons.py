"""Why a tap was granted or denied, in the few words that fit a line of a list; for hosts."""

from __future__ import annotations

from kiosk.model import Reason
from kiosk.notices.language import Language


def because_of(words: Language, reason: str) -> str:
    """The reason of a verdict; a code that this version does not know is shown as it is."""
    said: dict[str, str] = {
        Reason.READ_ERROR: words.say("Badge could not be read"),
        Reason.RANDOM_UID: words.say("Phone or bank card"),
        Reason.UNKNOWN_BADGE: words.say("Unknown badge"),
        Reason.BADGE_BLOCKED: words.say("Badge reported lost or blocked"),
        Reason.MEMBER_SUSPENDED: words.say("Member suspended"),
        Reason.CLOCK_UNTRUSTED: words.say("Time not certain"),
        Reason.STAFF: words.say("Host"),
        Reason.RE_ENTRY: words.say("Free re-entry"),
        Reason.CLOSED: words.say("Closed"),
        Reason.FULL: words.say("Full"),
        Reason.COURTESY: words.say("Free, shortly before closing"),
        Reason.UNLIMITED: words.say("Unlimited pass"),
        Reason.ENTRY_USED: words.say("Entry used"),
        Reason.DEBT: words.say("Entry to settle"),
        Reason.NO_ENTRIES_LEFT: words.say("No entries left"),
        Reason.PASS_EXPIRED: words.say("Pass expired"),
        Reason.PASS_NOT_YET_VALID: words.say("Pass not valid yet"),
        Reason.PASS_NOT_HERE: words.say("Pass not valid here"),
        Reason.NO_PASS: words.say("No pass"),
        Reason.OUT_OF_SERVICE: words.say("Out of service"),
    }
    return said.get(reason, reason)
