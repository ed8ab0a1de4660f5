"""Key presses, from a real keyboard, the on-screen one, or the mouse's wheel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal[
    "text", "enter", "backspace", "escape", "tab", "back_tab", "up", "down", "left", "right", "page_up", "page_down"
]


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key that was pressed. The mouse's wheel turns pages."""

    name: Name
    text: str = ""
    """With `text`: what was typed."""
