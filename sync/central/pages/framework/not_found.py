"""404 pages; and GET of form-only addresses, which redirects to the form's page."""

from __future__ import annotations

from collections.abc import Iterable

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from sync.central.pages.framework.access import Asked
from sync.central.pages.framework.page_request import HEADERS, Answer, PageRequest
from sync.central.pages.framework.routes import reads, writes


@reads("/{rest:path}", role=None)
def not_found(page: NamedDependency[PageRequest], rest: FromPath[str]) -> Answer:  # noqa: ARG001
    """Show that there is no page at this address."""
    raise NotFoundException(page.say("There is nothing at this address."))


@writes("/{rest:path}", role=None)
def sent_not_found(page: NamedDependency[PageRequest], rest: FromPath[str]) -> Answer:  # noqa: ARG001
    """Like `not_found`, for forms sent to an unknown address."""
    raise NotFoundException(page.say("There is nothing at this address."))


def form_redirects(handlers: Iterable[HTTPRouteHandler]) -> HTTPRouteHandler:
    """Return a handler that redirects GET of form-only addresses to the page of the form.

    A browser that reloads the answer to a form by its address asks for one, and gets the page with the form.
    """
    every = list(handlers)
    readable = {path for one in every if "GET" in one.http_methods for path in one.paths}
    sent = sorted({path for one in every if "POST" in one.http_methods for path in one.paths} - readable)

    @get(sent, include_in_schema=False, sync_to_thread=False)
    def back(request: Asked) -> Answer:
        return Response(b"", status_code=303, headers=HEADERS | {"Location": page_of(request.url.path, readable)})

    return back


def page_of(path: str, readable: Iterable[str]) -> str:
    """Return the page on which the form of an address stands: the member's, or else the section's."""
    parts = path.split("/")
    section = "/".join(parts[:3]) if parts[1] == "members" else f"/{parts[1]}"
    return section if section in readable or parts[1] == "members" else "/"


HANDLERS = [not_found, sent_not_found]
