"""How a handler of the staff pages is declared: its path, and the role without which nobody comes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import get, post

from sync.central.accounts.staff import Role

Declared = Callable[[Callable[..., Any]], Any]
ROLE = "role"
"""Under this name a handler's options tell who may call it; None: anybody."""


def reads(path: str, role: Role | None = Role.READ_ONLY) -> Declared:
    """A page to look at. It runs in a thread, as it reads the database."""
    return get(path, opt={ROLE: role}, sync_to_thread=True, include_in_schema=False)


def writes(path: str, role: Role | None = Role.HOST) -> Declared:
    """A form that is sent. It runs in a thread, as it writes the database."""
    return post(path, opt={ROLE: role}, sync_to_thread=True, include_in_schema=False, status_code=200)
