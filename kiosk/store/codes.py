"""Codes of four characters that people read aloud: for unknown badges, and for ledgers on receipts."""

from __future__ import annotations

from hashlib import sha256

CODE_LETTERS = "34679CDFHJKMNPRTWXY"
"""No two that are easily taken for each other, and no vowels, so that no code is a word."""
CODE_LENGTH = 4


def claim_code(badge_id: str) -> str:
    """Return the four characters by which hosts find a badge that nobody carries yet.

    The same badge always has the same code. Two badges share one by chance once in 130,000; the code only chooses among
    the badges denied lately, and the newest wins.
    """
    number = int.from_bytes(sha256(b"claim code" + badge_id.encode()).digest()[:8])
    code = ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(CODE_LETTERS))
        code += CODE_LETTERS[place]
    return code
