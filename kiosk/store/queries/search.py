"""Finds members by typed text, without regard to accents, case and hyphens, and with small typing errors."""

from __future__ import annotations

from collections import defaultdict
from difflib import get_close_matches

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from kiosk.store.names import folded
from kiosk.store.tables import members

FEW = 20
"""How many members a search gives at most."""
MANY = 5000
"""How many names a misspelt one is compared with at most: a tenth of a second on a small machine."""
NEAR = 0.75
"""How alike two names are that somebody may have meant the other: difflib's ratio, 1 for the same."""


def find(connection: Connection, text: str) -> list[str]:
    """Return the members, as documents, whose names `text` may mean, the most likely first.

    Each word must be in the name; members for whom it begins a word of the name come first. If nobody is found, names
    that are similar.
    """
    words = folded(text).split()
    return (_named(connection, words) or _named_nearly(connection, words)) if words else []


def _named(connection: Connection, words: list[str]) -> list[str]:
    name = members.c.folded_name
    holds = and_(*(name.like(f"%{word}%") for word in words))
    begins = and_(*(_begins_a_word(word) for word in words))
    query = select(members.c.doc).where(holds).order_by(begins.desc(), name, members.c.id).limit(FEW)
    return list(connection.execute(query).scalars())


def _named_nearly(connection: Connection, words: list[str]) -> list[str]:
    """Return names similar to the words, among those that share a first letter: typing errors are rare there.

    In a large network only a part of them is compared, or a typing error would delay the taps.
    """
    alike = or_(*(_begins_a_word(letter) for letter in sorted({word[0] for word in words})))
    query = select(members.c.folded_name, members.c.doc).where(alike).order_by(members.c.id).limit(MANY)
    docs: dict[str, list[str]] = defaultdict(list)
    for name, doc in connection.execute(query):
        for form in {name, *name.split()}:
            docs[form].append(doc)
    near = get_close_matches(" ".join(words), docs, n=5, cutoff=NEAR)
    return list(dict.fromkeys(doc for form in near for doc in docs[form]))[:FEW]


def _begins_a_word(start: str) -> ColumnElement[bool]:
    return or_(members.c.folded_name.like(f"{start}%"), members.c.folded_name.like(f"% {start}%"))
