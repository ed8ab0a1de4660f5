"""A form that was sent: its fields, and an error message for each wrong one."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 1000
"""Characters of a field that are looked at; the rest is cut off."""


class Form:
    """The fields of a form, empty when it was not sent yet, and their errors."""

    def __init__(self, values: Mapping[str, str], *, sent: bool) -> None:
        self._values = {name: value.replace("\0", "")[:LONGEST] for name, value in values.items()}
        self.sent = sent
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return the text of a field, without the spaces around it."""
        return self._values.get(name, "").strip()

    def secret(self, name: str) -> str:
        """Return the text of a field unchanged: a password."""
        return self._values.get(name, "")

    def ticked(self, name: str) -> bool:
        """Return whether a box is ticked."""
        return self._values.get(name) == "yes"

    def value(self, name: str, otherwise: str) -> str:
        """Return what to show in a field: what was sent, or else the present value."""
        return self._values.get(name, "") if self.sent else otherwise

    def add_error(self, name: str, message: str) -> None:
        """Add an error to a field; the first error of a field stands."""
        self.errors.setdefault(name, message)
