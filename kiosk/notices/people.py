"""Members' names as shown in public on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.codes import PROFILES
from kiosk.model import Member
from kiosk.notices.language import Language

MOST_NAMES = 5
"""More would not be read in passing."""


def called(member: Member) -> str | None:
    """Return the name that a member wants to see in public: `Jean-Pierre`, `J.-P. M.`, a pseudonym, or none."""
    names = member.name.split()
    match member.greeting:
        case "first_name":
            return names[0] if names else None
        case "initials":
            return "\u00a0".join("-".join(f"{part[0]}." for part in name.split("-") if part) for name in names)
        case "pseudonym":
            return member.pseudonym
        case _:
            return None


def comes_for(words: Language, profile: str) -> str:
    """Return what brings a member, in words; a site's own word as it is."""
    return words.say(PROFILES[profile]) if profile in PROFILES else profile


def listed(members: Iterable[Member]) -> str:
    """Return the names of those who agreed, on one line: `Camille, Hugo, É. C.`, cut with `…` when there are many."""
    names = [name for member in members if member.listed and (name := called(member))]
    return ", ".join(names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
