"""A request to the staff pages: the account, language and site, and the answers there can be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.exceptions import NotFoundException

from kiosk import local_time
from kiosk.answers import Answered, Done, Refused
from kiosk.commands import Command
from kiosk.desk import DeskError, perform
from kiosk.facts import AnyFact, Entry
from kiosk.hours import HoursError
from kiosk.model import Member, Site
from kiosk.notices.language import choose, sentence
from kiosk.notices.refusals import refusal
from kiosk.roster import Roster
from sync.central.accounts.staff import Role, StaffAccount
from sync.central.alarms.register import Alarm
from sync.central.kiosks.paired import Kiosk
from sync.central.pages.framework import access, codes
from sync.central.pages.framework.account_books import AccountBooks
from sync.central.pages.framework.flash_messages import FLASH_MESSAGES
from sync.central.pages.framework.forms import Form, version
from sync.central.server import Central
from sync.central.storage import network
from sync.central.words import Words, preferred

TEMPLATES = Path(__file__).parents[2] / "templates"
DEFAULT_ZONE = "Europe/Paris"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Answer = Response[Any]


@cache
def environment() -> Environment:
    """Return the template environment: every value is escaped, and an unknown name is an error."""
    found = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    found.trim_blocks = found.lstrip_blocks = True
    found.filters["sentence"] = sentence
    return found


class PageRequest:
    """A request to the staff pages. Reads and writes belong to the thread that handles it."""

    def __init__(self, central: Central, request: access.Asked, form: Form) -> None:
        self.central, self.request, self.form = central, request, form
        self.now: datetime = central.now()
        self.token = access.read_cookie(request, access.SESSION)
        self.visit = access.read_cookie(request, access.VISIT) or access.new_anonymous_token()
        self.account: StaffAccount | None = central.sessions.account(self.token) if self.token else None

    def admit(self, role: Role | None) -> None:
        """Check access. Raises SignInError, ForbiddenError, or CsrfError for a form from elsewhere."""
        if self.form.sent:
            access.check_csrf_token(self.request, self.form.text("csrf"), self.csrf_token)
        if role is None:
            return
        if self.account is None:
            raise access.SignInError
        if self.must_set_up_codes and self.request.url.path not in access.WITHOUT_CODES:
            raise access.CodesFirstError
        if not access.may(self.account, role):
            raise access.ForbiddenError

    @property
    def must_set_up_codes(self) -> bool:
        """Return whether the account is a manager without one-time codes, where managers need them."""
        account = self.account
        needed = self.central.settings.managers_need_codes
        return needed and account is not None and account.role is Role.MANAGER and not account.has_totp

    @property
    def address(self) -> str:
        """The client's address; behind a proxy of the settings, the one that the proxy names."""
        client = self.request.client
        return client.host if client else ""

    @cached_property
    def csrf_token(self) -> str:
        """The CSRF token for the forms of this page."""
        return access.csrf_token(network.load(self.central.storage).secret, self.token if self.account else self.visit)

    # ------------------------------------------------------------ who, where, in which words

    @property
    def signed_in(self) -> StaffAccount:
        """The account that is signed in. Raises SignInError."""
        if self.account is None:
            raise access.SignInError
        return self.account

    @cached_property
    def words(self) -> Words:
        """The account's language, in the time zone of the chosen site."""
        theirs = self.account.language if self.account else None
        return words_of(self.request, theirs, self.site_or_none.zone if self.site_or_none else DEFAULT_ZONE)

    def say(self, text: str, **facts: object) -> str:
        """Translate a text and fill in its facts."""
        return self.words.say(text, **facts)

    @property
    def roster(self) -> Roster:
        """The roster, to read."""
        return self.central.books.roster

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sites that this account may work at: a host's own, or all."""
        every = self.roster.sites()
        own = self.account.site_id if self.account else None
        return tuple(site for site in every if own in (None, site.id) and not site.retired)

    @cached_property
    def site_or_none(self) -> Site | None:
        """The chosen site, or the only one; None while none is chosen.

        A form that is sent counts at the site that its button named, whatever was chosen in another tab since, and at
        no other if that one was retired or is not theirs any more.
        """
        sites = self.sites if self.account else ()
        named = self.form.text("desk") if self.form.sent else ""
        if len(sites) == 1 and not named:
            return sites[0]
        chosen = named if self.form.sent else access.read_cookie(self.request, access.SITE)
        return next((site for site in sites if site.id == chosen), None)

    @property
    def site(self) -> Site:
        """The chosen site. Raises SiteFirstError while none is chosen, NotFoundException if there is none."""
        if not self.sites:
            raise NotFoundException(self.say("There is no site yet"))
        if self.site_or_none is None:
            raise access.SiteFirstError
        return self.site_or_none

    def member(self, member_id: str) -> Member:
        """Return a member. Raises NotFoundException."""
        found = self.roster.member(member_id)
        if found is None:
            raise NotFoundException(self.say("There is no such member"))
        return found

    # ------------------------------------------------------------ what is of a host's own site

    def sees_site(self, site_id: str | None) -> bool:
        """Return whether the account sees a site: a host of one sees that one, everybody else all."""
        own = self.account.site_id if self.account else None
        return own is None or own == site_id

    def require_site(self, site_id: str | None) -> None:
        """Raise ForbiddenError unless the account sees this site."""
        if not self.sees_site(site_id):
            raise access.ForbiddenError(
                self.say("This is of another site: its own hosts can do it, or a network manager.")
            )

    @cached_property
    def kiosks(self) -> tuple[Kiosk, ...]:
        """Return the kiosks that the account may see."""
        return tuple(kiosk for kiosk in self.central.kiosks.listed() if self.sees_site(kiosk.site_id))

    @cached_property
    def alarm_count(self) -> int:
        """The number of alarms that the account may see."""
        return self.central.alarms.count(site_id=self.signed_in.site_id)

    def site_of(self, alarm: Alarm) -> str | None:
        """Return the site of an alarm: its own, or else that of its kiosk."""
        ledger_id = alarm.ref.ledger_id if alarm.ref else ""
        of_kiosks = (kiosk.site_id for kiosk in self.central.kiosks.listed() if kiosk.ledger_id == ledger_id)
        return alarm.site_id or next(of_kiosks, None)

    # ------------------------------------------------------------ doing

    def append(self, *facts: AnyFact) -> tuple[Entry, ...]:
        """Write facts into the server's ledger, in the name of the account."""
        return self.central.books.append(*facts, by=self.signed_in.name)

    def ask(self, command: Command, site: Site | None = None) -> Answered:
        """Perform a desk command at the chosen site. Raises DeskError."""
        books = AccountBooks(self.central.books, by=self.signed_in.name)
        with self.central.books.lock:
            return perform(command, books, self.now, site_id=(site or self.site).id, badge_key=b"")

    def attempt(self, command: Command, field: str, site: Site | None = None) -> Done | None:
        """Like `ask`, for a form: a refusal becomes an error of the field that it names, or of this one."""
        try:
            answer = self.ask(command, site)
        except DeskError as error:
            self.refuse(error, field)
            return None
        assert isinstance(answer, Done)
        return answer

    def refuse(self, error: DeskError, field: str) -> None:
        """Show a refusal at the field that it names, or else at this one."""
        near = self.say(": ") + ", ".join(error.near) if error.near else ""
        self.form.add_error(error.facts.get("field", field), self.refusal(error) + near)

    def refuse_if_stale(self, present: object, wanted: object, field: str) -> bool:
        """Refuse a form that somebody else's change has overtaken, and show the present values in it.

        A form that is sent twice asks for what is so already, and is not refused.
        """
        if present == wanted or not self.form.is_stale(present):
            return False
        self.form.show_present()
        self.form.add_error(
            field, self.say("This was changed meanwhile. Here is how it is now: change it again where needed")
        )
        return True

    def refusal(self, error: DeskError | HoursError) -> str:
        """Return a refusal in the account's language."""
        own = {
            "NO_NAME": self.say("Enter a name"),
            "NO_REASON": self.say("Say why: it stays in the history"),
            "NO_MEMBER": self.say("No member has this name"),
            "WHICH_MEMBER": self.say("Several members may be meant"),
        }
        if error.code in own:
            return own[error.code]
        return refusal(self.words, Refused(message=str(error), code=error.code, facts=error.facts))

    # ------------------------------------------------------------ answering

    def show(self, template: str, *, status: int = 200, **facts: object) -> Answer:
        """Render a page; with errors in its form, with a status that says so."""
        if self.form.errors and status == 200:
            status = 422
        text = environment().get_template(template).render(self._facts() | facts)
        headers = HEADERS | {"Content-Language": self.words.code, "Vary": "Cookie, Accept-Language"}
        fresh = self.account is None and not access.read_cookie(self.request, access.VISIT)
        cookies = [access.cookie(access.VISIT, self.visit)] if fresh else []
        return Response(text, status_code=status, media_type=MediaType.HTML, headers=headers, cookies=cookies)

    def confirm(self, title: str, lines: Sequence[str], button: str, **facts: object) -> Answer:
        """Render a page that says what is about to happen, with one button that does it.

        The form goes to the same address; `hidden` are its fields, `back` is where "Change nothing" leads.
        """
        shown: dict[str, Any] = {"hidden": {}, "kind": "danger", "people": None, "week": None} | facts
        return self.show("confirm.html", title=title, lines=lines, button=button, **shown)

    def go(self, path: str, done: str = "", *, cookies: list[Any] | None = None) -> Answer:
        """Redirect to a page, which shows one of `FLASH_MESSAGES`."""
        if done:
            path = f"{path}{'&' if '?' in path else '?'}done={done}"
        return Response(b"", status_code=303, headers=HEADERS | {"Location": path}, cookies=cookies or [])

    def _facts(self) -> dict[str, Any]:
        done = FLASH_MESSAGES.get(self.request.query_params.get("done", ""))
        return {
            "_": self.say,
            "count": self.words.count,
            "words": self.words,
            "codes": codes,
            "now": self.now,
            "today": self.words.local(self.now).date(),
            "account": self.account,
            "may": lambda role: access.may(self.account, Role(role)),
            "site": self.site_or_none,
            "sites": self.sites if self.account else (),
            "at_site": self.words.at(self.site_or_none.name) if self.site_or_none else "",
            "site_options": [(site.id, site.name) for site in self.sites] if self.account else [],
            "csrf_token": self.csrf_token,
            "form": self.form,
            "version": version,
            "here": self.here,
            "section": "/" + self.request.url.path.split("/")[1],
            "done": done(self.words) if done else "",
            "alarm_count": self.alarm_count if self.account else 0,
            "is_barred": self.must_set_up_codes,
            "member_path": member_path,
        }

    @property
    def here(self) -> str:
        """The address of this page to come back to; for a form that was sent, its page."""
        if self.form.sent:
            return "/" + self.request.url.path.split("/")[1]
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def today(self) -> Any:
        """The local date at the chosen site."""
        return local_time.today(local_time.zone(self.site.zone), self.now)


def words_of(request: access.Asked, theirs: str | None = None, zone: str = DEFAULT_ZONE) -> Words:
    """Return the language for a request: that of the switch, else of the account, else of the browser."""
    accepted = preferred(request.headers.get("accept-language", ""))
    return Words(choose(access.read_cookie(request, access.LANGUAGE), theirs, accepted), zone)


def member_path(member_id: str) -> str:
    """Return the address of a member's page."""
    return f"/members/{quote(member_id, safe='')}"


async def open_page(request: access.Asked, central: Central, role: Role | None) -> PageRequest:
    """Read a request and check access, or raise."""
    if "\0" in request.url.path + "".join(request.query_params.values()):
        raise NotFoundException  # what no name can hold, and PostgreSQL no word
    form = Form({}, sent=False)
    if request.method == "POST":
        fields = await request.form()
        form = Form({name: value for name, value in fields.items() if isinstance(value, str)}, sent=True)

    def opened() -> PageRequest:
        page = PageRequest(central, request, form)
        page.admit(role)
        return page

    return await asyncio.to_thread(opened)
