"""Signing in and out, one's own account, the switches of language and site."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pyotp
import segno
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from markupsafe import Markup

from kiosk.notices.language import languages
from sync.central.accounts.staff import LONGEST_PASSWORD, SESSION_LASTS, SHORTEST_PASSWORD, Role
from sync.central.pages import gate
from sync.central.pages.page import Answer, Page
from sync.central.pages.routes import reads, writes

ISSUER = "Kiosk"


@reads("/sign-in", role=None)
def ask(page: NamedDependency[Page]) -> Answer:
    """The form to sign in."""
    if page.account:
        return page.go("/")
    return page.show("sign_in.html", needs_code=False, back=page.request.query_params.get("back", "/"))


@writes("/sign-in", role=None)
def sign_in(page: NamedDependency[Page]) -> Answer:
    """Begin a session, ask for a one-time code, or say that it is wrong: never which of name and password."""
    form = page.form
    back = gate.local_path(form.text("back"))
    name, password, code = form.text("name"), form.secret("password"), form.text("code")
    if not name:
        form.wrong("name", page.say("Enter your name"))
    if not password:
        form.wrong("password", page.say("Enter your password"))
    if form.errors:
        return page.show("sign_in.html", needs_code=False, back=back)
    kept = gate.device_cookie(name)
    device = gate.read_cookie(page.request, kept)
    tried = page.central.accounts.sign_in(name, password, code, address=page.address, device=device)
    if tried.token:
        session = gate.cookie(gate.SESSION, tried.token, seconds=int(SESSION_LASTS.total_seconds()))
        known = gate.cookie(kept, tried.device or "", seconds=gate.YEAR)
        return page.go(back, cookies=[session, known, gate.gone(gate.VISIT)])
    if tried.wait:
        form.wrong("name", _too_many(page, tried.wait))
        return page.show("sign_in.html", needs_code=False, back=back, status=429)
    if tried.needs_code:
        if code:
            form.wrong("code", page.say("This code is not right, or was used already. Wait for the next one"))
        return page.show("sign_in.html", needs_code=True, back=back)
    form.wrong("name", page.say("Name or password is not right"))
    return page.show("sign_in.html", needs_code=False, back=back)


def _too_many(page: Page, wait: timedelta) -> str:
    return page.say("Too many tries. Wait {time}, then try again", time=page.words.length(wait))


@writes("/sign-out", role=Role.READ_ONLY)
def sign_out(page: NamedDependency[Page]) -> Answer:
    """End the session."""
    page.central.accounts.sign_out(page.token)
    return page.go("/sign-in", cookies=[gate.gone(gate.SESSION)])


@reads("/language/{code:str}", role=None)
def language(page: NamedDependency[Page], code: FromPath[str]) -> Answer:
    """Read on in another language. It changes nothing but what the browser, and the account, remember."""
    if code not in languages():
        raise NotFoundException
    if page.account:
        page.central.accounts.set_language(page.account, code)
    back = gate.local_path(page.request.query_params.get("back", "/"))
    return page.go(back, cookies=[gate.cookie(gate.LANGUAGE, code, seconds=gate.YEAR)])


@writes("/site", role=Role.READ_ONLY)
def choose_site(page: NamedDependency[Page]) -> Answer:
    """Sit down at the desk of another site."""
    chosen = page.form.text("site")
    if page.roster.site(chosen) is None:
        raise NotFoundException(page.say("There is no such site"))
    page.must_be_here(chosen)
    return page.go("/", "site-changed", cookies=[gate.cookie(gate.SITE, chosen, seconds=gate.YEAR)])


# ---------------------------------------------------------------- one's own account


@reads("/me")
def me(page: NamedDependency[Page]) -> Answer:
    """One's own account."""
    return _me(page)


@writes("/me/password", role=Role.READ_ONLY)
def change_password(page: NamedDependency[Page]) -> Answer:
    """A new password, given the old one."""
    form, accounts = page.form, page.central.accounts
    new = form.secret("new")
    _check_old(page, form.secret("old"))
    check_new(page, "new")
    if form.errors:
        return _me(page)
    accounts.set_password(page.signed_in, new)
    return page.go("/sign-in?" + urlencode({"back": "/me"}), "password-changed", cookies=[gate.gone(gate.SESSION)])


def _check_old(page: Page, password: str) -> None:
    tried = page.central.accounts.sign_in(page.signed_in.name, password, address=page.address)
    if tried.token:
        page.central.accounts.sign_out(tried.token)  # it was asked for nothing but the answer
    elif tried.wait:
        page.form.wrong("old", _too_many(page, tried.wait))
    elif not tried.needs_code:
        page.form.wrong("old", page.say("This is not your password"))


def check_new(page: Page, field: str) -> None:
    """Say what is wrong with a new password."""
    length = len(page.form.secret(field))
    if length < SHORTEST_PASSWORD:
        page.form.wrong(
            field, page.say("A password has at least {n} characters; a few words do well", n=SHORTEST_PASSWORD)
        )
    elif length > LONGEST_PASSWORD:
        page.form.wrong(field, page.say("A password has {n} characters at most", n=LONGEST_PASSWORD))


@reads("/me/codes")
def codes(page: NamedDependency[Page]) -> Answer:
    """The page on which one-time codes are set up."""
    return _codes(page, pyotp.random_base32())


@writes("/me/codes", role=Role.READ_ONLY)
def turn_codes_on(page: NamedDependency[Page]) -> Answer:
    """Ask for one-time codes from now on, once somebody shows that their device makes them."""
    form = page.form
    secret, code = form.text("secret"), "".join(form.text("code").split())
    if not _makes(secret, code, page):
        form.wrong("code", page.say("This code does not fit. Enter the one that your device shows now"))
        return _codes(page, secret)
    page.central.accounts.set_totp(page.signed_in, secret)
    return page.go("/sign-in", "codes-on", cookies=[gate.gone(gate.SESSION)])


def _makes(secret: str, code: str, page: Page) -> bool:
    try:
        return len(secret) >= 32 and pyotp.TOTP(secret).verify(code, for_time=page.now, valid_window=1)
    except (ValueError, TypeError):
        return False


def _me(page: Page) -> Answer:
    return page.show("me.html")


def _codes(page: Page, secret: str) -> Answer:
    secret = secret if len(secret) >= 32 else pyotp.random_base32()
    address = pyotp.TOTP(secret).provisioning_uri(name=page.signed_in.name, issuer_name=ISSUER)
    drawn = segno.make(address, micro=False, error="m").svg_inline(scale=5, border=4, light="#fff", omitsize=True)
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return page.show("codes.html", secret=secret, grouped=grouped, address=address, drawn=Markup(drawn))  # noqa: S704


HANDLERS = [ask, sign_in, sign_out, language, choose_site, me, change_password, codes, turn_codes_on]
