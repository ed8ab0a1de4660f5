"""Values that describe what the screen shows: frozen and compared by content, so that only changes are drawn."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from kiosk.model import Noun, Signal, Sound

NOTICE_SECONDS = 8.0
"""How long a notice and its buttons stay."""

Side = Literal["left", "right", "top", "bottom"]
"""Where the reader is, seen from the screen."""


class Offer(StrEnum):
    """The kinds of buttons on a notice."""

    LEAVE = "leave"
    UNDO = "undo"
    DESK = "desk"
    EVACUATION = "evacuation"
    ACCOUNT = "account"
    EXTEND = "extend"
    EXTEND_YES = "extend_yes"
    GUEST = "guest"
    GUEST_YES = "guest_yes"
    KEEP = "keep"
    """No to either question."""


class Health(StrEnum):
    """The troubles of a kiosk, the worst first: the idle screen shows one at a time."""

    LEDGER_FAILED = "ledger_failed"
    READER_DOWN = "reader_down"
    DOOR_DOWN = "door_down"
    LEDGER_MENDED = "ledger_mended"
    DOOR_FORCED_OPEN = "door_forced_open"
    DOOR_HELD_OPEN = "door_held_open"
    EXIT_BUTTON_STUCK = "exit_button_stuck"
    EXIT_BUTTON_FLUTTERS = "exit_button_flutters"
    DOOR_CONTACT_FLUTTERS = "door_contact_flutters"
    CLOCK_UNTRUSTED = "clock_untrusted"
    BADGE_REFUSED = "badge_refused"
    BADGE_ON_READER = "badge_on_reader"
    CHANGE_LOST = "change_lost"
    FEED_SET_ASIDE = "feed_set_aside"
    SERVER_UNREACHABLE = "server_unreachable"


class Button(Noun, frozen=True, kw_only=True):
    """A button on the screen."""

    id: str
    label: str


class Punch(Noun, frozen=True, kw_only=True):
    """A pass drawn as a punch card."""

    total: int | None
    """Places on the card; None: unlimited, nothing to punch."""
    used: int = 0
    """Punched places, the fresh ones included."""
    fresh: int = 0
    """Places punched by this tap."""
    owed: int = 0
    """Entries taken beyond the last place."""
    name: str = ""
    note: str = ""


class Notice(Noun, frozen=True, kw_only=True):
    """A notice on the screen: the answer to a tap, a touch or a failure."""

    signal: Signal
    title: str
    lines: tuple[str, ...] = ()
    """The first one matters most and is drawn larger."""
    greeting: str | None = None
    punch: Punch | None = None
    code: str | None = None
    """Claim code of an unknown badge, to be read aloud."""
    buttons: tuple[Button, ...] = ()
    seconds: float = NOTICE_SECONDS
    sound: Sound = "usual"
    large: bool = False
    """What matters most alone, and larger."""
    picture: str | None = None
    """A pictogram in the place of the signal's."""
    number: int = 0
    """Set by the controller, and carried back by a Touch on one of the buttons."""


class Admission(Noun, frozen=True, kw_only=True):
    """Access to the scenes behind the notices: which scene, for whom, in which language, and since when."""

    to: str
    """A key of kiosk.screen.entrances."""
    member_id: str
    name: str
    language: str
    zone: str
    now: datetime
    notice: int = 0
    """Number of the notice whose button was touched; 0: none was."""


class Idle(Noun, frozen=True, kw_only=True):
    """The idle screen, between two taps."""

    site: str
    is_open: bool
    state: str
    change: str
    because: str | None = None
    time: str
    date: str
    hint: str
    where: str
    side: Side = "right"
    can_tap: bool = True
    """False: a tap would lead nowhere, and `hint` and `where` say what to do instead."""
    people: str
    names: str = ""
    """Of those who are in and agreed to be named."""
    health: str
    trouble: bool = False
    rests: bool = False
    """Nobody is expected: without a touch the screen gets dim, then dark."""
    minute: int = 0
    """Of the day, 0 to 1439: the clock of a dark screen moves with it, against burn-in."""
    instead: Admission | None = None
    """Shown in its place while nobody touches: the first start of a kiosk that is not set up."""
