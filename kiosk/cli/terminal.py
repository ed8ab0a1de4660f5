"""Printing to terminals of any encoding, and reading arguments in any encoding."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata
from typing import Any


def _plainer(error: UnicodeError) -> tuple[str, int]:
    """Replace letters that a terminal cannot show: `é` by `e`, other characters by `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain or "?", error.end


_PLAIN = str.maketrans({"œ": "oe", "Œ": "OE", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "€": "EUR"})


def prepare_terminal() -> None:
    """Let printing and arguments work in any locale."""
    codecs.register_error("kiosk.plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="kiosk.plainer")
    sys.argv = [decode_argument(argument) for argument in sys.argv]


def decode_argument(argument: str) -> str:
    """Return an argument as text: bytes invalid in the locale are read as UTF-8, or else as Western European."""
    raw = os.fsencode(argument) if any("\udc80" <= letter <= "\udcff" for letter in argument) else None
    if raw is None:
        return argument
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def is_unicode(stream: Any) -> bool:
    """Tell whether a stream can print all characters."""
    return "utf" in (getattr(stream, "encoding", None) or "").lower()
