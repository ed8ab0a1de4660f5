"""The words on the demo's tray: virtual badges, what the strike and the lamp do, the clock that can be moved."""

from __future__ import annotations

from datetime import datetime

from kiosk.model import Noun, Signal, Site
from kiosk.notices.language import Language, choose, sentence
from kiosk.notices.view import Button

MINUTES = (-60, -10, 10, 60, 24 * 60)
"""By how much the clock's buttons move it."""


class VirtualBadge(Noun, frozen=True, kw_only=True):
    """A card on the tray."""

    id: str
    name: str
    detail: str = ""


class Tray(Noun, frozen=True, kw_only=True):
    """The contents of the tray under the kiosk's picture."""

    badges: tuple[VirtualBadge, ...]
    on_reader: str | None = None
    """Id of the badge that lies on the reader."""
    on_reader_word: str = ""
    strike: str
    strike_open: bool = False
    lamp: str
    light: tuple[int, int, int] | None = None
    """Red, green and blue of the lamp now, 0 to 255; None: dark."""
    clock: str
    clock_buttons: tuple[Button, ...] = ()
    """Their ids are minutes: `-10`."""
    exit_button: str = ""


def put_into_words(
    site: Site,
    now: datetime,
    *,
    badges: tuple[VirtualBadge, ...],
    on_reader: str | None = None,
    strike_open: bool = False,
    signal: Signal = Signal.IDLE,
    light: tuple[int, int, int] | None = None,
    language: str | None = None,
) -> Tray:
    """Return the tray in words. `signal` is the indicator's signal, `light` the present colour of its lamp."""
    words = Language(choose(language, site.language), site.zone)
    day = words.weekday(words.local(now).date(), now)
    return Tray(
        badges=badges,
        on_reader=on_reader,
        on_reader_word=words.say("click: take away"),
        strike=words.say("Door unlocked") if strike_open else words.say("Door locked"),
        strike_open=strike_open,
        lamp=_lamp(words, signal),
        light=light,
        clock=sentence(words.say("{day} at {time}", day=day, time=words.time(now))),
        clock_buttons=tuple(Button(id=str(minutes), label=_step(words, minutes)) for minutes in MINUTES),
        exit_button=words.say("Exit button"),
    )


def outcome(site: Site, *, strike_open: bool, was_denied: bool, signal: Signal, language: str | None = None) -> str:
    """Return in words what strike and lamp do after a tap."""
    words = Language(choose(language, site.language), site.zone)
    strike = words.say("Door unlocked") if strike_open else words.say("Door locked")
    if strike_open and was_denied:
        strike = words.say("Door still unlocked for the tap before")
    return f"{strike} · {_lamp(words, signal)}"


def _lamp(words: Language, signal: Signal) -> str:
    return {
        Signal.IDLE: words.say("Lamp: waiting"),
        Signal.GRANTED: words.say("Lamp: granted"),
        Signal.RE_ENTRY: words.say("Lamp: free re-entry"),
        Signal.ATTENTION: words.say("Lamp: attention"),
        Signal.DENIED: words.say("Lamp: denied"),
        Signal.FAULT: words.say("Lamp: fault"),
    }[signal]


def _step(words: Language, minutes: int) -> str:
    sign = "+" if minutes > 0 else "\u2212"
    if abs(minutes) >= 24 * 60:
        return words.say("{sign}{n} day", sign=sign, n=abs(minutes) // (24 * 60))
    if abs(minutes) >= 60:
        return words.say("{sign}{n} h", sign=sign, n=abs(minutes) // 60)
    return words.say("{sign}{n} min", sign=sign, n=abs(minutes))
