"""Access control of the pages: roles, cookies, and CSRF tokens.

A session is a random token in a cookie that scripts cannot read. Each form holds a CSRF token, a keyed hash of the
session's, which another site cannot compute even though it can make a browser send the cookie. Before the sign-in an
anonymous token takes the place of the session's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException

from sync.central.accounts.staff import Role, StaffAccount

SESSION = "__Host-session"
VISIT = "__Host-visit"
LANGUAGE = "__Host-language"
SITE = "__Host-site"
DEVICE = "__Host-device"
YEAR = 365 * 24 * 3600
WITHOUT_CODES = ("/me/codes", "/sign-out")
"""Pages that a manager without one-time codes may open."""

_RANKS = {Role.READ_ONLY: 0, Role.HOST: 1, Role.MANAGER: 2}

Asked = Request[Any, Any, Any]


class SignInError(HTTPException):
    """The request has no valid session."""

    status_code = 401


class CodesFirstError(HTTPException):
    """A network manager has to set up one-time codes first."""

    status_code = 403


class SiteFirstError(HTTPException):
    """The user has several sites and must choose one first."""

    status_code = 409


class ForbiddenError(HTTPException):
    """The account may not do this."""

    status_code = 403


class CsrfError(HTTPException):
    """A form without a valid CSRF token: sent from another site, or from before the sign-in."""

    status_code = 403


def may(account: StaffAccount | None, role: Role) -> bool:
    """Return whether an account has at least this role."""
    return account is not None and _RANKS[account.role] >= _RANKS[role]


def cookie(name: str, value: str, *, seconds: int | None = None) -> Cookie:
    """Make a cookie: for this host and TLS only, unreadable for scripts, not sent with other sites' forms."""
    return Cookie(key=name, value=value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def deleted_cookie(name: str) -> Cookie:
    """Make a cookie that deletes the cookie of this name."""
    return cookie(name, "", seconds=0)


def device_cookie(name: str) -> str:
    """Return the name of an account's device cookie: each account that signs in with a browser has one."""
    return f"{DEVICE}-{hashlib.sha256(name.casefold().strip().encode()).hexdigest()[:12]}"


def new_anonymous_token() -> str:
    """Make a token for a browser that is not signed in yet."""
    return secrets.token_urlsafe(24)


def csrf_token(secret: bytes, token: str) -> str:
    """Return the CSRF token for the forms of a session, or of a browser before its sign-in."""
    return hmac.digest(secret, b"form " + token.encode(), "sha256").hex()


def check_csrf_token(request: Asked, sent: str, expected: str) -> None:
    """Raise CsrfError unless a form has its session's token and the browser names no other site as its origin."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CsrfError
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise CsrfError


def local_path(text: str) -> str:
    """Return a path of these pages to go on to; the first page for anything that may lead elsewhere."""
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if plain else "/"


def read_cookie(request: Asked, name: str) -> str:
    """Return the value of a cookie, empty without one."""
    value = request.cookies.get(name, "")
    return value if isinstance(value, str) else ""
