"""A day of a host, played from outside: a real window on a real X server, real clicks and keys."""

from __future__ import annotations

from tests.outside import Outside

PIN = "2580"


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


def test_a_tap_is_undone_by_whoever_tapped_and_another_given_back_by_a_host(tmp_path) -> None:
    with Outside(tmp_path, size=(800, 480), language="fr") as day:
        day.sees("Posez votre badge")
        day.tap("karim", sees="Entrée validée")
        day.later(10)
        day.tap("karim", sees="Annuler")
        day.click("undo", sees="Entrée rendue")
        day.later(10)
        day.tap("karim", sees="Entrée validée")
        signs_in(day, words=("Tapez votre code", "Qui est là"))
        day.click("today", sees="À voir")
        day.click("all", sees="Karim")
        day.click("leave", sees="Posez votre badge")


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
