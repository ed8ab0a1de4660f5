"""`kill -9` of a kiosk under load: `python -m tests.crash_states.kills KILLS`, or `make kills`.

A process of its own (tests.crash_states.killed_kiosk) taps and sells without a pause, and is killed at any moment:
during its start, while a card lies on its reader, or at the first write of its commit. Reader and cards are in this
process, so they continue as at a door: the chip keeps the speed at which the killed driver left it. Whoever was at the
reader then taps again at once. Each member comes once in a window, so each may be charged only once, however often the
kiosk is killed.
"""

from __future__ import annotations

import ctypes
import os
import queue
import random
import select
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from hardware.simulator.cards import Ntag
from hardware.simulator.chip import Pn532
from kiosk.answers import Done, decode_answer
from kiosk.commands import SellPass, encode_command
from kiosk.facts import PassSold, Tapped
from kiosk.ledger import decode_fact, open_ledger, open_reader
from kiosk.model import Granted
from kiosk.threads.control_socket import ControlError, ask
from tests.crash_states.killed_kiosk import BUYERS, furnish, uid
from tests.office.kiosks.stepped import CARNET
from tests.office.ledgers.small_house import StampClock

PATIENCE = 20.0
SALES_PAUSE = 0.05
PER_KILL = 4
"""At most so many members tap between two kills."""
BOUND_SECONDS = 3.0
"""A kiosk is to be back in less."""


class FileWatcher:
    """Watches a folder and sees its files change at once (inotify(7))."""

    WRITTEN = 0x2
    TOUCHED = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200
    """Written, or made, renamed, removed, its rights changed."""

    def __init__(self, folder: Path, mask: int = WRITTEN) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0 or libc.inotify_add_watch(self._fd, bytes(folder), mask) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def sees_a_write(self, seconds: float, *, anew: bool = True) -> bool:
        """Wait for the next write; False when none comes. With `anew` False a write since the last call counts too."""
        while anew and select.select([self._fd], [], [], 0)[0]:
            os.read(self._fd, 1 << 16)
        return bool(select.select([self._fd], [], [], seconds)[0])

    def close(self) -> None:
        os.close(self._fd)


@dataclass
class Acknowledged:
    """What was acknowledged: strike pulses, verdicts, and answers to a host's commands."""

    members: list[int] = field(default_factory=list)
    """Who tapped, whether or not anything came of it."""
    strikes: list[int] = field(default_factory=list)
    granted: list[int] = field(default_factory=list)
    sold: list[str] = field(default_factory=list)


class Door:
    """The kiosk's process, its reader, and the people who tap there. Use it with `with`."""

    def __init__(self, folder: Path, told: Acknowledged, *, in_two: bool = False, sells: bool = True) -> None:
        self.folder, self.told = folder, told
        self._in_two, self.command = ["in-two"] if in_two else [], [sys.executable]
        self._lines: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()
        self._ends, self._sells = threading.Event(), sells
        self._reader_up = threading.Event()
        """Set once the kiosk's reader has searched: a card that lay there before would be no tap."""
        self.chip = Pn532()

    def __enter__(self) -> Self:
        self.chip.start()
        self.file_watcher = FileWatcher(self.folder)
        self._host = threading.Thread(target=self._sell)
        self._host.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._host.join()
        self.kill()
        self.file_watcher.close()
        self.chip.stop()

    def start(self) -> None:
        command = [
            *self.command,
            "-m",
            "tests.crash_states.killed_kiosk",
            str(self.folder),
            self.chip.port,
            *self._in_two,
        ]
        log = (self.folder / "log").open("a")
        self._reader_up.clear()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        self._ear = threading.Thread(target=self._listen, args=(self.process,))
        self._ear.start()

    def kill(self) -> None:
        """Send SIGKILL; then read all its remaining output."""
        self.process.kill()
        self.killed_at = time.monotonic()
        self.process.wait()
        self._ear.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def tap(self, who: int, meanwhile: Callable[[], None] | None = None) -> float:
        """Lay a card on the reader until the kiosk answers; do something `meanwhile`, as the card lies there.

        Return when it answered. Raises TimeoutError.
        """
        if not self._reader_up.wait(PATIENCE):
            raise TimeoutError(f"the reader does not come up; {self.folder}/log tells more")
        self.told.members.append(who)
        self.chip.put(Ntag(uid(who)))
        try:
            if meanwhile:
                meanwhile()
                return self._hear(who, wait=False)
            return self._hear(who, wait=True)
        finally:
            self.chip.take()

    def _hear(self, who: int, *, wait: bool) -> float:
        answered = 0.0
        while wait or not self._lines.empty():
            try:
                at, line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise TimeoutError(f"no answer to member {who}; {self.folder}/log tells more") from None
            if line == "strike":
                self.told.strikes.append(who)
            elif line.startswith("verdict"):
                assert line.endswith(f" m{who}"), f"{line} at the tap of {who}"
                self.told.granted += [who] if "ENTRY" in line else []
                answered, wait = at, False
        return answered

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            if line.strip() == "reader up":
                self._reader_up.set()
                continue
            self._lines.put((time.monotonic(), line.strip()))

    def _sell(self) -> None:
        """Sell without a pause, as a host does; a sale without an answer may have happened or not."""
        number = 0
        while self._sells and not self._ends.wait(SALES_PAUSE):
            sale = SellPass(members=(f"buyer{number % BUYERS}",), product=CARNET.id)
            try:
                answer = decode_answer(ask(self.folder / "kiosk.sock", encode_command(sale)))
            except ControlError:
                continue
            if isinstance(answer, Done) and answer.id:
                self.told.sold.append(answer.id)
            number += 1


@dataclass
class Campaign:
    """Kills, what was acknowledged between them, and what is found at the end."""

    folder: Path
    chance: random.Random
    in_two: bool = False
    told: Acknowledged = field(default_factory=Acknowledged)
    back: list[float] = field(default_factory=list)
    """Seconds from a kill to the answer to the next tap."""
    kinds: Tally[str] = field(default_factory=Tally)
    wrong: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return sum(self.kinds.values())

    def live(self, kills: int, *, until_wrong: bool = False) -> Self:
        """Kill so many times during taps, or until a fault shows; then check the ledger."""
        self.folder.mkdir()
        furnish(self.folder, kills * PER_KILL + 1)
        who = 0
        with Door(self.folder, self.told, in_two=self.in_two) as door:
            door.start()
            door.tap(who)
            while self.kills < kills and not self.wrong:
                for _ in range(self.chance.randrange(PER_KILL)):
                    who += 1
                    door.tap(who)
                who += 1
                self._kill_at_a_tap(door, who)
                if until_wrong:
                    self.wrong = found_wrong(self.folder, self.told)
                door.start()
                while self.kills < kills and self.chance.random() < 0.1:
                    self._kill_at_the_start(door)
                self.back.append(door.tap(who) - door.killed_at)
        self.wrong = self.wrong or found_wrong(self.folder, self.told)
        return self

    def _kill_at_a_tap(self, door: Door, who: int) -> None:
        """Kill at a random moment of a tap, or within some milliseconds of its first write."""
        at_a_write = self.chance.random() < 0.6
        pause = self.chance.uniform(0, 0.012) if at_a_write else self.chance.uniform(0, 0.4)

        def meanwhile() -> None:
            if at_a_write:
                door.file_watcher.sees_a_write(PATIENCE)
            threading.Event().wait(pause)
            door.kill()

        door.tap(who, meanwhile)
        self.kinds["at a write" if at_a_write else "during a tap"] += 1

    def _kill_at_the_start(self, door: Door) -> None:
        threading.Event().wait(self.chance.uniform(0, 1.5))
        door.kill()
        self.kinds["at the start"] += 1
        door.start()


def found_wrong(folder: Path, told: Acknowledged) -> list[str]:
    """Compare the ledger with what was acknowledged."""
    charged, passes, granted = Tally[str](), set[str](), Tally[str]()
    with open_reader(folder / "ledger.db") as ledger:
        facts = [decode_fact(entry.body) for entry in ledger.entries() if entry.body]
        wrong = [f"damaged: {one}" for one in ledger.damage()]
        wrong += ["the ledger was given up for a new one"] if ledger.former_ledgers else []
    for fact in facts:
        if isinstance(fact, PassSold):
            passes.add(fact.pass_.id)
        elif isinstance(fact, Tapped) and isinstance(fact.verdict, Granted):
            granted[fact.member_id or ""] += 1
            charged[fact.member_id or ""] += sum(charge.units for charge in fact.verdict.charges)
    wrong += [
        f"m{who} was let in, and no entry tells" for who in {*told.strikes, *told.granted} if not granted[f"m{who}"]
    ]
    wrong += [f"m{who} was let in and not charged" for who in set(told.granted) if not charged[f"m{who}"]]
    wrong += [f"{member} was charged {units} times" for member, units in charged.items() if units > 1]
    wrong += [f"the sale {sale} was answered, and is not there" for sale in set(told.sold) - passes]
    with open_ledger(folder / "ledger.db", stamp=StampClock()) as ledger:
        wrong += [f"chain: {fault}" for fault in ledger.verify()]
        wrong += [f"roster: {one}" for one in ledger.roster_differences()]
    return wrong


def report(campaign: Campaign) -> list[str]:
    """Return the results of a campaign."""
    back, told = sorted(campaign.back), campaign.told
    late = sum(seconds >= BOUND_SECONDS for seconds in back)
    return [
        f"{campaign.kills} kills: {dict(campaign.kinds)}",
        f"{len(set(told.members))} members tapped, {len(told.granted)} times one was told to come in, "
        f"the strike moved {len(told.strikes)} times, {len(told.sold)} sales were answered",
        f"from the kill to the answer to the next tap: p50 {statistics.median(back):.2f} s, "
        f"p95 {back[int(len(back) * 0.95)]:.2f} s, slowest {back[-1]:.2f} s; "
        f"{late} of {len(back)} took {BOUND_SECONDS:g} s or more",
        f"wrong: {len(campaign.wrong)}",
        *campaign.wrong[:20],
    ]


def main(kills: int) -> int:
    """Print the results, and those of the twin; return 1 if something was lost, or the twin lost nothing."""
    with tempfile.TemporaryDirectory() as folder:
        real = Campaign(Path(folder) / "kiosk", random.Random(1)).live(kills)
        print(*report(real), sep="\n", flush=True)
        twin = Campaign(Path(folder) / "twin", random.Random(1), in_two=True).live(kills, until_wrong=True)
        print("with an entry and what it comes to in two transactions (twin):", *report(twin), sep="\n    ")
    return int(bool(real.wrong) or not twin.wrong)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
