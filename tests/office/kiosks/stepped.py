"""A kiosk without its threads, for the tests: the real rules, ledger and notices; a door, a light and a screen that
remember what was asked of them; a clock that stands still until it is moved.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from kiosk.answering import Answering
from kiosk.answers import Answered, Medium, Refused, decode_answer, encode_answer
from kiosk.badges import badge_id
from kiosk.clock import MovableClock, WallClock
from kiosk.commands import Command, decode_command, encode_command
from kiosk.desk import Desk
from kiosk.door.controller import Controller
from kiosk.door.devices import DoorDevices
from kiosk.facts import BadgeSet, Fact, MemberSet, PassSold, ProductSet, SiteSet
from kiosk.ledger import Ledger, decode_fact, open_ledger
from kiosk.ledger.timekeeping import tell_known_times
from kiosk.messages import ServerNews
from kiosk.model import Badge, ClockQuality, Duration, Member, Pass, Policy, Product, Site, Tap, Verdict
from kiosk.notices import Admission, Idle, Notice, Side
from kiosk.rules import passes
from kiosk.threads.inbox import Inbox
from tests.office.ledgers.small_house import lay_new_ledger

F = TypeVar("F", bound=Fact)
T = TypeVar("T")

KEY = b"k" * 32
SERRES = Site(
    id="la-serre",
    name="La Serre",
    zone="Europe/Paris",
    hours="Mo,Tu 09:00-17:00; Th 14:00-17:00; PH off",
    policy=Policy(assume_staff=True),
)
CARNET = Product(id="carte-10", name="Carnet", price_cents=5000, cover=Duration(minutes=180), units=10)
MONDAY = datetime(2026, 6, 1, 7, 5, tzinfo=UTC)
"""Monday 1 June 2026, 09:05 in Serres."""


class RecordedDoor:
    """Remembers each unlock, and what was in the ledger by then."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.unlocks: list[int] = []

    def unlock(self, seconds: float) -> None:
        self.unlocks.append(self._ledger.head.seq)


class RecordedLight:
    """Remembers each signal."""

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.sounds: list[str] = []

    def signal(self, name: str, sound: str = "usual") -> None:
        self.signals.append(str(name))
        self.sounds.append(sound)


class RecordedDisplay:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.views: list[Idle] = []
        self.admissions: list[Admission] = []

    def show(self, notice: Notice) -> None:
        self.notices.append(notice)

    def idle(self, view: Idle) -> None:
        self.views.append(view)

    def enter(self, admission: Admission) -> None:
        self.admissions.append(admission)


class UnsureClock(MovableClock):
    """A clock that something vouches for until the power fails."""

    is_sure = False

    def reading(self) -> tuple[datetime, float, ClockQuality]:
        at, seconds, sure = super().reading()
        return at, seconds, sure if self.is_sure else ClockQuality.UNTRUSTED


def work(controller: Controller) -> None:
    """Do what the controller's thread would do: handle every message that waits."""
    while (message := controller.inbox.get()) is not None:
        controller.handle(message)


class SteppedKiosk:
    """One kiosk at La Serre with a few members, opened on a ledger in `folder`; open it again to restart it."""

    def __init__(
        self,
        folder: Path,
        *,
        at: datetime = MONDAY,
        site: Site = SERRES,
        language: str | None = None,
        quiet: tuple[time, time] | None = None,
        is_blank: bool = False,
        clock: WallClock | None = None,
        reader_side: Side = "right",
    ) -> None:
        """With `is_blank` an empty ledger is left empty, as on a machine that was just installed."""
        self.clock = clock or MovableClock(at, runs=False)
        if not (folder / "ledger.db").exists():
            lay_new_ledger(folder / "ledger.db")
        self.ledger = open_ledger(folder / "ledger.db", stamp=self.clock.stamp)
        tell_known_times(self.clock, self.ledger)
        self.door, self.light, self.wall = RecordedDoor(self.ledger), RecordedLight(), RecordedDisplay()
        self.verdicts: list[Verdict] = []
        if self.ledger.head.seq == 0 and not is_blank:
            self.ledger.append(SiteSet(site=site), ProductSet(product=CARNET))
        devices = DoorDevices(
            door=self.door,
            indicator=self.light,
            display=self.wall,
            language=language,
            quiet=quiet,
            reader_side=reader_side,
            on_verdict=lambda verdict, case, now: self.verdicts.append(verdict),
        )
        self.controller = Controller(
            self.ledger, devices, inbox=Inbox(), clock=self.clock, site_id=site.id, badge_key=KEY
        )
        self.sticks: tuple[Medium, ...] = ()
        """The USB sticks that are plugged in."""
        self.answering = Answering(
            self,
            self.clock,
            site_id=site.id,
            ledger=folder / "ledger.db",
            pair=lambda _: Refused(message="there is no network here", code="SERVER_SILENT"),
            sticks=lambda: self.sticks,
            zone=lambda: None,
            patience_seconds=0,
        )

    def submit(self, function: Callable[[Desk], T]) -> Future[T]:
        """Have a function run at the controller's desk, at once: what its thread would do next."""
        future = self.controller.submit(function)
        work(self.controller)
        return future

    def asks(self, command: Command) -> Answered:
        """Have a command answered, as the screen has it; see that at the socket it would be the same."""
        answered = self.answering.answer(decode_command(encode_command(command)))
        line = encode_answer(answered)
        assert encode_answer(decode_answer(line)) == line
        return answered

    def hears(self, news: ServerNews) -> Future[None]:
        """Have news from the central server written."""
        future = self.controller.submit_news(news)
        work(self.controller)
        return future

    def joins(self, name: str, *, units: int = 10, staff: bool = False, status: str = "active") -> bytes:
        """Add a member with a badge and a pass of so many units left; return the badge's number."""
        uid = bytes([4]) + name.encode()[:6].ljust(6, b".")
        badge = badge_id(uid, KEY)
        role, kept = ("staff" if staff else "member"), Badge(id=badge, member_id=name, status=status)  # type: ignore[arg-type]
        self.ledger.append(MemberSet(member=Member(id=name, name=name, role=role)), BadgeSet(badge=kept))  # type: ignore[arg-type]
        if units and not staff:
            self.sells(name, units=units)
        return uid

    def sells(self, name: str, *, units: int = 10) -> Pass:
        terms = Product(id="carnet", name="Carnet", price_cents=5000, cover=CARNET.cover, units=units)
        pass_ = passes.sell(
            terms, [], now=self.clock.now(), site=SERRES, holders=(name,), pass_id=f"{name}-{self.ledger.head.seq}"
        )
        self.ledger.append(PassSold(pass_=pass_, site_id=SERRES.id, price_cents=5000))
        return pass_

    def tap(self, uid: bytes | None) -> Verdict | None:
        """Tap with a badge now."""
        return self.controller.tap(self.tapped(uid))

    def tapped(self, uid: bytes | None) -> Tap:
        """What the reader would tell of a badge now."""
        return Tap(uid=uid, monotonic=self.clock.monotonic(), technology="NTAG213")

    def later(self, **by: float) -> None:
        assert isinstance(self.clock, MovableClock)
        self.clock.move(timedelta(**by))

    def stored(self, kind: type[F]) -> list[F]:
        """The facts of this kind in the ledger, oldest first."""
        facts = (decode_fact(entry.body) for entry in self.ledger.entries() if entry.body)
        return [fact for fact in facts if isinstance(fact, kind)]

    def break_disk(self, broken: bool = True) -> None:
        """Have SQLite refuse every write, as on a disk that was remounted read-only; False: mend it."""
        self.ledger._database.connection.exec_driver_sql(f"PRAGMA query_only={int(broken)}")

    def close(self) -> None:
        self.ledger.close()
