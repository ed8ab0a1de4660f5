"""Names as they are compared and searched for: without accents, case and hyphens."""

from __future__ import annotations

import unicodedata

LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
"""Letters that Unicode does not take apart, as they are typed without them."""


def folded(name: str) -> str:
    """Return a name as it is searched for: no accents, no case, no hyphens (`Élise Le-Goff` -> `elise le goff`)."""
    apart = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def is_same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same to people: accents, case and the order of the words are forgiven."""
    return sorted(folded(one).split()) == sorted(folded(other).split())
