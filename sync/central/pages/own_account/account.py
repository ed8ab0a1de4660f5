"""The page of one's own account: password and one-time codes."""

from __future__ import annotations

from urllib.parse import urlencode

import pyotp
import segno
from litestar.di import NamedDependency
from markupsafe import Markup

from sync.central.accounts.staff import LONGEST_PASSWORD, SHORTEST_PASSWORD, Role
from sync.central.pages.framework import access
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.routes import reads, writes
from sync.central.pages.own_account.sign_in import too_many_tries

ISSUER = "Kiosk"


@reads("/me")
def me(page: NamedDependency[PageRequest]) -> Answer:
    """Show one's own account."""
    return _me(page)


@writes("/me/password", role=Role.READ_ONLY)
def change_password(page: NamedDependency[PageRequest]) -> Answer:
    """Change one's password, given the old one."""
    form, accounts = page.form, page.central.accounts
    new = form.secret("new")
    _check_old(page, form.secret("old"))
    check_new(page, "new")
    if form.errors:
        return _me(page)
    accounts.set_password(page.signed_in, new)
    return page.go(
        "/sign-in?" + urlencode({"back": "/me"}), "password-changed", cookies=[access.deleted_cookie(access.SESSION)]
    )


def _check_old(page: PageRequest, password: str) -> None:
    tried = page.central.sessions.sign_in(page.signed_in.name, password, address=page.address)
    if tried.token:
        page.central.sessions.sign_out(tried.token)  # it was asked for nothing but the answer
    elif tried.wait:
        page.form.add_error("old", too_many_tries(page, tried.wait))
    elif not tried.needs_code:
        page.form.add_error("old", page.say("This is not your password"))


def check_new(page: PageRequest, field: str) -> None:
    """Add an error to the form if a new password is too weak."""
    length = len(page.form.secret(field))
    if length < SHORTEST_PASSWORD:
        page.form.add_error(
            field, page.say("A password has at least {n} characters; a few words do well", n=SHORTEST_PASSWORD)
        )
    elif length > LONGEST_PASSWORD:
        page.form.add_error(field, page.say("A password has {n} characters at most", n=LONGEST_PASSWORD))


@reads("/me/codes")
def codes(page: NamedDependency[PageRequest]) -> Answer:
    """Show the page on which one-time codes are set up."""
    return _codes(page, pyotp.random_base32())


@writes("/me/codes", role=Role.READ_ONLY)
def turn_codes_on(page: NamedDependency[PageRequest]) -> Answer:
    """Turn one-time codes on, or move them, given the password and a code of the user's device.

    Without the password whoever finds a signed-in browser could make the second proof their own.
    """
    form = page.form
    secret, code = form.text("secret"), "".join(form.text("code").split())
    if not _makes(secret, code, page):
        form.add_error("code", page.say("This code does not fit. Enter the one that your device shows now"))
    _check_old(page, form.secret("old"))
    if form.errors:
        return _codes(page, secret)
    page.central.accounts.set_totp(page.signed_in, secret)
    return page.go("/sign-in", "codes-on", cookies=[access.deleted_cookie(access.SESSION)])


def _makes(secret: str, code: str, page: PageRequest) -> bool:
    try:
        return len(secret) >= 32 and pyotp.TOTP(secret).verify(code, for_time=page.now, valid_window=1)
    except (ValueError, TypeError):
        return False


def _me(page: PageRequest) -> Answer:
    return page.show("me.html")


def _codes(page: PageRequest, secret: str) -> Answer:
    secret = secret if len(secret) >= 32 else pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=page.signed_in.name, issuer_name=ISSUER)
    drawn = segno.make(address, micro=False, error="m").svg_inline(scale=5, border=4, light="#fff", omitsize=True)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return page.show("codes.html", secret=secret, grouped=grouped, address=address, drawn=Markup(drawn))  # noqa: S704


HANDLERS = [me, change_password, codes, turn_codes_on]
