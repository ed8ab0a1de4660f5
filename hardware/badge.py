"""Reads a badge: its number, its kind, and whether it proved its identity.

Every badge tells its number to anyone who asks, and blank cards with any number are for sale: a number identifies, it
does not authenticate. A proof comes from a secret in the card; each kind of card has its own assurance.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Assurance(StrEnum):
    """How reliably a badge proved its identity."""

    UID_ONLY = "UID_ONLY"
    """It has told its number, as a copy of the badge would."""


@dataclass(frozen=True)
class Credential:
    """The result of reading a badge."""

    uid: bytes
    technology: str
    """For people and logs only: a card can pretend to be of any kind, and one that moves can look like another."""
    assurance: Assurance = Assurance.UID_ONLY


RANDOM_UID = (4, 0x08)
"""Length and first byte of a number that changes at each tap (ISO/IEC 14443-3): phones, bank cards."""


def is_random(uid: bytes) -> bool:
    """Tell whether the number changes at each tap, so that one card seen twice looks like two."""
    return (len(uid), *uid[:1]) == RANDOM_UID


MIFARE_CLASSIC = {0x08: "MIFARE Classic", 0x09: "MIFARE Classic", 0x18: "MIFARE Classic", 0x28: "MIFARE Classic"}
"""By SAK, from NXP's application note AN10833, table 6."""

FAMILIES = {"Type1Tag": "Topaz", "Type3Tag": "FeliCa", "Type4Tag": "ISO-DEP"}


def read_credential(tag: Any) -> Credential:
    """Read an activated nfcpy tag. Raises what nfcpy raises when the card is gone."""
    return Credential(uid=tag.identifier, technology=technology(tag))


def technology(tag: Any) -> str:
    """Return the kind of card: `NTAG213`, `MIFARE Classic`, `ISO-DEP`, ..."""
    if tag.type == "Type2Tag":
        select_response = tag.target.sel_res[0] if tag.target.sel_res else 0
        return MIFARE_CLASSIC.get(select_response) or _product(tag.product)
    return FAMILIES.get(tag.type, str(tag.type))


def _product(name: str) -> str:
    """Return the model without maker and part number; a card of no special kind is a `Type 2` tag."""
    if name == "Type2Tag":
        return "Type 2"
    return name.removeprefix("NXP ").split(" (")[0].replace("Mifare", "MIFARE")


def speaks_blocks(tag: Any) -> bool:
    """Tell whether the card's presence can be checked without switching the field off (ISO 14443-4)."""
    return bool(tag.type == "Type4Tag")
