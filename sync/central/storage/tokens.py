"""Bearer tokens of kiosks and sessions: makes them, and hashes them for storage."""

from __future__ import annotations

import secrets
from hashlib import sha256

TOKEN_BYTES = 32


def new_token() -> str:
    """Make a token of 256 random bits, in characters valid in an HTTP header and a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Hash a token. It is random enough that a plain hash reveals nothing of it."""
    return sha256(token.encode()).digest()
