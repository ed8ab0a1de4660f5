"""A form that was sent: its fields, and an error message for each wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

LONGEST = 1000
"""Characters of a field that are looked at; the rest is cut off."""


def version(thing: object) -> str:
    """Return a digest of what a form shows, kept in the form: when it is sent, another one means a change meanwhile."""
    return sha256(msgspec.json.encode(thing)).hexdigest()[:16]


class Form:
    """The fields of a form, empty when it was not sent yet, and their errors."""

    def __init__(self, values: Mapping[str, str], *, sent: bool) -> None:
        self._values = {name: value.replace("\0", "")[:LONGEST] for name, value in values.items()}
        self.sent = sent
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return the text of a field, without the spaces around it."""
        return self._values.get(name, "").strip()

    @property
    def sent_fields(self) -> dict[str, str]:
        """The fields as they were sent, without what each form has of its own: to send them once more."""
        return {name: value for name, value in self._values.items() if name not in {"csrf", "desk"}}

    def secret(self, name: str) -> str:
        """Return the text of a field unchanged: a password."""
        return self._values.get(name, "")

    def ticked(self, name: str) -> bool:
        """Return whether a box is ticked."""
        return self._values.get(name) == "yes"

    def value(self, name: str, otherwise: str) -> str:
        """Return what to show in a field: what was sent, or else the present value."""
        return self._values.get(name, "") if self.sent else otherwise

    def is_stale(self, present: object) -> bool:
        """Return whether the form was opened before something became as it is at present."""
        return self._values.get("version", version(present)) != version(present)

    def show_present(self) -> None:
        """Show the present values in all fields, and no longer what was sent."""
        self._values, self.sent = {}, False

    def add_error(self, name: str, message: str) -> None:
        """Add an error to a field; the first error of a field stands."""
        self.errors.setdefault(name, message)
