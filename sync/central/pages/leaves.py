"""Long lists, page by page: so that "page" means a page of the pages, one of a list is called a leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sync.central.pages.gate import Asked


class Leaf(NamedTuple):
    """A part of a long list."""

    number: int
    pages: int
    first: int
    """How many come before it."""
    size: int

    def of(self, every: Sequence[Any]) -> Sequence[Any]:
        """What stands on it."""
        return every[self.first : self.first + self.size]


def leaf(request: Asked, total: int, size: int) -> Leaf:
    """Which part of a list is asked for: the last one for a number beyond it."""
    asked = request.query_params.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    pages = max(1, -(-total // size))
    number = min(max(1, number), pages)
    return Leaf(number=number, pages=pages, first=(number - 1) * size, size=size)
