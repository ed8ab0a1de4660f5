"""The staff's web pages, rendered on the server. Changes become entries of the server's own ledger.

`router` is all that the application needs. Who may call a handler stands with its path (.framework.routes), and is
checked before the handler runs, with the CSRF token of every form (.framework.access).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from litestar import Response, Router
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, NotFoundException

from kiosk.desk import DeskError
from kiosk.ledger import LedgerError
from sync.central.logs import LOGGER
from sync.central.pages import alarms, badges, kiosks, tariffs, today
from sync.central.pages.framework import access, not_found, static_files
from sync.central.pages.framework.forms import Form
from sync.central.pages.framework.page_request import Answer, PageRequest, open_page, words_of
from sync.central.pages.framework.routes import ROLE
from sync.central.pages.hours import opening
from sync.central.pages.management import accounts, journal, quarantine, sites
from sync.central.pages.members import members, passes, personal_data
from sync.central.pages.own_account import account, sign_in
from sync.central.pages.sales import sales
from sync.central.server import Central

__all__ = ["router"]

log = logging.getLogger(LOGGER)
MODULES = (
    today, members, passes, personal_data, badges, sales, opening, tariffs, kiosks, alarms,
    sign_in, account, sites, accounts, quarantine, journal, static_files, not_found,
)  # fmt: skip


def router() -> Router:
    """Return the router of the pages for sync.central.http.app.create_app."""
    handlers = [handler for module in MODULES for handler in module.HANDLERS]
    return Router(
        "/",
        route_handlers=[*handlers, not_found.form_redirects(handlers)],
        dependencies={"page": Provide(_page)},
        exception_handlers={
            access.SignInError: _redirect_to_sign_in,
            access.CodesFirstError: _redirect_to_one_time_codes,
            access.SiteFirstError: _redirect_to_site_choice,
            HTTPException: _refused,
            DeskError: _not_done,
            LedgerError: _unwilling,
            Exception: _failed,
        },
    )


async def _page(request: access.Asked, central: NamedDependency[Central]) -> PageRequest:
    return await open_page(request, central, request.route_handler.opt[ROLE])


# ---------------------------------------------------------------- what goes wrong


def _redirect_to_sign_in(request: access.Asked, _: Exception) -> Answer:
    """Redirect to the sign-in page, and from there back to the page that was asked for."""
    back = request.url.path if request.method == "GET" and request.url.path != "/live" else "/"
    query = "" if back == "/" else "?" + urlencode({"back": back})
    return Response(b"", status_code=303, headers={"Location": f"/sign-in{query}", "Cache-Control": "no-store"})


def _redirect_to_one_time_codes(_: access.Asked, __: Exception) -> Answer:
    """Redirect a manager without one-time codes to the page that sets them up."""
    return Response(b"", status_code=303, headers={"Location": "/me/codes", "Cache-Control": "no-store"})


def _redirect_to_site_choice(request: access.Asked, _: Exception) -> Answer:
    """Redirect somebody with several sites to the choice of one."""
    query = "?" + urlencode({"back": _address(request)}) if request.method == "GET" else ""
    return Response(b"", status_code=303, headers={"Location": f"/site{query}", "Cache-Control": "no-store"})


def _address(request: access.Asked) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _refused(request: access.Asked, error: Exception) -> Answer:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, (NotFoundException, access.ForbiddenError)) else ""
    return _told(request, status, lambda _: "" if said == HTTPStatus(status).phrase else said)


def _not_done(request: access.Asked, error: DeskError) -> Answer:
    return _told(request, 409, lambda page: page.refusal(error))


def _unwilling(request: access.Asked, error: Exception) -> Answer:
    log.error("a page could not be made", exc_info=error)
    return _told(request, 503)


def _failed(request: access.Asked, error: Exception) -> Answer:
    log.error("a page failed", exc_info=error)
    return _told(request, 500)


def _told(request: access.Asked, status: int, said: Callable[[PageRequest], str] = lambda _: "") -> Answer:
    """Return an error page, or a bare sentence when not even that can be rendered."""
    try:
        page = PageRequest(request.app.state.central, request, Form({}, sent=False))
        return page.show("error.html", status=status, code=status, said=said(page))
    except LedgerError:
        return Response(words_of(request).say("The database does not answer"), status_code=503)
