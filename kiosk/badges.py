"""Hides badge numbers: turns a number into the id used in the ledger, and keeps the key for that.

The number itself is never stored: a copy of the database does not allow to copy a badge, nor, without the key, to
recognise one. Badges are read by hardware.reader; who carries which is in kiosk.roster.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

from kiosk.files import write_whole

KEY_BYTES = 32
UID_BYTES = (4, 7, 8, 10)
"""ISO/IEC 14443-3 knows identifiers of 4, 7 and 10 bytes; those of FeliCa and ISO/IEC 15693 have 8."""
RANDOM = 0x08
"""First byte of a 4-byte identifier that changes at each tap (ISO/IEC 14443-3): phones, bank cards."""


class BadgeError(ValueError):
    """A badge number or key is not usable; the message says how to repair it."""


def badge_id(uid: bytes, key: bytes) -> str:
    """Return the id of a badge: the keyed BLAKE2b of its number, 16 bytes as 32 hexadecimal digits."""
    return hashlib.blake2b(uid, key=key, digest_size=16).hexdigest()


def read_uid(number: str) -> bytes:
    """Parse a badge number: `04:A2:3B:12`, `04 a2 3b 12` or `04a23b12`. Raises BadgeError."""
    digits = re.sub(r"[\s:.-]", "", number)
    if not re.fullmatch(r"([0-9A-Fa-f]{2})+", digits) or len(digits) // 2 not in UID_BYTES:
        raise BadgeError(f'"{number}" is no badge number: expected 4, 7, 8 or 10 bytes such as 04:A2:3B:12:C0:5E:80')
    uid = bytes.fromhex(digits)
    if len(uid) == 4 and uid[0] == RANDOM:
        raise BadgeError(f'"{number}" changes at each tap (a phone or a bank card): assign a card instead')
    return uid


def key_mark(key: bytes) -> bytes:
    """Return a mark that identifies a key without revealing it: the keyed BLAKE2b of a fixed word, 16 bytes."""
    return hashlib.blake2b(b"badge key", key=key, digest_size=16, person=b"mark").digest()


def badge_key(file: Path, *, given: str | None = None, hidden: int = 0, mark: bytes | None = None) -> bytes:
    """Return the key of this kiosk: `given` in hexadecimal, or the one in the file, created at the first call.

    `hidden`: how many badges the ledger knows. If any, no new key is made, because it would match none of them. `mark`:
    the mark of the key with which they were hidden, if known. Raises BadgeError for a damaged, lost or different key,
    OSError when the file cannot be read or written.
    """
    key = bytes.fromhex(given) if given is not None else _key_in(file, hidden)
    if hidden and mark is not None and key_mark(key) != mark:
        which = "[badges] key in the settings" if given is not None else str(file)
        advice = "restore your copy of the badge key, or start with a new ledger"
        raise BadgeError(f"{which} is another key than the ledger's badges were hidden with: {advice}")
    return key


def _key_in(file: Path, hidden: int) -> bytes:
    if not file.exists():
        if hidden:
            were = "1 badge was" if hidden == 1 else f"{hidden} badges were"
            advice = "restore your copy of the badge key, or start with a new ledger"
            raise BadgeError(f"{file} is missing, and {were} hidden with it: {advice}")
        write_whole(file, secrets.token_bytes(KEY_BYTES), overwrite=False)
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise BadgeError(f"{file} has {len(key)} bytes instead of {KEY_BYTES}: restore your copy of the badge key")
    if not any(key):  # a file whose content never reached the disk before the power failed
        raise BadgeError(f"{file} holds zeros and no key: restore your copy of the badge key")
    return key


def keep_key(file: Path, key: bytes) -> None:
    """Store a network's key in the file, replacing one with which no badge was hidden yet.

    Raises BadgeError if it is not a key, OSError.
    """
    if len(key) != KEY_BYTES:
        raise BadgeError(f"a badge key has {KEY_BYTES} bytes, and not {len(key)}")
    write_whole(file, key)
