"""Pagination of long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sync.central.pages.framework.access import Asked


class ListPage(NamedTuple):
    """The slice of a long list on one page."""

    number: int
    pages: int
    first: int
    """The number of lines on the pages before it."""
    size: int
    name: str = "page"
    """The parameter of the address that asks for it."""

    @classmethod
    def asked(cls, request: Asked, total: int, size: int, name: str = "page") -> ListPage:
        """Return the page that `page=` asks for, or another parameter: the first without it, the last for one beyond.

        Several lists on one page each have a parameter of their own.
        """
        asked = request.query_params.get(name, "")
        number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
        pages = max(1, -(-total // size))
        number = min(max(1, number), pages)
        return cls(number=number, pages=pages, first=(number - 1) * size, size=size, name=name)

    def of(self, every: Sequence[Any]) -> Sequence[Any]:
        """Return the lines of a list on this page."""
        return every[self.first : self.first + self.size]
