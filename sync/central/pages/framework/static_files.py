"""Static files of the pages: style sheet, script, icon, and the typeface from its own package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import fontpkg_atkinson_hyperlegible
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from sync.central.pages.framework.page_request import HEADERS

STATIC = Path(__file__).parents[2] / "static"
FONTS = Path(fontpkg_atkinson_hyperlegible.__file__).parent / "files"
FILES = {
    "/static/kiosk.css": (STATIC / "kiosk.css", "text/css; charset=utf-8"),
    "/static/kiosk.js": (STATIC / "kiosk.js", "text/javascript; charset=utf-8"),
    "/static/icon.svg": (STATIC / "icon.svg", "image/svg+xml"),
    "/fonts/regular.ttf": (FONTS / "AtkinsonHyperlegible-Regular.ttf", "font/ttf"),
    "/fonts/bold.ttf": (FONTS / "AtkinsonHyperlegible-Bold.ttf", "font/ttf"),
}
"""Path -> file and type: nothing else is ever served."""
FONT_SECONDS = 30 * 24 * 3600
STYLE_SECONDS = 300


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()


def _served(path: str, seconds: int) -> Response[bytes]:
    found = FILES.get(path)
    if found is None:
        raise NotFoundException
    headers = HEADERS | {"Cache-Control": f"public, max-age={seconds}"}
    return Response(_read(found[0]), media_type=found[1], headers=headers)


@get("/static/{name:str}", include_in_schema=False, sync_to_thread=False)
def static(name: FromPath[str]) -> Response[bytes]:
    """Serve the style sheet, the script or the icon."""
    return _served(f"/static/{name}", STYLE_SECONDS)


@get("/fonts/{name:str}", include_in_schema=False, sync_to_thread=False)
def fonts(name: FromPath[str]) -> Response[bytes]:
    """Serve the typeface."""
    return _served(f"/fonts/{name}", FONT_SECONDS)


HANDLERS = [static, fonts]
