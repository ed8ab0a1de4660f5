"""The pages to sign in and out, and to switch language and site."""

from __future__ import annotations

from datetime import timedelta

from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from kiosk.notices.language import languages
from sync.central.accounts.sessions import SESSION_LASTS
from sync.central.accounts.staff import Role
from sync.central.pages.framework import access
from sync.central.pages.framework.page_request import Answer, PageRequest
from sync.central.pages.framework.routes import reads, writes
from sync.central.pages.own_account.sign_in_queue import SignInQueue


@reads("/sign-in", role=None)
def ask(page: NamedDependency[PageRequest]) -> Answer:
    """Show the form to sign in."""
    if page.account:
        return page.go("/")
    return page.show("sign_in.html", needs_code=False, back=page.request.query_params.get("back", "/"))


@writes("/sign-in", role=None, middleware=[SignInQueue])
def sign_in(page: NamedDependency[PageRequest]) -> Answer:
    """Begin a session, ask for a one-time code, or refuse without telling which of name and password is wrong."""
    form = page.form
    back = access.local_path(form.text("back"))
    name, password, code = form.text("name"), form.secret("password"), form.text("code")
    if not name:
        form.add_error("name", page.say("Enter your name"))
    if not password:
        form.add_error("password", page.say("Enter your password"))
    if form.errors:
        return page.show("sign_in.html", needs_code=False, back=back)
    kept = access.device_cookie(name)
    device = access.read_cookie(page.request, kept)
    tried = page.central.sessions.sign_in(name, password, code, address=page.address, device=device)
    if tried.token:
        session = access.cookie(access.SESSION, tried.token, seconds=int(SESSION_LASTS.total_seconds()))
        known = access.cookie(kept, tried.device or "", seconds=access.YEAR)
        return page.go(back, cookies=[session, known, access.deleted_cookie(access.VISIT)])
    if tried.wait:
        form.add_error("name", too_many_tries(page, tried.wait))
        return page.show("sign_in.html", needs_code=False, back=back, status=429)
    if tried.needs_code:
        if code:
            form.add_error("code", page.say("This code is not right, or was used already. Wait for the next one"))
        return page.show("sign_in.html", needs_code=True, back=back)
    form.add_error("name", page.say("Name or password is not right"))
    return page.show("sign_in.html", needs_code=False, back=back)


def too_many_tries(page: PageRequest, wait: timedelta) -> str:
    """Say how long to wait before the next try."""
    return page.say("Too many tries. Wait {time}, then try again", time=page.words.length(wait))


@writes("/sign-out", role=Role.READ_ONLY)
def sign_out(page: NamedDependency[PageRequest]) -> Answer:
    """End the session."""
    page.central.sessions.sign_out(page.token)
    return page.go("/sign-in", cookies=[access.deleted_cookie(access.SESSION)])


@reads("/language/{code:str}", role=None)
def language(page: NamedDependency[PageRequest], code: FromPath[str]) -> Answer:
    """Switch the language, which the browser and the account remember."""
    if code not in languages():
        raise NotFoundException
    if page.account:
        page.central.accounts.set_language(page.account, code)
    back = access.local_path(page.request.query_params.get("back", "/"))
    return page.go(back, cookies=[access.cookie(access.LANGUAGE, code, seconds=access.YEAR)])


@reads("/site")
def ask_site(page: NamedDependency[PageRequest]) -> Answer:
    """Show the sites that one may choose."""
    return page.show("choose_site.html", back=access.local_path(page.request.query_params.get("back", "/")))


@writes("/site", role=Role.READ_ONLY)
def choose_site(page: NamedDependency[PageRequest]) -> Answer:
    """Choose another site."""
    chosen = page.form.text("site")
    if page.roster.site(chosen) is None:
        raise NotFoundException(page.say("There is no such site"))
    page.require_site(chosen)
    return page.go(
        access.local_path(page.form.text("back")),
        "site-changed",
        cookies=[access.cookie(access.SITE, chosen, seconds=access.YEAR)],
    )


HANDLERS = [ask, sign_in, sign_out, language, ask_site, choose_site]
