"""The world of the simulator: kiosks, their server and time, and how it comes to rest at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from kiosk.ledger import Ledger
from sync.client import Client, UnreachableError
from sync.wire import Enroll, Outcome, Pushed
from tests.simulator import invariants
from tests.simulator import life as life
from tests.simulator.hostile import Thief
from tests.simulator.kiosk import START, Kiosk
from tests.simulator.line import Line
from tests.simulator.release import OlderRelease
from tests.simulator.server import Server
from tests.simulator.trouble import TROUBLES

ROUNDS = 60
"""Exchanges of each kiosk after which a network without faults must have come to rest."""
STAFF_COME = 4
"""Rounds after which staff see to the alarms: what a kiosk still had, it has sent by then."""
PAST_ALL_PAUSES = 1300.0
"""Seconds: longer than any pause between two tries."""
TROUBLE = 0.3
"""How many of the steps are troubles."""
SERIOUS = {"fork", "chain", "truncated"}
"""Alarms after which a kiosk gets a new card."""


class World:
    """Kiosks, a server, and simulated time. Everything that happens follows from the seed."""

    def __init__(
        self,
        home: Path,
        *,
        seed: int,
        kiosks: tuple[int, int] = (3, 8),
        postgres: str | None = None,
        ledger_type: type[Ledger] = Ledger,
        line_type: type[Line] = Line,
    ) -> None:
        """`ledger_type` and `line_type` let tests put in something that is broken."""
        self.random, self.home = Random(seed), home
        self._ledger_type, self._line_type = ledger_type, line_type
        self.seconds, self.server_wrong_by = 0.0, timedelta(0)
        self.server = Server(home, now=self.now, postgres=postgres)
        self.kiosks: list[Kiosk] = []
        self.acked: dict[str, int] = {}
        self.aside: dict[str, set[int]] = {}
        self.cards: dict[str, tuple[str, Path]] = {}
        self.backup: tuple[str, dict[str, int]] | None = None
        self.newcomers: list[str] = []
        self.thief: Thief | None = None
        self.meant: list[life.Meant] = []
        self.names = self.tapped = 0
        self.faults: Counter[str] = Counter()
        self.violations: list[str] = []
        self.unlocked_without_entry: list[str] = []
        # Not every life knows every trouble: some things only show when others do not hide them.
        self.troubles = {what: often for what, often in TROUBLES.items() if self.random.random() < 0.7}
        self.server.central.books.append(*life.beginnings(self.now()), by="host")
        self.most_kiosks = self.random.randint(*kiosks)
        for number in range(self.most_kiosks):
            self.image_anew(self.new_kiosk(life.SITES[number % 2].id))

    def now(self) -> datetime:
        """What the server's clock says."""
        return START + timedelta(seconds=self.seconds) + self.server_wrong_by

    def new_name(self, of: str) -> str:
        self.names += 1
        return f"{of}-{self.names}"

    # ------------------------------------------------------------ kiosks come and go

    def new_kiosk(self, site_id: str) -> Kiosk:
        kiosk = Kiosk(
            f"kiosk-{len(self.kiosks) + 1}",
            self.home,
            site_id=site_id,
            random=self.random,
            seconds=lambda: self.seconds,
            line=lambda burn: self._line_type(server=self.server, burn=burn, on_acked=self._note_acked),
            ledger_type=self._ledger_type,
        )
        self.kiosks.append(kiosk)
        return kiosk

    def image_anew(self, kiosk: Kiosk) -> None:
        """Give a kiosk an empty card and pair it, as staff do."""
        self.note_unlocks(kiosk)
        kiosk.image_anew()
        self.pair(kiosk)

    def pair(self, kiosk: Kiosk) -> None:
        """Pair a kiosk by a code; the server knows its ledger, or not."""
        self.server.fuse.left = 0  # staff would try again
        code = self.server.central.kiosks.new_code(name=kiosk.name, site_id=kiosk.site_id)
        words = Enroll(code=code, ledger_id=kiosk.ledger.ledger_id, formers=tuple(kiosk.ledger.former_ledgers))
        kiosk.token = Client(self.server).enroll(words).token
        kiosk.line.is_turned_away = False
        kiosk.stop()
        kiosk.start()

    def upgrade(self, kiosk: Kiosk) -> None:
        """Install the present release on a kiosk of an earlier one."""
        kiosk.line.speaks = ""
        kiosk.runs(self._ledger_type)
        self.faults["upgraded"] += 1

    def _note_acked(self, ledger_id: str, pushed: Pushed) -> None:
        self.acked[ledger_id] = max(pushed.acked, self.acked.get(ledger_id, 0))
        aside = {status.seq for status in pushed.statuses if status.outcome is Outcome.QUARANTINED}
        self.aside.setdefault(ledger_id, set()).update(aside)

    def note_unlocks(self, kiosk: Kiosk) -> None:
        self.unlocked_without_entry += [f"{kiosk.name}: {what}" for what in kiosk.door.unlocked_without_entry]
        kiosk.door.unlocked_without_entry = []

    def quietly(self, act: Callable[[], object]) -> None:
        """Do something whose failure nobody waits for."""
        try:
            act()
        except UnreachableError:
            return

    # ------------------------------------------------------------ time goes by

    def mix_releases(self) -> None:
        """Have some kiosks be a release ahead of the server, or behind it."""
        for kiosk in self.kiosks:
            dice = self.random.random()
            kiosk.line.speaks = "newer" if dice < 0.15 else "older" if dice > 0.9 else ""
            if dice > 0.8 and self._ledger_type is Ledger:
                kiosk.runs(OlderRelease)

    def live(self, steps: int) -> None:
        self.mix_releases()
        for _ in range(steps):
            self.seconds += (
                self.random.expovariate(1 / 8) if self.random.random() < 0.95 else self.random.uniform(600, 9000)
            )
            self._exchange()
            self.revive()
            self._happen()
            self.revive()

    def _exchange(self) -> None:
        for kiosk in self.kiosks:
            if kiosk.is_up and kiosk.next_exchange <= self.seconds:
                kiosk.exchange()

    def _happen(self) -> None:
        if self.random.random() < TROUBLE and self.troubles:
            (trouble,) = self.random.choices(list(self.troubles), list(self.troubles.values()))
            if trouble(self, self.random):
                self.faults[trouble.__name__] += 1
        else:
            self._people()

    def _people(self) -> None:
        kiosk, dice = self.random.choice(self.kiosks), self.random.random()
        if not kiosk.is_up:
            return
        if dice < 0.6:
            life.tap(self, kiosk, self.random)
        elif dice < 0.68:
            life.touch(self, kiosk, self.random)
        elif dice < 0.7:
            life.leave_by_button(self, kiosk, self.random)
        elif dice < 0.85:
            life.change_at_kiosk(self, kiosk, self.random)
        elif dice < 0.98:
            life.change_at_server(self, self.random)
        elif self.server.is_up:
            self._staff_look_at_alarms()

    def revive(self) -> None:
        """Start again what died, most of the time at once."""
        for kiosk in self.kiosks:
            self.note_unlocks(kiosk)
            if not kiosk.is_up:
                kiosk.start()
                self._check_after_death(kiosk)
        if not self.server.is_up and self.random.random() < 0.5:
            self.server.start()
            self.violations += [
                f"I9: {what}" for what in invariants.acknowledged_is_there(self.server, self.acked, self.aside)
            ]

    def _check_after_death(self, kiosk: Kiosk) -> None:
        here = kiosk.hashes()
        if here[: len(kiosk.witnessed)] != kiosk.witnessed:
            self.violations.append(f"I9: {kiosk.name} lost what it had committed when it was killed")
        kiosk.witness()

    def _staff_look_at_alarms(self) -> bool:
        """Give a new card where a ledger exists twice or was cut off; pair who is turned away. Tells if any was."""
        before = self.faults.total()
        torn = {
            alarm.ref.ledger_id for alarm in self.server.central.alarms.listed() if alarm.ref and alarm.kind in SERIOUS
        }
        for kiosk in self.kiosks:
            twins = [other for other in self.kiosks if other.ledger.ledger_id == kiosk.ledger.ledger_id]
            if kiosk.ledger.ledger_id in torn or (kiosk.line.is_turned_away and len(twins) > 1):
                self.image_anew(kiosk)
                self.faults["imaged anew after an alarm"] += 1
            elif kiosk.line.is_turned_away:
                self.pair(kiosk)
                self.faults["paired anew"] += 1
        return self.faults.total() > before

    # ------------------------------------------------------------ peace

    def come_to_rest(self) -> None:
        """End all faults, and let the kiosks exchange until nothing moves."""
        self._make_peace()
        for number in range(ROUNDS):
            before = self._state()
            self.seconds += PAST_ALL_PAUSES
            self._exchange()
            if number < STAFF_COME:
                continue
            if self._staff_look_at_alarms():
                continue
            if self._state() == before and not any(kiosk.worker._failures for kiosk in self.kiosks):
                return
        self.violations.append(f"I6: not at rest after {ROUNDS} rounds")

    def _make_peace(self) -> None:
        self.server.fuse.left = 0
        if not self.server.is_up:
            self.server.start()
        for kiosk in self.kiosks:
            if kiosk.is_of_earlier_release:
                self.upgrade(kiosk)
            kiosk.fuse.left, kiosk.line.next_faults = 0, []
            kiosk.line.is_cut_out = kiosk.line.is_cut_back = False
            if kiosk.is_disk_full:
                kiosk.fill_disk(False)
            kiosk.witness()
        for kiosk in self.kiosks:
            for request in kiosk.line.late:
                self.quietly(lambda request=request, line=kiosk.line: line.deliver(request))  # type: ignore[misc]
            kiosk.line.late = []

    def _state(self) -> tuple[object, ...]:
        return self.server.central.feed.last_position(), *(
            (kiosk.ledger.ledger_id, kiosk.ledger.sent, kiosk.ledger.cursor) for kiosk in self.kiosks
        )

    def close(self) -> None:
        for kiosk in self.kiosks:
            kiosk.stop()
        self.server.close()
