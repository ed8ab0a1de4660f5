"""Readable substitutes for characters that the font lacks: names in other alphabets, emoji, rare signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

UNREADABLE = "…"
"""Replaces letters that cannot be drawn."""
_SIGNS = {"\u202f": "\u00a0", "\u2010": "-", "\u2011": "-", "\u2015": "–", "\u2032": "’", "\u02bc": "’"}
_CYRILLIC = (
    "а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch "
    "ъ= ы=y ь= э=e ю=yu я=ya ё=yo і=i ї=yi є=ye ґ=g ђ=dj ј=j љ=lj њ=nj ћ=c џ=dz"
)
_GREEK = "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o"
LATIN = {pair[0]: pair[2:] for pair in f"{_CYRILLIC} {_GREEK}".split(" ")}
"""Small letters of other alphabets in Latin ones."""


def readable(text: str, is_drawn: Callable[[str], bool]) -> str:
    """Return the text in drawable characters: the nearest Latin letters, `…` for what has none, no emoji.

    "Жанна" becomes "Zhanna", "Ḥasan" "Hasan", "李小龍" "…".
    """
    if all(map(is_drawn, text)):
        return text
    told = "".join(_substitute(sign, is_drawn) for sign in text)
    told = re.sub(rf"{UNREADABLE}(?:[\s-]*{UNREADABLE})+", UNREADABLE, told)
    return told if told.strip() or not text.strip() else UNREADABLE


def _substitute(sign: str, is_drawn: Callable[[str], bool]) -> str:
    if sign.lower() in LATIN:  # also where the font has it: one alphabet to a name
        return _letter(sign)
    if is_drawn(sign):
        return sign
    if sign in _SIGNS or sign.isspace():
        return _SIGNS.get(sign, " ")
    parts = [one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one)]
    return "".join(one if is_drawn(one) else _letter(one) for one in parts)


def _letter(sign: str) -> str:
    small = LATIN.get(sign.lower())
    if small is not None:
        return small if sign.islower() else small.capitalize()
    return UNREADABLE if unicodedata.category(sign)[0] in "LN" else ""
