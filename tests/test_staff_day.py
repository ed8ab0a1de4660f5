"""A day of a host, played from outside: a real window on a real X server, real clicks and keys."""

from __future__ import annotations

from tests.outside import Outside

PIN = "2580"
STRANGER = "inconnu"
"""The demo's card that nobody carries."""


def begins(day: Outside, button: str, *, sees: str) -> None:
    """The host's badge, and a button of its notice."""
    day.later(10)
    day.tap("claire", sees="Claire")
    day.click(button, sees=sees)


def signs_in(day: Outside, *, words: tuple[str, str]) -> None:
    """The host's badge, the button, the PIN on the keyboard, the menu."""
    begins(day, "desk", sees=words[0])
    day.type(PIN)
    day.sees(words[1])


def test_a_newcomer_is_enrolled_sold_a_card_taps_in_and_undoes_it(tmp_path) -> None:
    with Outside(tmp_path, size=(800, 480), language="fr") as day:
        day.sees("Posez votre badge")
        signs_in(day, words=("Tapez votre code", "Qui est là"))
        day.click("members", sees="Nouveau")
        day.click("new", sees="Nouveau membre")
        day.type("Zoe Blanc")
        day.sees("Posez le badge sur le lecteur")
        day.tap(STRANGER, sees="en service")
        day.click("favourite", sees="Comment")
        day.click("pay:cash", sees="Reçu")
        day.click("done", sees="10 entrées restantes")
        day.click("leave", sees="Posez votre badge")
        day.later(10)
        day.tap(STRANGER, sees="Entrée validée")
        day.later(10)
        day.tap(STRANGER, sees="Annuler")
        day.click("undo", sees="Entrée rendue")


def test_a_day_in_english_on_a_small_screen(tmp_path) -> None:
    with Outside(tmp_path, size=(480, 320), language="en") as day:
        day.sees("Tap your badge")
        begins(day, "evacuation", sees="3 people to find")
        assert "Chevalier" in day.reads()
        day.click("leave", sees="Tap your badge")
        signs_in(day, words=("Type your PIN", "Who is in"))
        day.click("now", sees="Hugo")
        day.click("row:hugo", sees="Check out")
        day.click("reverse", sees="Goodwill")
        day.click("goodwill", sees="Reason: Goodwill")
        day.click("yes", sees="Entry given back: Hugo Lambert")
        day.click("back", sees="Open the door")
        day.click("back", sees="Opening hours")
        day.click("hours", sees="Close now")
        day.click("close", sees="What members will see")
        day.click("do", sees="Usual hours")
        day.click("leave", sees="Everything works")
        assert "Closed" in day.reads()
