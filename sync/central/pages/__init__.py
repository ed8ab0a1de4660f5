"""The staff's pages: rendered here, for any browser; what staff change becomes entries of the server's own ledger.

`router` is all that the application needs. Who may call a handler stands with its path (sync.central.pages.routes), and
is checked before the handler runs, with the seal of every form (sync.central.pages.gate).
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
from sync.central.central import Central
from sync.central.logs import LOGGER
from sync.central.pages import (
    assets,
    astray,
    badges,
    gate,
    home,
    kiosks,
    members,
    opening,
    passes,
    personal,
    products,
    sales,
    signing,
    sites,
    staff,
)
from sync.central.pages.forms import Form
from sync.central.pages.page import Answer, Page, open_page, words_of
from sync.central.pages.routes import ROLE

__all__ = ["router"]

log = logging.getLogger(LOGGER)
MODULES = (
    assets, astray, badges, home, kiosks, members, opening, passes, personal, products, sales, signing, sites, staff,
)  # fmt: skip


def router() -> Router:
    """The pages, as a router for sync.central.http.app.create_app."""
    handlers = [handler for module in MODULES for handler in module.HANDLERS]
    return Router(
        "/",
        route_handlers=[*handlers, astray.ways_back(handlers)],
        dependencies={"page": Provide(_page)},
        exception_handlers={
            gate.SignInError: _to_the_door,
            gate.CodesFirstError: _to_the_codes,
            HTTPException: _refused,
            DeskError: _not_done,
            LedgerError: _unwilling,
            Exception: _failed,
        },
    )


async def _page(request: gate.Asked, central: NamedDependency[Central]) -> Page:
    return await open_page(request, central, request.route_handler.opt[ROLE])


# ---------------------------------------------------------------- what goes wrong


def _to_the_door(request: gate.Asked, _: Exception) -> Answer:
    """Whoever is not signed in signs in, and then goes on to where they wanted to."""
    back = request.url.path if request.method == "GET" and request.url.path != "/live" else "/"
    query = "" if back == "/" else "?" + urlencode({"back": back})
    return Response(b"", status_code=303, headers={"Location": f"/sign-in{query}", "Cache-Control": "no-store"})


def _to_the_codes(_: gate.Asked, __: Exception) -> Answer:
    """A manager sets up one-time codes before anything else."""
    return Response(b"", status_code=303, headers={"Location": "/me/codes", "Cache-Control": "no-store"})


def _refused(request: gate.Asked, error: Exception) -> Answer:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, (NotFoundException, gate.ForbiddenError)) else ""
    return _told(request, status, lambda _: "" if said == HTTPStatus(status).phrase else said)


def _not_done(request: gate.Asked, error: DeskError) -> Answer:
    return _told(request, 409, lambda page: page.refusal(error))


def _unwilling(request: gate.Asked, error: Exception) -> Answer:
    log.error("a page could not be made", exc_info=error)
    return _told(request, 503)


def _failed(request: gate.Asked, error: Exception) -> Answer:
    log.error("a page failed", exc_info=error)
    return _told(request, 500)


def _told(request: gate.Asked, status: int, said: Callable[[Page], str] = lambda _: "") -> Answer:
    """A page that says what went wrong; a bare sentence when not even that can be made."""
    try:
        page = Page(request.app.state.central, request, Form({}, sent=False))
        return page.show("error.html", status=status, code=status, said=said(page))
    except LedgerError:
        return Response(words_of(request).say("The database does not answer"), status_code=503)
