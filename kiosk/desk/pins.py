"""The PINs of hosts: setting one and signing in with it; tries are counted over restarts and power cuts.

A PIN is stored as argon2id of its keyed hash. The key is the kiosk's badge key, so a copy of the ledger alone (a
backup, the server's database) does not allow to try out PINs. Whoever has the kiosk's memory card also has the key, and
can then try all four-digit PINs in minutes: a PIN protects against somebody at the screen with a host's badge.

A try is written to the ledger before it is judged, so that a power cut does not undo it. Five are free, then each waits
longer, and the tries of all hosts in an hour are limited (OWASP ASVS 2.2.1 asks for at most 100).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import structs

from kiosk.answers import Done
from kiosk.commands import SetPin, SignIn
from kiosk.desk.changes import change
from kiosk.desk.desk import Desk, DeskError
from kiosk.facts import Happened
from kiosk.model import ClockQuality, Stamp
from kiosk.store.chain import decode_fact

SHORTEST, LONGEST = 4, 8
FREE_TRIES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
REMEMBERED = timedelta(hours=24)
"""How long failed tries count. With the longest delay they never fall below the free ones while somebody goes on."""
TRIES_AN_HOUR = 60
LOOK_BACK = 5000
"""Entries that are looked at: more than a day of the busiest site."""
TRIED, ACCEPTED = "pin_tried", "pin_accepted"
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's smaller setting for argon2id: 19 MiB, a fraction of a second on a Raspberry Pi."""


@dataclass(frozen=True, kw_only=True)
class StoredPin:
    """A stored PIN: hash and pepper."""

    hashed: str
    pepper: bytes


def set_pin(desk: Desk, command: SetPin) -> Done:
    """Give a host a PIN. Slow, unless the command brings the PIN hashed."""
    member = desk.member(command.member)
    if member.role != "staff":
        raise DeskError(f"{member.name} is no host: only hosts have a PIN", code="NO_HOST", name=member.name)
    hashed = command.hashed or hash_pin(command.pin, desk.badge_key)
    desk.append(change(desk.roster, member, structs.replace(member, pin=hashed)))
    return Done(said=(f"{member.name} has a PIN now.",), id=member.id)


def hash_pin(pin: str, pepper: bytes) -> str:
    """Return the hash that is stored of a PIN. Slow by design. Raises DeskError for a weak PIN."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise DeskError(f"a PIN has {SHORTEST} to {LONGEST} digits; 6 are a good number", code="PIN_LENGTH")
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise DeskError("that PIN is the first that anybody would try", code="PIN_EASY")
    return _HASHER.hash(_peppered(pin, pepper))


def matches(pin: str, kept: StoredPin) -> bool:
    """Tell whether this is the PIN. Slow by design: never call it in the controller's thread."""
    try:
        return _HASHER.verify(kept.hashed, _peppered(pin, kept.pepper))
    except (VerificationError, InvalidHashError):
        return False


def _peppered(pin: str, pepper: bytes) -> bytes:
    return hashlib.blake2b(pin.encode(), key=pepper, person=b"kiosk pin").hexdigest().encode()


# ---------------------------------------------------------------- signing in


def sign_in(desk: Desk, command: SignIn) -> Done:
    """Sign in at once, hashing included; kiosk.answering does it in three steps, so that taps do not wait."""
    kept = begin(desk, command.member)
    if not matches(command.pin, kept):
        raise wrong()
    return accept(desk, command.member)


def begin(desk: Desk, member_id: str) -> StoredPin:
    """Count a try, and return the hash to compare its PIN with. Raises DeskError when it has to wait."""
    member = desk.roster.member(member_id)
    if member is None or member.role != "staff" or member.status != "active":
        raise DeskError("only hosts sign in here", code="NO_HOST", name=member.name if member else "")
    if member.pin is None:
        raise DeskError(f"{member.name} has no PIN yet: kiosk pin {member.id}", code="NO_PIN", name=member.name)
    wait = waiting(desk, member_id)
    if wait > timedelta():
        minutes = str(-(-int(wait.total_seconds()) // 60))
        raise DeskError(f"too many tries: wait {minutes} min", code="PIN_WAIT", minutes=minutes)
    desk.append(Happened(what=TRIED, detail=member_id, site_id=desk.site_id))
    return StoredPin(hashed=member.pin, pepper=desk.badge_key)


def accept(desk: Desk, member_id: str) -> Done:
    """Record that the PIN was right; earlier failed tries no longer count."""
    desk.append(Happened(what=ACCEPTED, detail=member_id, site_id=desk.site_id))
    return Done(said=("Signed in.",), id=member_id)


def wrong() -> DeskError:
    """Return the refusal of a wrong PIN."""
    return DeskError("this is not the PIN", code="PIN_WRONG")


def waiting(desk: Desk, member_id: str) -> timedelta:
    """Return how long the next try of a member has to wait, zero when it need not."""
    ages = list(_tries(desk, None))
    if len([age for age in ages if age < timedelta(hours=1)]) >= TRIES_AN_HOUR:
        return timedelta(hours=1) - ages[TRIES_AN_HOUR - 1]
    failed = list(_tries(desk, member_id))
    if len(failed) < FREE_TRIES:
        return timedelta()
    doubled = 1 << min(len(failed) - FREE_TRIES, 20)
    delay = min(FIRST_DELAY * doubled, LONGEST_DELAY)
    return max(timedelta(), delay - failed[0])


def _tries(desk: Desk, member_id: str | None) -> Iterator[timedelta]:
    """Return how long ago the tries were at least, newest first: of all hosts, or of one since their last success."""
    now = desk.ledger.stamp_now()
    for seen, entry in enumerate(desk.ledger.entries_backwards()):
        age = _age(entry.stamp, now)
        if seen >= LOOK_BACK or age >= REMEMBERED:
            return
        fact = decode_fact(entry.body) if entry.kind == "incident" and entry.body is not None else None
        if not isinstance(fact, Happened) or (member_id is not None and fact.detail != member_id):
            continue
        if fact.what == ACCEPTED and member_id is not None:
            return
        if fact.what == TRIED:
            yield age


def _age(then: Stamp, now: Stamp) -> timedelta:
    """Return how long ago something was at least. After a power cut the clock may be wrong: then since the boot."""
    if then.boot_id == now.boot_id:
        return timedelta(microseconds=(now.monotonic_ns - then.monotonic_ns) // 1000)
    up = timedelta(microseconds=now.monotonic_ns // 1000)
    knows = ClockQuality.UNTRUSTED not in (then.clock, now.clock)
    return max(up, now.at - then.at) if knows else up
