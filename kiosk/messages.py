"""Messages between the threads, in the controller's inbox."""

from __future__ import annotations

from typing import Literal

from kiosk.facts import Entry
from kiosk.model import Noun


class Touch(Noun, frozen=True, kw_only=True):
    """A finger on a button of a notice."""

    button: str
    notice: int
    """Number of the notice that was touched: a touch that comes after the next tap is ignored."""


class ReaderUp(Noun, frozen=True, kw_only=True):
    """The reader works."""

    name: str


class ReaderDown(Noun, frozen=True, kw_only=True):
    """The reader does not answer; the next try follows."""

    error: str


class BadgeAlreadyThere(Noun, frozen=True, kw_only=True):
    """A badge lay on the reader before anybody watched it: it is no tap until it is lifted and laid down again."""


class BadgeRemoved(Noun, frozen=True, kw_only=True):
    """The badge on the reader was taken away."""


class DoorMoved(Noun, frozen=True, kw_only=True):
    """An event of the door contact or the exit button."""

    what: Literal["opened", "closed", "held_open", "forced_open", "exit_pressed", "exit_stuck", "exit_released"]
    monotonic: float


class Tick(Noun, frozen=True, kw_only=True):
    """A short time passed."""


class FeedArrived(Noun, frozen=True, kw_only=True):
    """Entries of the server's feed with their positions, to be folded; `cursor` is where the feed continues.

    It is None while more parts of the same page follow: a page that was not written completely is fetched again.
    """

    entries: tuple[tuple[int, Entry], ...]
    cursor: str | None
    unreadable: int = 0
    """How many more entries came that cannot be read or stored."""


BY_SERVER = "server"
"""The author of a reversal made by the central server itself."""
BY_CLOCK = "clock"
"""Who reversed an entry, where the kiosk gave it back because the corrected time was paid already."""
BY_CLOSING = "closing"
"""Who reversed an entry, where the kiosk gave it back because hosts closed early."""


class Acked(Noun, frozen=True, kw_only=True):
    """The server has stored this ledger up to `seq`, without a gap. `former` names a former ledger instead."""

    seq: int
    disowned: bool = False
    """It put some of it aside: not in its feed, and so not to be in any roster."""
    former: str | None = None


class SnapshotArrived(Noun, frozen=True, kw_only=True):
    """A page of the server's roster: to be staged, and after the last page to replace the roster here."""

    rows: dict[str, tuple[dict[str, object], ...]]
    """Table -> rows, columns by name."""
    position: int
    """The feed position of the whole snapshot."""
    cursor: str
    last: bool


class ServerSeen(Noun, frozen=True, kw_only=True):
    """Whether the server is reached."""

    reached: bool


ServerNews = FeedArrived | Acked | SnapshotArrived | ServerSeen
"""What the exchange with the central server brings."""
