"""Compares and searches names without regard to accents, case and hyphens."""

from __future__ import annotations

import unicodedata

LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
"""Letters that Unicode does not take apart, as they are typed without them."""


def folded(name: str) -> str:
    """Return a name in the form that is searched: no accents, case or hyphens (`Élise Le-Goff` -> `elise le goff`)."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def is_same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same to people, without regard to accents, case and word order."""
    return sorted(folded(one).split()) == sorted(folded(other).split())
