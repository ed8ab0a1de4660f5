"""A host's day, played on a real window by touch alone; pictures of it can be kept.

`python -m tests.pictures.staff_day docs/day` plays it twice, in French on 800x480 and in English on 480x320, and keeps
a picture of each step.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.pictures.window_user import WindowUser

PIN = "2580"
STRANGER = "inconnu"
"""The demo's card that nobody carries."""
NAME = "Zoé Blanc"
"""Somebody else than the demo's Zoé Petit; an accent to be found on the keyboard."""
NOTICE_SECONDS = 10
"""After so long no notice shows any more."""


@dataclass(frozen=True)
class Words:
    """What is to be read in the course of the day, in one language."""

    ready: str
    unknown: str
    pin: str
    menu: str
    members: str
    whose: str
    new: str
    enrolled: str
    how: str
    receipt: str
    left: str
    till: str
    entered: str
    undo: str
    undone: str
    within: str
    check_out: str
    why: str
    goodwill: str
    given_back: str
    close: str
    preview: str
    closed: str
    usual: str
    to_find: str
    one_less: str


FRENCH = Words(
    ready="Posez votre badge",
    unknown="Badge inconnu",
    pin="Tapez votre code",
    menu="Qui est là",
    members="Nouveau",
    whose="À qui est le badge",
    new="Nouveau membre",
    enrolled="Zoé Blanc a maintenant un badge",
    how="Comment",
    receipt="Reçu",
    left="10 entrées restantes",
    till="En tout 140 €",
    entered="Entrée validée",
    undo="Annuler",
    undone="Entrée rendue",
    within="Zoé Blanc",
    check_out="Enregistrer le départ",
    why="Geste commercial",
    goodwill="Raison : Geste commercial",
    given_back="Entrée rendue : Zoé Blanc",
    close="Fermer l’espace",
    preview="Ce que verront les membres",
    closed="Horaires habituels",
    usual="Fermé",
    to_find="3 personnes à retrouver",
    one_less="2 personnes à retrouver",
)
ENGLISH = Words(
    ready="Tap your badge",
    unknown="Unknown badge",
    pin="Type your PIN",
    menu="Who is in",
    members="New",
    whose="Whose is the badge",
    new="New member",
    enrolled="Zoé Blanc has a badge now",
    how="How is it paid",
    receipt="Receipt",
    left="10 entries left",
    till="In all €140",
    entered="Entry recorded",
    undo="Undo",
    undone="Entry given back",
    within="Zoé Blanc",
    check_out="Check out",
    why="Goodwill",
    goodwill="Reason: Goodwill",
    given_back="Entry given back: Zoé Blanc",
    close="Close now",
    preview="What members will see",
    closed="Usual hours",
    usual="Closed",
    to_find="3 people to find",
    one_less="2 people to find",
)


@dataclass(frozen=True)
class Play:
    """Where the day is played: its language, its screen, what is read there."""

    language: str
    size: tuple[int, int]
    words: Words


PLAYS = (Play("fr", (800, 480), FRENCH), Play("en", (480, 320), ENGLISH))
Keep = Callable[[str], None]


class Day:
    """A host, a newcomer, and the kiosk between them."""

    def __init__(self, outside: WindowUser, words: Words, keep: Keep) -> None:
        self._at, self._words, self._keep = outside, words, keep

    def play(self) -> None:
        """From the first tap of a card that nobody knows to the list of whom to look for."""
        self._comes()
        self._is_enrolled()
        self._buys()
        self._taps_in_and_undoes_it()
        self._is_given_an_entry_back()
        self._evacuation()
        self._close_early()

    # ------------------------------------------------------------ the parts of it

    def _comes(self) -> None:
        at, words = self._at, self._words
        at.sees(words.ready)
        self._keep("01-morning")
        at.tap(STRANGER, sees=words.unknown)
        self._keep("02-unknown-badge")

    def _is_enrolled(self) -> None:
        at, words = self._at, self._words
        self._sign_in()
        at.click("members", sees=words.members)
        at.click(at.finds("row:badge "), sees=words.whose)
        at.click("new", sees=words.new)
        self._write(NAME)
        self._keep("04-name")
        at.click("key:enter", sees=words.enrolled)
        self._keep("05-enrolled")

    def _buys(self) -> None:
        at, words = self._at, self._words
        at.click("favourite", sees=words.how)
        self._keep("06-payment")
        at.click("pay:cash", sees=words.receipt)
        self._keep("07-receipt")
        at.click("done", sees=words.left)
        at.click("leave", sees=words.ready)
        self._sign_in()
        at.click("till", sees=words.till)
        self._keep("08-till")
        at.click("leave", sees=words.ready)

    def _taps_in_and_undoes_it(self) -> None:
        at, words = self._at, self._words
        at.later(NOTICE_SECONDS)
        at.tap(STRANGER, sees=words.entered)
        self._keep("09-in")
        at.later(NOTICE_SECONDS)
        at.tap(STRANGER, sees=words.undo)
        self._keep("10-undo")
        at.click("undo", sees=words.undone)
        self._keep("11-undone")

    def _is_given_an_entry_back(self) -> None:
        at, words = self._at, self._words
        at.later(20 * 60)
        at.tap(STRANGER, sees=words.entered)
        self._sign_in()
        at.click("now", sees=words.within)
        self._keep("12-who-is-in")
        at.click(at.target_of(NAME), sees=words.check_out)
        at.click("reverse", sees=words.why)
        at.click("goodwill", sees=words.goodwill)
        self._keep("13-why")
        at.click("yes", sees=words.given_back)
        self._keep("14-given-back")
        at.click("leave", sees=words.ready)

    def _evacuation(self) -> None:
        at, words = self._at, self._words
        self._badge_of_the_host("evacuation", sees=words.to_find)
        at.click("row:hugo", sees=words.one_less)
        self._keep("15-evacuation")
        at.click("leave", sees=words.ready)

    def _close_early(self) -> None:
        at, words = self._at, self._words
        self._sign_in()
        at.click("hours", sees=words.close)
        at.click("close", sees=words.preview)
        self._keep("16-closing")
        at.click("do", sees=words.closed)
        at.click("leave", sees=words.ready)
        at.sees(words.usual)
        self._keep("17-closed")

    # ------------------------------------------------------------ what is done again and again

    def _badge_of_the_host(self, button: str, *, sees: str) -> None:
        self._at.later(NOTICE_SECONDS)
        self._at.tap("claire", sees="Claire")
        self._at.click(button, sees=sees)

    def _sign_in(self) -> None:
        self._badge_of_the_host("desk", sees=self._words.pin)
        self._at.click_keys(*(f"pad:{digit}" for digit in PIN))
        self._keep("03-pin")
        self._at.click("pad:ok", sees=self._words.menu)

    def _write(self, text: str) -> None:
        """On the keyboard of glass: capitals come by themselves, accents are on a page of their own."""
        for letter in text:
            if letter == "é":
                self._at.click_keys("key:accents")
            self._at.click_keys("key:space" if letter == " " else f"key:{letter}")
        self._at.sees(text)


def play(scene: Play, folder: Path, pictures: Path | None = None) -> None:
    """Play the day; `folder` takes the kiosk's data, `pictures` what each step looks like."""
    with WindowUser(folder, size=scene.size, language=scene.language, is_drawn=pictures is not None) as outside:

        def keep(name: str) -> None:
            if pictures:
                outside.keep(pictures / f"{name}-{scene.language}.png")

        Day(outside, scene.words, keep).play()


def main() -> None:
    """Play both days, and keep their pictures."""
    for scene in PLAYS:
        with tempfile.TemporaryDirectory() as folder:
            play(scene, Path(folder), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
