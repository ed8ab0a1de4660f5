"""From the number of a badge to the name the ledger knows it by, and the key between the two.

The number itself is never kept: whoever finds the database cannot copy a badge from it, nor recognise one without the
key. Reading badges is hardware.reader's; who carries which is in kiosk.roster.
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
"""First byte of a 4-byte identifier that is drawn anew at each tap (ISO/IEC 14443-3): phones, bank cards."""


class BadgeError(ValueError):
    """No number of a badge, or no usable key: a sentence that says how to mend it."""


def badge_id(uid: bytes, key: bytes) -> str:
    """32 hexadecimal digits: the keyed BLAKE2b of the number, 16 bytes."""
    return hashlib.blake2b(uid, key=key, digest_size=16).hexdigest()


def read_uid(number: str) -> bytes:
    """The number of a badge as people write it: `04:A2:3B:12`, `04 a2 3b 12` or `04a23b12`. Raises BadgeError."""
    digits = re.sub(r"[\s:.-]", "", number)
    if not re.fullmatch(r"([0-9A-Fa-f]{2})+", digits) or len(digits) // 2 not in UID_BYTES:
        raise BadgeError(f'"{number}" is no badge number: expected 4, 7, 8 or 10 bytes such as 04:A2:3B:12:C0:5E:80')
    uid = bytes.fromhex(digits)
    if len(uid) == 4 and uid[0] == RANDOM:
        raise BadgeError(f'"{number}" changes at each tap (a phone or a bank card): assign a card instead')
    return uid


def key_mark(key: bytes) -> bytes:
    """By what a key is told from others, without giving it away: the keyed BLAKE2b of a word, 16 bytes."""
    return hashlib.blake2b(b"badge key", key=key, digest_size=16, person=b"mark").digest()


def badge_key(file: Path, *, given: str | None = None, hidden: int = 0, mark: bytes | None = None) -> bytes:
    """The key of this kiosk: the one given, in hexadecimal, or that in the file, which the first call makes.

    `hidden`: how many badges the ledger knows already. A new key would know none of them, so none is made then. `mark`:
    that of the key with which they were hidden, where it is known. Raises BadgeError for a damaged or lost file and for
    another key than that, OSError when it cannot be read or made.
    """
    key = bytes.fromhex(given) if given is not None else _key_in(file, hidden)
    if hidden and mark is not None and key_mark(key) != mark:
        which = "[badges] key in the settings" if given is not None else str(file)
        advice = "put back your copy of the badge key, or start with a new ledger"
        raise BadgeError(f"{which} is another key than the ledger's badges were hidden with: {advice}")
    return key


def _key_in(file: Path, hidden: int) -> bytes:
    if not file.exists():
        if hidden:
            were = "1 badge was" if hidden == 1 else f"{hidden} badges were"
            advice = "put back your copy of the badge key, or start with a new ledger"
            raise BadgeError(f"{file} is missing, and {were} hidden with it: {advice}")
        write_whole(file, secrets.token_bytes(KEY_BYTES), overwrite=False)
    key = file.read_bytes()
    if len(key) != KEY_BYTES:
        raise BadgeError(f"{file} has {len(key)} bytes instead of {KEY_BYTES}: put back your copy of the badge key")
    if not any(key):  # a file whose content never reached the disk before the power failed
        raise BadgeError(f"{file} holds zeros and no key: put back your copy of the badge key")
    return key


def keep_key(file: Path, key: bytes) -> None:
    """Put a network's key into the file, in the place of one with which no badge was hidden yet.

    Raises BadgeError for what is no key, OSError.
    """
    if len(key) != KEY_BYTES:
        raise BadgeError(f"a badge key has {KEY_BYTES} bytes, and not {len(key)}")
    write_whole(file, key)
