"""The hosts' guide in French uses the words of the screen, and shows pictures that exist."""

import re
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import read_po

from kiosk.languages import catalogue_files

GUIDE = Path(__file__).parents[2] / "docs/guide.fr.md"


def on_screen(words: str) -> bool:
    """Tell whether the French screen can say this, whatever its facts."""
    said = (
        text
        for path in catalogue_files("fr")
        for message in read_po(BytesIO(path.read_bytes()))
        if message.id
        for text in ([message.string] if isinstance(message.string, str) else message.string or [])
    )
    plain = words.replace(" :", "\u202f:").replace(" ?", "\u202f?")
    return any(re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(text)), plain) for text in said if text)


def test_what_the_guide_has_the_screen_say_is_what_it_says():
    bold = set(re.findall(r"\*\*(.+?)\*\*", GUIDE.read_text()))
    assert len(bold) > 20
    assert [words for words in sorted(bold) if not on_screen(words)] == []
    assert not on_screen("Liste d’appel")


def test_the_pictures_of_the_guide_are_there():
    shown = re.findall(r"!\[.+?\]\((.+?)\)", GUIDE.read_text())
    assert shown
    assert all((GUIDE.parent / path).is_file() for path in shown)
