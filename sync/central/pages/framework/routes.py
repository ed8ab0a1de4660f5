"""Decorators for page handlers: path, and the role that is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from litestar import get, post
from litestar.types import Middleware

from sync.central.accounts.staff import Role

Declared = Callable[[Callable[..., Any]], Any]
ROLE = "role"
"""The option of a handler that says who may call it; None: anybody."""


def reads(path: str, role: Role | None = Role.READ_ONLY) -> Declared:
    """Declare a handler of GET. It runs in a thread, as it reads the database."""
    return get(path, opt={ROLE: role}, sync_to_thread=True, include_in_schema=False)


def writes(path: str, role: Role | None = Role.HOST, *, middleware: Sequence[Middleware] = ()) -> Declared:
    """Declare a handler of POST. It runs in a thread, as it writes the database."""
    return post(
        path,
        opt={ROLE: role},
        sync_to_thread=True,
        include_in_schema=False,
        status_code=200,
        middleware=middleware or None,
    )
