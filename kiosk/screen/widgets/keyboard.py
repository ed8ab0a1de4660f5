"""An on-screen keyboard: AZERTY or QWERTY, with pages for accents and figures. A touch becomes a Key.

A held letter offers its accents: slide to one and lift the finger, or lift it first and touch one.
"""

from __future__ import annotations

from typing import Literal

from kiosk.screen.drawing.canvas import Canvas
from kiosk.screen.drawing.theme import BODY
from kiosk.screen.input.keys import Key
from kiosk.screen.sdl import pygame
from kiosk.screen.widgets.button import Look, button

Layout = Literal["azerty", "qwerty"]
Page = Literal["letters", "accents", "figures", "variants"]

_LETTERS: dict[Layout, tuple[str, str, str]] = {
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn’-"),
    "qwerty": ("qwertyuiop", "asdfghjkl’", "zxcvbnm-"),
}
_PAGES: dict[Page, tuple[str, str, str]] = {
    "accents": ("éèêëàâäáãå", "îïíôöóõùûü", "çñœæÿßøú"),
    "figures": ("1234567890", "@.,:;!?/&+", "_()\"'*=%"),
}
_VARIANTS = {
    "a": "aàâäáãåæ",
    "c": "cç",
    "e": "eéèêë",
    "i": "iîïí",
    "n": "nñ",
    "o": "oôöóõøœ",
    "s": "sß",
    "u": "uùûüú",
    "y": "yÿ",
}
"""Letters that look alike, shown when the first one is held."""
ROWS = 4
HEIGHT = ROWS * 52
"""Points that the keyboard needs to be comfortable."""


class Keyboard:
    """The keyboard: the page shown, and whether the next letter is a capital."""

    def __init__(self, language: str = "fr", *, names: bool = False) -> None:
        """AZERTY for French, QWERTY for others; `names`: every word begins with a capital by itself."""
        self.layout: Layout = "azerty" if language == "fr" else "qwerty"
        self.page: Page = "letters"
        self._shift, self._names = names, names
        self._variants = ""

    def follow(self, text: str) -> None:
        """Note the text typed so far: in names a new word begins with a capital."""
        if self._names:
            self._shift = not text or text[-1] in " -’'"

    def touched(self, target: str) -> Key | None:
        """Return the key of a touch; None when it only changed the page or was not for the keyboard."""
        name, _, what = target.partition(":")
        if name == "hold" and self.page == "letters":
            return self._hold(what)
        if name == "slide":
            return self.touched(f"key:{what}") if self.page == "variants" and what in self._variants else None
        if name != "key":
            return None
        if what == "shift":
            self._shift = not self._shift
        elif what in ("letters", "accents", "figures"):
            self.page = what  # type: ignore[assignment]
        elif what == "enter":
            return Key(name="enter")
        elif what == "backspace":
            return Key(name="backspace")
        else:
            self._shift, self.page = False, self.page if self.page == "figures" else "letters"
            return Key(name="text", text=" " if what == "space" else what)
        return None

    def _hold(self, letter: str) -> Key | None:
        """Remove the letter that the touch has typed, and offer its accents."""
        found = _VARIANTS.get(letter.lower(), "")
        if not found:
            return None
        self._variants = found if letter.islower() else found.replace("ß", "").upper()
        self.page = "variants"
        return Key(name="backspace")

    def draw(self, canvas: Canvas, rect: pygame.Rect, *, enter: str) -> None:
        """Draw the current page; `enter` is the word on the large key."""
        if canvas.is_portrait:  # ten keys of 9 mm beside one another need all of the screen's width
            rect = pygame.Rect(canvas.rect.left, rect.top, canvas.rect.width, rect.height)
        gap = canvas.px(5)
        high = (rect.height - gap * (ROWS - 1)) // ROWS
        first, second, third = _PAGES.get(self.page, _LETTERS[self.layout])
        rows = [[self._cased(letter) for letter in letters] for letters in (first, second)]
        if self.page == "variants":
            rows[0] = list(self._variants)
        for number, letters in enumerate(rows):
            keys = [(letter, 1.0) for letter in letters]
            self._row(canvas, pygame.Rect(rect.left, rect.top + number * (high + gap), rect.width, high), keys)
        line = pygame.Rect(rect.left, rect.top + 2 * (high + gap), rect.width, high)
        self._row(canvas, line, [("shift", 1.0), *((self._cased(letter), 1.0) for letter in third), ("backspace", 1.0)])
        others = [page for page in ("accents", "figures", "letters") if page != self.page][:2]
        foot = pygame.Rect(rect.left, rect.top + 3 * (high + gap), rect.width, high)
        self._row(canvas, foot, [(others[0], 1.6), (others[1], 1.6), ("space", 4.0), ("enter", 2.8)], enter=enter)

    def _cased(self, letter: str) -> str:
        return letter.upper() if self._shift and letter != "ß" else letter

    def _row(self, canvas: Canvas, rect: pygame.Rect, keys: list[tuple[str, float]], *, enter: str = "") -> None:
        gap = 0 if canvas.is_portrait else canvas.px(5)
        whole = sum(share for _, share in keys)
        room, left, taken = rect.width - gap * (len(keys) - 1), rect.left, 0.0
        for key, share in keys:
            start, end = round(room * taken / whole), round(room * (taken + share) / whole)
            self._key(canvas, pygame.Rect(left + start, rect.top, end - start, rect.height), key, enter=enter)
            taken, left = taken + share, left + gap

    def _key(self, canvas: Canvas, rect: pygame.Rect, key: str, *, enter: str) -> None:
        pictures = {"shift": "shift", "backspace": "erase"}
        labels = {"accents": "éàç", "figures": "123", "letters": "abc", "space": " ", "enter": enter}
        look: Look = "quiet" if key in (*pictures, "accents", "figures", "letters") else "plain"
        look = "main" if key == "enter" or (key == "shift" and self._shift) else look
        label = "" if key in pictures else labels.get(key, key)
        drawn = rect.inflate(-canvas.px(5), 0) if canvas.is_portrait else rect
        button(canvas, drawn, label, f"key:{key}", look=look, picture=pictures.get(key), size=BODY - 2, reach=rect)
