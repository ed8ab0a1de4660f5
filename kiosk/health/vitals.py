"""The state of each part of the kiosk, as codes with facts: reader, door, disk, clock, network, and more.

Pure: takes facts and returns `Vital`s, by the same limits for a running kiosk and for `kiosk doctor`. Words and advice
are in kiosk.notices.vitals. A part that is missing on purpose is `absent`, which is no fault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kiosk.answers import Status, Vital, VitalState
from kiosk.health.machine import Disk, MachineFacts, Network, Versions
from kiosk.messages import ReaderDown, ReaderUp
from kiosk.model import ClockQuality
from kiosk.upkeep.backup import LastCopy

MEGABYTE = 1_000_000
FULL = 50 * MEGABYTE
"""Below this the ledger has little room: a tap takes some kilobytes, a copy of the ledger some megabytes."""
LOW = 500 * MEGABYTE
LOW_SHARE = 5
"""One part in so many: of a small partition for the data alone, 500 MB would be all of it and more."""
PASSAGES_WAIT = timedelta(days=97)
"""Passages so old should have been forgotten a week ago: where no server is, a host has to confirm the date."""
COPY_IS_OLD_DAYS = 3
"""The nightly copy failed more than once."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Facts of a running kiosk that are not in its ledger."""

    machine: MachineFacts
    reader: ReaderUp | ReaderDown | None
    """What the reader said last; None: nothing yet."""
    strike_wired: bool
    contact_wired: bool
    paired: bool
    """There is a central server."""
    screen_drawn_by: str = ""
    """SDL's driver, the size, and the renderer with its version."""
    screen_trouble: str = ""
    """Health code of why nobody sees the screen, empty while somebody can."""
    copies: tuple[LastCopy, ...]
    """The newest copy of the ledger in each folder, that of the card first."""


DOOR_FAULTS = (
    "door_down",
    "door_forced_open",
    "door_held_open",
    "exit_button_stuck",
    "exit_button_flutters",
    "door_contact_flutters",
)
"""Health codes of the door, the gravest first."""


def vitals(status: Status, seen: Surroundings) -> tuple[Vital, ...]:
    """Return the state of every part, in the order in which they are shown."""
    return (
        _reader(status, seen.reader),
        _screen(seen),
        *_power(seen),
        _door(status, seen),
        disk_vital(seen.machine.disk, status.health),
        _clock(status, paired=seen.paired),
        network_vital(seen.machine.network),
        _exchange(status, paired=seen.paired),
        *_copies(seen.copies, status.now.date()),
        versions_vital(seen.machine.versions),
    )


def _reader(status: Status, reader: ReaderUp | ReaderDown | None) -> Vital:
    match reader:
        case ReaderUp() if "badge_on_reader" in status.health:
            return Vital(part="reader", state="attention", code="badge_on_reader")
        case ReaderUp(name=name):
            return Vital(part="reader", state="good", code="reader_up", facts={"name": name})
        case ReaderDown(error=error):
            return Vital(part="reader", state="fault", code="reader_down", facts={"error": error})
    return Vital(part="reader", state="attention", code="reader_silent")


def _screen(seen: Surroundings) -> Vital:
    facts = {"drawn_by": seen.screen_drawn_by}
    if seen.screen_trouble:
        return Vital(part="screen", state="fault", code=seen.screen_trouble, facts=facts)
    return Vital(part="screen", state="good", code="screen_shown", facts=facts)


def _power(seen: Surroundings) -> Iterator[Vital]:
    """Return the state of the supply; nothing unless the voltage is too low, since few machines can measure it."""
    if seen.machine.undervoltage:
        yield Vital(part="power", state="fault", code="power_low")


def _door(status: Status, seen: Surroundings) -> Vital:
    for code in DOOR_FAULTS:
        if code in status.health:
            return Vital(part="door", state="fault", code=code)
    if not seen.strike_wired:
        return Vital(part="door", state="absent", code="door_not_wired")
    return Vital(part="door", state="good", code="door_wired" if seen.contact_wired else "door_without_contact")


def disk_vital(disk: Disk, health: Collection[str] = ()) -> Vital:
    """Judge the disk of the ledger by its worst trouble; `health` has the controller's codes, if one runs."""
    facts = {"free": str(disk.free), "total": str(disk.total), "errors": str(disk.errors)}
    for code, state in _disk_troubles(disk, health):
        return Vital(part="disk", state=state, code=code, facts=facts)
    return Vital(part="disk", state="good", code="disk_roomy", facts=facts)


def _disk_troubles(disk: Disk, health: Collection[str]) -> Iterator[tuple[str, VitalState]]:
    if disk.read_only:
        yield "disk_read_only", "fault"
    if disk.free < FULL:
        yield "disk_full", "fault"
    if "ledger_failed" in health:
        yield "ledger_failed", "fault"
    if disk.errors:
        yield "disk_errors", "attention"
    if "ledger_mended" in health:
        yield "ledger_mended", "attention"
    if _is_low(disk):
        yield "disk_low", "attention"


def troubles(disk: Disk) -> tuple[str, ...]:
    """Return the troubles of a disk as codes of a beacon: failing, or nearly full."""
    failing = ("disk_failing",) if disk.read_only or disk.errors else ()
    return (*failing, *(("disk_low",) if _is_low(disk) else ()))


def _is_low(disk: Disk) -> bool:
    return disk.free < min(LOW, disk.total // LOW_SHARE)


def _clock(status: Status, *, paired: bool) -> Vital:
    oldest = status.oldest_passage
    is_overdue = oldest is not None and status.now - oldest > PASSAGES_WAIT
    if is_overdue and not paired and status.clock != ClockQuality.UNTRUSTED:
        facts = {"on": oldest.date().isoformat()} if oldest else {}
        return Vital(part="clock", state="attention", code="clock_unconfirmed", facts=facts)
    match status.clock:
        case ClockQuality.TRUSTED:
            return Vital(part="clock", state="good", code="clock_trusted")
        case ClockQuality.HOLDOVER:
            return Vital(part="clock", state="good", code="clock_holdover")
    return Vital(part="clock", state="fault", code="clock_untrusted")


def network_vital(network: Network) -> Vital:
    """Judge the network; having none is no fault, because the door needs none."""
    if network.link is None:
        return Vital(part="network", state="absent", code="network_none")
    facts = {"link": network.link}
    if not network.leads_on:
        return Vital(part="network", state="attention", code="network_leads_nowhere", facts=facts)
    return Vital(part="network", state="good", code="network_wifi" if network.wireless else "network_up", facts=facts)


def _exchange(status: Status, *, paired: bool) -> Vital:
    if not paired:
        return Vital(part="exchange", state="absent", code="exchange_alone")
    facts = {"waiting": str(status.waiting)}
    if "server_unreachable" in status.health:
        return Vital(part="exchange", state="attention", code="exchange_unreachable", facts=facts)
    if "change_lost" in status.health:
        lost = {"field": status.change_lost}
        return Vital(part="exchange", state="attention", code="change_lost", facts=lost)
    if "feed_set_aside" in status.health:
        return Vital(part="exchange", state="attention", code="feed_set_aside", facts=facts)
    return Vital(
        part="exchange", state="good", code="exchange_waiting" if status.waiting else "exchange_done", facts=facts
    )


def _copies(copies: Sequence[LastCopy], today: date) -> Iterator[Vital]:
    """Return the state of the copies of each folder: a missing medium is reported even if the card has its copies."""
    own, *others = copies
    yield _copy(own.on, today)
    for medium in others:
        yield _medium(medium, today)


def _copy(on: date | None, today: date) -> Vital:
    if on is None:
        return Vital(part="copy", state="attention", code="copy_none")
    facts = {"on": on.isoformat()}
    if _is_old(on, today):
        return Vital(part="copy", state="attention", code="copy_old", facts=facts)
    return Vital(part="copy", state="good", code="copy_made", facts=facts)


def _medium(copy: LastCopy, today: date) -> Vital:
    facts = {"folder": str(copy.folder)}
    if not copy.is_there:
        return Vital(part="medium", state="fault", code="medium_missing", facts=facts)
    if copy.on is None:
        return Vital(part="medium", state="attention", code="medium_none", facts=facts)
    facts["on"] = copy.on.isoformat()
    if _is_old(copy.on, today):
        return Vital(part="medium", state="attention", code="medium_old", facts=facts)
    return Vital(part="medium", state="good", code="medium_copied", facts=facts)


def _is_old(on: date, today: date) -> bool:
    return (today - on).days > COPY_IS_OLD_DAYS


def medium_troubles(copies: Sequence[LastCopy], today: date) -> tuple[str, ...]:
    """Return the troubles of a second medium as codes of a beacon: missing, or its copies are old."""
    codes = (vital.code for vital in _copies(copies, today))
    return tuple(code for code in codes if code in ("medium_missing", "medium_old"))


def versions_vital(known: Versions) -> Vital:
    """Return the versions of kiosk, Python, SQLite and system as a Vital, never a fault."""
    facts = {"kiosk": known.kiosk, "system": known.system, "model": known.model}
    return Vital(
        part="versions", state="good", code="versions", facts={**facts, "python": known.python, "sqlite": known.sqlite}
    )
