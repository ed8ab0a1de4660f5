"""Browsers that somebody signed in with before: what their cookie says, and that nobody else can have written it.

Who guesses one account's password from very many addresses uses up the tries of that account, and its owner would have
to wait with everybody. So a browser that signed in is given a mark for that account, sealed with the server's secret,
and its tries count apart (OWASP calls this device cookies). A mark lets nobody in: it is stolen for a few more tries.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta

LASTS = timedelta(days=365)
_MARK = re.compile("([0-9]{1,12})[.]([0-9a-f]{32})[.]([0-9a-f]{64})")


def mark(secret: bytes, account: str, now: datetime, known: str | None = None) -> str:
    """Return the mark of a browser that signed in just now; `known` is what `recognise` said of the one it had."""
    issued, name = str(int(now.timestamp())), known or secrets.token_hex(16)
    return f"{issued}.{name}.{_seal(secret, account, issued, name)}"


def recognise(secret: bytes, account: str, told: str, now: datetime) -> str | None:
    """Return the name of a browser that signed in to this account within the year; None for any other."""
    found = _MARK.fullmatch(told)
    if found is None or not hmac.compare_digest(_seal(secret, account, found[1], found[2]), found[3]):
        return None
    age = now.timestamp() - int(found[1])
    return found[2] if age < LASTS.total_seconds() else None


def _seal(secret: bytes, account: str, issued: str, name: str) -> str:
    return hmac.digest(secret, f"device {issued} {name} {account}".encode(), "sha256").hex()
