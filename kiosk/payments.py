"""Ways to pay: the list of them, how a sale stores one, and how sales of earlier releases are read.

A gift costs nothing: whatever price its entry has, no money came in. Words are in English here, and translated where
they are shown.
"""

from __future__ import annotations

from typing import NamedTuple


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


LABELS = {
    "cash": _("cash"),
    "cheque": _("cheque"),
    "card": _("bank card"),
    "transfer": _("bank transfer"),
    "gift": _("gift"),
    "other": _("other way"),
}
METHODS = tuple(LABELS)
LONGEST_WORDS = 40
"""Characters that say which other way it was."""
_EARLIER = {"free": "gift"}
_OTHER = "other: "


class Payment(NamedTuple):
    """A way to pay: one of METHODS, and for `other` its name as typed."""

    method: str
    words: str = ""

    def stored(self) -> str:
        """Return it as a sale stores it."""
        return f"{_OTHER}{self.words}" if self.words else self.method


def read(stored: str) -> Payment:
    """Read a stored way to pay. A word that is not on the list, from an earlier release, becomes `other`."""
    method = _EARLIER.get(stored, stored)
    return Payment(method) if method in LABELS else Payment("other", stored.removeprefix(_OTHER))


def received(stored: str, cents: int) -> int:
    """Return the cents that a sale at this price brought in: none for a gift."""
    return 0 if read(stored).method == "gift" else cents
