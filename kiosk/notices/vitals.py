"""How each part of the kiosk is, in words, and what to do about it. The codes come from kiosk.health.vitals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from kiosk.notices.language import Language

Facts = Mapping[str, str]
GIGABYTE = 10**9


class Spoken(NamedTuple):
    """A part in words: what it is, how it is, and what to do; no advice when there is nothing to do."""

    part: str
    said: str
    advice: str = ""


def spoken(words: Language, part: str, code: str, facts: Facts, *, now: datetime) -> Spoken:
    """A part of the kiosk in words; a code that is not known here is told as it is."""
    tell = _TOLD.get(code)
    said, advice = tell(words, {**facts, "now": now.isoformat()}) if tell else (code, "")
    return Spoken(_part(words, part), said, advice)


def _part(words: Language, part: str) -> str:
    return {
        "reader": words.say("Reader"),
        "screen": words.say("Screen"),
        "door": words.say("Door"),
        "disk": words.say("Memory"),
        "clock": words.say("Clock"),
        "network": words.say("Network"),
        "exchange": words.say("Central server"),
        "copy": words.say("Safety copy"),
        "versions": words.say("Versions"),
    }.get(part, part)


Told = tuple[str, str]


def _reader_up(words: Language, facts: Facts) -> Told:
    return words.say("Answers: {name}", name=facts["name"]), ""


def _reader_silent(words: Language, _: Facts) -> Told:
    return words.say("Has said nothing yet"), words.say("Wait a moment, then check its cable")


def _reader_down(words: Language, _: Facts) -> Told:
    advice = words.say("Unplug its cable and plug it in again; members can be checked in by hand meanwhile")
    return words.say("Does not answer"), advice


def _screen_dark(words: Language, _: Facts) -> Told:
    return words.say("Dark; the reader and the door work on"), words.say("Look at its cable and its power")


def _door_wired(words: Language, _: Facts) -> Told:
    return words.say("Strike and contact are wired"), ""


def _door_without_contact(words: Language, _: Facts) -> Told:
    return words.say("Strike wired, no door contact"), ""


def _door_not_wired(words: Language, _: Facts) -> Told:
    return words.say("No strike is wired: entries are only counted"), ""


def _door_held_open(words: Language, _: Facts) -> Told:
    return words.say("Stands open"), words.say("Close it; if it is closed, look at its contact")


def _door_forced_open(words: Language, _: Facts) -> Told:
    return words.say("Was opened without a badge"), words.say("Have a look; a host’s badge ends this alarm")


def _disk_roomy(words: Language, facts: Facts) -> Told:
    return _room(words, facts), ""


def _disk_low(words: Language, facts: Facts) -> Told:
    return _room(words, facts), words.say("Call whoever looks after the kiosk: its memory fills up")


def _disk_full(words: Language, facts: Facts) -> Told:
    return _room(words, facts), words.say("Entries will soon be refused: call whoever looks after the kiosk")


def _disk_errors(words: Language, facts: Facts) -> Told:
    said = words.count("{n} error was counted", "{n} errors were counted", int(facts["errors"]))
    return said, words.say("Make a copy on a USB stick today, and have the memory card replaced")


def _disk_read_only(words: Language, _: Facts) -> Told:
    advice = words.say("Restart the kiosk; if it comes back, have the memory card replaced")
    return words.say("Takes nothing any more"), advice


def _ledger_failed(words: Language, _: Facts) -> Told:
    advice = words.say("Restart the kiosk; write entries down on paper meanwhile")
    return words.say("Entries cannot be recorded"), advice


def _ledger_mended(words: Language, _: Facts) -> Told:
    return words.say("Was damaged, and mended itself"), words.say("Have the memory card replaced")


def _room(words: Language, facts: Facts) -> str:
    free, total = (int(facts[name]) / GIGABYTE for name in ("free", "total"))
    return words.say("{free} GB free of {total}", free=words.decimal(free), total=words.decimal(total))


def _clock_trusted(words: Language, _: Facts) -> Told:
    return words.say("Right: kept by the network or a battery"), ""


def _clock_holdover(words: Language, _: Facts) -> Told:
    return words.say("Right since it was last set"), ""


def _clock_untrusted(words: Language, _: Facts) -> Told:
    return words.say("Not certain after a power cut"), words.say("Set it below, or plug in the network")


def _network_none(words: Language, _: Facts) -> Told:
    return words.say("None; the door needs none"), ""


def _network_up(words: Language, facts: Facts) -> Told:
    return words.say("By cable ({link})", link=facts["link"]), ""


def _network_wifi(words: Language, facts: Facts) -> Told:
    return words.say("By Wi-Fi ({link})", link=facts["link"]), ""


def _network_leads_nowhere(words: Language, facts: Facts) -> Told:
    said = words.say("Plugged in, but leads nowhere ({link})", link=facts["link"])
    return said, words.say("Look at the box of your internet provider; the door works on")


def _exchange_alone(words: Language, _: Facts) -> Told:
    return words.say("None: this kiosk works alone"), ""


def _exchange_done(words: Language, _: Facts) -> Told:
    return words.say("Has everything"), ""


def _exchange_waiting(words: Language, facts: Facts) -> Told:
    return _queue(words, facts), ""


def _exchange_unreachable(words: Language, facts: Facts) -> Told:
    advice = words.say("Nothing is lost: all of it is sent once the server is back")
    return words.say("Out of reach; {queue}", queue=_queue(words, facts)), advice


def _queue(words: Language, facts: Facts) -> str:
    return words.count("{n} entry to send", "{n} entries to send", int(facts["waiting"]))


def _copy_none(words: Language, _: Facts) -> Told:
    return words.say("None yet"), words.say("One is made each night; until then, export to a USB stick")


def _copy_made(words: Language, facts: Facts) -> Told:
    return _copied(words, facts), ""


def _copy_old(words: Language, facts: Facts) -> Told:
    return _copied(words, facts), words.say("Export to a USB stick, and call whoever looks after the kiosk")


def _copied(words: Language, facts: Facts) -> str:
    return words.say("Made {day}", day=words.day(date.fromisoformat(facts["on"]), datetime.fromisoformat(facts["now"])))


def _versions(words: Language, facts: Facts) -> Told:
    return words.say("Kiosk {kiosk}, {system}", kiosk=facts["kiosk"], system=facts["system"]), facts["model"]


_TOLD: dict[str, Callable[[Language, Facts], Told]] = {
    "reader_up": _reader_up,
    "reader_silent": _reader_silent,
    "reader_down": _reader_down,
    "screen_dark": _screen_dark,
    "door_wired": _door_wired,
    "door_without_contact": _door_without_contact,
    "door_not_wired": _door_not_wired,
    "door_held_open": _door_held_open,
    "door_forced_open": _door_forced_open,
    "disk_roomy": _disk_roomy,
    "disk_low": _disk_low,
    "disk_full": _disk_full,
    "disk_errors": _disk_errors,
    "disk_read_only": _disk_read_only,
    "ledger_failed": _ledger_failed,
    "ledger_mended": _ledger_mended,
    "clock_trusted": _clock_trusted,
    "clock_holdover": _clock_holdover,
    "clock_untrusted": _clock_untrusted,
    "network_none": _network_none,
    "network_up": _network_up,
    "network_wifi": _network_wifi,
    "network_leads_nowhere": _network_leads_nowhere,
    "exchange_alone": _exchange_alone,
    "exchange_done": _exchange_done,
    "exchange_waiting": _exchange_waiting,
    "exchange_unreachable": _exchange_unreachable,
    "copy_none": _copy_none,
    "copy_made": _copy_made,
    "copy_old": _copy_old,
    "versions": _versions,
}
