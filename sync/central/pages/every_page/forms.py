"""What somebody sent in a form, and what is wrong with it: a sentence for each field, in the order of the checks."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 1000
"""Characters of a field that are looked at; the rest is cut off."""


class Form:
    """The fields of a form, empty when it was not sent yet."""

    def __init__(self, values: Mapping[str, str], *, sent: bool) -> None:
        self._values = {name: value.replace("\0", "")[:LONGEST] for name, value in values.items()}
        self.sent = sent
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        """What stands in a field, without the spaces around it."""
        return self._values.get(name, "").strip()

    def secret(self, name: str) -> str:
        """What stands in a field, with every space: a password."""
        return self._values.get(name, "")

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self._values.get(name) == "yes"

    def said(self, name: str, otherwise: str) -> str:
        """What to show in a field: what was sent, or what is so now."""
        return self._values.get(name, "") if self.sent else otherwise

    def wrong(self, name: str, message: str) -> None:
        """Say what is wrong with a field; the first thing said of it stands."""
        self.errors.setdefault(name, message)
