"""Which languages the kiosk has: the source text's, and one for each catalogue in kiosk/locale."""

from __future__ import annotations

from functools import cache
from pathlib import Path

CATALOGUES = Path(__file__).parent / "locale"
SOURCE = "en"
DEFAULT = "fr"


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of the available languages: the source's and one for each catalogue."""
    return (SOURCE, *sorted(found.name for found in CATALOGUES.iterdir() if catalogue_files(found.name)))


def catalogue_files(code: str) -> list[Path]:
    """Return the files of a language's catalogue."""
    return sorted((CATALOGUES / code / "LC_MESSAGES").glob("*.po"))


def spoken(value: object) -> str:
    """Check the language of a settings file. Raises ValueError for one without a catalogue."""
    if not isinstance(value, str) or value not in languages():
        raise ValueError("expected one of " + ", ".join(f'"{one}"' for one in languages()))
    return value
