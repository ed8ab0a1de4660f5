"""Words for the server's codes: roles, alarms, kiosk health, why something was quarantined.

Alarms are stored as a code and facts; those of conflicts have their words in kiosk.codes, which kiosks share. A code
without words is of another release.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiosk import payments
from kiosk.codes import CONFLICT_NOTES, CONFLICTS, health_text, reason_text
from kiosk.model import Member, Site
from kiosk.notices import comes_for
from kiosk.notices.conflicts import conflict_note
from sync.central.alarms.register import Facts, Kind, Note
from sync.central.words import Words


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is used."""
    return text


def role(words: Words, code: str) -> str:
    """Name a role."""
    said = {
        "read_only": words.say("Read only"),
        "host": words.say("Host of a site"),
        "manager": words.say("Network manager"),
    }
    return said[code]


def profiles(words: Words, site: Site | None, member: Member | None) -> list[tuple[str, str]]:
    """Return the profiles that may be chosen, with their words; the member's own too, where the site has it no more."""
    known = [*(site.policy.profiles if site else ())]
    if member and member.profile and member.profile not in known:
        known.append(member.profile)
    return [("", words.say("not told")), *((code, comes_for(words, code)) for code in known)]


def method(words: Words, code: str) -> str:
    """How something was paid; another way with what somebody wrote of it."""
    payment = payments.read(code)
    said = words.say(payments.LABELS[payment.method])
    return f"{said}{words.say(': ')}{payment.words}" if payment.words else said


def alarm(words: Words, kind: str) -> str:
    """Name an alarm in a line."""
    said = {
        Kind.FORK: words.say("Two ledgers under one name: a copied memory card, or an edited ledger"),
        Kind.GAP: words.say("Entries of a kiosk are missing"),
        Kind.CHAIN: words.say("An entry does not follow the one before it"),
        Kind.TRUNCATED: words.say("A kiosk’s ledger was cut off"),
        Kind.RESTORED: words.say("The server was put back from a copy"),
        Kind.RENEWED: words.say("A kiosk repaired its ledger, and goes on in a new one"),
        Kind.UNFOLDABLE: words.say("An entry could not be applied"),
        Kind.SET_ASIDE: words.say("A kiosk sent what cannot be read or cannot be so; it was set aside"),
        Kind.PLACE_CLAIMED: words.say("A machine wanted to take the place of a kiosk that is in use"),
        Kind.HOST_MADE: words.say("A host, or a host’s badge or PIN, was made at a kiosk"),
    }
    if kind in CONFLICTS:
        return words.say(CONFLICTS[kind].said)
    return said[Kind(kind)] if kind in said else words.say("Something that these pages do not know yet")


def remedy(words: Words, kind: str) -> str:
    """Say what to do about an alarm; empty for one of another release."""
    said = {
        Kind.FORK: words.say("Look for a copied memory card. Give one of the two machines an empty card, and pair it."),
        Kind.GAP: words.say("Nothing yet: they may be on their way. If it stays, look at the kiosk’s memory card."),
        Kind.CHAIN: words.say("Somebody may have edited the ledger. Compare it with the kiosk’s safety copies."),
        Kind.TRUNCATED: words.say(
            "The server has what is missing there. If it stays, give the kiosk an empty card, and pair it."
        ),
        Kind.RESTORED: words.say(
            "The kiosks send again what they have. What staff changed since that copy has to be done again."
        ),
        Kind.RENEWED: words.say("Replace the kiosk’s memory card soon: it failed once."),
        Kind.UNFOLDABLE: words.say("Upgrade the server: a later release may be able to."),
        Kind.PLACE_CLAIMED: words.say(
            "If that kiosk is to be paired anew, shut it out first, then use the code again. "
            "If nobody meant it, its memory card may have been copied."
        ),
        Kind.HOST_MADE: words.say("See in the journal who it is. If nobody meant it, take the role back."),
        Kind.SET_ASIDE: words.say(
            "Look at what was set aside. If nobody knows of it, take the kiosk out of the network: "
            "it may be in other hands."
        ),
    }
    if kind in CONFLICTS:
        return words.say(CONFLICTS[kind].advice)
    return said[Kind(kind)] if kind in said else ""


def reason_of_verdict(words: Words, code: str) -> str:
    """Say why a tap was granted or denied."""
    return words.say(reason_text(code))


def health(words: Words, code: str) -> str:
    """Name a health state of a kiosk."""
    return words.say(health_text(code))


# ---------------------------------------------------------------- notes

_NOTES: dict[str, str] = {
    Note.TWO_VERSIONS: _("Entry {n} exists in two versions."),
    Note.NOT_CHAINED: _("Entry {n} does not follow the one before."),
    Note.MISSING: _("Entry {n} is missing, and entry {known} is here."),
    Note.CUT_OFF: _("It ends at entry {n}, and entry {known} had been seen."),
    Note.GOES_ON_ELSEWHERE: _(
        "It goes on in two places: a kiosk has it up to entry {n}, another one wrote more. One needs an empty card."
    ),
    Note.SENT_BEFORE: _("The kiosk knows that entries up to {n} had been taken in; the server has them up to {known}."),
    Note.OTHER_FEED: _("A kiosk had read up to entry {n} of all, and something else stands there now."),
    Note.NEW_LEDGER: _("What it wrote last in the one before may be lost."),
    Note.PUT_ASIDE: _("Entry {n} is among what was set aside."),
    Note.NOT_ITS_OWN: _("Entry {n} is about what is not that kiosk’s to change, or one of too many in an hour."),
    Note.CLAIMED: _("It was refused."),
    Note.MADE_HOST: _("It is entry {n}."),
    Note.NO_PUSH: _("It was no list of entries; nothing of it was kept."),
    Note.NOT_APPLIED: _("Entry {n} is kept, and what it says is not shown anywhere."),
    Note.MANY_MORE: _(
        "There are more of this kind than are listed one by one. If nobody knows why, shut the kiosk out: "
        "it may be in other hands."
    ),
}
_REASONS = {
    "fork": _("Another entry has this place: a copied memory card, or an edited ledger."),
    "other ledger": _("It belongs to another ledger than the one that sent it."),
    "unknown clock": _("A later release wrote it: upgrade the server, then try again."),
    "half erased": _("A part of it is missing."),
    "hash mismatch": _("It is not as it was sealed."),
    "malformed": _("It cannot be read."),
    "no right": _("A kiosk may not do this by itself. Take it in if you know of it."),
    "out of bounds": _("It tells what cannot be: a text too long, a number or a date too large, an unknown time zone."),
}


def note(words: Words, code: str, facts: Facts, names: Mapping[str, str]) -> str:
    """Say what was found, with kiosk names for ledgers; empty for a note of another release."""
    sentence = _NOTES.get(code) or CONFLICT_NOTES.get(code)
    if sentence is None:
        return ""
    named = dict(facts)
    if "ledger" in named:
        named["ledger"] = names.get(str(named["ledger"]), named["ledger"])
    return conflict_note(words, sentence, named)


def reason(words: Words, told: str) -> str:
    """Say why something was quarantined: reasons are stable up to their colon."""
    known = _REASONS.get(told.partition(":")[0])
    return words.say(known) if known else words.say("For a reason that these pages do not know yet.")
