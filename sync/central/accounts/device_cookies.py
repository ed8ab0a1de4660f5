"""Device cookies: recognise a browser that signed in to an account before.

An attacker who guesses a password from many addresses uses up the tries of that account, and its owner would have to
wait as well. So a browser that has signed in gets a cookie for that account, signed with the server's secret, and its
tries are counted separately (OWASP calls this device cookies). The cookie does not sign anybody in: stealing it gains
only a few more tries.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta

LASTS = timedelta(days=365)
_MARK = re.compile("([0-9]{1,12})[.]([0-9a-f]{32})[.]([0-9a-f]{64})")


def new_cookie(secret: bytes, account: str, now: datetime, known: str | None = None) -> str:
    """Return the cookie for a browser that just signed in; `known` is its name from an earlier cookie."""
    issued, name = str(int(now.timestamp())), known or secrets.token_hex(16)
    return f"{issued}.{name}.{_seal(secret, account, issued, name)}"


def recognise(secret: bytes, account: str, told: str, now: datetime) -> str | None:
    """Return the name of a browser that signed in to this account within a year, from its cookie, or None."""
    found = _MARK.fullmatch(told)
    if found is None or not hmac.compare_digest(_seal(secret, account, found[1], found[2]), found[3]):
        return None
    age = now.timestamp() - int(found[1])
    return found[2] if age < LASTS.total_seconds() else None


def _seal(secret: bytes, account: str, issued: str, name: str) -> str:
    return hmac.digest(secret, f"device {issued} {name} {account}".encode(), "sha256").hex()
